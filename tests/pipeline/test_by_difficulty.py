"""A model that is the cheap or the strong one of two, by how hard a call's text is."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import load
from fairlead.errors import ConfigError
from tests.money.house import priced
from tests.support.gateway import Running, config_for, running
from tests.support.scripted import Scripted, answering, completion, reply, scripted

EASY = "What is the capital of France?"
HARD = (
    "Suppose that one train leaves at 9:00 and another at 10:30. If neither stops, when does each reach the town, "
    "which is 120 km away? Explain why no other answer can be true, and compare both."
)
TIERS = {"cheap": "one/small", "strong": "one/large"}


def settings(up: Scripted, tiers: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    row = {"dialect": "openai-chat", "base_url": up.url, "api_key": "up-secret-key"}
    smart = {"by_difficulty": tiers or TIERS, "aliases": ["clever"]}
    return {"providers": {"one": row}, "models": {"smart": smart, **more.pop("models", {})}, **more}


@contextlib.asynccontextmanager
async def served(
    folder: Path, tiers: dict[str, Any] | None = None, *replies: bytes, **more: Any
) -> AsyncIterator[tuple[Running, Scripted]]:
    """A gateway with these tiers, before an upstream."""
    upstream = scripted(answering(*replies, reply(completion())))
    async with upstream as up, running(folder, settings(up, tiers, **more)) as gateway:
        yield gateway, up


def said(text: str, model: str = "smart", **members: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **members}


def asked(up: Scripted) -> list[str]:
    return [str(each.json["model"]) for each in up.received]


@pytest.mark.parametrize("model", ["smart", "clever"])
async def test_the_strong_model_gets_the_hard_calls(model: str, tmp_path: Path) -> None:
    async with served(tmp_path) as (gateway, up):
        for text in (EASY, HARD, EASY):
            assert (await gateway.post(said(text, model))).status == 200
    assert asked(up) == ["small", "large", "small"]


async def test_the_default_model_may_choose_so(tmp_path: Path) -> None:
    async with served(tmp_path, default_model="smart") as (gateway, up):
        for text in (EASY, HARD):
            await gateway.post(said(text, "auto"))
    assert asked(up) == ["small", "large"]


@pytest.mark.parametrize(("threshold", "models"), [(0, ["large", "large"]), (1, ["small", "small"])])
async def test_the_threshold_decides(threshold: float, models: list[str], tmp_path: Path) -> None:
    async with served(tmp_path, {**TIERS, "threshold": threshold}) as (gateway, up):
        for text in (EASY, HARD):
            await gateway.post(said(text))
    assert asked(up) == models


@pytest.mark.parametrize("otherwise", ["cheap", "strong"])
async def test_a_call_without_text_goes_where_the_configuration_says(otherwise: str, tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    body = {"model": "smart", "messages": [{"role": "user", "content": [picture]}]}
    async with served(tmp_path, {**TIERS, "otherwise": otherwise}) as (gateway, up):
        assert (await gateway.post(body)).status == 200
    assert asked(up) == [{"cheap": "small", "strong": "large"}[otherwise]]


@pytest.mark.parametrize(("text", "models"), [(EASY, ["small", "large"]), (HARD, ["large", "small"])])
async def test_each_tier_stands_in_for_the_other(text: str, models: list[str], tmp_path: Path) -> None:
    failing = reply({"error": {"message": "there is no such model", "code": "model_not_found"}}, 404)
    async with served(tmp_path, None, failing) as (gateway, up):
        assert (await gateway.post(said(text))).status == 200
    assert asked(up) == models


async def test_a_tier_may_be_a_model_of_the_configuration(tmp_path: Path) -> None:
    both = [{"provider": "one", "model": "large"}, {"provider": "one", "model": "larger"}]
    models = {"great": {"targets": both}}
    async with served(tmp_path, {"cheap": "one/small", "strong": "great"}, models=models) as (gateway, up):
        await gateway.post(said(HARD))
    assert asked(up) == ["large"]


async def test_a_tool_loop_stays_where_it_began(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": HARD},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "yes"},
    ]  # fmt: skip
    async with served(tmp_path) as (gateway, up):
        for length in (1, 3):
            assert (await gateway.post({"model": "smart", "messages": turns[:length]})).status == 200
    assert asked(up) == ["large", "large"]


async def test_the_record_has_the_difficulty_and_the_reason(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up, priced(tmp_path, settings(up)) as (gateway, _, kept):
        await gateway.post(said(HARD))
        await gateway.post(said("hello", "one/small"))
        hard, named = await kept.all(2)
    assert hard.difficulty is not None
    assert hard.difficulty > 0.5
    assert f"difficulty {hard.difficulty:.2f}" in hard.reason
    assert "at least 0.5, so the strong model is asked" in hard.reason
    assert named.difficulty is None


LONG = "All of it is as follows. " + "The pump stands on the left, and is blue. " * 2000 + HARD
PRICES = {"one/small": {"input": 1, "output": 2}, "one/large": {"input": 40, "output": 80}}


@pytest.mark.parametrize(
    ("worth", "models"),
    [("0.05", ["small", "small", "small"]), (0.25, ["small", "large", "small"]), (1000, ["large", "large", "large"])],
)
async def test_a_better_answer_must_be_worth_what_it_costs_more(worth: Any, models: list[str], tmp_path: Path) -> None:
    """A call of 400 tokens of answer costs about 0.03 dollars more, the long one 0.85."""
    tiers = {**TIERS, "worth": worth, "threshold": 1}
    async with served(tmp_path, tiers, prices=PRICES) as (gateway, up):
        for text in (EASY, HARD, LONG):
            await gateway.post(said(text))
    assert asked(up) == models


async def test_a_call_that_bounds_its_answer_is_worth_it_sooner(tmp_path: Path) -> None:
    async with served(tmp_path, {**TIERS, "worth": 0.05}, prices=PRICES) as (gateway, up):
        await gateway.post(said(HARD))
        await gateway.post(said(HARD, max_tokens=20))
    assert asked(up) == ["small", "large"]


async def test_without_a_price_the_threshold_counts(tmp_path: Path) -> None:
    async with served(tmp_path, {**TIERS, "worth": 0.000001}) as (gateway, up):
        for text in (EASY, HARD):
            await gateway.post(said(text))
    assert asked(up) == ["small", "large"]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({}, "missing; expected a list"),
        ({"by_difficulty": {"cheap": "one/a"}}, "models.bad.by_difficulty.strong: missing; expected text"),
        ({"by_difficulty": {**TIERS, "threshold": 2}}, "it must be at most 1"),
        (
            {"by_difficulty": TIERS, "targets": [{"provider": "one", "model": "a"}]},
            "both `targets` and `by_difficulty`",
        ),
        ({"by_difficulty": {**TIERS, "worth": 0}}, "it must be more than 0"),
        ({"by_difficulty": {**TIERS, "cheap": "bad"}}, "a model that chooses by difficulty itself"),
        (
            {"by_difficulty": {**TIERS, "strong": "Worse"}, "aliases": ["worse"]},
            "a model that chooses by difficulty itself",
        ),
    ],
)
def test_a_configuration_that_cannot_be_meant(model: dict[str, Any], told: str, tmp_path: Path) -> None:
    row = {"dialect": "openai-chat", "base_url": "http://127.0.0.1:9/v1"}
    file = config_for(tmp_path, {"providers": {"one": row}, "models": {"bad": model}})
    with pytest.raises(ConfigError) as caught:
        load(str(file), {"HOME": str(tmp_path)}, tmp_path)
    assert told in str(caught.value) + "".join(str(each) for each in caught.value.problems)
