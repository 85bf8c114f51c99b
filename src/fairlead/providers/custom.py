"""How long the provider `custom` may take: a server of one's own may think for minutes before it says a word."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from math import isfinite
from typing import Final
from urllib.parse import urlsplit

import msgspec

from fairlead.providers.row import NO_TIMEOUTS, Timeouts

NAME: Final = "custom"
VARIABLES: Final = {word: f"CUSTOM_{word.upper()}_TIMEOUT" for word in ("connect", "read", "write", "pool")}
_REMOTE: Final = {"connect": 45.0, "read": 900.0, "write": 900.0, "pool": 900.0}
_HERE: Final = {"connect": 60.0, "read": 1800.0, "write": 1800.0, "pool": 1800.0}


def timeouts(url: str, said: Timeouts | None, environ: Mapping[str, str]) -> Timeouts:
    """The clocks of a server at that URL: the environment's, else those `said`, else the usual ones of such servers.

    `read` is how long it may say nothing: before its reply (`first_byte`) and in it (`idle`). All four together are
    what an attempt may take (`total`).
    """
    held = {word: seconds for word, name in VARIABLES.items() if (seconds := _seconds(environ.get(name, "")))}
    four = (_HERE if is_here(url) else _REMOTE) | held
    usual = Timeouts(four["connect"], four["read"], four["read"], sum(four.values()))
    won = {"connect": "connect" in held, "first_byte": "read" in held, "idle": "read" in held, "total": bool(held)}
    own = msgspec.structs.asdict(said or NO_TIMEOUTS)
    kept = {name: seconds for name, seconds in own.items() if seconds is not None and not won[name]}
    return msgspec.structs.replace(usual, **kept)


def wrong(environ: Mapping[str, str]) -> Iterator[str]:
    """The variables that hold no number of seconds."""
    for name in VARIABLES.values():
        text = environ.get(name, "").strip()
        if text and _seconds(text) is None:
            yield name


def is_here(url: str) -> bool:
    """Whether a URL is of this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if isfinite(seconds) and seconds > 0 else None
