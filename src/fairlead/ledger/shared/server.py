"""Asks a Redis, and leaves it alone while it does not answer."""

import asyncio
import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.clock import Clock
from fairlead.errors import StoreUnavailable
from fairlead.ledger.shared.connect import connect, disconnect, failures, where

log = logging.getLogger("fairlead.shared")

DEADLINE: Final = 0.1
_CONNECTING: Final = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TOGETHER: Final = 64
# What the client has no name for, from a server that can be reached and is of no use. Anything else that is wrong is
# wrong with one question.
_OUTAGE: Final = re.compile(
    r"OOM|READONLY|MISCONF|LOADING|NOAUTH|NOPERM|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN|BUSY"
)


@dataclass(slots=True)
class _Question:
    script: str
    keys: Sequence[str]
    values: Sequence[str | int]
    reply: "asyncio.Future[Any]"


class Server:
    """Runs scripts. Questions of many callers go together, in the order in which they came.

    Nobody waits longer than `deadline` seconds. After a failure nobody waits at all, until the server has been found to
    answer in time and to take what is written.
    """

    def __init__(self, url: str, clock: Clock, *, prefix: str = "fairlead:", deadline: float = DEADLINE) -> None:
        """Connects when it is first asked. Raises `ConfigError`."""
        # One hash tag for all: in a cluster, every key is in one slot, at one node.
        self.prefix = f"{prefix}{{shared}}:"
        self.answers = True
        self._client = connect(url)
        self._failures = failures()
        self._where = where(url)
        self._clock = clock
        self._deadline = deadline
        self._waiting: list[_Question] = []
        self._asking: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        """Which one, without its password."""
        return self._where

    async def start(self) -> None:
        """Connect, if that can be done now; else it is tried again and again."""
        try:
            await self._probe()
        except self._failures as error:
            self._lost(error)

    async def run(self, script: str, keys: Sequence[str], *values: str | int) -> Any:
        """What a script gives, of which all happens or nothing. Raises `StoreUnavailable`, and it may have happened."""
        if not self.answers:
            raise self._unavailable()
        question = _Question(script, keys, values, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await question.reply

    async def close(self) -> None:
        """Let go of every connection. From then on it does not answer."""
        self.answers = False
        for task in (self._probing, self._asking):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._fail(self._waiting)
        await disconnect(self._client)

    async def _ask(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            try:
                for question, reply in zip(asked, await self._replies(asked), strict=True):
                    self._answer(question, reply)
            except self._failures as error:
                self._lost(error)
                self._fail(asked)
            except BaseException:
                self._fail(asked)
                raise

    async def _replies(self, asked: list[_Question]) -> list[Any]:
        line = self._client.pipeline(transaction=False)
        for each in asked:
            line.eval(each.script, len(each.keys), *each.keys, *map(str, each.values))
        async with asyncio.timeout(self._deadline):
            return await line.execute(raise_on_error=False)

    def _answer(self, question: _Question, reply: Any) -> None:
        if not isinstance(reply, Exception):
            if not question.reply.done():
                question.reply.set_result(reply)
            return
        if type(reply).__name__ != "ResponseError" or _OUTAGE.search(str(reply)):
            self._lost(reply)
        self._fail([question], reply)

    def _fail(self, asked: list[_Question], why: Exception | None = None) -> None:
        for question in asked:
            if not question.reply.done():
                question.reply.set_exception(self._unavailable(why))

    def _lost(self, error: BaseException) -> None:
        if self.answers:
            self.answers = False
            log.warning(
                "%s does not answer (%s): each process keeps limits by itself, and hard budgets close when what it "
                "holds of them is spent",
                self,
                _said(error),
            )
            self._probing = asyncio.create_task(self._wait())
        self._fail(self._waiting)
        self._waiting = []

    async def _wait(self) -> None:
        """Until it answers again. The pauses grow, and differ from those of other processes."""
        since, pause = self._clock.monotonic(), _FIRST_PAUSE
        while not self.answers:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all come at once
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                await self._probe()
            except self._failures:
                continue
            self.answers = True
            log.warning("%s answers again, after %.1f s", self, self._clock.monotonic() - since)

    async def _probe(self) -> None:
        """Whether it takes what is written; in time, once connected."""
        for seconds in (_CONNECTING, self._deadline):
            async with asyncio.timeout(seconds):
                await self._client.set(f"{self.prefix}probe", "1", px=1000)

    def _unavailable(self, why: Exception | None = None) -> StoreUnavailable:
        return StoreUnavailable(f"{self} does not answer" + (f": {_said(why)}" if why else ""))


def _said(error: BaseException) -> str:
    """The reason, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".removesuffix(": ")
