"""`openai-responses`: OpenAI's Responses API, as clients and as providers speak it."""

from fairlead.dialects.responses.client import ResponsesClient
from fairlead.dialects.responses.provider import ResponsesProvider
from fairlead.dialects.responses.wire import STATEFUL

CLIENT = ResponsesClient()
PROVIDER = ResponsesProvider()

__all__ = ["CLIENT", "PROVIDER", "STATEFUL", "ResponsesClient", "ResponsesProvider"]
