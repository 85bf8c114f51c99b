"""What a call may not do by a config, or by another of Portkey's headers: stall the gateway, or spoil it for others."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.portkey_objects.inline import inline
from fairlead.config.portkey_objects.pattern import Pattern
from fairlead.config.portkey_objects.query import Test as Asks
from fairlead.routing.facts import Facts
from fairlead.routing.portkey_config import conditions
from tests.portkey.test_configs_here import HI, WELL, by, here
from tests.support.gateway import running
from tests.support.scripted import Connection, answering, completion, reply, scripted

WHOLE = {"strategy": {"mode": "conditional", "default": "a"}, "targets": [{"name": "a", "provider": "@one"}]}
FORGETS_SOON: dict[str, Any] = {"reliability": {"max_retries": 0, "breaker": {"failures": 2}}}


@pytest.mark.parametrize("path", ["m.²", "m.0000000009", "m.1", "m." + "9" * 40, "big", "m.0"])
@pytest.mark.parametrize("operator", ["$eq", "$gt", "$regex"])
def test_no_path_and_no_number_breaks_a_condition(path: str, operator: Any) -> None:
    facts = Facts(b'{"m":[10],"big":1' + b"0" * 400 + b"}")
    test = Asks(("params", *path.split(".")), operator, 1, Pattern("^1") if operator == "$regex" else None)
    assert conditions.holds(test, facts) is (operator != "$eq" and path in ("big", "m.0"))


def test_a_class_of_many_letters_costs_little_however_often_it_stands_there() -> None:
    letters = "".join(chr(0x4E00 + at) for at in range(120))
    pattern = Pattern(f"[{letters}z]{{240}}Q")
    began = time.perf_counter()
    assert not pattern.search("z" * 16_384)
    assert time.perf_counter() - began < 0.2


def test_the_problems_of_a_config_take_no_more_room_than_it() -> None:
    wrong = {f"$b{at}": 1 for at in range(1000)}
    found = inline(
        json.dumps(
            WHOLE
            | {"strategy": {"mode": "conditional", "conditions": [{"query": {"metadata." + "k" * 20_000: wrong}}]}}
        )
    )
    assert found.problems
    assert sum(len(each.path) + len(each.message) + len(each.hint or "") for each in found.problems) < 32_000


async def test_more_dropped_members_than_anybody_needs_are_refused(tmp_path: Path) -> None:
    config = {"provider": "@one", "drop_params": [f"messages[*].a{at}" for at in range(1000)]}
    async with here(tmp_path, WELL, WELL) as (gateway, _one, _two):
        got = await gateway.post(HI, **by(config))
    assert got.status == 400, got.body
    assert "drop_params" in got.body.decode()


def test_metadata_is_decoded_once() -> None:
    facts = Facts(b'{"metadata":{"plan":"paid"}}')
    assert facts.metadata is facts.metadata


async def slowly(connection: Connection) -> None:
    while await connection.request() is not None:
        await asyncio.sleep(0.1)
        await connection.send(reply(completion("slow but well")))


@pytest.mark.parametrize(
    "headers",
    [
        {"x-portkey-request-timeout": "1"},
        by({"provider": "@one", "request_timeout": 1}),
        by({"provider": "@one", "request_timeout": 1, "cb_config": {"failure_threshold": 1}}),
    ],
    ids=["header", "config", "breaker"],
)
async def test_one_clients_impatience_leaves_a_target_well_for_the_others(
    headers: dict[str, str], tmp_path: Path
) -> None:
    async with here(tmp_path, slowly, WELL, **FORGETS_SOON) as (gateway, _one, _two):
        for _ in range(4):
            await gateway.post({**HI, "model": "one/gpt-4"}, **headers)
        ready = await gateway.request("GET", "/readyz")
        got = await gateway.post({**HI, "model": "one/gpt-4"})
    assert not ready.json.get("left_alone"), ready.body
    assert (got.status, got.text) == (200, "slow but well")


async def test_a_config_that_a_call_brings_sets_no_breaker(tmp_path: Path) -> None:
    down = answering(reply({"error": {"message": "no"}}, 500))
    config = {"provider": "@one", "cb_config": {"failure_threshold": 1, "cooldown_interval": 3_600_000}}
    async with here(tmp_path, down, WELL, reliability={"max_retries": 0}) as (gateway, _one, _two):
        said = await gateway.post(HI, **by(config))
        ready = await gateway.request("GET", "/readyz")
    assert not ready.json.get("left_alone"), ready.body
    assert "config.cb_config" in said.headers["x-fairlead-dropped"]


async def test_a_trace_leads_round_no_default_config(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"configs": {"house": {"provider": "@two"}}, "default_config": "house"}
    async with here(tmp_path, WELL, WELL, **settings) as (gateway, one, two):
        got = await gateway.post(HI, **{"x-portkey-trace-id": "t", "x-portkey-retry-count": "0"})
    assert (got.status, len(one.received), len(two.received)) == (200, 0, 1)
    assert got.headers["x-portkey-trace-id"] == "t"


async def test_a_virtual_key_lets_no_model_in_under_an_allowed_ones_name(tmp_path: Path) -> None:
    config = {"virtual_key": "vk-0123456789", "override_params": {"model": "gpt-4.1"}}
    portkey = {"api_key": "pk", "allowed_models": ["gpt-4"]}
    settings: dict[str, Any] = {"portkey": {"virtual_keys": {"openai": "vk-0123456789"}}}
    async with scripted(WELL) as up:
        settings["providers"] = {"portkey": {**portkey, "base_url": up.url}}
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post({**HI, "model": "gpt-4"}, **by(config))
            well = await gateway.post({**HI, "model": "gpt-4"}, **by({"virtual_key": "vk-0123456789"}))
    assert (got.status, well.status, len(up.received)) == (503, 200, 1), (got.body, well.body)
    assert b"does not list it" in got.body
