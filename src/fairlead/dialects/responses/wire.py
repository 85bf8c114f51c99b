"""The words of this dialect that several of its files share.

Source: the types of OpenAI's Python SDK 3.51 (`openai.types.responses`), which are generated from its OpenAPI document.
"""

from typing import Any, Final

import msgspec

from fairlead.dialects import lenient

NAME: Final = "openai-responses"

# Members that point to what a provider keeps, or that change what a reply is: no other target can know them.
STATEFUL: Final = frozenset({"previous_response_id", "conversation", "prompt", "background"})

# What a client calls the members of `Request`.
NAMES: Final = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "logprobs": "include",
    "parallel_tools": "parallel_tool_calls",
    "output": "text.format",
    "verbosity": "text.verbosity",
    "thinking": "reasoning",
    "cache": "prompt_cache_breakpoint",
    "cache_key": "prompt_cache_key",
}

LOGPROBS: Final = "message.output_text.logprobs"
ENCRYPTED: Final = "reasoning.encrypted_content"
# What stands between two parts of one thought.
PARAGRAPH: Final = "\n\n"

_encode = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """The value as JSON, also where a text has half a surrogate pair."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return lenient.dumps(value)
