"""S05 and S11: `kill -9` at any moment, of a worker or of all, loses no call that was answered and frees its money."""

import asyncio
import contextlib
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program
from tests.support.scripted import Scripted, scripted
from tests.workers.quick import LEASE_SECONDS
from tests.workers.served import MILL, QUICK, Served, answering, ledger, serving, settings

CLIENTS = 6
ROOM = 100


class Load:
    """Clients that call without a pause, and note which calls they got a whole answer for."""

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.refused = 0
        self._clients: list[asyncio.Task[None]] = []

    def start(self, served: Served) -> None:
        self._clients = [asyncio.create_task(self._client(served, each)) for each in range(CLIENTS)]

    async def stop(self) -> None:
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, served: Served, number: int) -> None:
        while True:
            # One in six spends what is scarce, until it is spent.
            members: dict[str, Any] = {"model": "n" if number == 0 else "m", "stream": bool(number % 2)}
            try:
                got = await served.call(**members)
            except (OSError, EOFError):
                await asyncio.sleep(0.02)
                continue
            assert got.status in (200, 402, 503), got
            if got.status == 200 and got.ended and (not members["stream"] or got.events[-1] == "[DONE]"):
                self.answered.append(got.headers["x-fairlead-request-id"])
            self.refused += got.status == 402


async def killed(ai: Program, url: str, rounds: int, seed: int) -> Load:
    """So many rounds of load, each ended by a kill: of one worker, or every third time of all processes."""
    choice, load, served = random.Random(seed), Load(), None
    async with contextlib.AsyncExitStack() as stack:
        for turn in range(rounds):
            if served is None:
                served = await stack.enter_async_context(server(ai, url))
                load.start(served)
            so_far = len(load.answered)
            async with asyncio.timeout(20):
                while len(load.answered) <= so_far:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(choice.uniform(0.0, 0.6))
            if turn % 3 == 2:
                served.kill(served.process.pid, *served.workers.values())
                await served.process.wait()
                await load.stop()
                served = None
            else:
                up = len(served.workers)
                served.kill(choice.choice(list(served.workers.values())))
                await replaced(served, up)
        await load.stop()
    return load


async def replaced(served: Served, up: int) -> None:
    async with asyncio.timeout(40):
        while len(served.workers) < up:
            await asyncio.sleep(0.02)


def server(ai: Program, url: str) -> contextlib.AbstractAsyncContextManager[Served]:
    return serving(ai, command=QUICK, workers=2, FAIRLEAD_DATABASE=url)


async def settled(ai: Program, url: str) -> None:
    """Start once more, outlive the leases of the dead, and end in order."""
    async with server(ai, url) as served:
        left = (LEASE_SECONDS + 30) * 5
        while not (found := ledger(url)).at_rest and (left := left - 1) > 0:
            await asyncio.sleep(0.2)
        assert found.at_rest, (found.held, found.taken, found.spent, served.said)
        assert await served.end() == 0


def check(ai: Program, url: str, load: Load, up: Scripted) -> None:
    found = ledger(url)
    rows = Counter(row.id for row in found.rows)
    assert set(rows.values()) == {1}
    assert found.counted == len(found.rows)
    assert not Counter(load.answered) - rows
    assert len(load.answered) == len(set(load.answered))
    assert found.spent_on("up-n") <= ROOM * MILL
    assert found.spent == found.taken == found.charged == found.spent_on("up-n") + found.spent_on("up-m")
    assert found.held == 0
    asked = Counter(each.json["model"] for each in up.received)
    for model in ("up-m", "up-n"):
        assert found.spent_on(model) <= asked[model] * MILL
    assert not list(Path(ai.home, "data", "fairlead", "journal").glob("*.jsonl"))


async def proven(ai: Program, rounds: int, seed: int) -> None:
    url = str(ai.home / "shared.db")
    async with scripted(answering) as up:
        said = settings(up, workers=2)
        budget = {"every": "total", "group_by": ["model"]}
        said["budgets"] = {
            "scarce": {**budget, "limit": f"{ROOM / 1000:.3f}", "conditions": {"model": "up-n"}},
            "ample": {**budget, "limit": "1000", "conditions": {"model": "up-m"}},
        }
        ai.config(said)
        load = await killed(ai, url, rounds, seed)
        await settled(ai, url)
        check(ai, url, load, up)
    print(f"{rounds} kills, {len(load.answered)} calls answered, {load.refused} refused")


@pytest.mark.timeout(180)
async def test_s05_s11_eight_kills_under_load(ai: Program) -> None:
    await proven(ai, 8, seed=5)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_s05_s11_two_hundred_kills_under_load(ai: Program) -> None:
    await proven(ai, 200, seed=11)
