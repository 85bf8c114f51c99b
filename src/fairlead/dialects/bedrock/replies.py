"""A whole reply of Converse, and what it shares with a streamed one."""

from typing import Any, Final

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.bedrock import errors, media
from fairlead.dialects.bedrock.blocks import NAME
from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    Citation,
    ErrorFacts,
    Finish,
    NativePart,
    Part,
    Reasoning,
    Reply,
    Text,
    ToolCall,
    Usage,
)

_FINISH: Final[dict[str, Finish]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "context",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
_encode = msgspec.json.Encoder().encode


def read(body: bytes) -> Reply | ErrorFacts:
    """The reply, or the error it really is. Raises `BadReply`."""
    said = loads(body)
    message = inner(inner(said, "output"), "message")
    if not message:
        if word(said, "message") or word(said, "Message") or errors.kind(said):
            return errors.facts(said, errors.kind(said))
        raise BadReply("the reply has no `output.message`")
    parts = [part for block in objects(message, "content") if (part := _part(block)) is not None]
    native = word(said, "stopReason")
    choice = Choice(parts, finish(native) if native else None, 0, stop_sequence(said), native)
    return Reply([choice], usage(said), service_tier=tier(said))


def loads(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises `BadReply` where it is none."""
    try:
        value = lenient.loads(body)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    return value


def json_text(value: Any) -> str:
    """The JSON of a value that was read."""
    try:
        return _encode(value).decode()
    except (ValueError, OverflowError, TypeError):
        return lenient.dumps(value).decode()


def finish(native: str) -> Finish:
    """Why it ended; a word that nobody knows yet is an end as well."""
    return _FINISH.get(native, "stop")


def stop_sequence(said: dict[str, Any]) -> str | None:
    """The sequence that ended it, which Claude says where it was asked for."""
    return word(inner(said, "additionalModelResponseFields"), "stop_sequence")


def tier(said: dict[str, Any]) -> str | None:
    """The tier that the call was served in."""
    return word(inner(said, "serviceTier"), "type")


def usage(said: dict[str, Any]) -> Usage | None:
    """The tokens. Bedrock's `inputTokens` are those that came from no cache and went into none."""
    counted = inner(said, "usage")
    if not counted:
        return None
    cached, stored = count(counted, "cacheReadInputTokens"), count(counted, "cacheWriteInputTokens")
    hour = sum(count(each, "inputTokens") for each in objects(counted, "cacheDetails") if each.get("ttl") == "1h")
    return Usage(
        count(counted, "inputTokens") + cached + stored,
        count(counted, "outputTokens"),
        cached,
        cache_write_tokens=stored,
        cache_write_1h_tokens=min(hour, stored),
        said=counted,
    )


def citation(said: dict[str, Any]) -> Citation:
    """What a text rests on. Bedrock's offsets are those of the source, so they stay in `native`."""
    source, place = word(said, "source"), inner(said, "location")
    url = word(inner(place, "web"), "url") or (
        source if source and source.startswith(("http://", "https://")) else None
    )
    quote = "".join(word(each, "text") or "" for each in objects(said, "sourceContent"))
    return Citation(url, word(said, "title"), quote or None, dialect=NAME, native=said)


def call(block: dict[str, Any]) -> ToolCall:
    """A tool that the model calls."""
    arguments = block.get("input")
    return ToolCall(
        word(block, "toolUseId") or "",
        word(block, "name") or "",
        "{}" if arguments is None else json_text(arguments),
        issuer=NAME,
    )


def _part(block: dict[str, Any]) -> Part | None:
    """The part in one block; None for a mark of ours, or a text that is none."""
    text = word(block, "text")
    if text is not None:
        return Text(text) if text else None
    if "reasoningContent" in block:
        return _reasoning(inner(block, "reasoningContent"))
    used = inner(block, "toolUse")
    if used and used.get("type") != "server_tool_use":
        return call(used)
    if "citationsContent" in block:
        cited = inner(block, "citationsContent")
        words = "".join(word(each, "text") or "" for each in objects(cited, "content"))
        return Text(words, [citation(each) for each in objects(cited, "citations")])
    for kind in ("image", "document", "audio", "video"):
        shown = media.read(kind, inner(block, kind)) if kind in block else None
        if shown is not None:
            return shown
    return None if not block or "cachePoint" in block or "text" in block else NativePart(NAME, block)


def _reasoning(said: dict[str, Any]) -> Reasoning | None:
    thought, hidden = inner(said, "reasoningText"), word(said, "redactedContent")
    text, signature = word(thought, "text") or "", word(thought, "signature")
    if not (text or signature or hidden):
        return None
    return Reasoning(text, signature, hidden, issuer=NAME)
