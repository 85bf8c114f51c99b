"""A key's rights and the gateway's peace hold, whatever a call says in OpenRouter's words."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairlead.ledger.objects import NewKey
from fairlead.ledger.rights import Rights
from tests.openrouter.stage import ADMIN, DOWN, MODEL, Stage, staged

OTHER = "mistral/mistral-large-latest"
TRACED = {"x-portkey-trace-id": "t"}
EMPTY = {"x-portkey-config": json.dumps({"provider": "@openrouter"})}


async def key_of(stage: Stage, **rights: Any) -> dict[str, str]:
    """The header of a new key with these rights."""
    made = stage.directory.add_key(ADMIN, NewKey(name="k", rights=Rights(**rights)))
    await stage.gateway.engine.keyring.look()
    return {"authorization": f"Bearer {made.key}"}


@pytest.mark.parametrize("headers", [{}, TRACED, EMPTY], ids=["plain", "trace", "config"])
async def test_a_router_hears_of_no_models_that_were_not_planned_for(headers: dict[str, str], tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN) as stage:
        own = await key_of(stage, models=["openai/*"], config_override=True)
        got = await stage.ask("openrouter/openai/gpt-4.1", models=[OTHER], preset="p", headers={**own, **headers})
        assert got.status == 200, got.body
        assert stage.openrouter.received[0].json.keys() == {"model", "messages"}
        assert stage.openrouter.received[0].json["model"] == MODEL
        assert stage.asked == {"openrouter": 1}


async def test_what_a_call_asks_of_providers_holds_beside_a_trace(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        got = await stage.ask(provider={"zdr": True, "ignore": ["openrouter"]}, headers=TRACED)
        assert (got.status, stage.asked) == (404, {}), got.body
        got = await stage.ask(provider={"zdr": True}, headers=TRACED)
        assert (got.status, stage.asked) == (200, {"openrouter": 1}), got.body
        assert got.headers["x-portkey-trace-id"] == "t"


@pytest.mark.parametrize("member", ["override_params", "default_params"])
@pytest.mark.parametrize("name", ["models", "preset", "route"])
async def test_a_config_that_a_call_brings_names_no_further_models(name: str, member: str, tmp_path: Path) -> None:
    config = {"provider": "@openrouter", member: {name: [OTHER]}}
    async with staged(tmp_path) as stage:
        got = await stage.ask(headers={"x-portkey-config": json.dumps(config)})
        assert (got.status, stage.asked) == (400, {}), got.body
        assert f"{member}.{name}" in got.body.decode()


async def test_a_config_gets_a_key_no_model_by_standing_in_for_auto(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        own = await key_of(stage, models=["auto"], config_override=True)
        config = {"provider": "@openai", "default_params": {"model": "gpt-4.1"}}
        got = await stage.ask("auto", headers={**own, "x-portkey-config": json.dumps(config)})
        assert (got.status, stage.asked) == (403, {}), got.body


UNREADABLE = {
    "models": b'"models":[1e999]',
    "provider": b'"provider":{"max_price":{"prompt":1e999}}',
    "a huge price": b'"provider":{"max_price":{"prompt":1' + b"0" * 5000 + b"}}",
    "a parameter": b'"provider":{"require_parameters":true},"tools":[1e999]',
    "a tier": b'"models":["openai/gpt-4.1"],"service_tier":1e999',
    "a session": b'"session_id":1e999',
    "transforms": b'"transforms":[1e999]',
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_what_cannot_be_read_is_the_clients_matter(case: str, tmp_path: Path) -> None:
    body = b'{"model":"openai/gpt-4.1","messages":[{"role":"user","content":"hi"}],' + UNREADABLE[case] + b"}"
    async with staged(tmp_path) as stage:
        got = await stage.gateway.post(body)
        assert (got.status, stage.asked) == (400, {}), got.body


@pytest.mark.parametrize("name", ["models", "provider", "transforms"])
async def test_no_depth_breaks_the_reading(name: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for depth in (40, *range(800, 1040, 3)):
            nested = b"[" * depth + b"]" * depth
            got = await stage.gateway.post(
                b'{"model":"openai/gpt-4.1","messages":[{"role":"user","content":"hi"}],"%b":%b}'
                % (name.encode(), nested)
            )
            assert got.status == (200 if name == "transforms" and got.status == 200 else 400), (depth, got.body)


@pytest.mark.parametrize(
    "path", ["/v1/key", "/v1/credits", "/v1/generation?id=" + "0" * 32, "/v1/model/openai/gpt-4.1"]
)
async def test_an_admin_key_is_told_which_key_it_takes(path: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        made = stage.directory.add_key(ADMIN, NewKey(name="boss", kind="admin", role="admin"))
        await stage.gateway.engine.keyring.look()
        got = await stage.gateway.request("GET", path, authorization=f"Bearer {made.key}")
        assert got.status == 403, got.body
        assert "this is an admin key, and calls take a client key" in got.error["message"]


async def test_a_variant_passes_no_budget_and_no_limit_to_models(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        own = await key_of(stage, models=["openai/gpt-4.1-mini"])
        for model in ("openai/gpt-4.1:floor", "openai/gpt-4.1:free", "openai/gpt-4.1-mini:online/../gpt-4.1"):
            got = await stage.ask(model, headers=own)
            assert got.status in (400, 403, 404), (model, got.body)
        assert not stage.asked
