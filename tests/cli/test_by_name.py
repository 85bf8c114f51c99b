"""Models by name, and Portkey, as they go over the wire."""

from typing import Any

from openai import AsyncOpenAI

from tests.cli.conftest import FOUR, KEY, KEYS, Program
from tests.support.scripted import Script, Scripted, answering, reply, scripted

PORTKEY: dict[str, Any] = {"PORTKEY_API_KEY": "pk-0123456789abcdef", "PORTKEY_VIRTUAL_KEY": "virtual-0123456789abcdef"}
REFUSED: Script = answering(reply({"error": {"message": "no such model"}}, 404))


def portkey_at(up: Scripted) -> dict[str, Any]:
    return {**PORTKEY, "PORTKEY_BASE_URL": up.url.removesuffix("/v1")}


def shown(up: Scripted) -> list[dict[str, str]]:
    names = ("x-portkey-api-key", "x-portkey-config", "x-portkey-virtual-key", "x-portkey-provider", "authorization")
    return [{name: request.headers[name] for name in names if name in request.headers} for request in up.received]


async def test_b07_a_virtual_key_is_shown_beside_the_key_and_nothing_else(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ran = await ai("-m", "gpt4", "2 + 2?", **portkey_at(up))
    assert (ran.code, ran.out) == (0, "four\n")
    assert shown(up) == [
        {"x-portkey-api-key": "pk-0123456789abcdef", "x-portkey-virtual-key": "virtual-0123456789abcdef"}
    ]
    assert (up.received[0].path, up.received[0].json["model"]) == ("/v1/chat/completions", "gpt-4")


async def test_b07_a_config_goes_before_it(ai: Program) -> None:
    async with scripted(FOUR) as up:
        environ = {**portkey_at(up), "PORTKEY_CONFIG_CLAUDE": "pc-claude-config-id", "LOG_LEVEL": "DEBUG"}
        ran = await ai("-m", "claude", "2 + 2?", **environ)
    assert ran.out == "four\n"
    assert shown(up) == [{"x-portkey-api-key": "pk-0123456789abcdef", "x-portkey-config": "pc-claude-config-id"}]
    assert up.received[0].json["model"] == "claude-3-5-sonnet-20241022"
    assert "Portkey model configs loaded: ['claude']" in ran.err
    assert "Using Portkey config 'pc-claude-config-id' for model 'claude-3-5-sonnet'" in ran.err
    assert "0123456789abcdef" not in ran.err


async def test_a_trace_and_metadata_of_the_client_reach_portkey_alone(ai: Program) -> None:
    told = {"x-portkey-trace-id": "trace-1", "x-portkey-metadata": '{"_user":"me"}', "x-portkey-virtual-key": "theirs"}
    async with scripted(REFUSED) as portkey, scripted(FOUR) as openrouter:
        ai.config({"providers": {"openrouter": {"base_url": openrouter.url}}})
        keys: dict[str, Any] = {**portkey_at(portkey), "OPENROUTER_API_KEY": KEYS["OPENROUTER_API_KEY"]}
        said: Any = [{"role": "user", "content": "hello"}]
        async with (
            ai.serving(FAIRLEAD_KEY=KEY, **keys) as gateway,
            AsyncOpenAI(api_key=KEY, base_url=f"{gateway.url}/v1", max_retries=0) as client,
        ):
            stream = await client.chat.completions.create(
                model="claude", messages=said, stream=True, extra_headers=told
            )
            assert [event async for event in stream]
            listed = {model.id async for model in client.models.list()}
    assert {"claude-3-5-sonnet", "auto", "intent:code"} <= listed
    headers = portkey.received[0].headers
    assert {name: headers[name] for name in told} == {**told, "x-portkey-virtual-key": PORTKEY["PORTKEY_VIRTUAL_KEY"]}
    assert not any("portkey" in name for name in openrouter.received[0].headers)


async def test_b27_portkey_and_openrouter_stand_side_by_side(ai: Program) -> None:
    async with scripted(REFUSED) as portkey, scripted(FOUR) as openrouter:
        ai.config({"providers": {"openrouter": {"base_url": openrouter.url}}})
        keys: dict[str, Any] = {**portkey_at(portkey), "OPENROUTER_API_KEY": KEYS["OPENROUTER_API_KEY"]}
        assert (await ai("-m", "claude", "hello", **keys)).out == "four\n"
        assert (await ai("-m", "claude", "hello", PORTKEY_ALLOWED_MODELS="gpt4", **keys)).out == "four\n"
    assert len(portkey.received) == 1
    assert [request.json["model"] for request in openrouter.received] == ["anthropic/claude-3.5-sonnet"] * 2
    assert shown(openrouter) == [{"authorization": f"Bearer {KEYS['OPENROUTER_API_KEY']}"}] * 2


async def test_a_virtual_key_that_comes_back_in_an_error_is_not_passed_on(ai: Program) -> None:
    echo = {"error": {"message": f"no virtual key {PORTKEY['PORTKEY_VIRTUAL_KEY']}"}}
    async with scripted(answering(reply(echo, 400))) as up:
        ran = await ai("-m", "gpt4", "hello", **portkey_at(up))
    assert ran.code == 1
    assert "no virtual key ***" in ran.err


async def test_a19_in_the_profile_direct_portkey_hears_nothing(ai: Program) -> None:
    async with scripted(FOUR) as portkey, scripted(FOUR) as openrouter:
        ai.config({"providers": {"openrouter": {"base_url": openrouter.url}}, "profile": "direct"})
        keys: dict[str, Any] = {**portkey_at(portkey), "OPENAI_VK": "vk", "PORTKEY_CONFIG_OPENAI": "pc"}
        for name in ("auto", "openai/gpt-4", "anthropic/claude-3-opus"):
            ran = await ai("-m", name, "hello", OPENROUTER_API_KEY=KEYS["OPENROUTER_API_KEY"], **keys)
            assert ran.out == "four\n"
            assert ran.err.count("warning: the profile `direct` ignores PORTKEY_API_KEY, ") == 1
        assert (await ai("-p", "portkey", "-m", "gpt-4", "hello", **keys)).code == 2
        assert (await ai("hello", **keys)).code == 0
    assert not portkey.connections
    assert not any("portkey" in name for request in openrouter.received for name in request.headers)
