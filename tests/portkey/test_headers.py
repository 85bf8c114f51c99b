"""The headers that the hosted Portkey gets, exactly: ids of configs, virtual keys, and nothing of a client's."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import ask, one_provider, running, two_providers
from tests.support.scripted import Received, Script, Scripted, answering, completion, reply, scripted

WELL = answering(reply(completion("hello")))
KEY = {"PORTKEY_API_KEY": "pk-0123456789abcdef"}
SPELLED = {
    "portkey_virtual_key_openai": "one",
    "OPENAI_VK": "two",
    "PORTKEY_VK_OPENAI": "three",
    "PORTKEY_VIRTUAL_KEY": "four",
}


def shown(received: Received) -> dict[str, str]:
    """What a request says to Portkey, and any key that it shows."""
    names = (name for name in received.headers if "portkey" in name or "key" in name or name == "authorization")
    return {name: received.headers[name] for name in names}


def with_key(**more: str) -> dict[str, str]:
    return {"x-portkey-api-key": KEY["PORTKEY_API_KEY"], **{f"x-portkey-{k.replace('_', '-')}": more[k] for k in more}}


async def sent(
    folder: Path, environ: dict[str, str], settings: Any = None, script: Script = WELL, headers: Any = None, **body: Any
) -> Received:
    """The one request that a call makes of Portkey."""
    async with scripted(script) as up:
        variables = {**KEY, "PORTKEY_BASE_URL": up.url, **environ}
        async with running(folder, settings or {}, variables) as gateway:
            said = await gateway.post({**ask(), "model": "gpt-4", **body}, **(headers or {}))
    assert (said.status, said.headers["x-fairlead-provider"]) == (200, "portkey")
    (received,) = up.received
    return received


async def test_b07_a_config_and_nothing_else(tmp_path: Path) -> None:
    received = await sent(tmp_path, {"PORTKEY_CONFIG_OPENAI": "pc-openai-1", **SPELLED})
    assert shown(received) == with_key(config="pc-openai-1")


@pytest.mark.parametrize("name", SPELLED)
async def test_x05_each_spelling_of_a_virtual_key_and_nothing_else(tmp_path: Path, name: str) -> None:
    assert shown(await sent(tmp_path, {name: "it"})) == with_key(virtual_key="it")


@pytest.mark.parametrize(("winner", "other"), list(pairwise(SPELLED)))
async def test_x05_of_two_spellings_the_first_is_sent(tmp_path: Path, winner: str, other: str) -> None:
    received = await sent(tmp_path, {other: SPELLED[other], winner: SPELLED[winner]})
    assert shown(received) == with_key(virtual_key=SPELLED[winner])


async def test_x05_what_the_configuration_says_goes_before_all(tmp_path: Path) -> None:
    settings = {"portkey": {"virtual_keys": {"openai": "mine"}}}
    assert shown(await sent(tmp_path, SPELLED, settings)) == with_key(virtual_key="mine")
    settings = {"portkey": {"configs": {"openai": "pc-mine"}, "virtual_keys": {"openai": "mine"}}}
    assert shown(await sent(tmp_path, {**SPELLED, "PORTKEY_CONFIG_OPENAI": "pc"}, settings)) == with_key(
        config="pc-mine"
    )


async def test_a_config_that_is_written_out_is_sent_as_it_is(tmp_path: Path) -> None:
    config = '{"retry":{"attempts":3},"virtual_key":"main-258f4d"}'
    settings = {"portkey": {"configs": {"openai": config}}}
    assert shown(await sent(tmp_path, {}, settings)) == with_key(config=config)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
async def test_x06_the_base_url_may_or_may_not_end_with_v1(tmp_path: Path, ending: str) -> None:
    async with scripted(WELL) as up:
        environ = {**KEY, "OPENAI_VK": "vk", "PORTKEY_BASE_URL": up.url.removesuffix("/v1") + ending}
        async with running(tmp_path, {}, environ) as gateway:
            assert (await gateway.post({**ask(), "model": "gpt-4"})).status == 200
    assert [received.path for received in up.received] == ["/v1/chat/completions"]


LEGACY = {
    "x-portkey-api-key": "theirs-0123456789",
    "x-portkey-virtual-key": "their-virtual-key",
    "x-portkey-provider": "openrouter",
    "x-portkey-request-timeout": "8000",
    "x-portkey-trace-id": "pr-6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "x-portkey-config": '{"retry":{"attempts":3,"on_status_codes":[408,429,500,502,503,504]}}',
    "x-portkey-custom-host": "http://169.254.169.254/v1",
    "x-portkey-forward-headers": "authorization",
}


TRACING = {
    "x-portkey-span-id": "s-1",
    "x-portkey-parent-span-id": "s-0",
    "x-portkey-span-name": "answer",
    "x-portkey-metadata": '{"_user":"u-1"}',
}


@pytest.mark.parametrize("own", [{"OPENAI_VK": "vk"}, {"PORTKEY_CONFIG_OPENAI": "pc-1"}], ids=["key", "config"])
async def test_a22_of_what_a_legacy_client_sends_its_trace_and_patience_reach_portkey(
    own: dict[str, str], tmp_path: Path
) -> None:
    received = await sent(tmp_path, own, headers={**LEGACY, **TRACING})
    ours = {"virtual_key": "vk"} if "OPENAI_VK" in own else {"config": "pc-1"}
    passed = {name: LEGACY[name] for name in ("x-portkey-trace-id", "x-portkey-request-timeout")}
    assert shown(received) == with_key(**ours) | passed | TRACING


async def test_a22_what_else_is_to_be_sent_on_is_the_operators_choice(tmp_path: Path) -> None:
    names = ["x-portkey-trace-id", "x-portkey-cache-namespace"]
    headers = {**LEGACY, "x-portkey-cache-namespace": "mine"}
    settings = {"providers": {"portkey": {"pass_headers": names}}}
    received = await sent(tmp_path, {"OPENAI_VK": "vk"}, settings, headers=headers)
    passed = {name: headers[name] for name in names}
    assert shown(received) == with_key(virtual_key="vk") | passed


async def test_a22_another_provider_hears_nothing_of_portkey(tmp_path: Path) -> None:
    async with scripted(WELL) as up:
        settings = {"providers": {"openai": {"base_url": up.url, "api_key": "sk-ours"}}}
        async with running(tmp_path, settings) as gateway:
            await gateway.post({**ask(), "model": "gpt-4"}, **LEGACY)
    assert shown(up.received[0]) == {"authorization": "Bearer sk-ours"}


async def test_the_clients_own_key_goes_to_nobody(tmp_path: Path) -> None:
    received = await sent(tmp_path, {"OPENAI_VK": "vk"})
    assert "fl-test-key" not in str(received.headers) + received.body.decode()


async def refused_with(folder: Path, environ: dict[str, str], up: Scripted, **settings: Any) -> Any:
    async with running(folder, settings, {**KEY, "PORTKEY_BASE_URL": up.url, **environ}) as gateway:
        return await gateway.post({**ask(), "model": "gpt-4"})


async def test_b15_without_config_and_virtual_key_portkey_is_not_called(tmp_path: Path) -> None:
    async with scripted(WELL) as up:
        said = await refused_with(tmp_path, {}, up)
    assert (said.status, up.connections) == (503, 0)
    assert "Neither Portkey config nor virtual key available" in said.error["message"]


async def test_the_trace_comes_back(tmp_path: Path) -> None:
    answer = reply(completion(), headers="x-portkey-trace-id: t-1\r\nx-portkey-cache-status: MISS\r\n")
    async with scripted(answering(answer)) as up:
        settings = one_provider(up.url, pass_headers=["X-Portkey-Trace-Id"])
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(ask())
    assert got.headers["x-portkey-trace-id"] == "t-1"
    assert "x-portkey-cache-status" not in got.headers


REFUSAL = {"status": "failure", "message": "Either x-portkey-config or x-portkey-provider header is required"}
SPENT = {"error": {"message": "budget exceeded", "type": "usage_limit", "param": None, "code": None}}


async def rescued(folder: Path, said: Any, status: int, **entry: Any) -> Any:
    """What a client gets where the first of two targets refuses so."""
    async with (
        scripted(answering(reply(said, status))) as one,
        scripted(answering(reply(completion("two")))) as two,
        running(folder, two_providers(one.url, two.url, **entry)) as gateway,
    ):
        return await gateway.post(ask())


@pytest.mark.parametrize(("said", "status"), [(REFUSAL, 400), (SPENT, 412)], ids=["config", "budget"])
async def test_what_portkey_itself_refuses_is_the_operators_matter(said: Any, status: int, tmp_path: Path) -> None:
    got = await rescued(tmp_path, said, status, auth="x-portkey-api-key")
    assert (got.status, got.text) == (200, "two")


@pytest.mark.parametrize(("said", "status"), [(REFUSAL, 400), (SPENT, 412)], ids=["failure", "precondition"])
async def test_the_same_of_another_provider_is_the_clients_matter(said: Any, status: int, tmp_path: Path) -> None:
    got = await rescued(tmp_path, said, status)
    assert (got.status, got.headers["x-fairlead-attempts"]) == (status, "1")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_x24_what_portkey_could_not_do_by_its_config_is_not_tried_again(status: int, tmp_path: Path) -> None:
    async with scripted(answering(reply(SPENT, status))) as up:
        got = await refused_with(tmp_path, {"PORTKEY_CONFIG_OPENAI": "pc-1"}, up)
    assert (len(up.received), got.headers["x-fairlead-attempts"]) == (1, "1")
    assert got.headers["x-should-retry"] == ("true" if status == 429 else "false")


@pytest.mark.parametrize("status", [500, 503])
async def test_x22_x24_by_a_virtual_key_alone_portkey_tries_once_and_we_are_who_tries_again(
    status: int, tmp_path: Path
) -> None:
    async with scripted(answering(reply(SPENT, status))) as up:
        got = await refused_with(tmp_path, {"OPENAI_VK": "vk"}, up, reliability={"max_retries": 2, "backoff": 0.001})
    assert (len(up.received), got.headers["x-fairlead-attempts"]) == (3, "3")
