"""Reaching providers through a company's proxy."""

import asyncio
import base64
import time

import pytest
import trustme

from fairlead.upstream.connect import Connector, split_url
from tests.faults.stage import Stages, failed
from tests.support.scripted import Connection, Script, Scripted, answering, completion, reply, saying, scripted
from tests.upstream.conftest import served_by

well = answering(reply(completion("well")))
FAR = "https://api.example.test/v1"


def tunnel(upstream: Scripted) -> Script:
    """A proxy that says yes and connects everybody to `upstream`."""

    async def script(connection: Connection) -> None:
        assert await connection.request()
        reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port)
        await connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_carry(connection.reader, writer), _carry(reader, connection.writer))
        finally:
            writer.transport.abort()

    return script


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


def by(proxy: Scripted, trust: dict[str, str], login: str = "") -> dict[str, str]:
    return {**trust, "HTTPS_PROXY": f"http://{login}127.0.0.1:{proxy.port}"}


async def test_a_provider_is_reached_through_the_proxy(
    play: Stages, authority: trustme.CA, trust: dict[str, str]
) -> None:
    context = served_by(authority.issue_cert("api.example.test"))
    async with scripted(well, ssl=context) as up, scripted(tunnel(up)) as proxy:
        async with play(FAR, environ=by(proxy, trust)) as stage:
            for _ in range(2):
                assert (await stage.ask()).text == "well"
            asked = proxy.received[0]
            assert (asked.method, asked.path, asked.headers["host"]) == ("CONNECT", *["api.example.test:443"] * 2)
            assert "up-secret-key" not in str(proxy.received)
            assert (proxy.connections, len(up.received)) == (1, 2)
            assert up.received[0].headers["host"] == "api.example.test"
        await proxy.closed()


async def test_the_proxy_is_told_the_name_and_password_of_its_url(
    play: Stages, authority: trustme.CA, trust: dict[str, str]
) -> None:
    context = served_by(authority.issue_cert("api.example.test"))
    async with scripted(well, ssl=context) as up, scripted(tunnel(up)) as proxy:
        async with play(FAR, environ=by(proxy, trust, "me:p%40ss@")) as stage:
            assert (await stage.ask()).text == "well"
        said = proxy.received[0].headers["proxy-authorization"]
        assert base64.b64decode(said.removeprefix("Basic ")) == b"me:p@ss"
        assert "proxy-authorization" not in up.received[0].headers


async def test_a_proxy_does_not_make_a_wrong_certificate_right(
    play: Stages, authority: trustme.CA, trust: dict[str, str]
) -> None:
    context = served_by(authority.issue_cert("elsewhere.test"))
    async with scripted(well, ssl=context) as up, scripted(tunnel(up)) as proxy:
        async with play(FAR, environ=by(proxy, trust)) as stage:
            failed(await stage.ask(), 502, "upstream_tls", "tls")
            await proxy.closed()
        assert not up.received


REFUSALS = {
    "407": (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "status 407"),
    "403": (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno", "status 403"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
    "too long": (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 20_000, "too long"),
}


@pytest.mark.parametrize(("said", "why"), REFUSALS.values(), ids=REFUSALS)
async def test_a_proxy_that_refuses_is_502(play: Stages, trust: dict[str, str], said: bytes, why: str) -> None:
    async with scripted(saying(said)) as proxy, play(FAR, environ=by(proxy, trust, "me:hidden@")) as stage:
        got = await stage.ask()
        failed(got, 502, "upstream_proxy", "proxy")
        assert why in got.error["attempts"][0]["detail"]
        assert "hidden" not in got.body.decode()
        await proxy.closed()


async def test_a_proxy_that_hangs_up_is_502(play: Stages, trust: dict[str, str]) -> None:
    async with scripted(saying(then="reset")) as proxy, play(FAR, environ=by(proxy, trust)) as stage:
        failed(await stage.ask(), 502, "upstream_proxy", "proxy")


async def test_a_proxy_that_is_not_there_is_named(play: Stages, trust: dict[str, str]) -> None:
    async with scripted(saying()) as proxy:
        environ = by(proxy, trust)
    async with play(FAR, environ=environ) as stage:
        got = await stage.ask()
        failed(got, 502, "upstream_proxy", "proxy")
        assert "cannot connect to the proxy 127.0.0.1" in got.error["attempts"][0]["detail"]


async def half_way(connection: Connection) -> None:
    await connection.request()
    await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    await connection.gone()


@pytest.mark.parametrize("script", [saying(), half_way], ids=["before its answer", "after it"])
async def test_a_proxy_that_hangs_ends_by_the_connect_clock(
    play: Stages, trust: dict[str, str], script: Script
) -> None:
    async with scripted(script) as proxy, play(FAR, environ=by(proxy, trust), timeouts={"connect": 0.2}) as stage:
        began = time.perf_counter()
        failed(await stage.ask(), 503, "upstream_unavailable", "connect_timeout")
        assert time.perf_counter() - began < 1.9
        await proxy.closed()


async def test_a_proxy_that_hangs_up_after_its_answer_is_502(play: Stages, trust: dict[str, str]) -> None:
    async with (
        scripted(saying(b"HTTP/1.1 200 OK\r\n\r\n", then="fin")) as proxy,
        play(FAR, environ=by(proxy, trust), timeouts={"connect": 1.0}) as stage,
    ):
        got = await stage.ask()
        assert (got.status, got.error["attempts"][0]["failure"]) in ((502, "tls"), (503, "connect"))


NO_PROXY = [
    ("", True),
    ("example.test", False),
    (".example.test", False),
    ("*.example.test", False),
    ("api.example.test", False),
    ("api.example.test:443", False),
    ("api.example.test:8443", True),
    ("ample.test", True),
    ("other.test, example.test", False),
    ("other.test", True),
    ("*", False),
    (" , ", True),
]


@pytest.mark.parametrize(("said", "proxied"), NO_PROXY)
def test_no_proxy_names_who_is_reached_directly(said: str, proxied: bool) -> None:
    connector = Connector({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": said})
    assert connector.proxy_for(split_url(FAR)[0]) == ("http://proxy:3128" if proxied else None)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_this_machine_is_never_reached_through_a_proxy(host: str) -> None:
    connector = Connector({"HTTPS_PROXY": "http://proxy:3128"})
    assert connector.proxy_for(split_url(f"https://{host}/v1")[0]) is None


def test_lower_case_wins_and_plain_http_has_a_variable_of_its_own() -> None:
    connector = Connector({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "HTTP_PROXY": "http://c:1"})
    assert connector.proxy_for(split_url(FAR)[0]) == "http://a:1"
    assert connector.proxy_for(split_url("http://api.example.test/v1")[0]) == "http://c:1"
