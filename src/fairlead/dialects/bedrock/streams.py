"""A streamed reply of Converse, event by event."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.bedrock import errors, media, replies
from fairlead.dialects.bedrock.blocks import NAME
from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.dialects.model import (
    BadReply,
    Began,
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


class _Open:
    """A block that has begun and not ended: what has to wait for its end."""

    __slots__ = ("call", "encrypted", "image", "native", "reasoned", "said", "signature")

    def __init__(self) -> None:
        self.call: int | None = None
        self.said = False
        self.reasoned = False
        self.signature: str | None = None
        self.encrypted: str | None = None
        self.image: dict[str, Any] | None = None
        self.native: dict[str, Any] | None = None


class ConverseStream:
    """Reads one stream, of the frames of `EventStreamSplitter`."""

    __slots__ = ("_began", "_blocks", "_calls", "content", "done", "error", "finished", "usage")

    def __init__(self) -> None:
        self._began = False
        self._blocks: dict[int, _Open] = {}
        self._calls = 0
        self.content = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None

    def read(self, data: bytes) -> list[Event]:
        """The events in one frame. Raises `BadReply`."""
        events: list[Event] = []
        for name, said in replies.loads(data).items():
            reader = _READ.get(name)
            if reader is not None:
                reader(self, said if isinstance(said, dict) else {}, events)
        if events and not self._began:
            events.insert(0, Began())
            self._began = True
        return events

    def _message(self, said: dict[str, Any], events: list[Event]) -> None:  # noqa: ARG002 - one shape for all
        if not self._began:
            self._began = True
            events.append(Began())

    def _block(self, said: dict[str, Any]) -> _Open:
        return self._blocks.setdefault(count(said, "contentBlockIndex"), _Open())

    def _start(self, said: dict[str, Any], events: list[Event]) -> None:
        start, block = inner(said, "start"), self._block(said)
        used = inner(start, "toolUse")
        if used and used.get("type") != "server_tool_use":
            self._call(block, used, events)
        elif "image" in start:
            block.image = {**inner(start, "image"), "source": {}}
        elif start:
            block.native = {name: _bare(value) for name, value in start.items() if isinstance(value, dict)}

    def _call(self, block: _Open, used: dict[str, Any], events: list[Event]) -> None:
        block.call = self._calls
        self._calls += 1
        self.content = True
        events.append(ToolStart(block.call, word(used, "toolUseId") or "", word(used, "name") or "", issuer=NAME))

    def _delta(self, said: dict[str, Any], events: list[Event]) -> None:
        delta = said.get("delta")
        if not isinstance(delta, dict):
            return
        text = delta.get("text")
        if isinstance(text, str):
            if text:
                self.content = True
                events.append(TextDelta(text))
            return
        block = self._block(said)
        for name, value in delta.items():
            reader = _DELTAS.get(name)
            if reader is not None:
                reader(self, block, value, events)

    def _arguments(self, block: _Open, value: Any, events: list[Event]) -> None:
        text = word(value, "input") if isinstance(value, dict) else None
        if not text:
            return
        if block.call is not None:
            block.said = True
            events.append(ToolDelta(block.call, text))
        elif block.native is not None:
            used = block.native.setdefault("toolUse", {})
            used["input"] = f"{used.get('input', '')}{text}"

    def _thought(self, block: _Open, value: Any, events: list[Event]) -> None:
        if not isinstance(value, dict):
            return
        block.reasoned = True
        block.signature = _joined(block.signature, word(value, "signature"))
        block.encrypted = _data(block.encrypted, word(value, "redactedContent"))
        text = word(value, "text")
        if text:
            self.content = True
            events.append(ReasoningDelta(text))

    def _citation(self, block: _Open, value: Any, events: list[Event]) -> None:  # noqa: ARG002 - one shape for all
        if isinstance(value, dict) and value:
            events.append(Cited(replies.citation(value)))

    def _image(self, block: _Open, value: Any, events: list[Event]) -> None:  # noqa: ARG002 - one shape for all
        held = inner(value, "source") if isinstance(value, dict) else {}
        if block.image is None:
            block.image = {"source": {}}
        source = block.image["source"]
        for name, each in held.items():
            source[name] = _data(word(source, "bytes"), each) if name == "bytes" and isinstance(each, str) else each

    def _given(self, block: _Open, value: Any, events: list[Event]) -> None:  # noqa: ARG002 - one shape for all
        block.native = block.native or {}
        given = block.native.setdefault("toolResult", {}).setdefault("content", [])
        given += objects({"given": value}, "given")

    def _stop(self, said: dict[str, Any], events: list[Event]) -> None:
        block = self._blocks.pop(count(said, "contentBlockIndex"), None)
        if block is not None:
            self._close(block, events)

    def _close(self, block: _Open, events: list[Event]) -> None:
        if block.call is not None and not block.said:
            events.append(ToolDelta(block.call, "{}"))
        if block.reasoned:
            self.content = True
            events.append(ReasoningEnd(signature=block.signature, encrypted=block.encrypted, issuer=NAME))
        image = media.read("image", block.image) if block.image else None
        if image is not None:
            self.content = True
            events.append(Shown(image))
        if block.native:
            self.content = True
            events.append(Shown(NativePart(NAME, block.native)))

    def _end(self, said: dict[str, Any], events: list[Event]) -> None:
        for index in sorted(self._blocks):
            self._close(self._blocks[index], events)
        self._blocks = {}
        if self.finished:
            return
        self.content = self.finished = True
        native = word(said, "stopReason")
        events.append(Finished(replies.finish(native or ""), 0, replies.stop_sequence(said), native))

    def _metadata(self, said: dict[str, Any], events: list[Event]) -> None:
        counted = replies.usage(said)
        if counted is not None:
            self.usage = counted
            events.append(Counted(counted, replies.tier(said)))
        self.done = self.finished

    def _exception(self, said: dict[str, Any], events: list[Event]) -> None:  # noqa: ARG002 - one shape for all
        self.error = errors.facts(said, errors.kind(said))


def _bare(start: dict[str, Any]) -> dict[str, Any]:
    """A block's head without what its deltas are to bring."""
    return {name: value for name, value in start.items() if name not in ("content", "input")}


