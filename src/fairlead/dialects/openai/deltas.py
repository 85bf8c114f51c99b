"""The deltas of one choice of a streamed reply, read into events."""

from typing import Any, Final

from msgspec.structs import replace

from fairlead.dialects.beside import Told
from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import (
    Aside,
    Cited,
    Event,
    Finished,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
)
from fairlead.dialects.openai import citations, finish, logprobs, replies, thoughts, tools
from fairlead.dialects.openai.wire import DIALECT

Json = dict[str, Any]
_PLAIN: Final = frozenset(("content", "role"))
_RARE: Final = frozenset(("annotations", "images", "audio"))


class Call:
    """A tool call on its way: where it stands among our own, and whether it has begun for the others."""

    __slots__ = ("begun", "id", "index", "name")

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.begun = False


class Said:
    """What one choice has said so far."""

    __slots__ = ("_audio", "_beside", "_calls", "_index", "_last", "_open", "finished")

    def __init__(self, index: int) -> None:
        self._index = index
        self._calls: dict[int, Call] = {}
        self._last: Call | None = None
        self._audio: Json | None = None
        self._open: list[str] = []
        self._beside = Told(replies.CHOICE_ASIDE)
        self.finished = False

    def read(self, choice: Json, chunk: Json, events: list[Event]) -> None:
        """Adds the events of one chunk's part of the choice."""
        delta = choice.get("delta")
        if isinstance(delta, dict):
            text = delta.get("content")
            if type(text) is str and delta.keys() <= _PLAIN and not choice.get("logprobs"):
                if text:
                    events.append(TextDelta(text, self._index))
            else:
                self._delta(delta, choice, events)
        if aside := self._beside.new(choice):
            events.append(Aside(aside, self._index))
        if choice.get("finish_reason") and not self.finished:
            self._finish(choice, chunk, events)

    def _delta(self, delta: Json, choice: Json, events: list[Event]) -> None:
        at = self._index
        content = delta.get("content")
        told, text = ("", content or "") if content is None or isinstance(content, str) else replies.said(content)
        self._think(delta, told, events)
        tokens = logprobs.read(choice) if choice.get("logprobs") else None
        if text or tokens:
            events.append(TextDelta(text, at, tokens or None))
        if refusal := word(delta, "refusal"):
            events.append(RefusalDelta(refusal, at))
        if not _RARE.isdisjoint(delta):
            self._rarely(delta, events)
        if delta.get("tool_calls") or delta.get("function_call"):
            self._call_deltas(delta, events)

    def _think(self, delta: Json, told: str, events: list[Event]) -> None:
        text = thoughts.plain(delta) or told
        if delta.get("reasoning_details"):
            self._detail([thoughts.detail(each) for each in objects(delta, "reasoning_details")], text, events)
        elif text:
            self._thought(text, events)

    def _thought(self, text: str, events: list[Event], *, summary: bool = False) -> None:
        self._open.append(text)
        events.append(ReasoningDelta(text, self._index, summary))

    def _detail(self, told: list[Reasoning], text: str, events: list[Event]) -> None:
        """Thoughts with what proves them. A text beside them is told twice; one beside a proof may be told again."""
        if text and sum(1 for thought in told if thought.text) < 2:
            self._thought(text, events, summary=any(thought.summary for thought in told))
            told = [replace(thought, text="") for thought in told]
        proven = any(thought.signature or thought.encrypted for thought in told)
        for thought in told:
            if thought.text and not (proven and self._told(thought.text)):
                self._thought(thought.text, events, summary=thought.summary)
            if thought.signature or thought.encrypted:
                self._open.clear()
                proof = thought.signature, thought.encrypted, thought.id, thought.issuer
                events.append(ReasoningEnd(self._index, *proof))

    def _told(self, text: str) -> bool:
        """Whether a thought was told already: all that is open, or the last of it."""
        said = "".join(self._open)
        return text == said or said.endswith(thoughts.BETWEEN + text)

    def _rarely(self, delta: Json, events: list[Event]) -> None:
        """What few deltas have."""
        at = self._index
        if delta.get("annotations"):
            events += [Cited(each, at) for each in citations.read(delta)]
        if delta.get("images"):
            events += [Shown(each, at) for each in replies.images(delta)]
        if audio := inner(delta, "audio"):
            self._hear(audio)

    def _hear(self, audio: Json) -> None:
        held = self._audio = self._audio or {}
        for name in ("data", "transcript"):
            if more := word(audio, name):
                held[name] = held.get(name, "") + more
        held["id"] = word(audio, "id") or held.get("id")

    def _call_deltas(self, delta: Json, events: list[Event]) -> None:
        values = objects(delta, "tool_calls")
        if not values and (legacy := inner(delta, "function_call")):
            values = [{"index": 0, "function": legacy}]
        for value in values:
            self._call_delta(value, events)

    def _call_delta(self, value: Json, events: list[Event]) -> None:
        call = self._last = self._of(value)
        custom = "custom" in value and "function" not in value
        held = inner(value, "custom" if custom else "function")
        more = tools.as_text(held.get("input" if custom else "arguments"))
        if not call.begun:
            call.id = call.id or word(value, "id") or ""
            call.name = word(held, "name") or ""
            if call.name or more:
                self._begin(call, custom, tools.signature_in(value.get("extra_content")), events)
        if more:
            events.append(ToolDelta(call.index, more, self._index))

    def _of(self, value: Json) -> Call:
        """The call that a delta belongs to: by its index; without one, an id begins a new call."""
        said = value.get("index")
        if type(said) is not int:
            new = self._last is None or (word(value, "id") or self._last.id) != self._last.id
            said = len(self._calls) if new or self._last is None else self._last.index
        call = self._calls.get(said)
        if call is None:
            call = self._calls[said] = Call(len(self._calls))
        return call

    def _begin(self, call: Call, custom: bool, signature: str | None, events: list[Event]) -> None:
        call.begun = True
        call_id = call.id or f"call_{call.index}"
        events.append(ToolStart(call.index, call_id, call.name, self._index, custom, signature, DIALECT))

    def _finish(self, choice: Json, chunk: Json, events: list[Event]) -> None:
        at = self._index
        self.finished = True
        for call in self._calls.values():
            if not call.begun:
                self._begin(call, custom=False, signature=None, events=events)
        if self._audio and (audio := replies.heard(self._audio)) is not None:
            events.append(Shown(audio, at))
        events += [Cited(each, at) for each in citations.sources(chunk)]
        reason, native = finish.read(choice)
        events.append(Finished(reason or "stop", at, replies.stop_sequence(choice), native))
