"""Kept responses and completions at clouds and behind Portkey, and providers whose replies are odd."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.gateway import Running, one_provider, running
from tests.support.scripted import Connection, Received, Script, Scripted, answering, reply, scripted
from tests.translate.vendors import Said, response

PORTKEY = {"PORTKEY_API_KEY": "pk-0123456789abcdef"}
BOTH = {"PORTKEY_CONFIG_OPENAI": "pc-openai-1", "PORTKEY_VK_MISTRAL": "vk-mistral-9"}
SPEAKS = {"providers": {"portkey": {"also": ["openai-responses"]}}}
NOT_HERE = {"error": {"message": "not here", "type": "invalid_request_error"}}


def way(received: Received) -> str:
    """The config or virtual key that a request to Portkey names; both or neither are wrong."""
    config, key = (received.headers.get(f"x-portkey-{name}") for name in ("config", "virtual-key"))
    assert (config is None) != (key is None), received.headers
    return config or key or ""


def keeping(owner: str, otherwise: int = 404) -> Script:
    """Portkey before accounts of which one keeps what is asked for; the others answer `otherwise`."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            made = asked.path == "/v1/responses" or way(asked) == owner
            await connection.send(reply(response(Said())) if made else reply(NOT_HERE, otherwise))

    return script


def at_portkey(up: Scripted, **environ: str) -> dict[str, str]:
    return {**PORTKEY, "PORTKEY_BASE_URL": up.url, **environ}


async def test_a_response_made_through_portkey_is_asked_for_the_same_way(tmp_path: Path) -> None:
    async with (
        scripted(keeping("vk-mistral-9")) as up,
        running(tmp_path, SPEAKS, at_portkey(up, **BOTH)) as gateway,
    ):
        client = gateway.openai(default_headers={"x-portkey-trace-id": "t-1"})
        made = await client.responses.create(model="@portkey/@mistral/mistral-small", input="hello")
        up.received.clear()
        await client.responses.retrieve(made.id)
        await client.responses.input_items.list(made.id)
        await client.responses.cancel(made.id)
        await client.responses.delete(made.id)
    assert [way(each) for each in up.received] == ["vk-mistral-9"] * 4
    assert {each.headers["x-portkey-trace-id"] for each in up.received} == {"t-1"}
    assert {each.headers["x-portkey-api-key"] for each in up.received} == {PORTKEY["PORTKEY_API_KEY"]}


async def test_a_virtual_key_that_was_replaced_meanwhile_is_tried_with_the_others(tmp_path: Path) -> None:
    async with scripted(keeping("vk-old", 403)) as up:
        environ = at_portkey(up, **BOTH)
        async with running(tmp_path, SPEAKS, {**environ, "PORTKEY_VK_MISTRAL": "vk-old"}) as gateway:
            made = await gateway.openai().responses.create(model="@portkey/@mistral/mistral-small", input="hello")
            pins = gateway.engine.pins
        up.script = keeping("vk-mistral-9", 403)
        async with running(tmp_path, SPEAKS, environ) as gateway:
            gateway.engine.pins._made_by.update(pins._made_by)
            assert gateway.engine.pins.maker(made.id) == "portkey"
            assert (await gateway.openai().responses.retrieve(made.id)).id == made.id
    assert way(up.received[-1]) == "vk-mistral-9"


@pytest.mark.parametrize("otherwise", [404, 400, 403], ids=str)
@pytest.mark.parametrize("owner", BOTH.values())
async def test_one_whose_maker_was_forgotten_is_looked_for_by_each_of_portkeys_ways(
    owner: str, otherwise: int, tmp_path: Path
) -> None:
    async with (
        scripted(keeping(owner, otherwise)) as up,
        running(tmp_path, SPEAKS, at_portkey(up, **BOTH)) as gateway,
    ):
        assert (await gateway.openai().responses.retrieve("resp_9")).id
    assert way(up.received[-1]) == owner


