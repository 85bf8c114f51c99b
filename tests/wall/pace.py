"""Time that runs faster: what takes two minutes in a scenario takes seconds here."""

import asyncio
import time

from fairlead.clock import Clock


class Pace:
    """How many seconds of a scenario pass in one of ours."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of the scenario."""
        await asyncio.sleep(seconds / self.rate)

    def now(self) -> float:
        """Seconds of the scenario since an arbitrary start."""
        return time.monotonic() * self.rate


class Fast(Clock):
    """The clocks of a gateway that lives in a scenario."""

    def __init__(self, pace: Pace) -> None:
        started, since = time.time(), pace.now()
        self.monotonic = pace.now
        self.wall = lambda: started + pace.now() - since
        self.sleep = pace.sleep
