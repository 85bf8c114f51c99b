"""What this dialect is called, and what its clients call the members of a request."""

from types import MappingProxyType
from typing import Final

NAME: Final = "anthropic-messages"

CLIENT_NAMES: Final = MappingProxyType(
    {
        "cache": "cache_control",
        "output": "output_config.format",
        "parallel_tools": "tool_choice.disable_parallel_tool_use",
        "stop": "stop_sequences",
        "user": "metadata.user_id",
    }
)
