"""What a call has brought is let go with the call, and does not wait for the collector."""

import gc
import json
from collections.abc import Iterator

import pytest

from tests.faults.lag import resident
from tests.faults.stage import Stages
from tests.support.gateway import ask, request_bytes
from tests.support.scripted import STREAM_HEAD, Script, answering, chunk, completion, piece, reply, saying

PATH = "/v1/chat/completions"
SIZE = 4 * 2**20
COUNT = 25
TEXT = "x" * SIZE
MOST = 48 * 2**20  # client, gateway and upstream are in this process, and 100 MB of bodies pass through it

ENDS: dict[str, Script] = {
    "well": answering(reply(completion("well"))),
    "refused": answering(reply({"error": {"message": "no"}}, 500)),
    "reset": saying(then="reset"),
    "no reply": answering(reply(b"not JSON")),
    "cut": saying(STREAM_HEAD, piece(chunk({"content": "x"})), then="fin"),
}


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("script", ENDS.values(), ids=ENDS)
async def test_c05_bodies_do_not_outlive_their_calls(play: Stages, script: Script) -> None:
    async with play(script) as stage:
        await stage.gateway.post(ask(TEXT, stream=script is ENDS["cut"]))
        stage.up.received.clear()
        before = resident()
        for _ in range(COUNT):
            await stage.gateway.post(ask(TEXT, stream=script is ENDS["cut"]))
            stage.up.received.clear()
        assert resident() - before < MOST


async def test_c05_bodies_that_broke_off_do_not_outlive_their_connections(play: Stages) -> None:
    call = request_bytes("POST", PATH, json.dumps(ask(TEXT)).encode())[:-1]
    async with play(ENDS["well"]) as stage:
        before = resident()
        for _ in range(COUNT):
            async with stage.gateway.connect() as (_, writer):
                writer.write(call)
                await writer.drain()
        assert resident() - before < MOST


async def test_c17_idle_connections_do_not_keep_the_last_body(play: Stages) -> None:
    call = request_bytes("POST", PATH, json.dumps(ask(TEXT)).encode())
    async with play(ENDS["well"]) as stage:
        before, opened = resident(), []
        for _ in range(COUNT):
            reader, writer = await stage.gateway.open()
            opened.append(writer)
            writer.write(call)
            assert (await stage.gateway.read(reader)).text == "well"
            stage.up.received.clear()
        assert resident() - before < MOST
        for writer in opened:
            writer.transport.abort()
