"""A storm: many calls a second at three equal targets, one of which fails."""

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.gateway import Running, read_reply, request_bytes, running
from tests.support.invariants import CANARY, Invariants, priced
from tests.support.scripted import Scripted, scripted
from tests.wall.deeds import Deed, Stand, Turn, answer, flapping, refuse, stands
from tests.wall.pace import Fast, Pace
from tests.wall.voices import VOICES

NAMES = ("a", "b", "c")
FAULT = refuse(500, "server_error", "The server had an error")
# How long an upstream takes for an answer, in seconds.
TAKES = 0.02
MOST_AT_ONCE = 64
# Of fewer calls, those that a breaker takes to open are too great a part.
LEAST = 100


def after(seconds: float, deed: Deed) -> Deed:
    """The same, after so long."""

    async def late(turn: Turn) -> bool:
        await asyncio.sleep(seconds)
        return await deed(turn)

    return late


def failing(share: float, seed: int = 7) -> Deed:
    """500 for this share of its calls."""
    draw = random.Random(seed).random

    async def deed(turn: Turn) -> bool:
        return await (FAULT if draw() < share else answer)(turn)

    return deed


def until(seconds: float, then: Deed) -> Deed:
    """500 for so long since the first call, and `then` from there on."""
    began: list[float] = []

    async def deed(turn: Turn) -> bool:
        began.append(time.monotonic())
        return await (FAULT if began[-1] - began[0] < seconds else then)(turn)

    return deed


# How the first of three targets fails, and how one of them is chosen.
KINDS: dict[str, Callable[[], Deed]] = {
    "10 %": lambda: failing(0.1),
    "50 %": lambda: failing(0.5),
    "100 %": lambda: failing(1.0),
    "flapping": lambda: flapping(0.4, 0.4),
}
ORDERS: dict[str, dict[str, Any]] = {"in order": {}, "equals": {"balance": "best"}}


@dataclass
class Told:
    """What came of a storm. `asked` has when each target was asked, in seconds since its begin."""

    calls: int
    seconds: float
    statuses: Counter[int]
    asked: dict[str, list[float]]
    in_flight: int

    @property
    def success(self) -> float:
        return self.statuses[200] / self.calls

    @property
    def amplification(self) -> float:
        return sum(map(len, self.asked.values())) / self.calls

    def __str__(self) -> str:
        asked = ", ".join(f"{name} {len(times)}" for name, times in self.asked.items())
        return (
            f"{self.calls} calls at {self.calls / self.seconds:.0f}/s, {self.success:.2%} answered, "
            f"{self.amplification:.2f} requests a call ({asked})"
        )


@dataclass
class Storm:
    """A gateway before three targets, of which `a` does what a test says."""

    gateway: Running
    holds: Invariants
    up: Scripted
    targets: dict[str, Stand]
    began: float = 0.0
    _free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _flying: int = 0
    _most: int = 0

    async def blow(self, rate: float, seconds: float) -> Told:
        """So many calls a second for so long, whatever becomes of them; fewer where the machine does not give that."""
        self.began, statuses, tasks = time.monotonic(), Counter[int](), set()
        for stand in self.targets.values():
            stand.asked.clear()
            stand.bodies.clear()
        due, calls, room = self.began, 0, asyncio.Semaphore(MOST_AT_ONCE)
        while calls < LEAST or time.monotonic() < self.began + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await room.acquire()
            task = asyncio.create_task(self._call(statuses))
            task.add_done_callback(lambda _: room.release())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            calls, due = calls + 1, due + 1 / rate
        await asyncio.gather(*tasks)
        took = time.monotonic() - self.began
        asked = {name: [at - self.began for at in stand.asked] for name, stand in self.targets.items()}
        return Told(calls, took, statuses, asked, self._most)

    async def _call(self, statuses: Counter[int]) -> None:
        self._flying += 1
        self._most = max(self._most, self._flying)
        reader, writer = self._free.pop() if self._free else await self.gateway.open()
        try:
            writer.write(request_bytes("POST", "/v1/chat/completions", _CALL % next(self._turns)))
            got = await read_reply(reader)
            statuses[got.status] += 1
            self._free.append((reader, writer))
        finally:
            self._flying -= 1

    def close(self) -> None:
        for _, writer in self._free:
            writer.transport.abort()


# Each one of another session: who sticks to a target is no storm.
_CALL = b'{"model":"m","messages":[{"role":"user","content":"call %d"}]}'


@contextlib.asynccontextmanager
async def storm(folder: Path, deed: Deed, *, pace: float = 1.0, **model: Any) -> AsyncIterator[Storm]:
    """A storm over three targets; `a` does `deed`, the others are well. `model` goes into the model's entry.

    `pace` is how much faster the gateway's clocks run.
    """
    deeds: Sequence[Deed] = (deed, answer, answer)
    voice = VOICES["openai-chat"]
    targets = {
        name: Stand(voice, f"model-{name}", [after(TAKES, each)]) for name, each in zip(NAMES, deeds, strict=True)
    }
    by_path = {f"storm/{name}": stand for name, stand in targets.items()}
    async with scripted(stands(by_path, Pace(1.0))) as up:
        base = f"http://127.0.0.1:{up.port}/storm"
        providers = {
            name: {"dialect": "openai-chat", "base_url": f"{base}/{name}/v1", "api_key": CANARY} for name in NAMES
        }
        entry = {"targets": [{"provider": name, "model": f"model-{name}"} for name in NAMES], **model}
        settings = priced({"providers": providers, "models": {"m": entry}})
        async with running(folder, settings, {}, Fast(Pace(pace))) as gateway:
            # All its clients and upstreams are in the same event loop.
            made = Storm(gateway, Invariants(gateway, folder, ready_within=0.25), up, targets)
            try:
                yield made
            finally:
                made.close()