def _joined(before: str | None, more: str | None) -> str | None:
    return more if before is None else before + (more or "")


def _data(before: str | None, more: str | None) -> str | None:
    """Base64 that came in pieces, each of them whole."""
    if before is None or not more:
        return before if before is not None else more
    try:
        return b64encode(b64decode(before) + b64decode(more)).decode()
    except ValueError:
        raise BadReply("a piece of data is no base64") from None


_READ: Final[dict[str, Callable[[ConverseStream, dict[str, Any], list[Event]], None]]] = {
    "messageStart": ConverseStream._message,  # noqa: SLF001
    "contentBlockStart": ConverseStream._start,  # noqa: SLF001
    "contentBlockDelta": ConverseStream._delta,  # noqa: SLF001
    "contentBlockStop": ConverseStream._stop,  # noqa: SLF001
    "messageStop": ConverseStream._end,  # noqa: SLF001
    "metadata": ConverseStream._metadata,  # noqa: SLF001
    ":exception": ConverseStream._exception,  # noqa: SLF001
}
_DELTAS: Final[dict[str, Callable[[ConverseStream, _Open, Any, list[Event]], None]]] = {
    "toolUse": ConverseStream._arguments,  # noqa: SLF001
    "reasoningContent": ConverseStream._thought,  # noqa: SLF001
    "citation": ConverseStream._citation,  # noqa: SLF001
    "image": ConverseStream._image,  # noqa: SLF001
    "toolResult": ConverseStream._given,  # noqa: SLF001
}
