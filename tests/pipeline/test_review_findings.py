"""What a review of translated calls found: paths, keys and headers that a client could bend, and state that stayed."""

import asyncio
import json
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream import secrets
from fairlead.upstream.api import Clocks, Request, Response
from fairlead.upstream.proofs import Proofs
from tests.support.gateway import KEY, ask, one_provider, running, two_providers
from tests.support.scripted import Connection, answering, completion, reply, saying, scripted
from tests.translate.vendors import VENDORS, Said, answering_as


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/..%2f..%2ffiles"),
        ("DELETE", "/v1/responses/.."),
        ("GET", "/v1/responses/%2e%2e/input_items"),
        ("POST", "/v1/chat/completions/..%5cfiles"),
        ("DELETE", "/v1/models/up/.."),
        ("DELETE", "/v1/models/up%2f..%2ffiles"),
    ],
)
async def test_no_id_leads_out_of_its_path(method: str, path: str, tmp_path: Path) -> None:
    settings = {"also": ["openai-responses"]}
    async with scripted(answering(reply({}))) as up, running(tmp_path, one_provider(up.url, **settings)) as gateway:
        told = await gateway.request(method, path)
        assert told.status in (400, 404)
        assert not up.received


@pytest.mark.parametrize("dialect", ["bedrock-converse", "gemini", "openai-chat"])
@pytest.mark.parametrize("model", ["up/..", "up/../../x"])
async def test_no_model_leads_out_of_its_path(dialect: str, model: str, tmp_path: Path) -> None:
    entry = {"dialect": dialect, "auth": "bearer", "paths": "deployments"}
    async with scripted(answering(reply({}))) as up, running(tmp_path, one_provider(up.url, **entry)) as gateway:
        told = [
            await gateway.post({**ask(), "model": model}),
            await gateway.post({"model": model, "input": "a"}, "/v1/embeddings"),
            await gateway.post({"contents": []}, f"/v1beta/models/{model}:generateContent"),
        ]
        assert [each.status for each in told] == [400, 400, 400]
        assert not up.received


@pytest.mark.parametrize("start", ["/v1", "/openai/v1"])
async def test_a_kept_response_is_asked_for_without_the_clients_key(start: str, tmp_path: Path) -> None:
    settings = {"also": ["openai-responses"]}
    async with scripted(answering(reply({}))) as up, running(tmp_path, one_provider(up.url, **settings)) as gateway:
        await gateway.request("GET", f"{start}/responses/resp_1?include=a&k%65y={KEY}&after=b", authorization="")
        assert (await gateway.request("GET", f"{start}/responses/resp_1?include=a&key={KEY}&after=b")).status == 200
        assert {each.path for each in up.received} == {"/v1/responses/resp_1?include=a&after=b"}


async def test_what_is_said_of_kept_things_has_no_key_in_it(tmp_path: Path) -> None:
    settings = {"also": ["openai-responses"]}
    said = {"error": {"message": "not with up-secret-key"}}
    async with (
        scripted(answering(reply(said, 401), reply(said, 400), reply(said, 400))) as up,
        running(tmp_path, one_provider(up.url, **settings)) as gateway,
    ):
        told = [
            await gateway.request("DELETE", "/v1/models/up%2fft:mine"),
            await gateway.request("DELETE", "/v1/models/up%2fft:mine"),
            await gateway.request("GET", "/v1/responses/resp_1"),
        ]
        assert [each.status for each in told] == [502, 400, 400]
        assert not any(b"up-secret-key" in each.body for each in told)


async def test_who_leaves_a_kept_response_lets_its_provider_go(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    settings = {"also": ["openai-responses"]}
    async with scripted(saying(head)) as up, running(tmp_path, one_provider(up.url, **settings)) as gateway:
        asking = asyncio.create_task(gateway.request("GET", "/v1/responses/resp_1"))
        async with asyncio.timeout(1):
            while not up.received:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        asking.cancel()
        await up.closed()


async def test_what_an_earlier_target_dropped_is_not_told(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({"error": {"message": "down"}}, 500))) as one,
        scripted(answering(reply(completion()))) as two,
    ):
        settings = two_providers(one.url, two.url, auth="bearer")
        settings["providers"]["one"]["dialect"] = "gemini"
        async with running(tmp_path, settings) as gateway:
            alone = await gateway.post({**ask(of_nobody=1), "model": "one/m1"})
            told = await gateway.post(ask(of_nobody=1))
            assert one.received
            assert alone.status == 502
            assert (told.status, told.headers["x-fairlead-provider"]) == (200, "two")
            assert "x-fairlead-dropped" not in told.headers


