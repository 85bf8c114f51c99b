"""An upstream that says back what it was shown: nobody else is told of it, in a reply, a stream or the log."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
import trustme

from fairlead.clock import Clock
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream import secrets
from fairlead.upstream.api import Clocks, Request, Response
from fairlead.upstream.proofs import Proofs
from tests.support.gateway import HttpReply, ask, one_provider, request_bytes, running
from tests.support.scripted import STREAM_HEAD, Connection, Script, piece, reply, scripted
from tests.upstream.conftest import served_by

TOKEN = "ya29.a0AfH6SMBx/of-nobody_0123456789"
AWS = "AKIAEXAMPLE12345:secret/of+aws/0123456789:session/token+0123456789"
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "secret/of+user", "refresh_token": "1//refresh"}
FORMS = ("plain", "in a form")


def echoing(status: int, form: str) -> Script:
    """Says in its error what the request showed, in the shape that both clouds have."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            shown = [asked.headers.get(name, "") for name in ("authorization", "x-amz-security-token")]
            assert any(shown)
            told = "; ".join(quote(value, safe="") if form == "in a form" else value for value in shown)
            error = {"code": status, "message": f"not with {told}", "status": "INVALID_ARGUMENT"}
            await connection.send(reply({"error": error, "message": error["message"]}, status))

    return script


def within_a_stream(token: str, begun: asyncio.Event) -> Script:
    async def script(connection: Connection) -> None:
        await connection.request()
        said = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hel"}]}, "index": 0}]}
        error = {"error": {"code": 400, "message": f"not with {token}", "status": "INVALID_ARGUMENT"}}
        await connection.send(STREAM_HEAD + piece(b"data: " + json.dumps(said).encode() + b"\n\n"))
        await begun.wait()
        await connection.send(piece(b"data: " + json.dumps(error).encode() + b"\n\n"))
        await connection.gone()

    return script


def tokens() -> Script:
    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(reply({"access_token": TOKEN, "expires_in": 3600}))

    return script


def told_nowhere(value: str, got: HttpReply, log: pytest.LogCaptureFixture) -> None:
    for form in (value, quote(value, safe=""), value.replace("/", "\\/")):
        assert form not in got.body.decode()
        assert form not in str(got.headers)
        assert form not in log.text
    assert "***" in got.body.decode() or got.status == 502


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [400, 401, 422, 500])
async def test_a_token_that_was_fetched_for_a_service_account(
    status: int,
    form: str,
    account: dict[str, Any],
    authority: trustme.CA,
    trust: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    context = served_by(authority.issue_cert("localhost"))
    async with scripted(tokens(), ssl=context) as google, scripted(echoing(status, form)) as up:
        key = json.dumps({**account, "token_uri": f"{google.url}/token"})
        settings = one_provider(up.url, dialect="gemini", auth="google", api_key=key)
        async with running(tmp_path, settings, trust) as gateway:
            for stream in (False, True):
                got = await gateway.post(ask(stream=stream))
                assert got.status >= 400
                told_nowhere(TOKEN, got, caplog)
        assert up.received[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_token_within_a_stream(
    account: dict[str, Any],
    authority: trustme.CA,
    trust: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    context, begun = served_by(authority.issue_cert("localhost")), asyncio.Event()
    async with scripted(tokens(), ssl=context) as google, scripted(within_a_stream(TOKEN, begun)) as up:
        key = json.dumps({**account, "token_uri": f"{google.url}/token"})
        settings = one_provider(up.url, dialect="gemini", auth="google", api_key=key)
        async with running(tmp_path, settings, trust) as gateway, gateway.connect() as (reader, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask(stream=True)).encode()))
            await reader.readuntil(b"Hel")
            begun.set()
            told = (await reader.readuntil(b"[DONE]")).decode()
    assert "not with ***" in told
    assert TOKEN not in told + caplog.text


async def test_a_signed_request_for_a_token(
    account: dict[str, Any],
    authority: trustme.CA,
    trust: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[str] = []

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            sent.append(parse_qs(asked.body.decode())["assertion"][0])
            error = {"error": "invalid_grant", "error_description": f"not with {sent[-1]}"}
            await connection.send(reply(error, 400))

    context = served_by(authority.issue_cert("localhost"))
    async with scripted(script, ssl=context) as google:
        key = json.dumps({**account, "token_uri": f"{google.url}/token"})
        settings = one_provider(google.url, dialect="gemini", auth="google", api_key=key)
        async with running(tmp_path, settings, trust) as gateway:
            got = await gateway.post(ask())
    assert (got.status, got.error["code"]) == (502, "upstream_auth")
    assert got.error["attempts"][0]["detail"].endswith("not with ***")
    assert sent
    assert not any(part in got.body.decode() + caplog.text for part in sent[0].split("."))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [400, 500])
async def test_what_proves_a_request_to_aws(
    status: int, form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = one_provider("", dialect="bedrock-converse", auth="aws", region="us-east-1", api_key=AWS)
    async with scripted(echoing(status, form)) as up:
        settings["providers"]["up"]["base_url"] = up.url
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(ask())
        signature = up.received[0].headers["authorization"].rpartition("Signature=")[2]
        assert len(signature) == 64
    for value in (*AWS.split(":"), signature, signature[-16:]):
        told_nowhere(value, got, caplog)


async def test_what_a_person_asks_for_a_token_with() -> None:
    async def send(request: Request) -> Response:
        form = parse_qs(request.body.decode())
        told = f"not with {form['client_secret'][0]} and {form['refresh_token'][0]}"
        raise UpstreamFailure(FailureKind.AUTH, told)

    provider = Provider("up", "gemini", "", Secret(json.dumps(USER)), auth="google")
    with pytest.raises(UpstreamFailure) as caught:
        await Proofs(send, Clock()).of(Request(provider, "POST", "/", b"", Clocks()))
    detail = caught.value.failure.detail
    assert detail == f"not with {USER['client_secret']} and {USER['refresh_token']}"
    assert secrets.redact(provider, detail.encode()) == b"not with *** and ***"


def test_a_key_is_found_however_it_is_written() -> None:
    provider = Provider("up", "openai-chat", "", Secret("sk/0123456789"))
    assert secrets.redact(provider, rb'{"a":"sk\/0123456789","b":"sk%2F0123456789"}') == b'{"a":"***","b":"***"}'


def test_of_what_was_lent_the_newest_is_remembered() -> None:
    provider = Provider("up", "gemini", "", Secret("a-key-of-nobody"), auth="google")
    for number in range(100):
        secrets.lend(provider, "refresh-token", f"token-number-{number:03}")
    told = secrets.redact(provider, b"refresh-token token-number-099 token-number-095 token-number-000")
    assert told == b"*** *** *** token-number-000"
    secrets.lend(Provider("up", "gemini", "", None), "token-number-000")


@pytest.mark.parametrize("place", range(280, 301, 4))
async def test_a_key_at_the_place_where_an_error_is_cut(place: int, tmp_path: Path) -> None:
    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(reply({"error": {"message": "x" * place + "up-secret-key" + "y" * 99}}, 500))

    async with scripted(script) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.post(ask())
    detail = got.error["attempts"][0]["detail"]
    assert detail.startswith("x" * place)
    assert "up-" not in detail
    assert len(detail) <= 300
