"""S06 and S14: TERM under load, and a key that counts no more, with several workers."""

import asyncio
import signal
from typing import Any

from tests.cli.conftest import KEY, Program
from tests.support.gateway import HttpReply
from tests.support.scripted import END, STREAM_HEAD, Connection, chunk, piece, scripted
from tests.workers.served import answering, ledger, serving, settings, talk

BLOCK_SECONDS = 5.0


async def slow(connection: Connection) -> None:
    """A stream that takes a second; one of each four never ends."""
    request = await connection.request()
    assert request is not None
    await connection.send(STREAM_HEAD + piece(chunk({"content": "begun "})))
    if request.json["model"] == "up-n":
        await connection.gone()
        return
    for _ in range(4):
        await asyncio.sleep(0.25)
        await connection.send(piece(chunk({"content": "and on "})))
    await connection.send(piece(chunk({}, "stop")) + piece(b"data: [DONE]\n\n") + END)


async def test_s06_term_under_load_ends_every_stream_in_order(ai: Program) -> None:
    url = str(ai.home / "shared.db")
    async with scripted(slow) as up:
        ai.config(settings(up, drain=2.0))
        async with serving(ai, FAIRLEAD_DATABASE=url) as served:
            models = ["n" if each % 4 == 3 else "m" for each in range(40)]
            calls = [asyncio.create_task(served.call(model=model, stream=True)) for model in models]
            async with asyncio.timeout(20):
                while len(up.received) < len(calls):
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            assert await served.end() == 0
            got = await asyncio.gather(*calls)
        whole = [each for number, each in enumerate(got) if number % 4 != 3]
        assert all(each.ended and each.events[-1] == "[DONE]" for each in got)
        assert {each.text for each in whole} == {"begun " + "and on " * 4}
        assert {each.error["code"] for each in got[3::4]} == {"gateway_stopping"}
        assert {each.text for each in got[3::4]} == {"begun "}
    found = ledger(url)
    ids = {each.headers["x-fairlead-request-id"] for each in got}
    assert {row.id for row in found.rows} == ids
    assert len(ids) == 40
    assert sorted(row.outcome for row in found.rows) == ["cut"] * 10 + ["ok"] * 30
    assert {row.code for row in found.rows if row.outcome == "cut"} == {"gateway_stopping"}


async def test_s06_an_answer_that_has_not_begun_is_refused_at_the_end(ai: Program) -> None:
    async def silent(connection: Connection) -> None:
        await connection.request()
        await connection.gone()

    async with scripted(silent) as up:
        ai.config(settings(up, drain=1.0, workers=1))
        async with serving(ai, workers=1) as served:
            call = asyncio.create_task(served.call())
            async with asyncio.timeout(10):
                while not up.received:
                    await asyncio.sleep(0.01)
            assert await served.end() == 0
            got = await call
    assert (got.status, got.error["code"]) == (503, "gateway_stopping")


async def test_s06_a_second_term_ends_all_at_once_and_loses_no_row(ai: Program) -> None:
    url = str(ai.home / "shared.db")
    async with scripted(slow) as up:
        ai.config(settings(up, drain=60.0))
        async with serving(ai, FAIRLEAD_DATABASE=url) as served:
            calls = [asyncio.create_task(served.call(model="n", stream=True)) for _ in range(20)]
            async with asyncio.timeout(20):
                while len(up.received) < len(calls):
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            served.process.send_signal(signal.SIGTERM)
            await served.told("draining")
            assert await served.end(within=15) == 0
            got = await asyncio.gather(*calls)
    assert {each.error["code"] for each in got} == {"gateway_stopping"}
    assert {row.id for row in ledger(url).rows} == {each.headers["x-fairlead-request-id"] for each in got}


async def test_s14_a_blocked_key_is_refused_by_every_worker_within_five_seconds(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up))
        made = await ai("keys", "create", "mine")
        key = next(word for word in made.out.split() if word.startswith("fl-"))
        url = str(ai.home / "data" / "fairlead" / "fairlead.db")
        async with serving(ai) as served:
            connections: list[Any] = []
            async with asyncio.timeout(40):
                # Until every worker has some, as the ledger tells.
                while len(ledger(url).processes) < 4 or len(connections) < 40:
                    opened = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(10)]
                    connections += opened
                    got = await asyncio.gather(*(talk(*each, key=key) for each in opened))
                    assert {each.status for each in got} == {200}
                    await asyncio.sleep(0.5)
            blocked = await ai("keys", "block", "mine")
            assert blocked.code == 0, blocked.err
            since = asyncio.get_running_loop().time()
            await asyncio.sleep(BLOCK_SECONDS - 1)
            got = await all_asked(connections, key)
            while {each.status for each in got} != {401}:
                assert asyncio.get_running_loop().time() - since < BLOCK_SECONDS
                got = await all_asked(connections, key)
            assert all("blocked" in each.error["message"] for each in got)
            assert (await served.call(KEY)).status == 200
            for _, writer in connections:
                writer.transport.abort()


async def all_asked(connections: list[Any], key: str) -> list[HttpReply]:
    return list(await asyncio.gather(*(talk(*each, key=key) for each in connections)))
