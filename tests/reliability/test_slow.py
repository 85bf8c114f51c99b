"""A stream that says nothing, or too little, gives way to the next target before its client has seen anything."""

import asyncio
import time
from pathlib import Path

from tests.reliability.test_failover import gateway
from tests.support.gateway import ask
from tests.support.scripted import DONE, END, STREAM_HEAD, Connection, Script, chunk, piece, streaming

WELL = streaming(chunk({"content": "well"}), chunk({}, "stop"))


def dripping(word: str, seconds: float, comments: bool = False) -> Script:
    """Streams a word every so often, or comments that say nothing."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD)
        for _ in range(100):
            await connection.send(piece(b": still here\n\n" if comments else chunk({"content": word})))
            await asyncio.sleep(seconds)

    return script


async def test_s07_a_stream_that_says_nothing_in_time_gives_way(tmp_path: Path) -> None:
    silent = dripping("", 0.05, comments=True)
    async with gateway(tmp_path, silent, WELL, first_token_timeout=0.3) as (here, ups):
        began = time.perf_counter()
        got = await here.post(ask(stream=True))
        assert (got.text, got.headers["x-fairlead-provider"]) == ("well", "p1")
        assert 0.3 <= time.perf_counter() - began < 2
        await ups[0].closed(1)
        assert here.engine.metrics.attempts["p0", "first_token_timeout"] == 1


async def test_the_general_first_token_timeout_holds_for_every_model(tmp_path: Path) -> None:
    silent, reliability = dripping("", 0.05, comments=True), {"first_token_timeout": 0.2}
    async with gateway(tmp_path, silent, WELL, reliability=reliability) as (here, _):
        assert (await here.post(ask(stream=True))).text == "well"


async def test_a_stream_below_its_pace_gives_way_and_none_of_it_is_seen(tmp_path: Path) -> None:
    async with gateway(tmp_path, dripping("w ", 0.3), WELL, min_tokens_per_second=50) as (here, ups):
        got = await here.post(ask(stream=True))
        assert (got.text, got.headers["x-fairlead-provider"]) == ("well", "p1")
        assert here.engine.metrics.attempts["p0", "too_slow"] == 1
        await ups[0].closed(1)


async def test_a_stream_that_is_quick_enough_or_soon_over_is_passed_on(tmp_path: Path) -> None:
    quick = dripping("several words at once, which are tokens enough ", 0.02)
    async with gateway(tmp_path, quick, WELL, min_tokens_per_second=50) as (here, _):
        got = await here.post(ask(stream=True))
        assert got.headers["x-fairlead-provider"] == "p0"

    async def short(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + piece(chunk({"content": "hi"}) + chunk({}, "stop") + DONE) + END)

    other = tmp_path / "other"
    other.mkdir()
    async with gateway(other, short, WELL, min_tokens_per_second=50) as (here, _):
        assert (await here.post(ask(stream=True))).text == "hi"
