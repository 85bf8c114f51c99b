"""When a budget begins anew. A window is worked out from the moment it is asked for; no job resets anything."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fairlead.clock import day, midnight
from fairlead.errors import ConfigError

_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")
_EPOCH: Final = date(1970, 1, 1)
_NAMED: Final = ("day", "week", "month", "total")


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`, in Unix milliseconds; `end` is None where it never ends."""

    start: int
    end: int | None

    def holds(self, now: int) -> bool:
        """Whether a moment lies within. A clock that was set back is still in the window it had reached."""
        return self.end is None or now < self.end


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days, weeks (from Monday), months, or runs of so many days, by the clocks of a place."""

    every: str
    zone: ZoneInfo
    days: int

    def window(self, now: int) -> Window:
        """The window in which `now` lies, in Unix milliseconds."""
        if self.every == "total":
            return Window(0, None)
        first, after = self._around(day(now, self.zone))
        return Window(midnight(first, self.zone), midnight(after, self.zone))

    def _around(self, today: date) -> tuple[date, date]:
        if self.every == "month":
            first = today.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1)
        if self.every == "week":
            first = today - timedelta(days=today.weekday())
            return first, first + timedelta(days=7)
        first = today - timedelta(days=(today - _EPOCH).days % self.days)
        return first, first + timedelta(days=self.days)


def calendar(every: str, zone: str = "UTC") -> Calendar:
    """`every` is `day`, `week`, `month`, `total` or so many days as `30d`. Raises `ConfigError`."""
    days = _DAYS.fullmatch(every)
    if every not in _NAMED and days is None:
        raise ConfigError(f"a budget cannot be renewed every `{every}`", hint="day, week, month, total, or as 30d")
    try:
        return Calendar(every, ZoneInfo(zone), int(days[1]) if days else 1)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"there is no time zone `{zone}`", hint="a name such as Europe/Berlin, or UTC") from None
