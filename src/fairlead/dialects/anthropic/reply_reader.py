"""A whole reply of Anthropic's, however badly whoever copies it writes it."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.anthropic import citations, errors, finish, usage, wire
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    ErrorFacts,
    NativePart,
    Part,
    Reasoning,
    Reply,
    Text,
    ToolCall,
)


def read(body: bytes) -> Reply | ErrorFacts:
    """The reply, or the error that it is under status 200. Raises `BadReply` where it is neither."""
    value = decode(body)
    if not isinstance(value.get("content"), list):
        facts = errors.find(value)
        if facts is not None:
            return facts
        raise BadReply("the reply has no `content`")
    reason = word(value, "stop_reason")
    parts = [part for block in objects(value, "content") if (part := _part(block)) is not None]
    counts = value.get("usage")
    return Reply(
        [
            Choice(
                parts,
                finish.read(reason) if reason else None,
                stop_sequence=word(value, "stop_sequence"),
                native_finish=reason,
            )
        ],
        usage.read(counts) if isinstance(counts, dict) else None,
        word(value, "id"),
        word(value, "model"),
        service_tier=word(lenient.inner(value, "usage"), "service_tier"),
    )


def decode(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises `BadReply`."""
    try:
        value = lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    return value


def _part(block: dict[str, Any]) -> Part | None:
    """The part in a block; None where the block says nothing."""
    reader = _READERS.get(word(block, "type") or "")
    return reader(block) if reader else NativePart(NAME, block)


def _text(block: dict[str, Any]) -> Text | None:
    text, cited = word(block, "text") or "", objects(block, "citations")
    return Text(text, [citations.read(each) for each in cited]) if text or cited else None


def _thinking(block: dict[str, Any]) -> Reasoning:
    return Reasoning(word(block, "thinking") or "", word(block, "signature") or None, issuer=NAME)


def _redacted(block: dict[str, Any]) -> Reasoning:
    return Reasoning(encrypted=word(block, "data") or "", issuer=NAME)


def _tool_use(block: dict[str, Any]) -> ToolCall:
    return ToolCall(word(block, "id") or "", word(block, "name") or "", arguments(block.get("input")))


def arguments(given: Any) -> str:
    """The arguments of a tool call as text; some who copy Anthropic send them as text already."""
    if isinstance(given, str):
        return given
    return wire.dumps({} if given is None else given).decode()


_READERS: Final[dict[str, Callable[[dict[str, Any]], Part | None]]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
}
