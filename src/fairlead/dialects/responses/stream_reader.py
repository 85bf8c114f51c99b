"""A provider's stream.

A part that came in pieces is not said again when the provider repeats it as a whole; one of which no piece came is said
then. `output_index` tells items apart: some providers change an item's id in the middle of it.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from fairlead.dialects import lenient
from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import (
    Aside,
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
    RefusalDelta,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai import errors
from fairlead.dialects.responses import counts, ends, notes, replies
from fairlead.dialects.responses.wire import NAME, PARAGRAPH

_DONE: Final = b"[DONE]"
_UNSAID: Final = (Began, Counted, Aside)
_ARGUMENTS: Final = {"function_call": "arguments", "custom_tool_call": "input"}


class _Item:
    """One output item under way. `said` has its parts of which something came, `thought` the last part of a thought."""

    __slots__ = ("base", "call", "cited", "id", "said", "thought")

    def __init__(self) -> None:
        self.said: set[tuple[str, int]] = set()
        self.cited: dict[int, int] = {}
        self.base: dict[int, int] = {}
        self.call: int | None = None
        self.id: str | None = None
        self.thought: tuple[str, int] | None = None


class ResponsesReader:
    """Reads one stream; see `ProviderStream`."""

    __slots__ = ("_began", "_calls", "_items", "_length", "_refused", "content", "done", "error", "finished", "usage")

    def __init__(self) -> None:
        self.content = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None
        self._items: dict[int, _Item] = {}
        self._began = False
        self._calls = 0
        self._refused = False
        self._length = 0

    def read(self, data: bytes) -> list[Event]:
        """The events in the data of one server-sent event. Raises `BadReply`."""
        if data == _DONE:
            return self._end()
        if not data or data.isspace():
            return []
        value = replies.decode(data)
        kind = word(value, "type")
        if kind is None:
            return self._untyped(value)
        reader = self._readers.get(kind)
        events = reader(self, value) if reader else []
        if events and not self._began:
            self._began = True
            events = [Began(), *events]
        if not self.content:
            self.content = any(not isinstance(event, _UNSAID) for event in events)
        return events

    def _end(self) -> list[Event]:
        if not self.done:
            raise BadReply("the stream ended without `response.completed`")
        return []

    def _untyped(self, value: dict[str, Any]) -> list[Event]:
        self.error = errors.find(value)
        if self.error is None:
            raise BadReply("the event has no `type`")
        self.done = True
        return []

    # --- the response

    def _begin(self, value: dict[str, Any]) -> list[Event]:
        if self._began:
            return []
        self._began = True
        said = inner(value, "response")
        tier = word(said, "service_tier")
        return [Began(word(said, "id"), word(said, "model"), replies.created(said), service_tier=tier)]

    def _finish(self, value: dict[str, Any]) -> list[Event]:
        if self.done:
            return []
        response = inner(value, "response")
        events = [] if self._began else self._begin(value)
        if not self._items:
            for at, item in enumerate(objects(response, "output")):
                events += self._close({"output_index": at, "item": item})
        self.usage = counts.read(response.get("usage")) or self.usage
        if self.usage is not None:
            events.append(Counted(self.usage, word(response, "service_tier")))
        status = {"status": str(value["type"]).removeprefix("response."), **response}
        finish, native = ends.finish(status, called=self._calls > 0, refused=self._refused)
        self.finished = self.done = True
        return [*events, Finished(finish, native_finish=native)]

    def _fail(self, value: dict[str, Any]) -> list[Event]:
        response = inner(value, "response")
        self.usage = counts.read(response.get("usage")) or self.usage
        self.error = ends.failure(response or value)
        self.done = True
        return []

    # --- items

    def _at(self, value: dict[str, Any]) -> _Item:
        index = value.get("output_index")
        if type(index) is not int:
            index = max(self._items, default=0)
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = _Item()
        return item

    def _open(self, value: dict[str, Any]) -> list[Event]:
        if type(value.get("output_index")) is not int:
            value["output_index"] = max(self._items, default=-1) + 1
        item, given = self._at(value), inner(value, "item")
        item.id = word(given, "id")
        return self._start(item, given) if word(given, "type") in _ARGUMENTS else []

    def _start(self, item: _Item, given: dict[str, Any]) -> list[Event]:
        if item.call is not None:
            return []
        item.call, self._calls, self._length = self._calls, self._calls + 1, 0
        custom = given.get("type") == "custom_tool_call"
        return [ToolStart(item.call, replies.call_id(given), word(given, "name") or "", custom=custom)]

    def _close(self, value: dict[str, Any]) -> list[Event]:
        item, given = self._at(value), inner(value, "item")
        kind = word(given, "type") or ""
        if kind in _ARGUMENTS:
            return [*self._start(item, given), *self._argued(item, word(given, _ARGUMENTS[kind]))]
        if kind == "message":
            return self._spoken(item, given)
        if kind == "reasoning":
            return self._thought(item, given)
        self._length = 0
        return [Shown(replies.image(given) or NativePart(NAME, given))] if given else []

    # --- texts

    def _text(self, value: dict[str, Any]) -> list[Event]:
        delta = word(value, "delta")
        if not delta:
            return []
        chances = notes.logprobs(value) if value.get("logprobs") else None
        return self._say(self._at(value), lenient.count(value, "content_index"), delta, chances)

    def _say(self, item: _Item, at: int, text: str, chances: Any = None) -> list[Event]:
        key = ("text", at)
        if key not in item.said:
            item.said.add(key)
            item.base[at] = self._length
        self._length += len(text)
        return [TextDelta(text, logprobs=chances)]

    def _text_done(self, value: dict[str, Any]) -> list[Event]:
        return self._text_whole(self._at(value), lenient.count(value, "content_index"), value)

    def _text_whole(self, item: _Item, at: int, value: dict[str, Any]) -> list[Event]:
        text = word(value, "text")
        if not text or ("text", at) in item.said:
            return []
        return self._say(item, at, text, notes.logprobs(value))

    def _annotation(self, value: dict[str, Any]) -> list[Event]:
        item, at = self._at(value), lenient.count(value, "content_index")
        given = inner(value, "annotation")
        return self._cite(item, at, given) if given else []

    def _cite(self, item: _Item, at: int, given: dict[str, Any]) -> list[Event]:
        item.cited[at] = item.cited.get(at, 0) + 1
        return [Cited(notes.moved(notes.citation(given), item.base.get(at, 0)))]

    def _refusal(self, value: dict[str, Any]) -> list[Event]:
        return self._refuse(self._at(value), lenient.count(value, "content_index"), word(value, "delta"))

    def _refuse(self, item: _Item, at: int, text: str | None) -> list[Event]:
        if not text:
            return []
        item.said.add(("refusal", at))
        self._refused, self._length = True, 0
        return [RefusalDelta(text)]

    def _refusal_done(self, value: dict[str, Any]) -> list[Event]:
        return self._refusal_whole(self._at(value), lenient.count(value, "content_index"), value)

    def _refusal_whole(self, item: _Item, at: int, value: dict[str, Any]) -> list[Event]:
        return [] if ("refusal", at) in item.said else self._refuse(item, at, word(value, "refusal"))

    def _spoken(self, item: _Item, given: dict[str, Any]) -> list[Event]:
        """What a whole message has that did not come in pieces."""
        phase = word(given, "phase")
        events: list[Event] = [Aside({"phase": phase}, 0)] if phase else []
        for at, content in enumerate(objects(given, "content")):
            if word(content, "type") == "refusal":
                events += self._refusal_whole(item, at, content)
                continue
            events += self._text_whole(item, at, content)
            for annotation in objects(content, "annotations")[item.cited.get(at, 0) :]:
                events += self._cite(item, at, annotation)
        return events

    # --- thoughts

    def _summary(self, value: dict[str, Any]) -> list[Event]:
        return self._think(self._at(value), ("summary", lenient.count(value, "summary_index")), word(value, "delta"))

    def _inner_thought(self, value: dict[str, Any]) -> list[Event]:
        return self._think(self._at(value), ("content", lenient.count(value, "content_index")), word(value, "delta"))

    def _think(self, item: _Item, part: tuple[str, int], text: str | None) -> list[Event]:
        if not text:
            return []
        before, item.thought, self._length = item.thought, part, 0
        item.said.add(part)
        events: list[Event] = []
        if before is not None and before[0] != part[0]:
            events.append(ReasoningEnd(id=item.id, issuer=NAME))
        elif before is not None and before != part:
            text = PARAGRAPH + text
        return [*events, ReasoningDelta(text, summary=part[0] == "summary")]

    def _thought(self, item: _Item, given: dict[str, Any]) -> list[Event]:
        """What a whole reasoning item has that did not come in pieces, and its end."""
        events: list[Event] = []
        for name in ("summary", "content"):
            for at, each in enumerate(objects(given, name)):
                if (name, at) not in item.said:
                    events += self._think(item, (name, at), word(each, "text"))
        encrypted = word(given, "encrypted_content") or None
        if item.thought is None and encrypted is None:
            return events
        self._length = 0
        return [*events, ReasoningEnd(encrypted=encrypted, id=word(given, "id") or item.id, issuer=NAME)]

    # --- tool calls

    def _arguments(self, value: dict[str, Any]) -> list[Event]:
        item, delta = self._at(value), word(value, "delta")
        if not delta or item.call is None:
            return []
        item.said.add(("arguments", 0))
        return [ToolDelta(item.call, delta)]

    def _arguments_done(self, value: dict[str, Any]) -> list[Event]:
        return self._argued(self._at(value), word(value, "arguments") or word(value, "input"))

    def _argued(self, item: _Item, text: str | None) -> list[Event]:
        if not text or item.call is None or ("arguments", 0) in item.said:
            return []
        item.said.add(("arguments", 0))
        return [ToolDelta(item.call, text)]

    _readers: ClassVar[dict[str, Callable[["ResponsesReader", dict[str, Any]], list[Event]]]] = {
        "response.created": _begin,
        "response.queued": _begin,
        "response.in_progress": _begin,
        "response.completed": _finish,
        "response.incomplete": _finish,
        "response.failed": _fail,
        "response.cancelled": _fail,
        "error": _fail,
        "response.output_item.added": _open,
        "response.output_item.done": _close,
        "response.output_text.delta": _text,
        "response.output_text.done": _text_done,
        "response.output_text.annotation.added": _annotation,
        "response.refusal.delta": _refusal,
        "response.refusal.done": _refusal_done,
        "response.reasoning_summary_text.delta": _summary,
        "response.reasoning_text.delta": _inner_thought,
        "response.function_call_arguments.delta": _arguments,
        "response.function_call_arguments.done": _arguments_done,
        "response.custom_tool_call_input.delta": _arguments,
        "response.custom_tool_call_input.done": _arguments_done,
    }
