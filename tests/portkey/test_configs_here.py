"""Portkey's config objects through the real server: by name, by header, by a key, and what the client is told."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.portkey_objects.schema import UNUSED, Breaker, ConfigObject, Strategy
from fairlead.pipeline import portkey_headers
from fairlead.routing.portkey_config.asked import HEADERS
from tests.support.administered import administered, asked
from tests.support.gateway import Running, running
from tests.support.scripted import Script, Scripted, answering, chunk, completion, reply, scripted, streaming

FAILING = answering(reply({"error": {"message": "no", "type": "t", "param": None, "code": None}}, 400))
WELL = answering(reply(completion("hello")))
HI = {"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]}
ROW = {"dialect": "openai-chat", "api_key": "up-secret-key"}
FALLS = {"strategy": {"mode": "fallback"}, "targets": [{"provider": "@one"}, {"provider": "@two"}]}
LONE = {"provider": "@two"}


def settings(one: Scripted, two: Scripted, **more: Any) -> dict[str, Any]:
    return {"providers": {"one": {**ROW, "base_url": one.url}, "two": {**ROW, "base_url": two.url}}, **more}


@contextlib.asynccontextmanager
async def here(
    folder: Path, first: Script, second: Script, *, keys: bool = False, **more: Any
) -> AsyncIterator[tuple[Running, Scripted, Scripted]]:
    """A gateway with the providers `one` and `two`, which are scripted so; with `keys`, it has a directory of them."""
    async with contextlib.AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(scripted(script)) for script in (first, second)]
        if keys:
            gateway, _ = await stack.enter_async_context(administered(folder / "here", settings(one, two, **more)))
        else:
            gateway = await stack.enter_async_context(running(folder, settings(one, two, **more)))
        yield gateway, one, two


def by(config: Any) -> dict[str, str]:
    return {"x-portkey-config": config if isinstance(config, str) else json.dumps(config)}


async def test_a_config_of_the_file_goes_by_its_name(tmp_path: Path) -> None:
    async with here(tmp_path, FAILING, WELL, configs={"chat": FALLS}) as (gateway, _one, _two):
        said = await gateway.post(HI, **by("chat"))
        missing = await gateway.post(HI, **by("caht"))
    assert (said.status, said.text, said.headers["x-portkey-last-used-option-index"]) == (
        200,
        "hello",
        "config.targets[1]",
    )
    assert said.headers["x-fairlead-attempts"] == "2"
    assert missing.json["status"] == "failure"
    assert "did you mean `chat`?" in missing.json["errors"][0]


async def test_the_gateways_default_config_holds_for_calls_that_say_no_other_way(tmp_path: Path) -> None:
    config: dict[str, Any] = {"configs": {"chat": FALLS, "lone": LONE}, "default_config": "chat"}
    async with here(tmp_path, FAILING, WELL, **config) as (gateway, _one, _two):
        said = [await gateway.post(HI), await gateway.post(HI), await gateway.post(HI, **by("lone"))]
    assert [each.status for each in said] == [200, 200, 200]
    assert [each.headers["x-portkey-last-used-option-index"] for each in said] == ["config.targets[1]"] * 2 + ["config"]


async def test_a_model_goes_by_a_config(tmp_path: Path) -> None:
    chat = {**FALLS, "override_params": {"model": "m-1", "seed": 4}}
    async with scripted(FAILING) as one, scripted(WELL) as two:
        config = {"configs": {"chat": chat}, "models": {"writer": {"config": "chat"}}}
        async with running(tmp_path, settings(one, two, **config)) as gateway:
            said = await gateway.post({**HI, "model": "writer"})
    assert said.status == 200
    assert (two.received[0].json["model"], two.received[0].json["seed"]) == ("m-1", 4)


async def test_a_default_that_hangs_on_the_call_is_settled_for_each(tmp_path: Path) -> None:
    """A remembered plan must not remember what one call said."""
    strategy = {
        "mode": "conditional",
        "conditions": [{"query": {"metadata.plan": "paid"}, "then": "big"}],
        "default": "small",
    }
    config: dict[str, Any] = {
        "strategy": strategy,
        "targets": [{"name": "big", "provider": "one"}, {"name": "small", "provider": "two"}],
    }
    async with here(tmp_path, WELL, WELL, configs={"c": config}, default_config="c") as (gateway, one, two):
        for metadata in ('{"plan":"free"}', '{"plan":"paid"}', '{"plan":"free"}'):
            await gateway.post(HI, **{"x-portkey-metadata": metadata})
    assert (len(one.received), len(two.received)) == (1, 2)


async def test_what_a_config_says_is_told_in_headers(tmp_path: Path) -> None:
    config = {**LONE, "cache": {"mode": "simple"}, "input_guardrails": ["pii"]}
    async with here(tmp_path, WELL, WELL, configs={"kept": config}) as (gateway, _one, _two):
        said = await gateway.post(HI, **by(config), **{"x-portkey-trace-id": "trace-1"})
        named = await gateway.post(HI, **by("kept"))
        own = await gateway.post(HI, **by(LONE))
        plain = await gateway.post({**HI, "model": "@two/m"})
    assert said.headers["x-fairlead-dropped"] == "config.cache, config.input_guardrails"
    assert named.headers["x-fairlead-dropped"] == said.headers["x-fairlead-dropped"]
    assert (said.headers["x-portkey-trace-id"], said.headers["x-portkey-provider"]) == ("trace-1", "two")
    assert own.headers["x-portkey-trace-id"] == own.headers["x-request-id"]
    assert "x-fairlead-dropped" not in own.headers
    assert not any(name.startswith("x-portkey") for name in plain.headers)


async def test_an_error_tells_them_too(tmp_path: Path) -> None:
    config = {**LONE, "retry": {"attempts": 1, "on_status_codes": [500]}, "cache": {"mode": "simple"}}
    async with here(
        tmp_path, WELL, answering(reply({"error": {"message": "x"}}, 500)), reliability={"backoff": 0.001}
    ) as (gateway, _one, two):
        said = await gateway.post(HI, **by(config), **{"x-portkey-trace-id": "t"})
    assert (said.status, said.headers["x-portkey-retry-attempt-count"], said.headers["x-portkey-trace-id"]) == (
        502,
        "-1",
        "t",
    )
    assert said.headers["x-fairlead-dropped"] == "config.cache"
    assert len(two.received) == 2


async def test_a_stream_falls_back_before_anything_was_said(tmp_path: Path) -> None:
    events = (chunk({"role": "assistant", "content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))
    async with here(tmp_path, FAILING, streaming(*events)) as (gateway, _one, _two):
        said = await gateway.post({**HI, "stream": True}, **by(FALLS))
    assert (said.text, said.headers["x-portkey-last-used-option-index"]) == ("hello", "config.targets[1]")


async def test_each_target_gets_the_body_that_its_own_part_says(tmp_path: Path) -> None:
    config: dict[str, Any] = {
        "strategy": {"mode": "fallback"},
        "override_params": {"seed": 7},
        "targets": [
            {"provider": "one", "override_params": {"model": "m-1", "temperature": 0}, "drop_params": ["user"]},
            {"provider": "two", "default_params": {"top_p": 0.5, "user": "other"}},
        ],
    }
    async with here(tmp_path, FAILING, WELL) as (gateway, one, two):
        await gateway.post({**HI, "user": "me", "temperature": 1}, **by(config))
    first, second = one.received[0].json, two.received[0].json
    assert (first["model"], first["temperature"], first["seed"], "user" in first, "top_p" in first) == (
        "m-1",
        0,
        7,
        False,
        False,
    )
    assert (second["model"], second["temperature"], second["user"], second["top_p"]) == ("gpt-4", 1, "me", 0.5)


async def test_a_call_in_another_dialect_is_changed_before_it_is_translated(tmp_path: Path) -> None:
    config = {**LONE, "override_params": {"model": "m-2", "max_tokens": 5}}
    body = {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
    async with here(tmp_path, WELL, WELL) as (gateway, _one, two):
        said = await gateway.post(body, "/v1/messages", **by(config))
    assert said.status == 200
    sent = two.received[0].json
    assert sent["model"] == "m-2"
    assert 5 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))


async def test_a_call_without_a_model_gets_the_configs(tmp_path: Path) -> None:
    async with here(tmp_path, WELL, WELL) as (gateway, _one, two):
        body = {"messages": HI["messages"]}
        said = await gateway.post(body, **by({**LONE, "override_params": {"model": "m-9"}}))
        default = await gateway.post(body, **by({**LONE, "default_params": {"model": "m-8"}}))
        none = await gateway.post(body)
    assert (said.status, default.status, none.status) == (200, 200, 400)
    assert [each.json["model"] for each in two.received] == ["m-9", "m-8"]


async def test_the_headers_timeout_and_provider_need_no_config(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def silent(connection: Any) -> None:
        await connection.request()
        await connection.gone()
        gone.set()

    async with here(tmp_path, silent, WELL, reliability={"max_retries": 0}) as (gateway, _one, _two):
        wait = {"x-portkey-request-timeout": "50"}
        late = await gateway.post(HI, **{"x-portkey-provider": "@one"}, **wait)
        said = await gateway.post(HI, **{"x-portkey-provider": "two"}, **wait)
        wrong = await gateway.post(HI, **{"x-portkey-provider": "two", "x-portkey-request-timeout": "soon"})
        await asyncio.wait_for(gone.wait(), 5)
    assert (late.status, said.status, wrong.status) == (504, 200, 400)
    assert wrong.error["param"] == "x-portkey-request-timeout"


async def test_a_provider_that_is_not_here_may_be_a_slug_of_portkeys_and_the_client_is_told(tmp_path: Path) -> None:
    async with here(tmp_path, WELL, WELL, models={"m": {"targets": [{"provider": "two", "model": "x"}]}}) as (
        gateway,
        *_,
    ):
        said = await gateway.post({**HI, "model": "m"}, **{"x-portkey-provider": "@their-slug"})
    assert (said.status, said.headers["x-fairlead-provider"]) == (200, "two")
    assert said.headers["x-fairlead-dropped"] == "x-portkey-provider"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({**LONE, "api_key": "sk-0123456789abcdef"}, "api_key"),
        ({**LONE, "custom_host": "http://169.254.169.254"}, "custom_host"),
        ({"provider": "@nobody"}, "provider"),
        ({"virtual_key": "nobodys-key"}, "virtual_key"),
        ({"strategy": {"mode": "falback"}, "targets": [LONE]}, "strategy.mode"),
        ('{"provider"', ""),
    ],
)
async def test_a_wrong_config_is_told_as_portkey_tells_it(tmp_path: Path, config: Any, path: str) -> None:
    """D10: neither a destination nor a credential comes from a request."""
    async with here(tmp_path, WELL, WELL) as (gateway, one, two):
        said = await gateway.post(HI, **by(config))
    assert (said.status, said.json["status"], said.json["message"]) == (400, "failure", "Invalid config passed")
    assert said.json["errors"][0].startswith(f"path: {path}, message: ")
    assert b"0123456789abcdef" not in said.body
    assert not one.received + two.received


async def keyed(gateway: Any, **rights: Any) -> str:
    made = await asked(gateway, "POST", "/api/keys", body={"rights": rights})
    assert made.status == 201, made.body
    return str(made.json["key"])


async def test_a_key_brings_a_config_only_where_it_may(tmp_path: Path) -> None:
    async with here(tmp_path, FAILING, WELL, keys=True, configs={"chat": FALLS}) as (gateway, _one, _two):
        usual, may = await keyed(gateway), await keyed(gateway, config_override=True)

        async def status(key: str, config: Any) -> int:
            said = await gateway.post(HI, **by(config), authorization=f"Bearer {key}")
            return said.status

        assert [await status(usual, LONE), await status(usual, "chat")] == [403, 200]
        assert [await status(may, LONE), await status(may, "chat")] == [200, 200]
        bound = await keyed(gateway, config="chat")
        said = await gateway.post(HI, authorization=f"Bearer {bound}")
        assert said.headers["x-portkey-last-used-option-index"] == "config.targets[1]"
        assert await status(bound, "chat") == 403


async def test_a_key_may_not_leave_its_models_by_a_config(tmp_path: Path) -> None:
    """The model that a config puts in has to be one of the key's; what is left of the config still holds."""
    config: dict[str, Any] = {
        "strategy": {"mode": "fallback"},
        "targets": [{"provider": "one", "override_params": {"model": "dear"}}, {"provider": "two"}],
    }
    async with here(tmp_path, FAILING, WELL, keys=True) as (gateway, one, _two):
        key = await keyed(gateway, config_override=True, models=["gpt-4"])
        said = await gateway.post(HI, **by(config), authorization=f"Bearer {key}")
        alone = await gateway.post(HI, **by(config["targets"][0]), authorization=f"Bearer {key}")
    assert (said.status, said.text, alone.status) == (200, "hello", 403)
    assert not one.received


