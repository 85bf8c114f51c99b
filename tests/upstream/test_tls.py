"""Upstreams behind TLS: what is trusted is served, what is not is never spoken to."""

import datetime as dt
import functools
from pathlib import Path

import pytest
import trustme

from fairlead.upstream.connect import Connector
from tests.faults.stage import Stages, failed
from tests.support.scripted import Connection, Script, answering, chunk, completion, reply, scripted, streaming
from tests.upstream.conftest import served_by

well = answering(reply(completion("well")))


async def test_a_certificate_of_the_companys_authority_is_trusted(
    play: Stages, authority: trustme.CA, trust: dict[str, str]
) -> None:
    context = served_by(authority.issue_cert("localhost"))
    async with scripted(well, ssl=context) as up, play(up.url, environ=trust) as stage:
        for _ in range(3):
            assert (await stage.ask()).text == "well"
        assert up.connections == 1
        up.script = streaming(chunk({"content": "streamed"}), chunk({}, "stop"))
        await up.drop()
        assert (await stage.ask(stream=True)).text == "streamed"


@pytest.mark.parametrize("found", [["127.0.0.1"], ["127.0.0.9", "127.0.0.1"]], ids=["one", "several"])
async def test_the_certificate_is_for_the_name_whatever_address_it_has(
    play: Stages,
    authority: trustme.CA,
    trust: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    found: list[str],
) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return found

    monkeypatch.setattr("fairlead.app.Connector", functools.partial(Connector, lookup=lookup))
    context = served_by(authority.issue_cert("api.example.test"))
    async with scripted(well, ssl=context) as up:
        async with play(f"https://api.example.test:{up.port}/v1", environ=trust) as stage:
            assert (await stage.ask()).text == "well"
        async with play(f"https://other.example.test:{up.port}/v1", environ=trust) as stage:
            failed(await stage.ask(), 502, "upstream_tls", "tls")
        assert len(up.received) == 1


UNTRUSTED = {
    "expired": ("localhost", "expired"),
    "for another host": ("elsewhere.test", "Hostname mismatch"),
}


@pytest.mark.parametrize(("host", "why"), UNTRUSTED.values(), ids=UNTRUSTED)
async def test_u05_a_certificate_that_is_wrong_is_refused(
    play: Stages, authority: trustme.CA, trust: dict[str, str], host: str, why: str
) -> None:
    ends = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) if why == "expired" else None
    context = served_by(authority.issue_cert(host, not_after=ends) if ends else authority.issue_cert(host))
    async with scripted(well, ssl=context) as up, play(up.url, environ=trust) as stage:
        got = await stage.ask()
        failed(got, 502, "upstream_tls", "tls")
        assert why in got.error["attempts"][0]["detail"]
        assert "certificate" in got.error["hint"]
        assert not up.received
        assert up.connections <= 1


async def test_u05_a_certificate_that_nobody_trusts_is_refused(play: Stages, trust: dict[str, str]) -> None:
    context = served_by(trustme.CA().issue_cert("localhost"))
    async with scripted(well, ssl=context) as up:
        async with play(up.url, environ=trust) as stage:
            failed(await stage.ask(), 502, "upstream_tls", "tls")
        async with play(up.url) as stage:
            failed(await stage.ask(stream=True), 502, "upstream_tls", "tls")
        assert not up.received


async def test_u05_plain_text_on_a_tls_port_is_no_tls(play: Stages, trust: dict[str, str]) -> None:
    async with scripted(hello) as up:
        up.host = "https://localhost"
        async with play(up.url, environ=trust) as stage:
            failed(await stage.ask(), 502, "upstream_tls", "tls")


async def hello(connection: Connection) -> None:
    await connection.send(reply(completion("in the clear")))
    await connection.gone()


async def hang_up(connection: Connection) -> None:
    await connection.reader.read(1)
    connection.reset()


@pytest.mark.parametrize("how", [hang_up, hello], ids=["hangs up", "plain text"])
async def test_u05_a_handshake_that_fails_goes_to_the_next_target(
    play: Stages, authority: trustme.CA, trust: dict[str, str], how: Script
) -> None:
    context = served_by(authority.issue_cert("localhost"))
    async with scripted(how) as one, scripted(well, ssl=context) as two:
        one.host = "https://localhost"
        async with play(one.url, two.url, environ=trust) as stage:
            assert (await stage.ask()).text == "well"


async def test_u05_a_handshake_that_hangs_ends_by_the_connect_clock(play: Stages, trust: dict[str, str]) -> None:
    async def silent(connection: Connection) -> None:
        await connection.gone()

    async with scripted(silent) as up:
        up.host = "https://localhost"
        async with play(up.url, environ=trust, timeouts={"connect": 0.2}) as stage:
            failed(await stage.ask(), 503, "upstream_unavailable", "connect_timeout")
            await up.closed()


async def test_a_connection_closed_within_tls_while_idle_costs_nothing(
    play: Stages, authority: trustme.CA, trust: dict[str, str]
) -> None:
    context = served_by(authority.issue_cert("localhost"))
    async with scripted(well, ssl=context) as up, play(up.url, environ=trust) as stage:
        assert (await stage.ask()).text == "well"
        await up.drop()
        assert (await stage.ask()).text == "well"
        assert (len(up.received), up.connections) == (2, 2)


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_a_file_of_certificates_that_cannot_be_read_is_named(
    play: Stages, trust: dict[str, str], content: str | None
) -> None:
    file = Path(trust["SSL_CERT_FILE"])
    file.unlink() if content is None else file.write_text(content)
    async with play("https://localhost:1/v1", environ=trust) as stage:
        got = await stage.ask()
        failed(got, 502, "upstream_tls", "tls")
        assert "SSL_CERT_FILE" in got.error["attempts"][0]["detail"]
