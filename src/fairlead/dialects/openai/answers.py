"""What must be known of an answer of OpenAI's dialect, whole or a chunk, however badly a vendor writes it."""

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from fairlead.dialects import lenient
from fairlead.dialects.model import BadReply, ErrorFacts
from fairlead.dialects.openai import errors as openai_errors


class Choice(Struct):
    index: int = 0
    finish_reason: str | None = None
    error: Any = None


class Answer(Struct):
    """What must be known of a whole reply or of one chunk."""

    choices: list[Choice] | None = None
    data: list[Raw] | None = None
    error: Any = None
    usage: dict[str, Any] | UnsetType | None = UNSET


class _SoundChoice(Struct, gc=False):
    error: None = None


class Sound(Struct, gc=False):
    """A whole reply that has no error in it, and its usage as it was sent."""

    choices: list[_SoundChoice] | None = None
    data: list[Raw] | None = None
    error: None = None
    usage: Raw | UnsetType = UNSET


_decode = msgspec.json.Decoder(Answer).decode
_decode_sound = msgspec.json.Decoder(Sound).decode


def sound(data: bytes) -> Sound | None:
    """A whole reply as nearly all are; None for what has to be looked at more closely."""
    try:
        return _decode_sound(data)
    except (ValueError, RecursionError):
        return None


def read(data: bytes) -> Answer:
    """What must be known of an answer. Raises `BadReply` where it is no JSON object."""
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        return _read_leniently(data)


def _read_leniently(data: bytes) -> Answer:
    """What the decoder would not read: a member has a wrong type, or a text has half a surrogate pair."""
    try:
        value = lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None
    if isinstance(value, list) and openai_errors.find(value) is not None:
        value = value[0]
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    choices, entries = value.get("choices"), value.get("data")
    return Answer(
        [_choice(at, each) for at, each in enumerate(choices)] if isinstance(choices, list) else None,
        [Raw()] * len(entries) if isinstance(entries, list) else None,
        value.get("error"),
        (value["usage"] if isinstance(value["usage"], dict) else None) if "usage" in value else UNSET,
    )


def _choice(at: int, value: Any) -> Choice:
    if not isinstance(value, dict):
        return Choice(at)
    index, reason = value.get("index"), value.get("finish_reason")
    return Choice(
        index if isinstance(index, int) else at, reason if isinstance(reason, str) else None, value.get("error")
    )


def error_in(answer: Answer, data: bytes) -> ErrorFacts | None:
    """The error that an answer under status 200 is, if it is one."""
    for choice in answer.choices or ():
        if choice.error:
            return openai_errors.find({"error": answer.error or choice.error})
    if not answer.error and (answer.choices or answer.data is not None):
        return None
    try:
        return openai_errors.find(lenient.loads(data))
    except ValueError:
        return None