async def test_what_nobody_behind_portkey_has_is_not_found(tmp_path: Path) -> None:
    async with (
        scripted(keeping("nobody")) as up,
        running(tmp_path, SPEAKS, at_portkey(up, **BOTH)) as gateway,
    ):
        with pytest.raises(openai.NotFoundError, match="no provider here has a response `resp_9`"):
            await gateway.openai().responses.retrieve("resp_9")
    assert sorted(map(way, up.received)) == sorted(BOTH.values())


async def test_a_refusal_counts_where_nobody_has_it(tmp_path: Path) -> None:
    async with (
        scripted(keeping("nobody", 400)) as up,
        running(tmp_path, SPEAKS, at_portkey(up, **BOTH)) as gateway,
    ):
        with pytest.raises(openai.BadRequestError, match="not here"):
            await gateway.openai().responses.retrieve("resp_9")
    assert len(up.received) == 2


async def test_kept_completions_are_asked_of_portkey(tmp_path: Path) -> None:
    async with (
        scripted(keeping("pc-openai-1")) as up,
        running(tmp_path, {}, at_portkey(up, **BOTH)) as gateway,
    ):
        for method in ("GET", "DELETE", "POST"):
            assert (await gateway.request(method, "/v1/chat/completions/chatcmpl-9")).status == 200
    assert {each.path for each in up.received} == {"/v1/chat/completions/chatcmpl-9"}


async def test_a_tuned_model_behind_portkey_is_deleted_with_the_config_for_it(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({"deleted": True}))) as up,
        running(tmp_path, {}, at_portkey(up, **BOTH)) as gateway,
    ):
        assert (await gateway.request("DELETE", "/v1/models/portkey%2fft:gpt-4:mine")).status == 200
    assert [(each.path, way(each)) for each in up.received] == [("/v1/models/ft:gpt-4:mine", "pc-openai-1")]


async def test_what_portkey_says_of_a_kept_response_has_no_credential_in_it(tmp_path: Path) -> None:
    secret = "sk-vendor-0123456789abcdef"
    config = json.dumps({"provider": "openai", "api_key": secret})
    said = {"error": {"message": f"not with {secret} nor {PORTKEY['PORTKEY_API_KEY']}"}}
    async with (
        scripted(answering(reply(said, 400))) as up,
        running(tmp_path, SPEAKS, at_portkey(up, PORTKEY_CONFIG_OPENAI=config)) as gateway,
    ):
        got = await gateway.request("GET", "/v1/responses/resp_9")
    assert (got.status, got.error["message"]) == (400, "not with *** nor ***")
    assert up.received[0].headers["x-portkey-config"] == config


async def test_the_trace_of_a_kept_response_comes_back(tmp_path: Path) -> None:
    answer = reply(response(Said()), headers="x-portkey-trace-id: t-2\r\n")
    async with (
        scripted(answering(answer)) as up,
        running(tmp_path, SPEAKS, at_portkey(up, **BOTH)) as gateway,
    ):
        got = await gateway.request("GET", "/v1/responses/resp_9")
    assert got.headers["x-portkey-trace-id"] == "t-2"


KEPT = [
    ("GET", "/responses/resp_1"),
    ("GET", "/responses/resp_1/input_items?limit=3"),
    ("POST", "/responses/resp_1/cancel"),
    ("GET", "/chat/completions?limit=2"),
    ("POST", "/chat/completions/chatcmpl-1"),
    ("DELETE", "/chat/completions/chatcmpl-1"),
    ("GET", "/chat/completions/chatcmpl-1/messages"),
]


async def asked_of_cloud(folder: Path, name: str, **entry: Any) -> list[tuple[str, str]]:
    """What a cloud with deployments in its paths is asked, where a client asks for all that can be kept."""
    async with scripted(answering(reply(response(Said())))) as up:
        own = {"base_url": up.url.removesuffix("/v1"), "api_key": "cloud-key-0123", "also": ["openai-responses"]}
        async with running(folder, {"providers": {name: {**own, **entry}}}) as gateway:
            for method, path in KEPT:
                assert (await gateway.request(method, f"/v1{path}")).status == 200
            await gateway.openai().responses.create(model=f"{name}/mine", input="hello")
            await gateway.post({"model": f"{name}/mine", "messages": [{"role": "user", "content": "hi"}]})
    assert {each.headers["api-key"] for each in up.received} == {"cloud-key-0123"}
    return [(each.method, each.path) for each in up.received]


