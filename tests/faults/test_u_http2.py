"""An upstream that speaks HTTP/2: it is not asked for, and where it comes all the same it is no reply."""

import ssl
import struct

import pytest
import trustme

from tests.faults.stage import Stages, failed, well
from tests.support.scripted import Connection, Script, completion, reply, scripted

SETTINGS, GOAWAY, RST = 4, 7, 3


def frame(kind: int, payload: bytes = b"", stream: int = 0) -> bytes:
    """A frame of RFC 9113, section 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, 0]) + struct.pack(">I", stream) + payload


FRAMES = {
    "settings": frame(SETTINGS),
    "a flood of settings": frame(SETTINGS) * 100_000,
    "goaway": frame(SETTINGS) + frame(GOAWAY, struct.pack(">II", 0, 0)),
    "a stream reset": frame(RST, struct.pack(">I", 7), stream=1),
}


def saying_at_once(data: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(data)
        await connection.gone()

    return script


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("data", FRAMES.values(), ids=FRAMES)
async def test_u28_frames_in_place_of_a_reply_are_502_or_the_next_target(
    play: Stages, data: bytes, stream: bool
) -> None:
    async with play(saying_at_once(data)) as stage:
        failed(await stage.ask(stream=stream), 502, "upstream_bad_response", "bad_response")
    async with play(saying_at_once(data), well) as stage:
        assert (await stage.ask()).text == "rescued"


async def test_u28_http_2_is_not_offered(play: Stages) -> None:
    authority, offered = trustme.CA(), []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def script(connection: Connection) -> None:
        offered.append(connection.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        while await connection.request():
            await connection.send(reply(completion("hi")))

    with authority.cert_pem.tempfile() as trusted:
        async with scripted(script, ssl=context) as up, play(up.url, environ={"SSL_CERT_FILE": trusted}) as stage:
            assert (await stage.ask()).text == "hi"
    assert offered
    assert "h2" not in offered
