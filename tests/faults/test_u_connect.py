"""An upstream that cannot be reached, that hung up meanwhile, or that points elsewhere."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from tests.faults.ports import deaf
from tests.faults.stage import Stages, failed, well
from tests.support.scripted import Connection, answering, completion, reply, scripted


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


async def test_u01_refused_goes_to_the_next_target_at_once(play: Stages, nobody: str) -> None:
    async with play(nobody, well) as stage:
        began = time.perf_counter()
        got = await stage.ask()
        assert time.perf_counter() - began < 1  # the promise is 50 ms; the rest is for a busy machine
        assert (got.status, got.text) == (200, "rescued")
        assert got.headers["x-fairlead-attempts"] == "2"


@pytest.mark.parametrize("stream", [False, True])
async def test_u01_refused_by_all_is_503_with_the_attempts(play: Stages, nobody: str, stream: bool) -> None:
    async with play(nobody, nobody) as stage:
        got = await stage.ask(stream=stream)
        failed(got, 503, "upstream_unavailable", "connect", "connect")
        assert "refused" in got.error["attempts"][0]["detail"]
        assert got.headers["x-should-retry"] == "false"


async def test_u01_closed_at_once_is_noticed_at_once(play: Stages) -> None:
    async def hang_up(connection: Connection) -> None:
        connection.reset()

    async with play(hang_up) as stage:
        began = time.perf_counter()
        failed(await stage.ask(), 503, "upstream_unavailable", "reset")
        assert time.perf_counter() - began < 4


async def test_u02_a_connect_that_hangs_ends_by_its_clock(play: Stages) -> None:
    async with deaf() as url, play(url, well, timeouts={"connect": 0.2}) as stage:
        began = time.perf_counter()
        got = await stage.ask()
        assert 0.2 <= time.perf_counter() - began < 1.9
        assert (got.status, got.text) == (200, "rescued")


async def test_u02_a_connect_that_hangs_everywhere_is_503(play: Stages) -> None:
    async with deaf() as url, play(url, timeouts={"connect": 0.2}) as stage:
        got = await stage.ask()
        failed(got, 503, "upstream_unavailable", "connect_timeout")
        assert "within 0.2 s" in got.error["attempts"][0]["detail"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_u26_an_idle_connection_closed_by_the_server_costs_nothing(play: Stages, how: str, stream: bool) -> None:
    answered = asyncio.Event()

    async def once(connection: Connection) -> None:
        assert await connection.request()
        await connection.send(reply(completion("one")))
        await answered.wait()
        if how == "reset":
            connection.reset()

    async with play(once) as stage:
        assert (await stage.ask()).text == "one"
        answered.set()
        await stage.up.closed()
        assert (await stage.ask(stream=False)).text == "one"
        assert (len(stage.up.received), stage.up.connections) == (2, 2)


async def test_u26_closed_in_the_very_moment_the_call_goes_to_the_next_target(play: Stages) -> None:
    async def second_unanswered(connection: Connection) -> None:
        assert await connection.request()
        await connection.send(reply(completion("one")))
        await connection.request()
        connection.reset()

    async with play(second_unanswered, well) as stage:
        assert (await stage.ask()).text == "one"
        got = await stage.ask()
        assert (got.text, got.headers["x-fairlead-attempts"]) == ("rescued", "2")
        assert len(stage.up.received) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_u27_a_redirect_is_not_followed(play: Stages, status: int) -> None:
    async with scripted(well) as elsewhere:
        there = reply(b"", status, f"location: {elsewhere.url}/chat/completions\r\n")
        async with play(answering(there)) as stage:
            failed(await stage.ask(), 502, "upstream_bad_response", "redirect")
            failed(await stage.ask(stream=True), 502, "upstream_bad_response", "redirect")
            assert not elsewhere.connections
