"""A client whose framing is legal and strange, or meant to confuse or to fill the memory."""

import asyncio
import contextlib
import json
import socket

import pytest

from tests.faults.lag import resident
from tests.faults.stage import Stage, Stages
from tests.support.gateway import KEY, ask, request_bytes
from tests.support.scripted import END, answering, completion, piece, reply

PATH = "/v1/chat/completions"
CALL = json.dumps(ask()).encode()
H2C = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2_settings": "AAMAAABkAAQAoAAAAAIAAAAA"}
well = answering(reply(completion("well")))


def head(*lines: str, path: str = PATH) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "host: test", f"authorization: Bearer {KEY}", *lines, "", ""]).encode()


async def pushed(stage: Stage, start: bytes, block: bytes, count: int) -> tuple[int, int]:
    """The status that a client gets while it writes this block so many times, and how often it got rid of it."""
    async with stage.gateway.connect() as (reader, writer):
        writer.write(start)
        answer = asyncio.create_task(stage.gateway.read(reader))
        sent = 0
        while sent < count and not answer.done():
            writer.write(block)
            await writer.drain()
            sent += 1
        return (await answer).status, sent


@pytest.mark.parametrize("block", [b"a" * 2**16, b"a:\r\n" * 2**14], ids=["one trailer", "many trailers"])
@pytest.mark.parametrize("key", [KEY, "wrong"])
async def test_c05_trailers_without_end_are_refused_and_not_kept(play: Stages, block: bytes, key: str) -> None:
    start = head("transfer-encoding: chunked").replace(KEY.encode(), key.encode()) + b"0\r\nx: "
    async with play(well) as stage:
        before = resident()
        status, sent = await pushed(stage, start, block, 1000)
        assert status == 400
        assert sent < 300
        assert resident() - before < 30 * 2**20
        assert not stage.up.received


async def test_c05_trailers_are_no_headers(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(head("transfer-encoding: chunked") + piece(CALL))
        writer.write(b"0\r\nauthorization: Bearer x\r\nx-fairlead-provider: echo\r\n\r\n")
        got = await stage.gateway.read(reader)
        assert (got.status, got.headers["x-fairlead-provider"]) == (200, "up")


async def test_c05_a_body_two_bytes_at_a_time_takes_no_more_memory_than_its_size(play: Stages) -> None:
    async with play(well, lines=0) as stage:
        before = resident()
        async with stage.gateway.connect() as (reader, writer):
            writer.write(head("transfer-encoding: chunked"))
            for _ in range(20):
                writer.write(piece(b"  ") * 50_000)
                await writer.drain()
            assert resident() - before < 30 * 2**20
            writer.write(piece(CALL) + END)
            assert (await stage.gateway.read(reader)).text == "well"


@pytest.mark.parametrize("cut", [0, 40, 400, 480])
async def test_c10_an_offer_of_http_2_is_declined_and_the_call_is_served(play: Stages, cut: int) -> None:
    async with play(well, lines=0) as stage, stage.gateway.connect() as (reader, writer):
        for _ in range(2):
            call = request_bytes("POST", PATH, CALL, **H2C) * 3
            writer.write(call[:cut])
            await asyncio.sleep(0.01 if cut else 0)
            writer.write(call[cut:])
            for _ in range(3):
                assert (await stage.gateway.read(reader)).text == "well"
        assert [received.body for received in stage.up.received] == [stage.up.received[0].body] * 6


async def test_c10_what_follows_an_offer_of_http_2_is_its_body_and_no_request(play: Stages) -> None:
    async with play(well, lines=0) as stage, stage.gateway.connect() as (reader, writer):
        hidden = request_bytes("GET", "/v1/models")
        writer.write(request_bytes("POST", PATH, hidden, **H2C) + request_bytes("GET", "/livez"))
        assert (await stage.gateway.read(reader)).status == 400
        assert (await reader.readuntil(b"}")).endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    "sent",
    [b"GET /livez HTTP/2.0\r\n\r\n", b"GET /livez\r\n\r\n", b"CONNECT test:443 HTTP/1.1\r\nhost: test\r\n\r\nGET"],
    ids=["HTTP/2.0", "HTTP/0.9", "CONNECT"],
)
async def test_c10_what_is_not_served_is_400_and_no_traceback(play: Stages, sent: bytes) -> None:
    async with play(well, lines=1) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(sent)
        assert (await stage.gateway.read(reader)).status == 400
        assert await reader.read() == b""


async def test_c12_a_reply_to_head_has_no_body_that_the_next_reply_would_begin_with(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(request_bytes("HEAD", "/livez"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405 ")
        writer.write(request_bytes("GET", "/livez"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("key", [KEY, "wrong"])
async def test_c06_who_waits_for_100_gets_it_with_or_without_a_key(play: Stages, key: str) -> None:
    start = head("expect: 100-Continue", f"content-length: {len(CALL)}").replace(KEY.encode(), key.encode())
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(start)
        async with asyncio.timeout(2):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(CALL)
        assert (await stage.gateway.read(reader)).status == (200 if key == KEY else 401)


async def test_c06_an_http_1_0_client_is_never_told_to_continue(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", PATH, CALL, expect="100-continue").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")


async def test_c04_who_asks_on_and_on_without_reading_is_not_served_on(play: Stages) -> None:
    asked = request_bytes("GET", "/metrics") * 2000
    async with play(well) as stage:
        await stage.gateway.post(ask())
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            await loop.sock_connect(sock, ("127.0.0.1", stage.gateway.port))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    for _ in range(100):
                        await loop.sock_sendall(sock, asked)
            held = [peer.transport.get_write_buffer_size() for peer in stage.gateway.server.server_state.connections]
            assert max(held) < 2**20
            await stage.let_go()


async def test_c04_who_asks_a_lot_and_reads_later_gets_every_reply(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        count = 2000
        writer.write(request_bytes("GET", "/metrics") * count)
        await asyncio.sleep(0.3)
        for _ in range(count):
            got = await reader.readuntil(b"\r\n\r\n")
            assert got.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(int(got.partition(b"content-length: ")[2].split(b"\r")[0]))


@pytest.mark.parametrize("name", ["x" * 513, "up/a\nWARNING a line of the log", "up/\u202eb"])
async def test_c13_a_model_that_is_no_name_is_400(play: Stages, name: str) -> None:
    async with play(well) as stage:
        got = await stage.gateway.post(ask() | {"model": name})
        assert (got.status, got.error["param"]) == (400, "model")
        assert not stage.up.received
