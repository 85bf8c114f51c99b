"""Follows what a stream has said, so that another stream can go on from there in the same words to the client."""

from collections.abc import Sequence
from typing import Final

import msgspec

from fairlead.dialects.codec import ClientStream
from fairlead.dialects.model import (
    Began,
    Event,
    Finished,
    ReasoningDelta,
    ReasoningEnd,
    TextDelta,
    ToolDelta,
    ToolStart,
)
from fairlead.errors import FailureKind, FairleadError, UpstreamFailure

# From so many letters on that are those of the answer's beginning, a model has begun anew and does not go on.
_ANEW: Final = 24
_HEAD: Final = b"data: {"


class Seam:
    """Stands before a client's writer; `text` is what the answer has said until now.

    After `cut` the head of the next stream is left out, and a beginning that is said anew is too. The first event then
    has a member `fairlead` that says where the seam is.
    """

    __slots__ = ("_held", "_mark", "_resumed", "_said", "_strip", "_writer", "text", "whole")

    def __init__(self, writer: ClientStream) -> None:
        self._writer = writer
        self.text = ""
        self.whole = True  # nothing was said that cannot be gone on from
        self._said = ""
        self._held = ""
        self._resumed = False
        self._strip = ""
        self._mark: bytes | None = None

    @property
    def resumable(self) -> bool:
        """Whether a model can go on from what was said: text of one answer, and no tool call begun."""
        return self.whole and bool(self.text.strip())

    def cut(self, provider: str, model: str, *, stripped: bool) -> None:
        """What comes next is another stream, of that model; `stripped`: it was not given the blanks at the end."""
        self._resumed, self._said, self._held = True, self.text, ""
        self._strip = self.text[len(self.text.rstrip()) :] if stripped else ""
        where = {"after": len(self.text), "provider": provider, "model": model}
        self._mark = _HEAD + b'"fairlead":' + msgspec.json.encode({"continued": where}) + b","

    def write(self, events: Sequence[Event]) -> bytes:
        kept: list[Event] = []
        for event in events:
            if isinstance(event, Finished) and 0 < len(self._held) < _ANEW and self._said:
                kept.append(TextDelta(self._held))  # which only happens to be how the answer began
                self.text, self._said = self.text + self._held, ""
            if self._keeps(event):
                kept.append(event)
        out = self._writer.write(kept) if kept else b""
        if self._mark is not None and _HEAD in out:
            out, self._mark = out.replace(_HEAD, self._mark, 1), None
        return out

    def end(self) -> bytes:
        return self._writer.end()

    def error(self, error: FairleadError) -> bytes:
        return self._writer.error(error)

    def _keeps(self, event: Event) -> bool:
        """Whether the client gets an event; what it says is followed."""
        if isinstance(event, TextDelta):
            self.whole = self.whole and event.choice == 0
            if self._resumed and (new := self._new(event.text)) != event.text:
                event.text, event.logprobs = new, None
            self.text += event.text
            return bool(event.text) or not self._resumed
        if isinstance(event, ToolStart | ToolDelta):
            self.whole = False
        if not self._resumed:
            return True
        return not isinstance(event, Began | ReasoningDelta | ReasoningEnd)

    def _new(self, text: str) -> str:
        """What of a text is new. Raises `UpstreamFailure` where the model begins anew, and says something else."""
        if self._strip:
            text, self._strip = text.removeprefix(self._strip), ""
        if not self._said:
            return text
        self._held += text
        held, said = self._held, self._said
        if said.startswith(held):
            if len(held) < len(said):
                return ""
            self._said = ""
            return ""
        new = held.removeprefix(said)
        if len(held) >= _ANEW and _common(held, said) >= _ANEW and new is held:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the model began its answer anew, in other words")
        self._said = self._held = ""
        return new


def _common(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
