"""What the protocol counts on in uvicorn, and what only it sees."""

import asyncio
import contextlib
import inspect
import json
from collections.abc import Iterator
from importlib.metadata import version

from uvicorn.protocols.http import httptools_impl

from fairlead.clock import Clock
from tests.faults.stage import Stages
from tests.support.gateway import ask, request_bytes
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    Connection,
    answering,
    chunk,
    completion,
    piece,
    reply,
    saying,
    streaming,
)

CALL = request_bytes("POST", "/v1/chat/completions", json.dumps(ask()).encode())
STREAMED = request_bytes("POST", "/v1/chat/completions", json.dumps(ask(stream=True)).encode())


@contextlib.contextmanager
def counted_looks(clock: Clock) -> Iterator[list[float]]:
    """Every look at the monotonic clock within the block: the ticker looks at each tick."""
    looks, real = [], clock.monotonic

    def look() -> float:
        looks.append(real())
        return looks[-1]

    clock.monotonic = look
    yield looks
    clock.monotonic = real


def test_uvicorn_is_the_one_this_was_written_against() -> None:
    assert version("uvicorn").startswith("0.54.")
    source = inspect.getsource(httptools_impl)
    relied_on = (
        "on_response=self.on_response_complete",
        "self.pipeline.appendleft((self.cycle, app))",
        "self.response_started = True",
        "self.more_body = True",
        "self.cycle.more_body = False",
        "if not self.keep_alive:\n                    self.transport.close()\n                self.on_response()",
        "self.timeout_keep_alive, self.timeout_keep_alive_handler",
    )
    assert not [line for line in relied_on if line not in source]


async def test_probes_do_not_get_between_pipelined_replies(play: Stages) -> None:
    async def pausing(connection: Connection) -> None:
        while await connection.request():
            await connection.send(STREAM_HEAD + piece(chunk({"content": "a"})))
            await asyncio.sleep(0.6)
            await connection.send(piece(chunk({"content": "b"}) + chunk({}, "stop") + DONE) + END)

    async with play(pausing) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(STREAMED + STREAMED)
        writer.write_eof()
        for _ in range(2):
            got = await stage.gateway.read(reader)
            assert (got.text, got.events[-1]) == ("ab", "[DONE]")
        assert await reader.read() == b""


async def test_an_http_1_0_client_gets_no_interim_reply(play: Stages) -> None:
    async with play(saying(0.6, reply(completion("late")))) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(CALL.replace(b"HTTP/1.1", b"HTTP/1.0"))
        writer.write_eof()
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")


async def test_an_http_1_1_client_that_closed_its_sending_side_gets_interim_replies(play: Stages) -> None:
    async with play(saying(0.6, reply(completion("late")))) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(CALL)
        writer.write_eof()
        got = await reader.read()
        assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert got.count(b"HTTP/1.1 200 ") == 1


async def test_a_connection_serves_whole_and_streamed_calls_in_turn(play: Stages) -> None:
    async with play(answering(reply(completion("whole")))) as stage, stage.gateway.connect() as (reader, writer):
        for _ in range(3):
            writer.write(CALL)
            assert (await stage.gateway.read(reader)).text == "whole"
        stage.up.script = streaming(chunk({"content": "streamed"}), chunk({}, "stop"))
        await stage.up.drop()
        for _ in range(3):
            writer.write(STREAMED)
            assert (await stage.gateway.read(reader)).text == "streamed"
        assert stage.gateway.connections() == 1


async def test_an_idle_connection_leaves_nothing_for_the_ticker(play: Stages) -> None:
    async with play(answering(reply(completion("whole")))) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(CALL)
        await stage.gateway.read(reader)
        await asyncio.sleep(0.12)
        with counted_looks(stage.clock) as looks:
            await asyncio.sleep(0.12)
        assert not looks
