"""A streamed reply of Anthropic's, read frame by frame.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from collections.abc import Callable
from typing import Any, ClassVar

from fairlead.dialects import lenient
from fairlead.dialects.anthropic import citations, errors, finish, usage
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.anthropic.reply_reader import arguments, decode
from fairlead.dialects.lenient import inner, word
from fairlead.dialects.model import (
    BadReply,
    Began,
    Citation,
    Cited,
    Counted,
    ErrorFacts,
    Event,
    Finished,
    NativePart,
    ReasoningDelta,
    ReasoningEnd,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)


class _Block:
    """A block that has begun: what it is, and what of it is held until it ends."""

    __slots__ = ("cited", "kind", "said", "tool", "value")

    def __init__(self, kind: str, value: dict[str, Any], tool: int) -> None:
        self.kind = kind
        self.value = value
        self.tool = tool
        self.said = ""
        self.cited: list[Citation] = []


class StreamReader:
    """Reads one stream. What proves or stands for a thought, citations and native blocks come when their block ends."""

    __slots__ = ("_began", "_blocks", "_counts", "_tools", "content", "done", "error", "finished", "usage")

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._counts: dict[str, Any] = {}
        self._tools = 0
        self._began = False
        self.finished = False
        self.content = False
        self.done = False
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None

    def read(self, data: bytes) -> list[Event]:
        """The events in one server-sent event's data. Raises `BadReply`; an error within the stream sets `error`."""
        if data == b"[DONE]":
            return self._stop({})
        if not data.strip():
            return []
        value = decode(data)
        reader = self._readers.get(word(value, "type") or "")
        if reader is not None:
            return reader(self, value)
        if "error" in value:
            self.error = errors.find(value)
        return []

    def _start(self, value: dict[str, Any]) -> list[Event]:
        message = inner(value, "message")
        self._began = True
        tier = self._count(message)
        return [Began(word(message, "id"), word(message, "model"), None, self.usage, tier)]

    def _count(self, value: dict[str, Any]) -> str | None:
        """Takes in the usage in `value`; gives the service tier."""
        said = value.get("usage")
        if not isinstance(said, dict):
            return None
        self._counts = usage.merge(self._counts, said)
        self.usage = usage.read(self._counts)
        return word(said, "service_tier")

    def _block_start(self, value: dict[str, Any]) -> list[Event]:
        given = inner(value, "content_block")
        block = _Block(word(given, "type") or "", given, self._tools)
        self._began = True
        events = self._block_stop(value)
        self._blocks[lenient.count(value, "index")] = block
        if block.kind == "tool_use":
            self._tools += 1
            self.content = True
            events.append(ToolStart(block.tool, word(given, "id") or "", word(given, "name") or ""))
        elif block.kind == "text":
            block.cited = [citations.read(each) for each in lenient.objects(given, "citations")]
            events += self._text(word(given, "text"))
        elif block.kind == "thinking":
            events += self._thought(word(given, "thinking"))
        return events

    def _delta(self, value: dict[str, Any]) -> list[Event]:
        delta = inner(value, "delta")
        kind = delta.get("type")
        if kind == "text_delta":
            return self._text(word(delta, "text"))
        if kind == "thinking_delta":
            return self._thought(word(delta, "thinking"))
        block = self._blocks.get(lenient.count(value, "index"))
        if block is None:
            return []
        if kind == "input_json_delta":
            return self._input(block, word(delta, "partial_json"))
        if kind == "citations_delta":
            block.cited.append(citations.read(inner(delta, "citation")))
        else:
            _grow(block.value, delta)
        return []

    def _text(self, text: str | None) -> list[Event]:
        if not text:
            return []
        self.content = True
        return [TextDelta(text)]

    def _thought(self, text: str | None) -> list[Event]:
        if not text:
            return []
        self.content = True
        return [ReasoningDelta(text)]

    def _input(self, block: _Block, text: str | None) -> list[Event]:
        if not text:
            return []
        block.said += text
        return [ToolDelta(block.tool, text)] if block.kind == "tool_use" else []

    def _block_stop(self, value: dict[str, Any]) -> list[Event]:
        block = self._blocks.pop(lenient.count(value, "index"), None)
        return [] if block is None else self._ended(block)

    def _ended(self, block: _Block) -> list[Event]:
        """What was held until the block ended."""
        value = block.value
        if block.kind == "text":
            return [Cited(each) for each in block.cited]
        if block.kind == "tool_use":
            return [] if block.said else [ToolDelta(block.tool, arguments(value.get("input")))]
        self.content = True
        if block.kind == "thinking":
            return [ReasoningEnd(signature=word(value, "signature") or None, issuer=NAME)]
        if block.kind == "redacted_thinking":
            return [ReasoningEnd(encrypted=word(value, "data") or "", issuer=NAME)]
        return [Shown(NativePart(NAME, _with_input(value, block.said)))]

    def _message_delta(self, value: dict[str, Any]) -> list[Event]:
        tier = self._count(value)
        delta = inner(value, "delta")
        reason = word(delta, "stop_reason")
        events = self._finish(reason, word(delta, "stop_sequence")) if reason else []
        if self.usage is not None and "usage" in value:
            events.append(Counted(self.usage, tier))
        return events

    def _finish(self, reason: str | None, stop_sequence: str | None) -> list[Event]:
        events = [event for block in self._blocks.values() for event in self._ended(block)]
        self._blocks.clear()
        if not self.finished:
            self.finished = self.content = True
            events.append(
                Finished(finish.read(reason or ""), stop_sequence=stop_sequence, native_finish=reason),
            )
        return events

    def _stop(self, _: dict[str, Any]) -> list[Event]:
        if not self._began:
            raise BadReply("the stream ended before it said anything")
        self.done = True
        return self._finish(None, None)

    def _error(self, value: dict[str, Any]) -> list[Event]:
        self.error = errors.find(value)
        return []

    _readers: ClassVar[dict[str, Callable[..., list[Event]]]] = {
        "message_start": _start,
        "content_block_start": _block_start,
        "content_block_delta": _delta,
        "content_block_stop": _block_stop,
        "message_delta": _message_delta,
        "message_stop": _stop,
        "error": _error,
    }


def _grow(value: dict[str, Any], delta: dict[str, Any]) -> None:
    """Adds a delta of a signature, or of a kind that is new, to its block: text goes on, all else replaces."""
    for name, more in delta.items():
        held = value.get(name)
        if name != "type":
            value[name] = held + more if isinstance(held, str) and isinstance(more, str) else more


def _with_input(value: dict[str, Any], said: str) -> dict[str, Any]:
    """A native block with the input that came in deltas."""
    if not said:
        return value
    try:
        return {**value, "input": lenient.loads(said.encode())}
    except ValueError:
        return {**value, "input": {"input": said}}
