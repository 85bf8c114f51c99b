"""A stream for a client: frames that are each a whole `GenerateContentResponse`.

Function calls go out when the choice ends and they are whole, since Gemini has their arguments as objects. Why it
ended, the usage and what was cited go out last and together, since clients of Gemini look for them in the last frame.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from fairlead.dialects.codec import Facts
from fairlead.dialects.gemini import citations, client_reply, errors, logprobs, signatures
from fairlead.dialects.gemini.words import NAME, encode, reason
from fairlead.dialects.model import (
    Aside,
    Began,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Shown,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.errors import FairleadError


class _Choice:
    """What one choice has said: parts for the next frame, calls that are not whole yet, and what comes last."""

    __slots__ = ("aside", "calls", "cited", "finish", "logprobs", "parts", "said", "thinking")

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.calls: dict[int, tuple[ToolCall, list[str]]] = {}
        self.said: list[str] = []
        self.cited: list[Citation] = []
        self.aside: dict[str, Any] = {}
        self.logprobs: list[TokenLogprob] | None = None
        self.finish: Finished | None = None
        self.thinking = False

    def end_calls(self) -> None:
        """Puts the calls out, in their order."""
        for _, (call, pieces) in sorted(self.calls.items()):
            self.parts.append(client_reply.call(call, "".join(pieces)))
        self.calls.clear()


class GeminiWriter:
    """Writes a stream as server-sent events or, not `sse`, as the members of one JSON array."""

    def __init__(self, facts: Facts, sse: bool = True) -> None:
        self.sse = sse
        self._choices: dict[int, _Choice] = {}
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._empty = True
        self._aside: dict[str, Any] = {}
        self._tail: dict[str, Any] = {"modelVersion": facts.model, "responseId": facts.id}

    def write(self, events: Sequence[Event]) -> bytes:
        for event in events:
            _TAKE[type(event)](self, event)
        return b"".join([self._frame(index, choice) for index, choice in self._choices.items() if choice.parts])

    def end(self) -> bytes:
        for choice in self._choices.values():
            choice.end_calls()
        candidates = [self._candidate(index, choice) for index, choice in self._choices.items()]
        last: dict[str, Any] = {"candidates": candidates} if candidates else {}
        if self._usage is not None:
            last["usageMetadata"] = client_reply.counted(self._usage, self._tier)
        return self._framed({**last, **self._tail, **self._aside}) + (b"" if self.sse else b"]")

    def error(self, error: FairleadError) -> bytes:
        return self._framed({"error": errors.body(error)}) + (b"" if self.sse else b"]")

    def choice(self, index: int) -> _Choice:
        found = self._choices.get(index)
        if found is None:
            found = self._choices[index] = _Choice()
        return found

    def _frame(self, index: int, choice: _Choice) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": choice.parts, "role": "model"}, "index": index}
        if choice.logprobs is not None:
            candidate.update(logprobs.write(choice.logprobs))
            choice.logprobs = None
        framed = self._framed({"candidates": [candidate], **self._tail})
        choice.parts = []
        return framed

    def _candidate(self, index: int, choice: _Choice) -> dict[str, Any]:
        """A choice in the last frame."""
        said = choice.parts or [{"text": ""}]
        candidate: dict[str, Any] = {"content": {"parts": said, "role": "model"}, "index": index}
        if choice.finish is not None:
            candidate["finishReason"] = reason(choice.finish.finish, choice.finish.native_finish)
        if choice.cited:
            text = "".join(choice.said)
            candidate["groundingMetadata"] = citations.write([(0, text, each) for each in choice.cited])
        candidate.update(choice.aside)
        return candidate

    def _framed(self, value: dict[str, Any]) -> bytes:
        data = encode(value)
        if self.sse:
            return b"data: " + data + b"\n\n"
        before, self._empty = b"[" if self._empty else b",\r\n", False
        return before + data

    def began(self, event: Began) -> None:
        self._tail["modelVersion"] = event.model or self._tail["modelVersion"]
        self._tail["responseId"] = event.id or self._tail["responseId"]
        self._usage = event.usage or self._usage
        self._tier = event.service_tier

    def beside(self, event: Aside) -> None:
        held = self._aside if event.choice is None else self.choice(event.choice).aside
        held.update(event.members)

    def counted(self, event: Counted) -> None:
        self._usage = event.usage
        self._tier = event.service_tier or self._tier


def _text(writer: GeminiWriter, event: TextDelta) -> None:
    choice = writer.choice(event.choice)
    choice.thinking = False
    choice.said.append(event.text)
    if event.text:
        choice.parts.append({"text": event.text})
    if event.logprobs is not None:
        choice.logprobs = [*(choice.logprobs or ()), *event.logprobs]


def _refusal(writer: GeminiWriter, event: RefusalDelta) -> None:
    writer.choice(event.choice).parts.append({"text": event.text})


def _thought(writer: GeminiWriter, event: ReasoningDelta) -> None:
    choice = writer.choice(event.choice)
    choice.thinking = True
    if event.text:
        choice.parts.append({"text": event.text, "thought": True})


def _thought_end(writer: GeminiWriter, event: ReasoningEnd) -> None:
    """The signature of thoughts, or of a text: a part of its own without words, as Gemini streams it, too."""
    choice = writer.choice(event.choice)
    signature = signatures.seal_proof(signatures.Proof(event.issuer, event.signature, event.encrypted, event.id))
    foreign = event.issuer not in ("", NAME)
    if signature is not None:
        part = {"text": "", "thoughtSignature": signature}
        choice.parts.append({**part, "thought": True} if choice.thinking or foreign else part)
    choice.thinking = False


def _tool(writer: GeminiWriter, event: ToolStart) -> None:
    call = ToolCall(event.id, event.name, "", event.custom, event.signature, event.issuer)
    writer.choice(event.choice).calls[event.index] = (call, [])


def _tool_delta(writer: GeminiWriter, event: ToolDelta) -> None:
    held = writer.choice(event.choice).calls.get(event.index)
    if held is not None:
        held[1].append(event.text)


def _cited(writer: GeminiWriter, event: Cited) -> None:
    writer.choice(event.choice).cited.append(event.citation)


def _shown(writer: GeminiWriter, event: Shown) -> None:
    said = client_reply.WRITERS[type(event.part)](event.part)
    if said is not None:
        writer.choice(event.choice).parts.append(said)


def _finished(writer: GeminiWriter, event: Finished) -> None:
    choice = writer.choice(event.choice)
    choice.end_calls()
    choice.finish = event


_TAKE: Final[dict[type[Event], Callable[[GeminiWriter, Any], None]]] = {
    Began: GeminiWriter.began,
    TextDelta: _text,
    RefusalDelta: _refusal,
    ReasoningDelta: _thought,
    ReasoningEnd: _thought_end,
    ToolStart: _tool,
    ToolDelta: _tool_delta,
    Cited: _cited,
    Shown: _shown,
    Aside: GeminiWriter.beside,
    Finished: _finished,
    Counted: GeminiWriter.counted,
}
