"""The parts of a provider's candidates, read without trust."""

import re
from typing import Any

from fairlead.dialects.gemini import media
from fairlead.dialects.gemini.words import NAME, encode
from fairlead.dialects.lenient import inner, word
from fairlead.dialects.model import Media, NativePart, Part, Reasoning, Text, ToolCall

_UNUSUAL = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 40
# The ids that are made here; they mean nothing to Gemini and are not sent back.
MADE = re.compile(r"call_\d+_")


class Ids:
    """Ids for calls that have none, each once within a reply and, as far as replies have ids, once at all."""

    __slots__ = ("_base", "_count")

    def __init__(self, reply: str | None = None) -> None:
        self._base = reply
        self._count = 0

    def make(self, name: str, said: str | None) -> str:
        """The id of the next call: the provider's where it says one."""
        at, self._count = self._count, self._count + 1
        return said or f"call_{at}_{_UNUSUAL.sub('_', self._base or name)[:_LONGEST]}"


def read(part: dict[str, Any], ids: Ids) -> list[Part]:
    """What a part says. A signature on anything but a thought or a call follows as a thought without words."""
    text = part.get("text")
    if isinstance(text, str):
        signature = word(part, "thoughtSignature")
        if part.get("thought") is True:
            return [Reasoning(text, signature, issuer=NAME, summary=True)]
        said: list[Part] = [Text(text)] if text else []
        return said if signature is None else [*said, _proof(signature)]
    return _other(part, ids)


def _other(part: dict[str, Any], ids: Ids) -> list[Part]:
    signature = word(part, "thoughtSignature")
    call = inner(part, "functionCall")
    name = word(call, "name")
    if name is not None:
        arguments = encode(call.get("args") or {}).decode()
        made = ToolCall(ids.make(name, word(call, "id")), name, arguments, signature=signature)
        made.issuer = NAME if signature is not None else ""
        return [made]
    shown = None if part.get("thought") is True else _media(part)
    if shown is None:
        bare = part.keys() <= {"thoughtSignature", "thought"}
        held: list[Part] = [] if bare else [NativePart(NAME, part)]
        return [_proof(signature)] if bare and signature is not None else held
    return [shown] if signature is None else [shown, _proof(signature)]


def _media(part: dict[str, Any]) -> Media | None:
    """A picture or a sound; what is thought in pictures is none."""
    blob, file = inner(part, "inlineData"), inner(part, "fileData")
    if (data := word(blob, "data")) is not None:
        return media.from_blob(word(blob, "mimeType"), data, word(blob, "displayName"))
    if (uri := word(file, "fileUri")) is not None:
        return media.from_file(word(file, "mimeType"), uri, word(file, "displayName"))
    return None


def _proof(signature: str) -> Reasoning:
    return Reasoning("", signature, issuer=NAME)
