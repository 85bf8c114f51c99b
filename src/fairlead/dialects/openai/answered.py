"""A whole reply, written for a client."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.codec import Facts
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
    ToolResult,
)
from fairlead.dialects.openai import citations, finish, logprobs, thoughts, tools, usage
from fairlead.dialects.openai.wire import TIERS, data_url
from fairlead.dialects.reply_ids import CHAT, shaped

Json = dict[str, Any]


def write(reply: Reply, facts: Facts) -> Json:
    """The reply as OpenAI's schema has it; what it has no word for stands beside that, or is `unsaid`."""
    body: Json = {
        "id": shaped(reply.id, CHAT, facts.id),
        "object": "chat.completion",
        "created": facts.created if reply.created is None else reply.created,
        "model": reply.model or facts.model,
        "choices": [_choice(choice, facts) for choice in reply.choices],
    }
    if reply.usage is not None:
        body["usage"] = usage.write(reply.usage)
    body.update(marks(reply.service_tier, reply.fingerprint))
    body.update(reply.aside)
    return body


def marks(tier: str | None, fingerprint: str | None) -> Json:
    """The members that a reply may have; a tier under a name that OpenAI has no word for keeps that."""
    members: Json = {}
    if tier is not None:
        members["service_tier" if tier in TIERS else "native_service_tier"] = tier
    if fingerprint is not None:
        members["system_fingerprint"] = fingerprint
    return members


def _choice(choice: Choice, facts: Facts) -> Json:
    message = Spoken(facts).read(choice.parts)
    written: Json = {
        "index": choice.index,
        "message": message,
        "logprobs": logprobs.write(choice.logprobs),
        **finish.write(choice.finish or ("tool_calls" if "tool_calls" in message else "stop"), choice.native_finish),
    }
    if choice.stop_sequence is not None:
        written["stop_sequence"] = choice.stop_sequence
    written.update(choice.aside)
    return written


class Spoken:
    """Gathers the parts of a choice into one message."""

    __slots__ = ("_annotations", "_audio", "_calls", "_cited", "_facts", "_images", "_refusal", "_text", "_thoughts")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._text: str | None = None
        self._refusal: str | None = None
        self._thoughts: list[Reasoning] = []
        self._calls: list[Json] = []
        self._images: list[Json] = []
        self._annotations: list[Json] = []
        self._cited: list[Json] = []
        self._audio: Json | None = None

    def read(self, parts: list[Part]) -> Json:
        """The message that says all of these parts that it can."""
        for part in parts:
            _GATHER[type(part)](self, part)
        silent = self._calls or self._refusal is not None
        text = self._text if self._text is not None or silent else ""
        message: Json = {"role": "assistant", "content": text, "refusal": self._refusal}
        if told := thoughts.joined(self._thoughts):
            message["reasoning_content"] = told
        for name, held in (
            ("reasoning_details", thoughts.details(self._thoughts)),
            ("tool_calls", self._calls),
            ("annotations", self._annotations),
            ("citations", self._cited),
            ("images", self._images),
            ("audio", self._audio),
        ):
            if held:
                message[name] = held
        return message

    def text(self, part: Text) -> None:
        before = self._text or ""
        for citation in part.citations:
            self.cited(citation, len(before), len(part.text))
        self._text = before + part.text

    def cited(self, citation: Citation, shift: int, length: int) -> None:
        if citation.url is not None:
            self._annotations.append(citations.write(citation, shift, length))
        else:
            self._cited.append(citations.other(citation, shift))

    def refusal(self, part: Refusal) -> None:
        self._refusal = (self._refusal or "") + part.text

    def thought(self, part: Reasoning) -> None:
        self._thoughts.append(part)

    def call(self, part: ToolCall) -> None:
        written = tools.write_call(part)
        if part.signature:
            written["extra_content"] = tools.signed(part.signature, part.issuer)
        self._calls.append(written)

    def media(self, part: Media) -> None:
        if (image := shown_image(part)) is not None:
            self._images.append(image)
        elif part.kind == "audio":
            self._audio = shown_audio(part, self._facts)

    def nothing(self, part: Part) -> None:
        """What this dialect cannot say; `unsaid` names it."""


_GATHER: Final[dict[type, Callable[[Spoken, Any], None]]] = {
    Text: Spoken.text,
    Refusal: Spoken.refusal,
    Reasoning: Spoken.thought,
    ToolCall: Spoken.call,
    Media: Spoken.media,
    ToolResult: Spoken.nothing,
    NativePart: Spoken.nothing,
}


def shown_image(part: Media) -> Json | None:
    """An image in OpenRouter's form; None for what is no image, or cannot be shown as one."""
    if part.kind != "image" or (part.data is None and part.url is None):
        return None
    url = part.url if part.data is None else data_url(part.mime or "image/png", part.data)
    return {"type": "image_url", "image_url": {"url": url}}


def shown_audio(part: Media, facts: Facts) -> Json:
    """A sound as OpenAI writes it. Nobody keeps it, so it expires as it is made."""
    return {
        "id": part.file_id or f"audio_{facts.id}",
        "expires_at": facts.created,
        "data": part.data or "",
        "transcript": part.text or "",
    }


def unsaid(reply: Reply) -> list[str]:
    """The names of what `write` leaves out of a reply, each as its own dialect calls it."""
    names = [name for choice in reply.choices for part in choice.parts if (name := unsaid_part(part))]
    return list(dict.fromkeys(names))


def unsaid_part(part: Part) -> str | None:
    """The name of a part that a client of this dialect does not get; None for one that it gets."""
    if isinstance(part, NativePart):
        kind = part.value.get("type")
        return kind if isinstance(kind, str) else part.dialect
    if isinstance(part, ToolResult):
        return "tool_result"
    if isinstance(part, Media) and part.kind != "audio" and shown_image(part) is None:
        return part.kind
    return None
