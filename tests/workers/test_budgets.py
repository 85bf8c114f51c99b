"""S10 and S22: what many processes spend together never passes a budget."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.cli.conftest import Program
from tests.support.databases import KINDS, fresh
from tests.support.gateway import HttpReply
from tests.support.scripted import scripted
from tests.workers.served import MILL, Ledger, Served, answering, ledger, serving, settings

ROOM = 10


async def race(*servers: Served) -> None:
    """50 calls for each of four workers at once, half of them streamed; each half has a budget of its own."""
    asked = [servers[each % len(servers)].call(model="mn"[each % 2], stream=bool(each % 2)) for each in range(200)]
    got = await asyncio.gather(*asked)
    for halves in (got[::2], got[1::2]):
        assert 1 <= well(halves) <= ROOM
        refused = [each for each in halves if each.status != 200]
        assert {(each.status, each.error["type"]) for each in refused} == {(402, "budget_exceeded")}


def well(got: Iterable[HttpReply]) -> int:
    return sum(each.status == 200 for each in got)


async def spend(server: Served, left: Counter[str]) -> None:
    """What others hold and do not need comes back to whoever asks: in the end all of it can be spent."""
    async with asyncio.timeout(30):
        while left["m"] or left["n"]:
            for model in "mn":
                if left[model]:
                    left[model] -= (await server.call(model=model, stream=model == "n")).status == 200
            await asyncio.sleep(0.05)


def check(found: Ledger) -> None:
    for model in ("up-m", "up-n"):
        assert found.spent_on(model) == ROOM * MILL
    assert found.spent == found.taken == 2 * ROOM * MILL
    assert found.held == 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
async def test_s10_two_hundred_calls_at_four_workers_and_room_for_ten(ai: Program, kind: str) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, room=ROOM))
        with fresh(kind, ai.home) as url:
            async with serving(ai, FAIRLEAD_DATABASE=url) as served:
                await race(served)
                await spend(served, Counter({name: ROOM - spent(up.received, name) for name in "mn"}))
                assert (await served.call()).status == 402
                assert await served.end() == 0
            found = ledger(url)
            assert len(found.processes) > 1
            check(found)


@pytest.mark.timeout(120)
async def test_s10_a_budget_of_a_key_holds_over_two_workers_and_a_restart(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        made = await ai("keys", "create", "one", "--budget", f"{ROOM / 1000:.3f}", "--every", "total")
        key = made.out.strip()
        async with serving(ai, workers=2) as served:
            got = await asyncio.gather(*(served.call(key) for _ in range(40)))
            assert 1 <= well(got) <= ROOM
            left = ROOM - well(got)
            async with asyncio.timeout(30):
                while left:
                    left -= (await served.call(key)).status == 200
                    await asyncio.sleep(0.05)
            assert await served.end() == 0
        async with serving(ai, workers=2) as served:
            assert (await served.call(key)).status == 402
            assert (await ai("keys", "update", "one", "--budget", "1", "--every", "total")).code == 0
            async with asyncio.timeout(10):  # within seconds at each of the workers
                while (await served.call(key)).status != 200:
                    await asyncio.sleep(0.05)
            assert await served.end() == 0
        assert len(up.received) == ROOM + 1


@pytest.mark.timeout(120)
async def test_s22_two_servers_on_one_database_file_keep_one_budget(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, room=ROOM, workers=1))
        url = str(ai.home / "shared.db")
        async with (
            serving(ai, workers=1, FAIRLEAD_DATABASE=url) as one,
            serving(ai, "--workers", "2", workers=2, FAIRLEAD_DATABASE=url) as two,
        ):
            await race(one, two)
            await spend(two, Counter({name: ROOM - spent(up.received, name) for name in "mn"}))
            assert [await one.end(), await two.end()] == [0, 0]
        found = ledger(url)
        assert len(found.processes) > 1
        check(found)


def spent(received: Iterable[object], name: str) -> int:
    """How many calls have come to the provider, each of which was paid for."""
    return sum(each.json["model"] == f"up-{name}" for each in received)  # type: ignore[attr-defined]
