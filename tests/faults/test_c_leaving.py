"""A client that leaves, closes its sending side, or does not read."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from tests.faults.lag import Lag
from tests.faults.ports import deaf
from tests.faults.stage import Stage, Stages
from tests.support.gateway import ask, request_bytes
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    Connection,
    Script,
    answering,
    chunk,
    completion,
    piece,
    reply,
    saying,
)

PATH = "/v1/chat/completions"


def call(stream: bool, **headers: str) -> bytes:
    return request_bytes("POST", PATH, json.dumps(ask(stream=stream)).encode(), **headers)


async def begun(stage: Stage, calls: int = 1) -> None:
    """Wait until the upstream has the call."""
    async with asyncio.timeout(2):
        while len(stage.up.received) < calls:
            await asyncio.sleep(0.005)


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def outcomes(stage: Stage) -> dict[str, int]:
    got = await stage.gateway.request("GET", "/metrics")
    stage.gateway.seen.pop()
    found: dict[str, int] = {}
    for line in got.body.decode().splitlines():
        if line.startswith("fairlead_calls_total{"):
            outcome = line.partition('outcome="')[2].partition('"')[0]
            found[outcome] = found.get(outcome, 0) + int(float(line.rsplit(" ", 1)[1]))
    return found


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("stream", [False, True])
async def test_c01_leaving_before_the_first_byte_cancels_the_upstream(play: Stages, stream: bool, how: str) -> None:
    async with play(saying()) as stage, stage.gateway.connect() as (_, writer):
        writer.write(call(stream))
        await begun(stage)
        if how == "reset":
            reset(writer)
        else:
            writer.close()
        await stage.up.closed(within=1.0)
        await stage.ready()
        assert await outcomes(stage) == {"cancelled": 1}


async def test_c01_leaving_while_the_upstream_is_being_connected_lets_go(play: Stages) -> None:
    async with (
        deaf() as url,
        play(url, timeouts={"connect": 30.0}) as stage,
        stage.gateway.connect() as (_, writer),
    ):
        writer.write(call(stream=False))
        await asyncio.sleep(0.05)
        reset(writer)
        async with asyncio.timeout(1):
            while stage.gateway.engine.metrics.open:
                await asyncio.sleep(0.01)


async def test_c02_leaving_mid_stream_30_at_once_does_not_hold_up_others(play: Stages) -> None:
    long = piece(chunk({"content": "x" * 50_000}) * 10)

    async def five_megabytes(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD)
        for _ in range(10):
            await connection.send(long)
        await connection.gone()

    async with play(five_megabytes) as stage:
        clients = []
        for _ in range(30):
            reader, writer = await stage.gateway.open()
            writer.write(call(stream=True))
            await reader.readexactly(200_000)
            clients.append(writer)
        async with Lag() as lag:
            for writer in clients:
                reset(writer)
            await stage.up.closed(within=1.0)
            await stage.ready()
        # The promise is 50 ms; the upstream and the clients are in the same loop here.
        assert lag.worst < 0.15
        assert await outcomes(stage) == {"cancelled": 30}


async def test_c02_leaving_between_two_tokens_cancels_the_upstream(play: Stages) -> None:
    async with play(saying(STREAM_HEAD, piece(chunk({"content": "x"})))) as stage:
        async with stage.gateway.connect() as (reader, writer):
            writer.write(call(stream=True))
            await reader.readuntil(b"\n\n")
        await stage.up.closed(within=1.0)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
async def test_c03_a_whole_reply_reaches_a_client_that_closed_its_sending_side(play: Stages, version: str) -> None:
    async with play(saying(0.8, reply(completion("late")))) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(call(stream=False).replace(b"HTTP/1.1", version.encode()))
        writer.write_eof()
        got = await stage.gateway.read(reader)
        assert (got.status, got.text) == (200, "late")
        assert await reader.read() == b""


async def test_c03_a_stream_reaches_a_client_that_closed_its_sending_side(play: Stages) -> None:
    said: list[bytes | float] = [
        piece(chunk({"content": "a"})),
        0.4,
        piece(chunk({"content": "b"})),
        0.4,
        piece(chunk({}, "stop") + DONE),
    ]
    async with play(saying(0.4, STREAM_HEAD, *said, END)) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(call(stream=True))
        writer.write_eof()
        got = await stage.gateway.read(reader)
        assert (got.text, got.events[-1]) == ("ab", "[DONE]")


async def test_c03_while_a_stream_pauses_a_comment_asks_whether_anybody_is_there(play: Stages) -> None:
    async with (
        play(saying(STREAM_HEAD, piece(chunk({"content": "a"})), 0.6, piece(chunk({}, "stop") + DONE))) as stage,
        stage.gateway.connect() as (reader, writer),
    ):
        writer.write(call(stream=True))
        await reader.readuntil(b"\n\n")
        writer.write_eof()
        rest = await reader.read()
        assert b"3\r\n:\n\n\r\n" in rest
        assert rest.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


async def test_c03_two_calls_in_one_go_and_then_no_more(play: Stages) -> None:
    async with (
        play(answering(reply(completion("one")), reply(completion("two")))) as stage,
        stage.gateway.connect() as (reader, writer),
    ):
        writer.write(call(stream=False) * 2)
        writer.write_eof()
        assert (await stage.gateway.read(reader)).text == "one"
        assert (await stage.gateway.read(reader)).text == "two"


async def test_c03_half_a_body_and_no_more_ends_at_once(play: Stages) -> None:
    async with play(answering(reply(completion("never")))) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(call(stream=False)[:-5])
        writer.write_eof()
        async with asyncio.timeout(1):
            assert await reader.read() == b""
        assert not stage.up.received


def shrunk(receive_buffer: int = 4096) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    return sock


@contextlib.asynccontextmanager
async def not_reading(stage: Stage, data: bytes) -> AsyncIterator[socket.socket]:
    """A client that sends a call and then does not read."""
    loop = asyncio.get_running_loop()
    with shrunk() as sock:
        await loop.sock_connect(sock, ("127.0.0.1", stage.gateway.port))
        await loop.sock_sendall(sock, data)
        yield sock


async def sent_by(written: list[int]) -> int:
    """How much an upstream got rid of until it got stuck."""
    before = -1
    while written[0] != before:
        before = written[0]
        await asyncio.sleep(0.15)
    return before


def counted(written: list[int]) -> Script:
    block = piece(chunk({"content": "x" * 10_000}))

    async def script(connection: Connection) -> None:
        connection.writer.transport.set_write_buffer_limits(high=0)
        await connection.request()
        await connection.send(STREAM_HEAD)
        while True:
            await connection.send(block)
            written[0] += len(block)

    return script


async def test_c04_who_does_not_read_slows_the_upstream_and_is_cut_off_in_the_end(play: Stages) -> None:
    written = [0]
    async with play(counted(written)) as stage, not_reading(stage, call(stream=True)):
        stuck = await sent_by(written)
        assert stuck < 16 * 2**20  # what the kernel buffers between three parties, and 256 KiB of ours
        await stage.ready()
        stage.clock.ahead += 29
        await asyncio.sleep(0.12)
        assert stage.up.open == 1
        stage.clock.ahead += 2
        await stage.up.closed(within=1.0)
        assert await outcomes(stage) == {"cancelled": 1}


async def test_c04_who_reads_slowly_is_not_cut_off(play: Stages) -> None:
    written = [0]
    async with play(counted(written)) as stage, not_reading(stage, call(stream=True)) as sock:
        await sent_by(written)
        loop = asyncio.get_running_loop()
        for _ in range(6):
            stage.clock.ahead += 10
            for _ in range(60):
                await loop.sock_recv(sock, 2**16)
            await asyncio.sleep(0.06)
            assert stage.up.open == 1


async def test_c04_a_whole_reply_that_is_not_read_is_let_go(play: Stages) -> None:
    big = reply(completion("x" * 30 * 2**20))
    async with play(answering(big)) as stage, not_reading(stage, call(stream=False)) as sock:
        await begun(stage)
        await asyncio.sleep(0.3)
        stage.clock.ahead += 31
        await asyncio.sleep(0.12)
        loop = asyncio.get_running_loop()
        size = 0
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(loop.sock_recv(sock, 2**20), 2):
                size += len(data)
        assert size < 30 * 2**20


async def test_c04_closing_on_who_does_not_read_does_not_wait_for_ever(play: Stages) -> None:
    async with (
        play(answering(reply(completion("x" * 30 * 2**20)))) as stage,
        not_reading(stage, call(stream=False, connection="close")),
    ):
        await begun(stage)
        await asyncio.sleep(0.3)
        await stage.let_go()