@pytest.mark.parametrize(("name", "version"), [("azure", "2024-10-21"), ("dial", "2024-12-01-preview")])
async def test_what_clouds_keep_stands_beside_their_deployments(name: str, version: str, tmp_path: Path) -> None:
    *kept, made, chat = await asked_of_cloud(tmp_path, name)
    assert kept == [(method, f"/openai/v1{path}") for method, path in KEPT]
    assert made == ("POST", "/openai/v1/responses")
    assert chat == ("POST", f"/openai/deployments/mine/chat/completions?api-version={version}")


async def test_a_version_that_azures_newer_surface_has_is_asked_for_there(tmp_path: Path) -> None:
    *kept, made, _ = await asked_of_cloud(tmp_path, "azure", api_version="preview")
    assert kept[0] == ("GET", "/openai/v1/responses/resp_1?api-version=preview")
    assert kept[1] == ("GET", "/openai/v1/responses/resp_1/input_items?limit=3&api-version=preview")
    assert made == ("POST", "/openai/v1/responses?api-version=preview")


async def test_who_keeps_no_completions_is_not_asked_and_the_error_says_so(tmp_path: Path) -> None:
    async with scripted(answering(reply({}))) as up:
        settings = {"providers": {"dial": {"base_url": up.url, "api_key": "cloud-key-0123"}}}
        async with running(tmp_path, settings) as gateway:
            listed = await gateway.request("GET", "/v1/chat/completions")
            one = await gateway.request("GET", "/v1/chat/completions/chatcmpl-1")
    assert not up.received
    assert [each.status for each in (listed, one)] == [404, 404]
    assert "no provider here keeps chat completions" in listed.error["message"]
    assert "no provider here has a chat completion `chatcmpl-1`" in one.error["message"]


ODD = {
    "600": (600, 502, "upstream_error"),
    "999": (999, 502, "upstream_error"),
    "599": (599, 502, "upstream_error"),
    "499": (499, 499, ""),
    "446": (446, 446, ""),
    "299": (299, 299, ""),
}


async def asked_each_way(gateway: Running) -> list[Any]:
    """What is said of a kept response, of a tuned model, and of an ordinary call."""
    return [
        await gateway.request("GET", "/v1/responses/resp_1"),
        await gateway.request("POST", "/v1/responses/resp_1/cancel"),
        await gateway.request("DELETE", "/v1/models/up%2fft:mine"),
        await gateway.post({"model": "m", "input": "hello"}, "/v1/responses"),
    ]


@pytest.mark.parametrize(("status", "told", "code"), ODD.values(), ids=ODD)
async def test_an_odd_status_is_told_as_that_of_an_ordinary_call(
    status: int, told: int, code: str, tmp_path: Path
) -> None:
    said = response(Said()) if status < 400 else {"error": {"message": "odd", "type": "x", "code": "y"}}
    settings = {"also": ["openai-responses"]}
    async with (
        scripted(answering(reply(said, status))) as up,
        running(tmp_path, one_provider(up.url, **settings)) as gateway,
    ):
        *kept, ordinary = await asked_each_way(gateway)
    assert [each.status for each in kept] == [told] * 3
    assert ordinary.status == (200 if told < 300 else told)
    assert not code or {each.error["code"] for each in (*kept, ordinary)} == {code}


@pytest.mark.parametrize("line", [b"HTTP/1.1 1000 X", b"HTTP/1.1 -1 X", b"HTTP/1.1 2x0 X", b"HTTP/9.9 200 X", b""])
async def test_what_is_no_status_is_no_reply(line: bytes, tmp_path: Path) -> None:
    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(line + b"\r\ncontent-length: 2\r\n\r\n{}")

    settings = {"also": ["openai-responses"]}
    async with scripted(script) as up, running(tmp_path, one_provider(up.url, **settings)) as gateway:
        told = await asked_each_way(gateway)
    assert [(each.status, each.error["code"]) for each in told] == [(502, "upstream_bad_response")] * 4
