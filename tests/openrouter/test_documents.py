"""What clients of OpenRouter ask besides calls: `/generation`, `/key`, `/credits`, `/models` and their endpoints."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fairlead.ledger.allowances import Allowance
from fairlead.ledger.objects import NewKey
from tests.openrouter.stage import ADMIN, MODEL, Stage, staged
from tests.support.gateway import KEY, HttpReply
from tests.support.scripted import answering, completion, reply

USED = answering(reply(completion("hi", prompt_tokens=1000, completion_tokens=100, total_tokens=1100)))
PRICES = {"openai/gpt-4.1": {"input": 2, "output": 8}}
COST = 0.0028


async def get(stage: Stage, path: str, key: str | None = None) -> HttpReply:
    return await stage.gateway.request("GET", path, authorization=f"Bearer {key or KEY}")


async def made(stage: Stage, name: str, **said: Any) -> str:
    """A new client key."""
    found = await asyncio.to_thread(stage.directory.add_key, ADMIN, NewKey(name=name, **said))
    await stage.gateway.engine.keyring.look()
    return found.key


async def folded(stage: Stage) -> None:
    """Until what was called is in the database."""
    folder = stage.gateway.engine.accounting.folder
    assert folder is not None
    await asyncio.to_thread(folder.step)


async def test_a_generation_is_told_by_the_id_that_its_reply_had(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=USED, prices=PRICES) as stage:
        told = (await stage.ask(session_id="s")).headers["x-generation-id"]
        for path in (f"/v1/generation?id={told}", f"/api/v1/generation?id=gen-{told}"):
            data = (await get(stage, path)).json["data"]
            assert (data["id"], data["model"], data["provider_name"]) == (told, "gpt-4.1", "openai")
            assert (data["total_cost"], data["usage"]) == (COST, COST)
            assert (data["tokens_prompt"], data["native_tokens_completion"]) == (1000, 100)
            assert [each["status"] for each in data["provider_responses"]] == [200]


async def test_a_generation_of_another_key_is_not_there(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        told = (await stage.ask()).headers["x-generation-id"]
        other = await made(stage, "other")
        assert (await get(stage, f"/v1/generation?id={told}", other)).status == 404
        assert (await get(stage, f"/v1/generation?id={told}")).status == 200


@pytest.mark.parametrize("query", ["", "?id=", "?id=12345678", "?id=" + "z" * 32])
async def test_a_generation_is_asked_for_by_its_whole_id(query: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.ask()
        assert (await get(stage, f"/v1/generation{query}")).status in (400, 404)


async def test_a_key_tells_what_it_has_spent_and_may_spend(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=USED, prices=PRICES) as stage:
        mine = await made(stage, "mine", budgets=[Allowance(limit="1", every="month")])
        await stage.ask()
        await stage.ask(headers={"authorization": f"Bearer {mine}"})
        await folded(stage)
        data = (await get(stage, "/v1/key", mine)).json["data"]
        assert data["label"] == "mine"
        assert [data[name] for name in ("usage", "usage_daily", "usage_weekly", "usage_monthly")] == [COST] * 4
        assert (data["limit"], data["limit_remaining"], data["limit_reset"]) == (1, 1 - COST, "monthly")
        assert data["effective_budget"]["remaining_usd"] == 1 - COST
        assert (await get(stage, "/api/v1/auth/key", mine)).json["data"] == data
        said = (await get(stage, "/v1/credits", mine)).json["data"]
        assert said == {"total_credits": 1, "total_usage": COST}


async def test_a_key_without_a_budget_has_no_limit(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        data = (await get(stage, "/v1/key")).json["data"]
        assert (data["limit"], data["limit_remaining"], data["budgets"]) == (None, None, [])
        assert (await get(stage, "/v1/credits")).json["data"] == {"total_credits": 4_000_000_000, "total_usage": 0}


async def test_a_list_of_models_has_prices_and_contexts_and_suits_openais_client(tmp_path: Path) -> None:
    models = {"m": {"targets": [{"provider": "openai", "model": "gpt-4.1"}]}}
    async with staged(tmp_path, models=models, prices=PRICES, profile="registry") as stage:
        listed = {each["id"]: each for each in (await get(stage, "/v1/models")).json["data"]}
        assert listed["m"]["pricing"]["prompt"] == "0.000002"
        assert listed["m"]["pricing"]["completion"] == "0.000008"
        known = [each for each in stage.gateway.engine.gateway.policy.registry.models if each.name in listed]
        assert known
        assert [listed[each.name]["context_length"] for each in known] == [each.context_window for each in known]
        names = [each.id async for each in stage.gateway.openai().models.list()]
    assert names == list(listed)


async def test_an_unknown_price_is_no_price(tmp_path: Path) -> None:
    entry = {"house": {"dialect": "openai-chat", "base_url": "http://127.0.0.1:1/v1", "api_key": "k"}}
    async with staged(tmp_path, models={"h": {"targets": [{"provider": "house", "model": "h"}]}}, more=entry) as stage:
        told = (await get(stage, "/v1/model/h")).json["data"]
    assert told["pricing"] == {"prompt": "-1", "completion": "-1"}


async def test_a_models_endpoints_are_who_serves_it_in_their_order(tmp_path: Path) -> None:
    both = [{"provider": name, "model": "gpt-4.1"} for name in ("openai", "mistral")]
    entries = {"mistral": {"quantizations": ["bf16"]}}
    async with staged(tmp_path, models={"a/m": {"targets": both}}, prices=PRICES, entries=entries) as stage:
        data = (await get(stage, "/api/v1/models/a/m/endpoints")).json["data"]
        assert data["id"] == "a/m"
        assert [each["provider_name"] for each in data["endpoints"]] == ["openai", "mistral"]
        assert [each["quantization"] for each in data["endpoints"]] == ["unknown", "bf16"]
        assert data["endpoints"][0]["pricing"]["completion"] == "0.000008"
        assert (await get(stage, "/v1/models/nobody-has-this/endpoints")).status == 404


@pytest.mark.parametrize("path", ["/v1/key", "/v1/credits", "/v1/generation?id=1", f"/v1/models/{MODEL}/endpoints"])
async def test_nobody_asks_without_a_key(path: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        assert (await stage.gateway.request("GET", path, authorization="")).status == 401
