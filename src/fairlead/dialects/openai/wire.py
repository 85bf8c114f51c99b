"""What both sides of the dialect share: its name, its JSON, data URLs."""

from typing import Any, Final

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.codec import Losses

DIALECT: Final = "openai-chat"
TIERS: Final = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))
_LONGEST_USER: Final = 64
_encode = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """The JSON of a value, even of one in which a text has half a surrogate pair."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return lenient.dumps(value)


def split_data_url(url: str) -> tuple[str | None, str] | None:
    """(mime, base64) of a `data:` URL that is base64; None for any other URL."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url[5:].partition(",")
    mime, *options = head.split(";")
    return (mime or None, data) if comma and "base64" in options else None


def data_url(mime: str, data: str) -> str:
    """The `data:` URL of base64 data."""
    return f"data:{mime};base64,{data}"


def known_user(user: str | None, losses: Losses) -> str | None:
    """The user's name, if it is one that OpenAI takes.

    Claude Code's is longer, and calls that carry it are refused: https://github.com/looplj/axonhub/issues/1669.
    """
    if user is None or len(user) <= _LONGEST_USER:
        return user
    losses.hint("user", f"it is longer than {_LONGEST_USER} letters")
    return None
