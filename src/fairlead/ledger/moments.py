"""Moments as text and spans of time as people write them: `2026-11-21T15:44:26Z`, `7d`. All of it is UTC."""

import re
from typing import Final

from fairlead.errors import RequestError

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")


def span(text: str) -> int:
    """The milliseconds of a span such as `30m`, `24h`, `7d` or `4w`. Raises `RequestError`."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise RequestError(f"`{text[:40]}` is no span of time", hint="write it as 30m, 24h, 7d or 4w")
    return int(found[1]) * _UNITS[found[2]]


def shown(at: int) -> str:
    """A moment (milliseconds since 1970) to the second."""
    days, rest = divmod(at, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{day(days * DAY)}T{hours:02}:{minutes:02}:{rest // SECOND:02}Z"


def day(at: int) -> str:
    """The day of a moment, such as `2026-11-21`."""
    # Counted in years that begin in March, so that a leap day is the last of its year.
    since = at // DAY + 719_468
    era, of_era = divmod(since, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    early = month >= 10
    return f"{year + era * 400 + early:04}-{month + (-9 if early else 3):02}-{of_year - (153 * month + 2) // 5 + 1:02}"
