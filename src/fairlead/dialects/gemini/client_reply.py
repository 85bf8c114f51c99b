"""A reply for a client."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.codec import Facts
from fairlead.dialects.gemini import calls, citations, logprobs, media, signatures, usage
from fairlead.dialects.gemini.words import NAME, encode, gemini_tier, reason
from fairlead.dialects.model import (
    Choice,
    Citation,
    Media,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    Usage,
)

_Said = dict[str, Any]


def write(reply: Reply, facts: Facts) -> bytes:
    """The body of a whole reply."""
    body: _Said = {"candidates": [_candidate(choice) for choice in reply.choices]}
    if reply.usage is not None:
        body["usageMetadata"] = counted(reply.usage, reply.service_tier)
    body["modelVersion"] = reply.model or facts.model
    body["responseId"] = reply.id or facts.id
    body.update(reply.aside)
    return encode(body)


def counted(said: Usage, tier: str | None) -> _Said:
    """`usageMetadata`, which has the service tier in it, too."""
    meta = usage.write(said)
    return {**meta, "serviceTier": gemini_tier(tier)} if tier else meta


def _candidate(choice: Choice) -> _Said:
    cited: list[tuple[int, str, Citation]] = []
    candidate: _Said = {"content": {"parts": _parts(choice.parts, cited), "role": "model"}}
    if choice.finish is not None:
        candidate["finishReason"] = reason(choice.finish, choice.native_finish)
    candidate["index"] = choice.index
    if cited:
        candidate["groundingMetadata"] = citations.write(cited)
    if choice.logprobs is not None:
        candidate.update(logprobs.write(choice.logprobs))
    candidate.update(choice.aside)
    return candidate


def _parts(parts: list[Part], cited: list[tuple[int, str, Citation]]) -> list[_Said]:
    written: list[_Said] = []
    for part in parts:
        if isinstance(part, Text):
            cited += [(len(written), part.text, citation) for citation in part.citations]
        elif prove(part, written):
            continue
        write_part = WRITERS.get(type(part))
        if write_part is not None and (said := write_part(part)) is not None:
            written.append(said)
    return written


def prove(part: Part, written: list[_Said]) -> bool:
    """Whether the part was but the signature of the one before, and is on it now."""
    if not isinstance(part, Reasoning) or part.text or part.signature is None or part.issuer not in ("", NAME):
        return False
    before = written[-1] if written else {}
    if "thoughtSignature" in before or not ("text" in before or "inlineData" in before) or "thought" in before:
        return False
    before["thoughtSignature"] = part.signature
    return True


def _thought(part: Reasoning) -> _Said | None:
    return thought(part.text, signatures.seal(part))


def thought(text: str, signature: str | None) -> _Said | None:
    """A thought, signed where it is; None where there is nothing to it."""
    if signature is None:
        return {"text": text, "thought": True} if text else None
    return {"text": text, "thought": True, "thoughtSignature": signature}


def _call(part: ToolCall) -> _Said:
    return call(part, part.arguments)


def call(part: ToolCall, text: str) -> _Said:
    """A function call with the arguments in `text`."""
    called: _Said = {"name": part.name, "args": calls.arguments(text, custom=part.custom)}
    if part.id:
        called["id"] = part.id
    signature = signatures.seal(part)
    return {"functionCall": called} if signature is None else {"functionCall": called, "thoughtSignature": signature}


def _native(part: NativePart) -> _Said | None:
    return part.value if part.dialect == NAME else None


WRITERS: Final[dict[type[Part], Callable[[Any], _Said | None]]] = {
    Text: lambda part: {"text": part.text},
    Refusal: lambda part: {"text": part.text},
    Reasoning: _thought,
    ToolCall: _call,
    Media: media.write,
    NativePart: _native,
}
