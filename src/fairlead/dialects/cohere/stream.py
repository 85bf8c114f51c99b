"""Cohere's streamed replies: server-sent events whose data says their `type`."""

from collections.abc import Callable
from typing import Any, ClassVar

from fairlead.dialects import replies
from fairlead.dialects.cohere import read
from fairlead.dialects.cohere.names import DIALECT, failure
from fairlead.dialects.lenient import inner, word
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
from fairlead.dialects.openai import errors as openai_errors

Value = dict[str, Any]


class Stream:
    """Reads one stream. It is whole once `message-end` came; `[DONE]` may follow it."""

    __slots__ = ("_began", "_calls", "_thinks", "content", "done", "error", "finished", "usage")

    def __init__(self) -> None:
        self._began = False
        self._calls: dict[Any, int] = {}
        self._thinks = False
        self.content = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None

    def read(self, data: bytes) -> list[Event]:
        if data == b"[DONE]":
            return self._end()
        if not data.strip():
            return []
        value = replies.members(data)
        reader = self._READERS.get(word(value, "type") or "")
        events = reader(self, value) if reader is not None else self._unknown(value)
        if events and not self._began:
            self._began = True
            if type(events[0]) is not Began:
                events.insert(0, Began())
        return events

    def _end(self) -> list[Event]:
        if not self._began and self.error is None:
            raise BadReply("the stream ended before it said anything")
        self.done = True
        return []

    def _unknown(self, value: Value) -> list[Event]:
        """An error, or an event that says nothing of the answer, as `debug`."""
        if "type" not in value:
            self.error = self.error or openai_errors.find(value)
        return []

    def _start(self, value: Value) -> list[Event]:
        return [Began(word(value, "id"))]

    def _block(self, value: Value) -> list[Event]:
        held = _told(value, "content")
        if not held or "text" in held or "thinking" in held or held.keys() == {"type"}:
            return self._words(value)
        self.content = True
        return [*self._thought(), Shown(NativePart(DIALECT, held))]

    def _words(self, value: Value) -> list[Event]:
        held, events = _told(value, "content"), list[Event]()
        if thought := word(held, "thinking"):
            self._thinks = self.content = True
            events.append(ReasoningDelta(thought))
        text, chances = word(held, "text"), value.get("logprobs")
        if text or isinstance(chances, dict):
            self.content = True
            events += self._thought()
            events.append(
                TextDelta(text or "", logprobs=[read.logprob(chances)] if isinstance(chances, dict) else None)
            )
        return events

    def _plan(self, value: Value) -> list[Event]:
        plan = word(inner(inner(value, "delta"), "message"), "tool_plan")
        if not plan:
            return []
        self._thinks = self.content = True
        return [ReasoningDelta(plan)]

    def _thought(self) -> list[Event]:
        """The end of a thought, if one is open."""
        if not self._thinks:
            return []
        self._thinks = False
        return [ReasoningEnd(issuer=DIALECT)]

    def _block_end(self, _value: Value) -> list[Event]:
        return self._thought()

    def _call(self, value: Value) -> list[Event]:
        index = self._calls[_place(value)] = len(self._calls)
        call = read.call(_told(value, "tool_calls"), index)
        self.content = True
        events = [*self._thought(), ToolStart(index, call.id, call.name, issuer=DIALECT)]
        return [*events, ToolDelta(index, call.arguments)] if call.arguments else events

    def _arguments(self, value: Value) -> list[Event]:
        if _place(value) not in self._calls:
            return self._call(value)
        text = word(inner(_told(value, "tool_calls"), "function"), "arguments")
        return [ToolDelta(self._calls[_place(value)], text)] if text else []

    def _cited(self, value: Value) -> list[Event]:
        return [Cited(each) for each in read.citations(_told(value, "citations"))]

    def _message_end(self, value: Value) -> list[Event]:
        delta = inner(value, "delta")
        events, reason = self._thought(), word(delta, "finish_reason")
        self.error = failure(reason, word(delta, "error"))
        if self.error is None:
            self.content = self.finished = True
            finish = read.finish(reason) or ("tool_calls" if self._calls else "stop")
            events.append(Finished(finish, native_finish=reason))
        usage = read.usage(delta.get("usage"))
        if usage is not None:
            self.usage = usage
            events.append(Counted(usage))
        return events

    _READERS: ClassVar[dict[str, Callable[["Stream", Value], list[Event]]]] = {
        "content-delta": _words,
        "message-start": _start,
        "content-start": _block,
        "content-end": _block_end,
        "tool-plan-delta": _plan,
        "tool-call-start": _call,
        "tool-call-delta": _arguments,
        "citation-start": _cited,
        "message-end": _message_end,
    }


def _told(value: Value, name: str) -> Value:
    """The member `name` of the event's message; of a list, its first."""
    message = inner(inner(value, "delta"), "message")
    held = message.get(name)
    if isinstance(held, list):
        held = held[0] if held else None
    return held if isinstance(held, dict) else {}


def _place(value: Value) -> int:
    index = value.get("index")
    return index if isinstance(index, int) else -1
