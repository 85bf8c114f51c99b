"""Seed 002's routing block, as it is written there (C01, C02, C03)."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairlead.errors import ConfigError
from fairlead.routing.facts import Facts
from fairlead.routing.moment import Moment, Prices
from fairlead.routing.notes import doubts
from fairlead.routing.plan import Plan, Wanted, plan
from fairlead.routing.policy import Policy
from fairlead.routing.target import Target
from tests.support.gateway import running
from tests.support.scripted import Scripted, answering, completion, reply, scripted
from tests.tasks.policies import config, policy

BLOCK = """
{
  "routing": {
    "strategy": "hybrid_optimization",
    "primary_models": {
      "reasoning_tasks": "claude-3-opus",
      "code_generation": "gpt-4o", 
      "data_analysis": "gemini-1.5-pro",
      "simple_queries": "claude-3-haiku"
    },
    "fallback_chain": ["claude-3-opus", "gpt-4o", "gemini-1.5-pro"],
    "cost_threshold": 0.01,
    "latency_threshold_ms": 2000
  }
}
"""  # noqa: W291 - as the seed has it
WELL = answering(reply(completion("hello")))
FAILING = answering(reply({"error": {"message": "boom"}}, 500))
KEYS = {"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "GEMINI_API_KEY": "g"}
# $ for a million tokens of output, so that 500 of them cost 0.0375, 0.01, 0.0025 and 0.000625 dollars.
RATES = {"claude-3-opus-20240229": 75.0, "gpt-4o": 20.0, "gemini-1.5-pro": 5.0, "claude-3-haiku-20240307": 1.25}


def block(**changes: Any) -> dict[str, Any]:
    return {"routing": {**json.loads(BLOCK)["routing"], **changes}}


def models(made: Plan) -> list[str]:
    return [target.model for target in made.targets]


def chosen(known: Policy, asked: str, text: str = "hello", rates: dict[str, float] = RATES, **members: Any) -> Plan:
    """The plan of one call, at these rates for output; input costs nothing."""
    made = plan(Wanted(asked), known)
    body = {"messages": [{"role": "user", "content": text}], **members}

    def price(target: Target) -> Prices | None:
        return Prices(0.0, 0.0, rates[target.model]) if target.model in rates else None

    if made.choose is None:
        return made
    return made.choose(made, Moment(lambda: 0.5, 0.0, Facts(json.dumps(body).encode()), price=price, explains=True))


def test_c01_the_block_is_taken_as_it_is_written() -> None:
    said = config(BLOCK).routing
    assert said is not None
    assert (said.strategy, said.cost_threshold, said.latency_threshold_ms) == ("hybrid_optimization", 0.01, 2000)
    assert said.primary_models["data_analysis"] == "gemini-1.5-pro"
    assert said.fallback_chain == ["claude-3-opus", "gpt-4o", "gemini-1.5-pro"]


@pytest.mark.parametrize(
    ("task", "first"),
    [
        ("reasoning_tasks", "claude-3-opus-20240229"),
        ("code_generation", "gpt-4o"),
        ("data_analysis", "gemini-1.5-pro"),
        ("simple_queries", "claude-3-haiku-20240307"),
    ],
)
def test_c01_the_task_has_its_model_then_comes_the_chain(task: str, first: str) -> None:
    known = policy(block(cost_threshold=None, latency_threshold_ms=None), **KEYS)
    chain = ["claude-3-opus-20240229", "gpt-4o", "gemini-1.5-pro"]
    for made in (plan(Wanted(f"task:{task}"), known), plan(Wanted("auto", None, task), known)):
        assert models(made) == [first, *(name for name in chain if name != first)]
        assert made.intent == task


@pytest.mark.parametrize(("rate", "first"), [(20.0, "gpt-4o"), (20.000002, "gemini-1.5-pro"), (19.9, "gpt-4o")])
def test_c02_above_the_cost_threshold_the_next_cheaper_goes_first(rate: float, first: str) -> None:
    """500 tokens at $20 a million are $0.01, which is not above it; a billionth of a dollar more is."""
    made = chosen(policy(BLOCK, **KEYS), "task:code_generation", rates={**RATES, "gpt-4o": rate})
    assert models(made)[0] == first


def test_c02_the_next_cheaper_is_the_dearest_that_is_within_it() -> None:
    made = chosen(policy(BLOCK, **KEYS), "task:reasoning_tasks")
    assert models(made) == ["gpt-4o", "gemini-1.5-pro", "claude-3-opus-20240229"]
    assert "at about $0.037500 it is above cost_threshold" in made.candidates[2].reason
    assert made.candidates[0].scores == (("estimated_cost_usd", 0.01),)


def test_c02_where_all_are_above_it_the_cheapest_goes_first() -> None:
    made = chosen(policy(block(cost_threshold=0.000001), **KEYS), "task:reasoning_tasks")
    assert models(made) == ["gemini-1.5-pro", "gpt-4o", "claude-3-opus-20240229"]


def test_c02_a_call_that_allows_few_tokens_costs_less() -> None:
    made = chosen(policy(BLOCK, **KEYS), "task:reasoning_tasks", max_tokens=100)
    assert models(made)[0] == "claude-3-opus-20240229"


def test_c02_a_price_that_nobody_knows_is_no_reason_to_pass_a_model_over() -> None:
    made = chosen(policy(BLOCK, **KEYS), "task:reasoning_tasks", rates={})
    assert models(made)[0] == "claude-3-opus-20240229"
    assert made.candidates[0].scores == (("estimated_cost_usd", "unknown"),)


@pytest.mark.parametrize(("slowest", "demoted"), [(1.999, False), (2.0, False), (2.001, True)])
def test_c03_a_model_that_begins_too_late_stands_last(slowest: float, demoted: bool) -> None:
    known = policy(block(cost_threshold=None), **KEYS)
    first = plan(Wanted("task:code_generation"), known).targets[0]
    for _ in range(40):
        first.standing.answered(0.0, slowest, stream=True)
    made = chosen(known, "task:code_generation")
    assert models(made) == (
        ["claude-3-opus-20240229", "gemini-1.5-pro", "gpt-4o"]
        if demoted
        else ["gpt-4o", "claude-3-opus-20240229", "gemini-1.5-pro"]
    )


def test_c03_one_late_answer_in_forty_is_none() -> None:
    known = policy(block(cost_threshold=None), **KEYS)
    standing = plan(Wanted("task:code_generation"), known).targets[0].standing
    for at in range(40):
        standing.answered(0.0, 30.0 if at == 7 else 0.5, stream=True)
    assert models(chosen(known, "task:code_generation"))[0] == "gpt-4o"


def test_c03_whole_replies_say_nothing_about_first_tokens() -> None:
    known = policy(block(cost_threshold=None), **KEYS)
    standing = plan(Wanted("task:code_generation"), known).targets[0].standing
    for _ in range(40):
        standing.answered(0.0, 30.0, stream=False)
    assert models(chosen(known, "task:code_generation"))[0] == "gpt-4o"


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Write a Python function that merges two lists", "code_generation"),
        ("Hello!", "simple_queries"),
        ("Analyze the correlation in this dataset", "data_analysis"),
        (
            "Prove rigorously, step by step, that the algorithm is optimal and evaluate the trade-offs",
            "reasoning_tasks",
        ),
    ],
)
def test_a_call_that_names_nothing_goes_by_what_is_read_in_it(text: str, task: str) -> None:
    known = policy(block(cost_threshold=None), **KEYS)
    made = chosen(known, "auto", text)
    assert made.intent == task
    assert models(made)[0] == models(plan(Wanted(f"task:{task}"), known))[0]
    assert made.analysis is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strategy": "best"}, "got `best`"),
        ({"cost_threshold": -1}, "routing.cost_threshold"),
        ({"latency_threshold_ms": 0}, "it must be more than 0"),
        ({"fallback": []}, "unknown name"),
        ({"complexity": {"hard": "gpt-4o"}}, "unknown name"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(block(**changes))
    assert any(said in f"{problem.path}: {problem.message}" for problem in caught.value.problems)


def stage(*up: Scripted) -> dict[str, Any]:
    """The block with its models at upstreams of ours."""
    names = ("openai", "anthropic", "google")
    urls = {
        name: {"base_url": each.url, "api_key": "k", "dialect": "openai-chat"}
        for name, each in zip(names, up, strict=True)
    }
    return {"providers": urls, **block(cost_threshold=None)}


async def test_x21_the_chain_takes_over_through_the_server(tmp_path: Path) -> None:
    async with scripted(FAILING) as openai, scripted(WELL) as anthropic, scripted(WELL) as google:
        async with running(tmp_path, stage(openai, anthropic, google)) as gateway:
            body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
            answer = await gateway.post(body, x_fairlead_intent="code_generation")
            read = await gateway.post({**body, "messages": [{"role": "user", "content": "Write a bash script"}]})
        assert (answer.status, answer.headers["x-fairlead-provider"]) == (200, "anthropic")
        assert (answer.headers["x-fairlead-intent"], read.headers["x-fairlead-intent"]) == ("code_generation",) * 2
        assert [each.json["model"] for each in openai.received] == ["gpt-4o"] * len(openai.received)
        assert google.received == []


def asking(content: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": content}]}


async def test_c24_pictures_the_web_complexity_in_this_order_through_the_server(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    hard = "Prove step by step, rigorously, that the algorithm is optimal and search the web for the latest news"
    asked = [[{"type": "text", "text": hard}, picture], hard, hard.partition(" and ")[0], "Hello!"]
    async with scripted(WELL) as portkey, scripted(WELL) as openrouter:
        settings = {
            "profile": "hybrid",
            "providers": {"portkey": {"base_url": portkey.url}, "openrouter": {"base_url": openrouter.url}},
        }
        environ = {"PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk", "OPENROUTER_API_KEY": "or"}
        async with running(tmp_path, settings, environ) as gateway:
            said = [await gateway.post(asking(content)) for content in asked]
    assert [(each.headers["x-fairlead-provider"], each.headers["x-fairlead-model"]) for each in said] == [
        ("openrouter", "openai/gpt-4-vision-preview"),
        ("openrouter", "openai/gpt-4o:online"),
        ("portkey", "claude-3-opus-20240229"),
        ("portkey", "claude-3-haiku-20240307"),
    ]


@pytest.mark.parametrize("strict", [False, True])
async def test_c02_the_threshold_holds_with_true_prices_through_the_server(tmp_path: Path, strict: bool) -> None:
    """At $75 a million, 500 tokens of `claude-3-opus` are more than a cent, and less than ten."""
    async with scripted(WELL) as openai, scripted(WELL) as anthropic, scripted(WELL) as google:
        settings = stage(openai, anthropic, google)
        settings["routing"]["cost_threshold"] = 0.01 if strict else 0.1
        async with running(tmp_path, settings) as gateway:
            answer = await gateway.post(asking("hello"), x_fairlead_intent="reasoning_tasks")
    assert answer.headers["x-fairlead-provider"] == ("openai" if strict else "anthropic")


def test_a_newcomer_without_a_key_is_answered_by_the_small_model() -> None:
    made = plan(Wanted("auto"), policy({"profile": "hybrid"}))
    assert [each.provider.name for each in made.targets] == ["echo"]


def test_a_default_model_goes_before_what_is_read() -> None:
    made = plan(Wanted("auto"), policy({**block(), "default_model": "gpt-4o"}, **KEYS))
    assert made.choose is None
    assert models(made) == ["gpt-4o"]


def test_a_name_that_no_model_answers_to_is_told_of() -> None:
    known = policy(block(fallback_chain=["claude-3-opus", "gtp-4o"]), **KEYS)
    assert list(doubts(known)) == ["`routing` lists `gtp-4o`, which is no name of a model that is known here"]
    assert list(doubts(policy({"profile": "hybrid"}))) == []
