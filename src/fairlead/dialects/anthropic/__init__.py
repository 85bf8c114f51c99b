"""`anthropic-messages`: Anthropic's Messages API, as clients speak it and as providers do."""

from typing import Final

from fairlead.dialects.anthropic.client import AnthropicClient
from fairlead.dialects.anthropic.provider import AnthropicProvider

CLIENT: Final = AnthropicClient()
PROVIDER: Final = AnthropicProvider()

__all__ = ["CLIENT", "PROVIDER"]
