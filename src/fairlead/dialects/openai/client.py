"""The client side of `openai-chat`: requests read, replies and streams written."""

from collections.abc import Mapping
from typing import Final

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import Reply, Request
from fairlead.dialects.openai import answered, asked, errors, legacy
from fairlead.dialects.openai.stream_out import StreamOut
from fairlead.dialects.openai.wire import DIALECT, encode
from fairlead.errors import FairleadError

unsaid = answered.unsaid

# Members without a canonical word, without which the answer would be another one, by the last name in their path.
MEANINGFUL: Final = frozenset(
    {
        "audio",
        "data_sources",
        "function_call",
        "functions",
        "grammar",
        "guided_choice",
        "guided_grammar",
        "guided_json",
        "guided_regex",
        "json_schema",
        "modalities",
        "plugins",
        "prefix",
        "response_format",
        "structured_outputs",
        "web_search_options",
    }
)


class ChatClient:
    """What a client of chat completions speaks."""

    name = DIALECT
    names: Mapping[str, str] = {
        "cache": "cache_control",
        "cache_key": "prompt_cache_key",
        "output": "response_format",
        "parallel_tools": "parallel_tool_calls",
        "thinking": "reasoning_effort",
        "usage_wanted": "stream_options.include_usage",
    }

    def read(self, body: bytes, model: str, *, stream: bool) -> Request:
        return asked.read(body, model, stream=stream)

    def write(self, reply: Reply, facts: Facts, request: Request | None = None) -> bytes:
        body = answered.write(reply, facts)
        return encode(legacy.write(body) if isinstance(request, legacy.OldRequest) else body)

    def unsaid(self, reply: Reply, request: Request | None = None) -> list[str]:
        return answered.unsaid(reply) + (legacy.unsaid(reply) if isinstance(request, legacy.OldRequest) else [])

    def stream(self, request: Request, facts: Facts) -> StreamOut:
        writer = legacy.OldStreamOut if isinstance(request, legacy.OldRequest) else StreamOut
        return writer(facts, usage_wanted=request.usage_wanted)

    def error(self, error: FairleadError) -> bytes:
        return encode(errors.write(error))


CLIENT = ChatClient()
