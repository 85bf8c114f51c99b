"""A client whose request is too long, too slow, or no HTTP."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import pytest
from openai import APIStatusError

from tests.faults.lag import resident
from tests.faults.stage import Stage, Stages
from tests.support.gateway import KEY, HttpReply, ask, request_bytes
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    answering,
    chunk,
    completion,
    piece,
    reply,
    saying,
)

PATH = "/v1/chat/completions"
well = answering(reply(completion("well")))
CALL = json.dumps(ask()).encode()


async def talk(stage: Stage, *said: bytes | float) -> tuple[HttpReply, float]:
    """What comes back to these bytes (a number being a pause), and after how long; then the connection must close."""
    async with stage.gateway.connect() as (reader, writer):
        began = time.perf_counter()
        for part in said:
            if isinstance(part, bytes):
                writer.write(part)
            else:
                await asyncio.sleep(part)
        got = await stage.gateway.read(reader)
        took = time.perf_counter() - began
        async with asyncio.timeout(3):
            assert await reader.read() == b""
        return got, took


def refused(got: HttpReply, status: int, code: str) -> None:
    assert (got.status, got.error["code"], got.headers["connection"]) == (status, code, "close")


def head(*lines: str) -> bytes:
    start = [f"POST {PATH} HTTP/1.1", "host: test", f"authorization: Bearer {KEY}", *lines]
    return "\r\n".join([*start, "", ""]).encode()


async def pushed(stage: Stage, start: bytes, pieces: AsyncIterator[bytes]) -> tuple[HttpReply, int]:
    """Like a client that writes until it is answered: what it is told, and how much it got rid of."""
    async with stage.gateway.connect() as (reader, writer):
        writer.write(start)
        answer = asyncio.create_task(stage.gateway.read(reader))
        size = 0
        async for data in pieces:
            if answer.done():
                break
            writer.write(data)
            size += len(data)
            await writer.drain()
        got = await answer
        return got, size


async def megabytes(count: int, *, chunked: bool) -> AsyncIterator[bytes]:
    block = b" " * 2**20
    for _ in range(count):
        yield piece(block) if chunked else block


async def test_c05_100_mb_by_its_length_is_413_at_once(play: Stages) -> None:
    async with play(well) as stage:
        before = resident()
        got, size = await pushed(stage, head(f"content-length: {100 * 2**20}"), megabytes(100, chunked=False))
        refused(got, 413, "body_too_large")
        assert size < 20 * 2**20
        assert resident() - before < 30 * 2**20
        assert not stage.up.received


async def test_c05_413_is_read_by_a_client_that_sends_first_and_reads_then(play: Stages) -> None:
    async with play(well, server={"max_body": 2**20}) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(head(f"content-length: {8 * 2**20}"))
        for _ in range(8):
            writer.write(b" " * 2**20)
            await writer.drain()
        refused(await stage.gateway.read(reader), 413, "body_too_large")


async def test_c05_the_official_client_sees_the_413(play: Stages) -> None:
    async with play(well, server={"max_body": 2**20}) as stage:
        with pytest.raises(APIStatusError) as caught:
            await stage.gateway.openai().chat.completions.create(
                model="m", messages=[{"role": "user", "content": "x" * 2**21}]
            )
        assert caught.value.status_code == 413
        assert "server.max_body" in str(caught.value.body)


async def test_c05_chunked_without_end_is_413_at_the_limit(play: Stages) -> None:
    async with play(well, server={"max_body": 4 * 2**20}) as stage:
        got, size = await pushed(stage, head("transfer-encoding: chunked"), megabytes(1000, chunked=True))
        refused(got, 413, "body_too_large")
        assert 4 * 2**20 <= size < 30 * 2**20
        await stage.ready()


async def test_c05_one_byte_over_the_limit_is_413_and_the_limit_itself_is_not(play: Stages) -> None:
    async with play(well, server={"max_body": 1000}) as stage:
        assert (await stage.gateway.post(CALL + b" " * (1000 - len(CALL)))).status == 200
        assert (await stage.gateway.post(CALL + b" " * (1001 - len(CALL)))).status == 413
        got = await stage.gateway.post(
            piece(CALL + b" " * (1001 - len(CALL))) + END, content_length="", transfer_encoding="chunked"
        )
        assert (got.status, got.error["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("sent", [b"", b'{"model":'], ids=["nothing", "a part"])
async def test_c05_a_length_that_lies_is_408(play: Stages, sent: bytes) -> None:
    async with play(well, server={"body_timeout": 0.2}) as stage:
        got, took = await talk(stage, head("content-length: 100") + sent)
        refused(got, 408, "body_too_slow")
        assert 0.19 <= took < 4
        assert not stage.up.received


async def test_c05_a_body_without_a_length_is_an_empty_one(play: Stages) -> None:
    async with play(well) as stage:
        got = await stage.gateway.post(b"", content_length="")
        assert got.status == 400
        assert not stage.up.received


async def test_c05_who_asks_first_is_told_413_before_it_sends(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(head(f"content-length: {100 * 2**20}", "expect: 100-continue"))
        refused(await stage.gateway.read(reader), 413, "body_too_large")


async def test_c06_slow_headers_are_408(play: Stages) -> None:
    async with play(well, server={"header_timeout": 0.2}) as stage:
        for said in ((b"POST /v1", 0.1, b"/chat"), (head()[:-2], 0.1, b"x-more: y\r\n")):
            got, took = await talk(stage, *said)
            refused(got, 408, "headers_too_slow")
            assert 0.19 <= took < 4


async def test_c06_a_header_line_now_and_then_does_not_help(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(head()[:-2])
        for _ in range(11):
            stage.clock.ahead += 1
            writer.write(b"x-a: b\r\n")
            await asyncio.sleep(0.06)
        refused(await stage.gateway.read(reader), 408, "headers_too_slow")


async def test_c06_slow_headers_of_the_second_request_are_408_too(play: Stages) -> None:
    async with play(well, server={"header_timeout": 0.2}) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", PATH, CALL) + b"POST")
        assert (await stage.gateway.read(reader)).status == 200
        refused(await stage.gateway.read(reader), 408, "headers_too_slow")


async def test_c06_an_idle_connection_is_not_a_slow_one(play: Stages) -> None:
    async with play(well, server={"header_timeout": 0.2}) as stage, stage.gateway.connect() as (reader, writer):
        for _ in range(2):
            writer.write(request_bytes("POST", PATH, CALL))
            assert (await stage.gateway.read(reader)).status == 200
            stage.clock.ahead += 30
            await asyncio.sleep(0.12)


@pytest.mark.parametrize("chunked", [False, True])
async def test_c06_a_slow_body_is_408(play: Stages, chunked: bool) -> None:
    async with play(well, server={"body_timeout": 0.2}) as stage:
        start = (
            head("transfer-encoding: chunked") + piece(CALL[:9]) if chunked else head("content-length: 99") + CALL[:9]
        )
        got, took = await talk(stage, start, 0.1, piece(CALL[9:]) if chunked else CALL[9:12])
        refused(got, 408, "body_too_slow")
        assert 0.29 <= took < 4


HEADS = {
    "one header": head("x-long: " + "a" * 70_000),
    "many headers": head(*(f"x-{n}: {'a' * 1000}" for n in range(70))),
    "the path": b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: test\r\n\r\n",
    "without end": head()[:-2] + b"x-long: " + b"a" * 70_000,
    "a long path without end": b"POST /" + b"a" * 70_000,
}


@pytest.mark.parametrize("pieces", [1, 30])
@pytest.mark.parametrize("sent", HEADS.values(), ids=HEADS)
async def test_c06_more_than_64_kb_of_headers_is_431(play: Stages, sent: bytes, pieces: int) -> None:
    async with play(well) as stage:
        size = len(sent) // pieces + 1
        parts = [sent[at : at + size] for at in range(0, len(sent), size)]
        slowly = [part for said in parts for part in (said, 0.002)]
        got, _ = await talk(stage, *slowly)
        refused(got, 431, "headers_too_large")
        assert not stage.up.received


async def test_c06_60_kb_of_headers_and_a_large_body_are_fine(play: Stages) -> None:
    async with play(well) as stage:
        got = await stage.gateway.post(ask("x" * 300_000), x_long="a" * 60_000)
        assert got.status == 200


async def test_c06_headers_of_a_second_request_are_bounded_too(play: Stages) -> None:
    async with play(well) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", PATH, CALL))
        assert (await stage.gateway.read(reader)).status == 200
        writer.write(head("x-long: " + "a" * 70_000))
        refused(await stage.gateway.read(reader), 431, "headers_too_large")


NO_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a strange method": b"BREW /pot HTTP/1.1\r\n\r\n",
    "a bad length": head("content-length: many"),
    "length and chunked": head("content-length: 5", "transfer-encoding: chunked") + b"0\r\n\r\n",
    "two lengths": head("content-length: 5", "content-length: 6") + b"hello!",
    "a NUL in a header": head("x-a: b\0c"),
    "a fold": head("x-a: b\r\n c"),
    "a bad chunk": head("transfer-encoding: chunked") + b"zz\r\n",
    "a bad chunk after a good one": head("transfer-encoding: chunked") + piece(CALL) + b"zz\r\n",
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
async def test_c06_what_is_no_http_is_400_in_json(play: Stages, sent: bytes) -> None:
    async with play(well, lines=1) as stage:
        got, _ = await talk(stage, sent)
        refused(got, 400, "invalid_request")
        assert not stage.up.received


async def test_c06_garbage_behind_a_call_does_not_disturb_its_reply(play: Stages) -> None:
    async with play(saying(0.1, reply(completion("well"))), lines=1) as stage:
        got, _ = await talk(stage, request_bytes("POST", PATH, CALL) + b"\x00garbage\r\n\r\n", 0.02, b"more garbage")
        assert (got.status, got.text) == (200, "well")


async def test_c06_garbage_within_a_stream_does_not_disturb_it(play: Stages) -> None:
    said: list[bytes | float] = [
        piece(chunk({"content": "a"})),
        0.2,
        piece(chunk({"content": "b"}) + chunk({}, "stop") + DONE),
    ]
    async with play(saying(STREAM_HEAD, *said, END), lines=1) as stage:
        got, _ = await talk(stage, request_bytes("POST", PATH, json.dumps(ask(stream=True)).encode()), 0.1, b"\0" * 99)
        assert (got.text, got.events[-1]) == ("ab", "[DONE]")


async def test_c06_a_slow_head_behind_a_call_does_not_disturb_its_reply(play: Stages) -> None:
    async with play(saying(0.4, reply(completion("well"))), server={"header_timeout": 0.15}) as stage:
        got, _ = await talk(stage, request_bytes("POST", PATH, CALL) + b"POST /v1")
        assert (got.status, got.text) == (200, "well")


async def test_c06_pipelined_calls_are_answered_in_order(play: Stages) -> None:
    replies = [reply(completion(str(n))) for n in range(5)]
    async with play(answering(*replies)) as stage, stage.gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", PATH, CALL) * 5)
        assert [(await stage.gateway.read(reader)).text for _ in range(5)] == list("01234")


async def test_c06_connections_that_say_nothing_are_closed_without_a_word(play: Stages) -> None:
    async with play(well) as stage, contextlib.AsyncExitStack() as stack:
        many = [await stack.enter_async_context(stage.gateway.connect()) for _ in range(200)]
        await stage.ready()
        assert stage.gateway.connections() >= 200
        stage.clock.ahead += 11
        async with asyncio.timeout(1):
            assert not any([await reader.read() for reader, _ in many])
