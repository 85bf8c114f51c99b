"""How long the event loop is held up."""

import asyncio
import resource
import time
from pathlib import Path
from typing import Self


class Lag:
    """The longest that the event loop worked and did not come round, while the block runs.

    In seconds of this thread's processor time: what other programs take of a busy machine does not count.
    """

    worst = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            self.worst = max(self.worst, time.thread_time() - began)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
