"""An upstream whose HTTP is wrong: framing, headers, encodings."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from tests.faults.stage import Stages, failed, well
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

GOOD = reply(completion("good"))
BODY = GOOD.partition(b"\r\n\r\n")[2]
LENGTH = b"content-length: %d\r\n" % len(BODY)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n"


def with_headers(lines: bytes) -> bytes:
    return OK + LENGTH + lines + b"\r\n" + BODY


HEADERS = {
    "64 KB in one": with_headers(b"x-long: " + b"a" * 65536 + b"\r\n"),
    "1000 of them": with_headers(b"".join(b"x-%d: y\r\n" % n for n in range(1000))),
    "without end": OK + b"x-long: " + b"a" * 300_000,
    "obs-fold": with_headers(b"x-a: b\r\n c\r\n"),
    "CR in a value": with_headers(b"x-a: b\rset-cookie: c\r\n"),
    "NUL in a value": with_headers(b"x-a: b\0c\r\n"),
    "control in the content type": OK.replace(b"/json", b"/json\x01") + LENGTH + b"\r\n" + BODY,
    "LF alone": with_headers(b"x-a: b\nx-c: d\r\n"),
    "space before the colon": with_headers(b"x-a : b\r\n"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "status 99999": GOOD.replace(b"200", b"99999"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("sent", HEADERS.values(), ids=HEADERS)
async def test_u17_bad_headers_are_502_and_nothing_is_forwarded(play: Stages, sent: bytes, stream: bool) -> None:
    async with play(saying(sent)) as stage:
        got = await stage.ask(stream=stream)
        failed(got, 502, "upstream_bad_response", "bad_response")
        assert not {"x-a", "x-c", "x-long", "set-cookie"} & set(got.headers)
        await stage.up.closed()


async def test_u17_the_upstreams_headers_stay_with_the_gateway(play: Stages) -> None:
    async with play(answering(with_headers(b"set-cookie: a=b\r\nserver: x\r\nx-request-id: theirs\r\n"))) as stage:
        got = await stage.ask()
        assert got.status == 200
        assert "set-cookie" not in got.headers
        assert got.headers["x-request-id"] == got.headers["x-fairlead-request-id"] != "theirs"


FRAMING = {
    "length and chunked": CHUNKED + LENGTH + b"\r\n" + piece(BODY) + END,
    "chunked and length": OK + LENGTH + b"transfer-encoding: chunked\r\n\r\n" + piece(BODY) + END,
    "two lengths": OK + LENGTH + b"content-length: 1\r\n\r\n" + BODY,
    "negative length": OK + b"content-length: -1\r\n\r\n" + BODY,
    "absurd length": OK + b"content-length: 99999999999999999999999\r\n\r\n" + BODY,
    "bad chunk size": CHUNKED + b"\r\nzz\r\n" + BODY,
    "negative chunk size": CHUNKED + b"\r\n-1\r\n" + BODY,
    "absurd chunk size": CHUNKED + b"\r\nffffffffffffffffff\r\n" + BODY,
    "chunk extension of 1 MB": CHUNKED + b"\r\n1;a=" + b"x" * 2**20 + b"\r\n",
    "trailers of 1 MB": CHUNKED + b"\r\n" + piece(BODY) + b"0\r\nx: " + b"y" * 2**20 + b"\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nraw",
    "100 without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "103 with headers without end": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 50,
}


@pytest.mark.parametrize("sent", FRAMING.values(), ids=FRAMING)
async def test_u25_bad_framing_is_502_and_the_connection_goes(play: Stages, sent: bytes) -> None:
    async with play(saying(sent)) as stage:
        failed(await stage.ask(), 502, "upstream_bad_response", "bad_response")
        await stage.up.closed()
    async with play(saying(sent), well) as stage:
        assert (await stage.ask()).text == "rescued"


GOOD_FRAMING = {
    "trailers": CHUNKED + b"\r\n" + piece(BODY) + b"0\r\nx-checksum: 1\r\n\r\n",
    "a chunk extension": CHUNKED + b"\r\n%x;name=value\r\n%s\r\n" % (len(BODY), BODY) + END,
    "a chunk for each byte": CHUNKED + b"\r\n" + b"".join(piece(bytes((byte,))) for byte in BODY) + END,
    "an interim reply": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + GOOD,
}


@pytest.mark.parametrize("sent", GOOD_FRAMING.values(), ids=GOOD_FRAMING)
async def test_u25_what_is_legal_is_read_and_keeps_the_connection(play: Stages, sent: bytes) -> None:
    async with play(answering(sent)) as stage:
        for _ in range(2):
            assert (await stage.ask()).text == "good"
        assert stage.up.connections == 1


@pytest.mark.parametrize("later", [False, True])
async def test_u25_a_second_reply_never_reaches_another_caller(play: Stages, later: bool) -> None:
    evil = reply(completion("for somebody else"))

    async def two(connection: Connection) -> None:
        while await connection.request():
            if later:
                await connection.send(GOOD)
                await asyncio.sleep(0.02)
                await connection.send(evil)
            else:
                await connection.send(GOOD + evil)

    async with play(two) as stage:
        for _ in range(5):
            got = await stage.gateway.post(ask_unlike_any_other())
            assert got.status == 502 or got.text == "good"
            await asyncio.sleep(0.05 if later else 0)
        assert stage.up.connections == 5


def ask_unlike_any_other() -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": "mine alone"}]}


def encoded(body: bytes, encoding: bytes) -> bytes:
    return OK + b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (encoding, len(body)) + body


ZIPPED = gzip.compress(BODY)
ENCODINGS = {
    "truncated": encoded(ZIPPED[:-9], b"gzip"),
    "double": encoded(gzip.compress(ZIPPED), b"gzip"),
    "double and said so": encoded(gzip.compress(ZIPPED), b"gzip, gzip"),
    "not gzip": encoded(BODY, b"gzip"),
    "deflate for gzip": encoded(zlib.compress(BODY), b"gzip"),
    "gzip unsaid": reply(ZIPPED),
    "bytes after its end": encoded(ZIPPED + b"more", b"gzip"),
    "empty": encoded(b"", b"gzip"),
    "br, not asked for": encoded(b"\x1b\x03\x00", b"br"),
    "zstd, not asked for": encoded(b"\x28\xb5\x2f\xfd", b"zstd"),
    "a bad checksum": encoded(ZIPPED[:-8] + b"\0" * 8, b"gzip"),
}


@pytest.mark.parametrize("sent", ENCODINGS.values(), ids=ENCODINGS)
async def test_u24_a_bad_encoding_is_502_or_the_next_target(play: Stages, sent: bytes) -> None:
    async with play(answering(sent)) as stage:
        failed(await stage.ask(), 502, "upstream_bad_response", "bad_response")
    async with play(answering(sent), well) as stage:
        assert (await stage.ask()).text == "rescued"


async def test_u24_gzip_is_asked_for_and_read(play: Stages) -> None:
    async with play(answering(encoded(ZIPPED, b"gzip"))) as stage:
        got = await stage.ask()
        assert got.text == "good"
        assert "content-encoding" not in got.headers
        assert stage.up.received[0].headers["accept-encoding"] == "gzip"


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([packer.compress(b" " * 2**20) for _ in range(megabytes)]) + packer.flush()


async def test_u24_a_gzip_bomb_is_502_and_takes_bounded_memory(play: Stages) -> None:
    packed = bomb(512)
    assert len(packed) < 2**20
    async with play(answering(encoded(packed, b"gzip"))) as stage:
        tracemalloc.start()
        got = await stage.ask()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        failed(got, 502, "upstream_bad_response", "too_large")
        assert peak < 200 * 2**20
        await stage.up.closed()


async def test_u24_a_gzip_bomb_within_a_stream_is_502(play: Stages) -> None:
    head = STREAM_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    async with play(saying(head, piece(bomb(64)), END)) as stage:
        failed(await stage.ask(stream=True), 502, "upstream_bad_response", "too_large")
        await stage.up.closed()


async def test_u24_a_stream_that_is_gzip_all_the_same_is_read(play: Stages) -> None:
    head = STREAM_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    events = gzip.compress(chunk({"content": "good"}) + chunk({}, "stop") + DONE)
    async with play(saying(head, piece(events), END)) as stage:
        got = await stage.ask(stream=True)
        assert got.text == "good"
        assert stage.up.received[0].headers["accept-encoding"] == "identity"


async def test_u25_a_reply_read_in_one_piece_beyond_the_buffer_leaves_its_connection_well(play: Stages) -> None:
    events = [chunk({"content": "x" * 500_000}), chunk({}, "stop")]
    async with play(streaming(*events)) as stage:
        for _ in range(3):
            got = await stage.ask(stream=True)
            assert len(got.text) == 500_000
        assert stage.up.connections == 1
