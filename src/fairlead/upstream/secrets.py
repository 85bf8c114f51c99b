"""The only file that takes a secret's value out, to put it into a request's header."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from fairlead.providers.row import Provider

# A word shorter than this is a placeholder, and would be found in any text.
_SHORTEST = 8
_SPARES_FOUR = 16
# How much of what was lent for a key is remembered: an old token may still be spoken of when there is a new one.
_LENT = 12
# It proves one request alone, but that one for minutes.
_SIGNATURE: Final = re.compile(rb"(?i)(signature(?:%3d|\W){1,8})[0-9a-f]{64}")


def authorization(provider: Provider) -> bytes:
    """The header line that shows a provider its key; empty where it has no key, or signs each request instead."""
    if provider.api_key is None or provider.auth in ("aws", "google"):
        return b""
    value = provider.api_key._value.encode()  # noqa: SLF001 - the one place
    if provider.auth == "bearer":
        return b"authorization: Bearer " + value + b"\r\n"
    return provider.auth.encode() + b": " + value + b"\r\n"


def text(provider: Provider) -> str:
    """The provider's key, for whatever signs with it; empty where it has none."""
    return provider.api_key._value if provider.api_key else ""  # noqa: SLF001 - the one place


def lend(provider: Provider, *values: str) -> None:
    """Remember what is shown in place of the provider's key, such as a token: it is as secret."""
    key = provider.api_key
    if key is not None:
        before = (each for each in key._lent if each not in values)  # noqa: SLF001 - the one place
        key._lent = (*before, *values)[-_LENT:]  # noqa: SLF001 - the one place


def redact(provider: Provider, said: bytes) -> bytes:
    """What an upstream said without the provider's key, should it have sent that back, and what was lent for it."""
    key = provider.api_key
    if key is None:
        return said
    values = [key._value, *key._lent]  # noqa: SLF001 - the one place
    if provider.auth == "aws":
        # AWS says in what it could not verify, and has the session's token in that: one part of three.
        values += key._value.split(":")  # noqa: SLF001 - the one place
        said = _SIGNATURE.sub(rb"\1***", said)
    return hide(said, values)


def hide(said: bytes, values: Iterable[str]) -> bytes:
    """What somebody said without these values, however they are written there."""
    for value in sorted(values, key=len, reverse=True):
        for written in _written(value) if len(value) >= _SHORTEST else ():
            said = said.replace(written.encode("utf-8", "replace"), b"***")
    return said


def _written(value: str) -> Iterator[str]:
    """A value as it is, within JSON in the two ways to write it there, and within a form."""
    within = json.dumps(value)[1:-1]
    yield from dict.fromkeys((value, within, within.replace("/", "\\/"), quote(value, safe="")))


def ending(provider: Provider) -> str:
    """The last four characters of a provider's key, to know it by; nothing of one too short to spare them."""
    value = provider.api_key._value if provider.api_key else ""  # noqa: SLF001 - the one place
    return value[-4:] if len(value) >= _SPARES_FOUR else ""
