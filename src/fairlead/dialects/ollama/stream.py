"""Ollama's streamed replies: every line has what is new of the message; the last one is `done` and has the counts."""

from typing import Any

from fairlead.dialects import replies
from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import (
    Began,
    Counted,
    ErrorFacts,
    Event,
    Finished,
    ReasoningDelta,
    ReasoningEnd,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.ollama import read
from fairlead.dialects.ollama.names import DIALECT


class Stream:
    """Reads one stream, line by line."""

    __slots__ = ("_began", "_calls", "_thinks", "content", "done", "error", "finished", "usage")

    def __init__(self) -> None:
        self._began = False
        self._calls = 0
        self._thinks = False
        self.content = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None

    def read(self, data: bytes) -> list[Event]:
        if not data.strip():
            return []
        value = replies.members(data)
        if "error" in value:
            self.error = self.error or read.error(value)
            if self.error is not None:
                return []
        events: list[Event] = [] if self._began else self._begin(value)
        said = events + self._said(inner(value, "message"), value)
        if value.get("done") is True:
            said += self._end(value)
        return said

    def _begin(self, value: dict[str, Any]) -> list[Event]:
        self._began = True
        return [Began(model=word(value, "model"), created=read.created(value))]

    def _said(self, message: dict[str, Any], value: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if thought := word(message, "thinking"):
            self._thinks = True
            events.append(ReasoningDelta(thought))
        text = word(message, "content")
        if text or "logprobs" in value:
            chances = read.logprobs(value)
            if text or chances:
                events += self._thought()
                events.append(TextDelta(text or "", logprobs=chances))
        if "images" in message:
            events += [*self._thought(), *map(Shown, read.images(message))]
        if "tool_calls" in message:
            events += self._called(message, value)
        self.content = self.content or bool(events)
        return events

    def _called(self, message: dict[str, Any], value: dict[str, Any]) -> list[Event]:
        events = self._thought()
        for each in objects(message, "tool_calls"):
            call = read.call(each, self._calls, value)
            events.append(ToolStart(self._calls, call.id, call.name, issuer=DIALECT))
            events.append(ToolDelta(self._calls, call.arguments))
            self._calls += 1
        return events

    def _thought(self) -> list[Event]:
        """The end of a thought, if one is open."""
        if not self._thinks:
            return []
        self._thinks = False
        return [ReasoningEnd(issuer=DIALECT)]

    def _end(self, value: dict[str, Any]) -> list[Event]:
        self.content = self.finished = self.done = True
        finish = read.finish(value, called=self._calls > 0) or "stop"
        events = [*self._thought(), Finished(finish, native_finish=word(value, "done_reason"))]
        self.usage = read.usage(value)
        return events if self.usage is None else [*events, Counted(self.usage)]