async def test_what_was_dropped_is_told_in_a_header_that_clients_can_read(tmp_path: Path) -> None:
    settings = {"dialect": "gemini", "auth": "bearer"}
    async with (
        scripted(answering_as(VENDORS["gemini"], Said())) as up,
        running(tmp_path, one_provider(up.url, **settings)) as gateway,
    ):
        short = await gateway.post(ask(x_one=1, x_two=2))
        told = await gateway.post(ask() | {"x" * 100_000: 1} | {f"of_nobody_{at}": 1 for at in range(1000)})
        assert short.headers["x-fairlead-dropped"] == "x_one, x_two"
        assert told.headers["x-fairlead-dropped"].endswith(", ...")
        assert len(told.headers["x-fairlead-dropped"]) < 4096


async def test_a_header_of_the_row_is_not_sent_a_second_time(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def script(connection: Connection) -> None:
        heads.append(await connection.reader.readuntil(b"\r\n\r\n"))

    settings = {"dialect": "anthropic-messages", "headers": {"Anthropic-Version": "2099-01-01"}}
    async with scripted(script) as up, running(tmp_path, one_provider(up.url, **settings)) as gateway:
        body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
        await gateway.post(body, "/v1/messages", anthropic_version="2023-06-01")
        await gateway.post(ask())
    assert [head.lower().count(b"anthropic-version: ") for head in heads] == [1, 1]
    assert all(b"2099-01-01" in head for head in heads)


async def test_a_form_may_name_its_fields_without_quotes(tmp_path: Path) -> None:
    parts = (b"name=model\r\n\r\nm", b"name=file; filename=a.wav\r\n\r\nRIFF")
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
    async with (
        scripted(answering(reply({"text": "a"}))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        kind = 'multipart/form-data; boundary="b"'
        assert (await gateway.post(body, "/v1/audio/transcriptions", content_type=kind)).status == 200
        assert b"name=model\r\n\r\nup-model\r\n" in up.received[0].body


async def test_an_error_in_place_of_sound_is_told_as_that_error(tmp_path: Path) -> None:
    said = {"error": {"message": "no such voice", "type": "invalid_request_error", "code": 400}}
    async with scripted(answering(reply(said))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        told = await gateway.post({"model": "m", "input": "x", "voice": "a"}, "/v1/audio/speech")
        assert told.status == 400
        assert told.error["message"] == "no such voice"


async def test_where_nothing_is_the_error_has_the_shape_of_the_paths_dialect(tmp_path: Path) -> None:
    async with scripted(answering(reply({}))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        assert (await gateway.request("GET", "/v1/messages")).json["type"] == "error"
        assert (await gateway.request("GET", "/v1beta/models/m:embed")).json["error"]["status"] == "NOT_FOUND"


def test_no_part_of_an_aws_key_is_told() -> None:
    provider = Provider("up", "bedrock-converse", "", Secret("AKIAEXAMPLE1:secret/of/aws:session-token"), auth="aws")
    said = b"x-amz-security-token:session-token\nCredential=AKIAEXAMPLE1/2020 secret/of/aws"
    assert secrets.redact(provider, said) == b"x-amz-security-token:***\nCredential=***/2020 ***"


async def test_who_waits_for_a_token_does_not_ask_again_when_it_is_refused() -> None:
    asked = 0

    async def send(_: Request) -> Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        raise UpstreamFailure(FailureKind.FIRST_BYTE_TIMEOUT, "no reply")

    key = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    provider = Provider("up", "gemini", "http://x", Secret(json.dumps(key)), auth="google")
    proofs, clocks = Proofs(send, Clock()), Clocks(first_byte=1.0, idle=1.0, total=1.0)
    asking = [proofs.of(Request(provider, "POST", "/", b"", clocks)) for _ in range(20)]
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in told] == [UpstreamFailure] * 20
    assert asked == 1
    with pytest.raises(UpstreamFailure):
        await proofs.of(Request(provider, "POST", "/", b"", clocks))
    assert asked == 2


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_call_that_nobody_is_set_up_for_is_not_tried_again(path: str, tmp_path: Path) -> None:
    body = {"model": "@anthropic/claude-3-haiku", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    async with running(tmp_path, {}) as gateway:
        got = await gateway.post(body, path)
    assert (got.status, got.headers["x-should-retry"]) == (503, "false")
    assert got.json["error"]["type"] in ("configuration_error", "api_error")
