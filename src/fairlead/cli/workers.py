"""Keeps the workers of `ai serve --workers`: starts them, starts another for one that dies, ends them.

Each is a process of the same program with the same arguments, and all accept from one socket, which the keeper holds
open: while a worker starts anew no connection is refused, and what waits in the queue is the next one's.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fairlead.cli.worker import VARIABLE, Order, Place, Up
from fairlead.clock import Clock

log = logging.getLogger("fairlead.workers")

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
HEALTHY_AFTER = 60.0
# What a worker has to end: after TERM, beyond the seconds for open calls; after the second one.
PARTING = 15.0
STOPPING = 5.0


class Crew:
    """The workers of one server."""

    def __init__(
        self, size: int, listening: int, numbers: str, drain: float, clock: Clock, greet: Callable[[str], None]
    ) -> None:
        """They accept from the descriptor `listening`, and tell each other in the folder `numbers` what they count.

        Open calls have `drain` seconds to end.
        """
        self._size = size
        self._listening = listening
        self._numbers = numbers
        self._drain = drain
        self._clock = clock
        self._greet = greet
        self._processes: dict[int, Process] = {}
        self._key = ""
        self._ending = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Serve until a signal ends it, and say with which status."""
        with self._signals():
            first = await self._spawn(1, first=True)
            up = await self._up(first)
            if up is None and not self._ending.is_set():
                return await first.wait()
            if up is not None:
                self._key = up.key
                self._greet(up.banner)
            others = (self._keep(number, None) for number in range(2, self._size + 1))
            return await self._end(asyncio.gather(self._keep(1, first), *others))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handled = {signal.SIGTERM: self._leave, signal.SIGINT: self._leave, signal.SIGHUP: self._reload}
        for number, handler in handled.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    async def _keep(self, number: int, process: Process | None) -> None:
        """Have one worker run, until the end."""
        delay = FIRST_DELAY
        while process is not None or not self._ending.is_set():
            began = self._clock.monotonic()
            if process is None:
                process = await self._spawn(number)
                await self._up(process)
            code = await process.wait()
            if self._ending.is_set():
                return
            if self._clock.monotonic() - began >= HEALTHY_AFTER:
                delay = FIRST_DELAY
            how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
            log.warning("worker %d (process %d) %s; another starts in %g s", number, process.pid, how, delay)
            process = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._ending.wait()
            delay = min(delay * 2, LONGEST_DELAY)

    async def _spawn(self, number: int, *, first: bool = False) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *sys.orig_argv[1:],
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, VARIABLE: str(self._listening)},
            pass_fds=(self._listening,),
            start_new_session=True,  # a terminal's Ctrl-C is for the keeper, which passes it on
        )
        self._processes[number] = process
        _tell(process, Place(number, self._numbers, first, self._key))
        if self._ending.is_set():
            self._order("stop" if self._stopping.is_set() else "drain", process)
        return process

    async def _up(self, process: Process) -> Up | None:
        """What a worker says once it is up; None where it ended before."""
        assert process.stdout is not None  # noqa: S101 - asked for with PIPE
        line = await process.stdout.readline()
        if not line:
            return None
        number = next(number for number, each in self._processes.items() if each is process)
        log.info("worker %d (process %d) is up", number, process.pid)
        return msgspec.json.decode(line, type=Up)

    async def _end(self, keeping: asyncio.Future[list[None]]) -> int:
        """Wait for the end of all. Who outstays it is killed."""
        await self._ending.wait()
        stopping = asyncio.create_task(self._stopping.wait())
        awaited: set[asyncio.Future[Any]] = {keeping, stopping}
        await asyncio.wait(awaited, timeout=self._drain + PARTING, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            await asyncio.wait({keeping}, timeout=STOPPING)
        stopping.cancel()
        late = [each for each in self._processes.values() if each.returncode is None]
        for process in late:
            log.error("process %d did not end and is killed", process.pid)
            process.kill()
        await keeping
        return 1 if late else 0

    def _leave(self) -> None:
        if self._ending.is_set():
            log.warning("stopping now")
            self._stopping.set()
            self._order("stop", *self._processes.values())
            return
        log.info("draining: open calls end, new ones are refused; the same signal again stops at once")
        self._ending.set()
        # Else the system would go on to take connections, with nobody to accept them.
        os.close(self._listening)
        self._order("drain", *self._processes.values())

    def _reload(self) -> None:
        self._order("reload", *self._processes.values())

    def _order(self, order: Order, *processes: Process) -> None:
        for process in processes:
            _tell(process, order)


def _tell(process: Process, what: Place | Order) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for with PIPE
    # One that is dead has closed it, which asyncio and uvloop report differently.
    with contextlib.suppress(OSError, RuntimeError):
        process.stdin.write(msgspec.json.encode(what) + b"\n")
