"""A stream, written for a client event by event."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from fairlead.dialects import sse
from fairlead.dialects.codec import Facts
from fairlead.dialects.model import (
    Aside,
    Began,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai import answered, citations, errors, finish, logprobs, thoughts, tools, usage
from fairlead.dialects.openai.chat import DONE
from fairlead.dialects.openai.wire import encode
from fairlead.dialects.reply_ids import CHAT, shaped
from fairlead.errors import FairleadError

Json = dict[str, Any]
_OPEN: Final = b',"logprobs":null,"finish_reason":null}]}\n\n'


class _Choice:
    """How far one choice has come."""

    __slots__ = ("aside", "custom", "details", "finished", "length", "start", "summary", "thought", "thoughts")

    def __init__(self) -> None:
        self.length = 0  # of its text, in code points
        self.start = 0  # where the text that is being said began
        self.thoughts = 0
        self.thought: list[str] = []
        self.summary = False
        self.details = 0
        self.custom: set[int] = set()
        self.aside: Json = {}
        self.finished = False


class StreamOut:
    """Writes one stream. The role comes first in every choice, usage last, if the client wants it.

    What stands beside a choice comes with the reason for its end, what stands beside the reply before the end mark.
    """

    __slots__ = ("_aside", "_choices", "_facts", "_head", "_members", "_usage", "_wanted")

    def __init__(self, facts: Facts, *, usage_wanted: bool) -> None:
        self._facts = facts
        self._wanted = usage_wanted
        self._usage: Usage | None = None
        self._choices: dict[int, _Choice] = {}
        self._aside: Json = {}
        self._began(Began())

    def write(self, events: Sequence[Event]) -> bytes:
        """The chunks that say these events."""
        writers = self._writers
        return b"".join([writers[type(event)](self, event) for event in events])

    def _began(self, event: Began) -> bytes:
        facts = self._facts
        self._members = {
            "id": shaped(event.id, CHAT, facts.id),
            "object": "chat.completion.chunk",
            "created": facts.created if event.created is None else event.created,
            "model": event.model or facts.model,
            **answered.marks(event.service_tier, event.fingerprint),
        }
        self._head = b"data: " + encode(self._members)[:-1] + b',"choices":[{"index":'
        self._usage = event.usage or self._usage
        return b""

    def _delta(self, choice: int, delta: Json) -> bytes:
        return b"".join((self._start(choice), self._head, b"%d" % choice, b',"delta":', encode(delta), _OPEN))

    def _start(self, index: int) -> bytes:
        """The first chunk of a choice, once: its role."""
        if index in self._choices:
            return b""
        self._choices[index] = _Choice()
        return self._delta(index, {"role": "assistant", "content": "", "refusal": None})

    def _text(self, event: TextDelta) -> bytes:
        start = self._start(event.choice)
        self._choices[event.choice].length += len(event.text)
        if event.logprobs is None:
            return start + self._delta(event.choice, {"content": event.text})
        return start + self._whole(event.choice, {"content": event.text}, logprobs.write(event.logprobs))

    def _whole(self, choice: int, delta: Json, likely: Json | None, reason: Json | None = None) -> bytes:
        """A chunk with a member that most chunks have as null."""
        said = {"index": choice, "delta": delta, "logprobs": likely, **(reason or {"finish_reason": None})}
        return sse.event(encode({**self._members, "choices": [said]}))

    def _reasoning(self, event: ReasoningDelta) -> bytes:
        start = self._start(event.choice)
        held = self._choices[event.choice]
        between = thoughts.BETWEEN if not held.thought and held.thoughts else ""
        held.thought.append(event.text)
        held.summary = event.summary
        return start + self._delta(event.choice, {"reasoning_content": between + event.text})

    def _reasoned(self, event: ReasoningEnd) -> bytes:
        """What proves a thought, with all of that thought: whoever gives it back needs both."""
        start = self._start(event.choice)
        held = self._choices[event.choice]
        thought = Reasoning(
            "".join(held.thought), event.signature, event.encrypted, event.id, event.issuer, held.summary
        )
        held.thoughts += bool(held.thought)
        held.thought = []
        if not (event.signature or event.encrypted):
            return start
        entries = thoughts.entries_of(thought, held.details)
        held.details += len(entries)
        return start + self._delta(event.choice, {"reasoning_details": entries})

    def _refusal(self, event: RefusalDelta) -> bytes:
        return self._delta(event.choice, {"refusal": event.text})

    def _call(self, event: ToolStart) -> bytes:
        start = self._start(event.choice)
        held = self._choices[event.choice]
        held.start = held.length
        kind, said = ("custom", "input") if event.custom else ("function", "arguments")
        if event.custom:
            held.custom.add(event.index)
        call = {"index": event.index, "id": event.id, "type": kind, kind: {"name": event.name, said: ""}}
        if event.signature:
            call["extra_content"] = tools.signed(event.signature, event.issuer)
        return start + self._delta(event.choice, {"tool_calls": [call]})

    def _arguments(self, event: ToolDelta) -> bytes:
        start = self._start(event.choice)
        custom = event.index in self._choices[event.choice].custom
        said = {"custom": {"input": event.text}} if custom else {"function": {"arguments": event.text}}
        return start + self._delta(event.choice, {"tool_calls": [{"index": event.index, **said}]})

    def _cited(self, event: Cited) -> bytes:
        start = self._start(event.choice)
        held = self._choices[event.choice]
        if event.citation.url is None:
            return start + self._delta(event.choice, {"citations": [citations.other(event.citation, held.start)]})
        entry = citations.write(event.citation, held.start, held.length - held.start)
        return start + self._delta(event.choice, {"annotations": [entry]})

    def _shown(self, event: Shown) -> bytes:
        part = event.part
        if not isinstance(part, Media):
            return b""
        if (image := answered.shown_image(part)) is not None:
            return self._delta(event.choice, {"images": [image]})
        if part.kind == "audio":
            return self._delta(event.choice, {"audio": answered.shown_audio(part, self._facts)})
        return b""

    def _beside(self, event: Aside) -> bytes:
        held = None if event.choice is None else self._choices.get(event.choice)
        if event.choice is None or (held is not None and held.finished):
            self._aside.update(event.members)
            return b""
        start = self._start(event.choice)
        self._choices[event.choice].aside.update(event.members)
        return start

    def _finished(self, event: Finished) -> bytes:
        start = self._start(event.choice)
        held = self._choices[event.choice]
        held.finished = True
        reason: Json = finish.write(event.finish, event.native_finish)
        if event.stop_sequence is not None:
            reason["stop_sequence"] = event.stop_sequence
        reason.update(held.aside)
        return start + self._whole(event.choice, {}, None, reason)

    def _counted(self, event: Counted) -> bytes:
        self._usage = event.usage
        if event.service_tier is not None:
            self._members.update(answered.marks(event.service_tier, None))
        return b""

    def end(self) -> bytes:
        """Usage, if it is wanted and known, what stands beside the reply, and `[DONE]`."""
        last = dict(self._aside)
        if self._wanted and self._usage is not None:
            last["usage"] = usage.write(self._usage)
        return sse.event(encode({**self._members, "choices": [], **last})) + DONE if last else DONE

    def error(self, error: FairleadError) -> bytes:
        """A chunk with `error` and `finish_reason: "error"` for all that is open, then `[DONE]`; OpenRouter's shape."""
        still_open = sorted(index for index, held in self._choices.items() if not held.finished) or [0]
        choices = [{"index": index, "delta": {}, "finish_reason": "error"} for index in still_open]
        return sse.event(encode({**self._members, "choices": choices, **errors.write(error)})) + DONE

    _writers: ClassVar[dict[type, Callable[[Any, Any], bytes]]] = {
        Began: _began,
        TextDelta: _text,
        ReasoningDelta: _reasoning,
        ReasoningEnd: _reasoned,
        RefusalDelta: _refusal,
        ToolStart: _call,
        ToolDelta: _arguments,
        Cited: _cited,
        Shown: _shown,
        Aside: _beside,
        Finished: _finished,
        Counted: _counted,
    }
