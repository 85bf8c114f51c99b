"""A provider's streamed reply, read: each frame is a whole `GenerateContentResponse` with more of the answer."""

from typing import Any, Final

from fairlead.dialects.beside import Told
from fairlead.dialects.gemini import citations, errors, logprobs, reply_parts, usage
from fairlead.dialects.gemini.provider_reply import ASIDE, CHOICE_ASIDE, block_reason, decode, index_of
from fairlead.dialects.gemini.words import finish, tier
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
    Media,
    NativePart,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Shown,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)

_UNSAID: Final = "FINISH_REASON_UNSPECIFIED"
# Google's own tools at work, whose results are still to come.
_WORKING: Final = ("executableCode", "toolCall")


class _Progress:
    """How far one choice has come."""

    __slots__ = ("beside", "calls", "cited", "finished", "said")

    def __init__(self) -> None:
        self.beside = Told(CHOICE_ASIDE)
        self.calls = 0
        self.finished = False
        self.said: list[str] = []
        self.cited: set[tuple[object, ...]] = set()


class GeminiStream:
    """Reads a stream of Gemini's. It has no end mark: it is whole when every choice that began has said why it ended.

    There may be fewer than were asked for.
    """

    __slots__ = (
        "_began", "_beside", "_choices", "_ids", "_meta", "_progress", "_usage", "content", "done", "error", "finished"
    )  # fmt: skip

    def __init__(self, choices: int = 1) -> None:
        self._beside = Told(ASIDE)
        self._choices = choices
        self._progress: dict[int, _Progress] = {}
        self._ids = reply_parts.Ids()
        self._began = False
        self.content = False
        self.done = False
        self.finished = False
        self._usage: Usage | None = None
        self._meta: dict[str, Any] | None = None
        self.error: ErrorFacts | None = None

    @property
    def usage(self) -> Usage | None:
        """The usage so far. Every frame counts, so a frame's is read when somebody asks for it."""
        if self._meta is not None:
            self._usage, self._meta = usage.read(self._meta), None
        return self._usage

    @usage.setter
    def usage(self, counted: Usage | None) -> None:
        self._usage, self._meta = counted, None

    def read(self, data: bytes) -> list[Event]:
        if not data.strip():
            return []
        value = decode(data)
        self.error = errors.find(value)
        if self.error is not None:
            return []
        if not isinstance(value, dict):
            raise BadReply("it is not a JSON object")
        events: list[Event] = []
        if not self._began:
            self._begin(value, events)
        if aside := self._beside.new(value):
            events.append(Aside(aside))
        candidates = objects(value, "candidates")
        for at, candidate in enumerate(candidates):
            self._candidate(index_of(candidate, at), candidate, events)
        if not candidates:
            self._blocked(value, events)
        meta = value.get("usageMetadata")
        if isinstance(meta, dict):
            self._meta = meta
            if self.finished:
                events.append(Counted(usage.read(meta), tier(word(meta, "serviceTier"))))
        return events

    def _begin(self, value: dict[str, Any], events: list[Event]) -> None:
        self._began = True
        identity = word(value, "responseId")
        self._ids = reply_parts.Ids(identity)
        events.append(Began(identity, word(value, "modelVersion")))

    def _candidate(self, choice: int, candidate: dict[str, Any], events: list[Event]) -> None:
        progress = self._progress.get(choice)
        if progress is None:
            progress = self._progress[choice] = _Progress()
            self.finished = False
        before = len(events)
        parts = objects(inner(candidate, "content"), "parts")
        for raw in parts:
            for part in reply_parts.read(raw, self._ids):
                _SAY[type(part)](part, choice, progress, events)
        if "logprobsResult" in candidate:
            _add_logprobs(candidate, choice, events, before)
        if citations.any_in(candidate):
            _cite(candidate, choice, progress, events)
        reason = _reason(candidate, parts)
        if reason is not None and not progress.finished:
            self._end(progress)
            events.append(Finished(finish(reason, calls=progress.calls > 0), choice, None, reason))
        self.content = self.content or len(events) > before
        if aside := progress.beside.new(candidate):
            events.insert(before, Aside(aside, choice))

    def _end(self, progress: _Progress) -> None:
        progress.finished = True
        self.finished = all(each.finished for each in self._progress.values())

    def _blocked(self, value: dict[str, Any], events: list[Event]) -> None:
        blocked = block_reason(value)
        if blocked is None or self._progress:
            return
        for choice in range(self._choices):
            self._progress[choice] = progress = _Progress()
            self._end(progress)
            events.append(Finished("content_filter", choice, None, blocked))
        self.content = True


def _reason(candidate: dict[str, Any], parts: list[dict[str, Any]]) -> str | None:
    """Why a candidate ended; None where it has not.

    Streams say `STOP` when the model begins to run code, too, and go on with what came of it (recorded of
    `gemini-2.5-flash`, 2026).
    """
    reason = word(candidate, "finishReason")
    if reason == "STOP" and parts and any(name in parts[-1] for name in _WORKING):
        return None
    return None if reason == _UNSAID else reason


def _text(part: Text, choice: int, progress: _Progress, events: list[Event]) -> None:
    progress.said.append(part.text)
    events.append(TextDelta(part.text, choice))


def _thought(part: Reasoning, choice: int, _progress: _Progress, events: list[Event]) -> None:
    if part.text:
        events.append(ReasoningDelta(part.text, choice, part.summary))
    if part.signature is not None:
        events.append(ReasoningEnd(choice, part.signature, issuer=part.issuer))


def _call(part: ToolCall, choice: int, progress: _Progress, events: list[Event]) -> None:
    at, progress.calls = progress.calls, progress.calls + 1
    start = ToolStart(at, part.id, part.name, choice, signature=part.signature, issuer=part.issuer)
    events += (start, ToolDelta(at, part.arguments, choice))


def _whole(part: Media | NativePart, choice: int, _progress: _Progress, events: list[Event]) -> None:
    events.append(Shown(part, choice))


_SAY: dict[type[Part], Any] = {
    Text: _text,
    Reasoning: _thought,
    ToolCall: _call,
    Media: _whole,
    NativePart: _whole,
}


def _add_logprobs(candidate: dict[str, Any], choice: int, events: list[Event], start: int) -> None:
    tokens = logprobs.read(candidate)
    said = next((event for event in events[start:] if isinstance(event, TextDelta)), None)
    if said is not None:
        said.logprobs = tokens
    elif tokens is not None:
        events.append(TextDelta("", choice, tokens))


def _cite(candidate: dict[str, Any], choice: int, progress: _Progress, events: list[Event]) -> None:
    """Frames repeat what earlier ones cited."""
    for _, citation in citations.read(candidate):
        key = (citation.url, citation.title, citation.start, citation.end)
        if key not in progress.cited:
            progress.cited.add(key)
            events.append(Cited(citations.to_points(citation, "".join(progress.said)), choice))
