"""The only file that reads time. Everything else is handed a `Clock`, so a test can hold time still."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, tzinfo
from datetime import time as wall_time
from typing import Protocol

_INTERVAL = 0.05


class Clock:
    """Wall time in seconds since 1970, monotonic time in seconds since an arbitrary start, and waiting."""

    wall: Callable[[], float] = staticmethod(time.time)
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], Awaitable[None]] = staticmethod(asyncio.sleep)


def written(milliseconds: int) -> str:
    """A moment (milliseconds since 1970) as RFC 3339 has it, in UTC."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> int:
    """Milliseconds since 1970 of a date or a time as RFC 3339 has it; UTC where it does not say. `ValueError`."""
    read = datetime.fromisoformat(text)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)


def day(milliseconds: int, zone: tzinfo) -> date:
    """The day that it is at a moment (milliseconds since 1970) somewhere."""
    return datetime.fromtimestamp(milliseconds / 1000, zone).date()


def midnight(day: date, zone: tzinfo) -> int:
    """The first moment of a day there. Where clocks are set forward at midnight, the day begins with the jump."""
    there = datetime.combine(day, wall_time(), zone)
    return round(there.astimezone(UTC).timestamp()) * 1000


class Timed(Protocol):
    """Something with a deadline of its own."""

    def tick(self, now: float) -> None:
        """Look at the monotonic time `now` and act if it is due."""


class Ticker:
    """Calls `tick(now)` on everything it watches, every 50 ms while there is anything to watch.

    A timer for each clock of each call costs more than the call's own work. One sweep over what is in flight costs
    nothing on the path of a call and is late by at most that.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._watched: set[Timed] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, item: Timed) -> None:
        self._watched.add(item)
        if self._timer is None:
            self._arm()

    def unwatch(self, item: Timed) -> None:
        self._watched.discard(item)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = self.clock.monotonic()
        try:
            for item in tuple(self._watched):
                item.tick(now)
        finally:
            if self._watched:
                self._arm()