async def test_what_a_config_puts_in_counts_against_the_budget(tmp_path: Path) -> None:
    """`max_tokens` of a config is what is set aside, not what the client said."""
    config = {**LONE, "override_params": {"max_tokens": 100_000}}
    prices = {"two/gpt-4": {"input": 0, "output": 10}}
    budgets = {"all": {"limit": 0.5, "every": "day"}}
    async with here(tmp_path, WELL, WELL, keys=True, prices=prices, budgets=budgets) as (gateway, _one, two):
        key = await keyed(gateway, config_override=True)
        auth = {"authorization": f"Bearer {key}"}
        small = await gateway.post({**HI, "max_tokens": 10}, **by(LONE), **auth)
        sent = await gateway.post({**HI, "max_tokens": 10}, **by(config), **auth)
    assert small.status == 200
    assert sent.status == 402 or two.received[-1].json["max_tokens"] <= 50_000


def test_every_header_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "portkey-configs.md").read_text()
    sources = (Path(portkey_headers.__file__).read_text(), *(f'b"{name.decode()}"' for name in HEADERS))
    names = {name for text in sources for name in re.findall(r'b"(x-portkey-[a-z-]+)"', text)}
    assert len(names) >= 8
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_member_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "portkey-configs.md").read_text()
    members = {*ConfigObject.__struct_fields__, *Strategy.__struct_fields__, *Breaker.__struct_fields__} - set(UNUSED)
    assert [name for name in sorted(members) if name not in page] == []
