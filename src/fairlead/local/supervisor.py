"""Keeps the small model running in a process of its own: starts it, starts it again when it dies, ends it."""

import asyncio
import json
import logging
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from fairlead.clock import Clock
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.secret import Secret

log = logging.getLogger("fairlead.local")

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
HEALTHY_AFTER = 60.0
PARTING = 2.0
REPORTED = 2.0

# What a Python needs to start. The rest of the environment has the keys of providers in it.
KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TMPDIR", "VIRTUAL_ENV")


class LocalModel:
    """The small model as the gateway sees it: an address and its key, while it runs."""

    def __init__(
        self,
        weights: Path,
        clock: Clock,
        *,
        command: Sequence[str] = (sys.executable, "-P", "-m", "fairlead.local.child"),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url: str | None = None
        self.api_key: Secret | None = None
        self._command = (*command, str(weights))
        self._clock = clock
        self._sleep = sleep
        # Set while the question whether there is a model has an answer: `url`, or else `_why`.
        self._settled = asyncio.Event()
        self._why = ""
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs the model."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Begin to load. Returns at once; `ready` waits."""
        if self._keeper is None:
            self._down()
            self._keeper = asyncio.create_task(self._keep(), name="local model")

    async def ready(self, timeout: float) -> str:  # noqa: ASYNC109 - the clock of one call, not of the task
        """The address to call. Raises `UpstreamFailure` when there is none within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not self._settled.is_set():
                    await self._settled.wait()
        except TimeoutError:
            detail = f"the local model was still starting after {timeout:g} s"
            raise UpstreamFailure(FailureKind.STARTING, detail) from None
        if self.url is None:
            raise UpstreamFailure(FailureKind.STARTING, f"the local model does not run: {self._why}")
        return self.url

    async def doubt(self, url: str, patience: float = REPORTED) -> None:
        """Nobody answered at `url`. If its process is dying, wait until it is dead and give `url` out no more."""
        if url == self.url and self._process:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._process.wait()
                if url == self.url:
                    self._down()

    async def aclose(self) -> None:
        """End the model: ask, wait two seconds, kill."""
        if self._keeper:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
            log.info("local model: stopped")
        self._settle(None, "it was stopped")

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while True:
            began = self._clock.monotonic()
            try:
                ending = await self._life()
            except Exception as error:  # noqa: BLE001 - the keeper outlives whatever befalls what it keeps
                ending = str(error) or type(error).__name__
                self._settle(None, ending)
            if self._clock.monotonic() - began >= HEALTHY_AFTER:
                delay = FIRST_DELAY
            log.warning("local model: %s; starting again in %g s", ending, delay)
            await self._sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _life(self) -> str:
        """Run one process from start to end, and say how it ended."""
        began = self._clock.monotonic()
        self._process = process = await self._spawn()
        try:
            told = await self._introduce(process)
            if url := told.get("url"):
                self._settle(url)
                log.info("local model: ready at %s after %.1f s", url, self._clock.monotonic() - began)
                await process.wait()
        finally:
            code = await _end(process)
            self._process = None
        ending = f"ended by signal {-code}" if code < 0 else f"ended with status {code}"
        if url:
            self._down()
        else:
            ending = told.get("error", f"{ending} before it was ready")
            self._settle(None, ending)
        return ending

    async def _spawn(self) -> Process:
        log.info("local model: starting")
        surroundings = {name: os.environ[name] for name in os.environ if name in KEPT or name.startswith("PYTHON")}
        spawning = asyncio.create_task(
            asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=surroundings)
        )
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # Given up half-way, uvloop would leave a process that belongs to nobody.
            await _end(await spawning)
            raise

    async def _introduce(self, process: Process) -> dict[str, str]:
        """Give the child its key, and take what it says of itself; nothing if it died without a word."""
        assert process.stdin is not None  # noqa: S101 - asked for with PIPE
        assert process.stdout is not None  # noqa: S101
        key = secrets.token_urlsafe(32)
        self.api_key = Secret(key)
        try:
            process.stdin.write(json.dumps({"api_key": key}).encode() + b"\n")
            said = json.loads(await process.stdout.readline())
        except (OSError, RuntimeError, ValueError):
            # Dead before it was told, which asyncio and uvloop report differently, or babbling.
            return {}
        return said if isinstance(said, dict) else {}

    def _settle(self, url: str | None, why: str = "") -> None:
        self.url, self._why = url, why
        self._settled.set()

    def _down(self) -> None:
        self.url = None
        self._settled.clear()


async def _end(process: Process) -> int:
    """Its exit status; it is asked to end first, and killed if it does not."""
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(PARTING):
            return await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
