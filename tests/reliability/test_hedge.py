"""Where a target takes longer than nineteen of twenty of its answers did, the next one is asked too."""

import asyncio
from pathlib import Path

from tests.reliability.test_failover import gateway
from tests.support.gateway import Running, ask
from tests.support.scripted import Connection, Script, answering, completion, reply


def quick_then(slow: Script, quick: int = 20) -> Script:
    """Answers at once so many times, over all connections, and then does as `slow` does."""
    left = [quick]

    async def script(connection: Connection) -> None:
        if left[0] <= 0:
            await slow(connection)
            return
        while left[0] > 0 and await connection.request():
            left[0] -= 1
            await connection.send(reply(completion("quick")))

    return script


async def silent(connection: Connection) -> None:
    await connection.request()
    await connection.gone()


async def warmed(here: Running) -> None:
    for _ in range(20):
        assert (await here.post(ask())).text == "quick"


async def test_a_slow_target_is_overtaken_and_called_off(tmp_path: Path) -> None:
    rescue = answering(reply(completion("hedged")))
    async with gateway(tmp_path, quick_then(silent), rescue, hedge=True) as (here, ups):
        await warmed(here)
        async with asyncio.timeout(5):
            got = await here.post(ask())
        assert got.text == "hedged"
        assert got.headers["x-fairlead-provider"] == "p1"
        assert got.headers["x-fairlead-attempts"] == "2"
        await ups[0].closed(1)
        assert here.engine.metrics.attempts["p0", "overtaken"] == 1
        assert here.engine.metrics.attempts["p1", "ok"] == 1


async def test_no_second_target_is_asked_while_nobody_knows_what_is_slow(tmp_path: Path) -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        await asyncio.sleep(0.1)
        await connection.send(reply(completion("slow")))

    rescue = answering(reply(completion("hedged")))
    async with gateway(tmp_path, slow, rescue, hedge=True) as (here, ups):
        assert (await here.post(ask())).text == "slow"
        assert not ups[1].received


async def test_by_default_a_slow_target_is_waited_for(tmp_path: Path) -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        await asyncio.sleep(0.1)
        await connection.send(reply(completion("slow")))

    rescue = answering(reply(completion("hedged")))
    async with gateway(tmp_path, quick_then(slow), rescue) as (here, ups):
        await warmed(here)
        assert (await here.post(ask())).text == "slow"
        assert not ups[1].received


async def test_both_failing_is_told_with_both(tmp_path: Path) -> None:
    async def failing(connection: Connection) -> None:
        while await connection.request():
            await asyncio.sleep(0.1)
            await connection.send(reply({"error": {"message": "boom"}}, 500))

    reliability = {"max_retries": 0}
    async with gateway(tmp_path, quick_then(failing), failing, hedge=True, reliability=reliability) as (here, _):
        await warmed(here)
        got = await here.post(ask())
        assert got.status == 502
        assert [attempt["failure"] for attempt in got.error["attempts"]] == ["server", "server"]
