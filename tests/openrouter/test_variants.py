"""Variants behind a model's name: `:floor`, `:nitro`, `:free`, `:online`, `:thinking`."""

from pathlib import Path

import pytest

from tests.openrouter.stage import MODEL, Stage, staged
from tests.support.scripted import answering, completion, reply

BOTH = {"targets": [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "mistral", "model": "gpt-4.1"}]}
DOWN = answering(reply({"error": {"message": "down"}}, 503))


def fast(stage: Stage, provider: str, tokens: int) -> None:
    """So many tokens came in a second."""
    policy = stage.gateway.engine.gateway.policy
    policy.board.standing(policy.providers[provider], "gpt-4.1").flowed(tokens, 1.0)


@pytest.mark.parametrize("by", [":nitro", "sort", "preferred"])
async def test_nitro_is_the_fastest_first(by: str, tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}) as stage:
        fast(stage, "openai", 20)
        fast(stage, "mistral", 200)
        if by == ":nitro":
            await stage.ask("m:nitro")
        elif by == "sort":
            await stage.ask("m", provider={"sort": {"by": "throughput", "partition": "model"}})
        else:
            await stage.ask("m", provider={"preferred_min_throughput": {"p90": 100}})
        assert stage.asked == {"mistral": 1}


async def test_the_quickest_is_first_where_the_call_sorts_by_latency(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}) as stage:
        policy = stage.gateway.engine.gateway.policy
        for name, seconds in (("openai", 2.0), ("mistral", 0.5)):
            policy.board.standing(policy.providers[name], "gpt-4.1").answered(0.0, seconds, stream=True)
        await stage.ask("m", provider={"sort": "latency"})
        assert stage.asked == {"mistral": 1}


async def test_a_stream_tells_how_fast_its_target_is(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}) as stage:
        policy = stage.gateway.engine.gateway.policy
        standing = policy.board.standing(policy.providers["openai"], "gpt-4.1")
        standing.flowed(101, 2.0)
        assert standing.throughput == 50
        standing.flowed(1, 2.0)
        standing.flowed(7, 0.0)
        assert standing.throughput == 50


async def test_free_is_what_is_known_to_cost_nothing(tmp_path: Path) -> None:
    prices = {"openai/gpt-4.1": {"input": 2, "output": 8}, "mistral/gpt-4.1": {"input": 0, "output": 0}}
    async with staged(tmp_path, models={"m": BOTH}, prices=prices) as stage:
        await stage.ask("m:free")
        assert stage.asked == {"mistral": 1}


@pytest.mark.parametrize("variant", ["online", "extended", "exacto"])
async def test_what_only_openrouter_can_do_goes_there_with_the_word(variant: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.ask(f"{MODEL}:{variant}")
        assert stage.asked == {"openrouter": 1}
        assert stage.openrouter.received[0].json["model"] == f"{MODEL}:{variant}"


async def test_floor_is_sorted_here_and_told_to_a_router(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN) as stage:
        await stage.ask(f"{MODEL}:floor", provider={"ignore": ["openai"]})
        assert stage.openrouter.received[0].json["model"] == f"{MODEL}:floor"


async def test_thinking_is_asked_for_in_the_targets_words(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN) as stage:
        await stage.ask("openai/o4-mini:thinking")
        assert stage.openai.received[0].json["reasoning_effort"] == "medium"
        assert stage.openai.received[0].json["model"] == "o4-mini"
        assert stage.openrouter.received[0].json["model"] == "openai/o4-mini:thinking"
        assert "reasoning_effort" not in stage.openrouter.received[0].json
        await stage.ask("openai/o4-mini:thinking", reasoning_effort="high", provider={"only": ["openai"]})
        assert stage.openai.received[-1].json["reasoning_effort"] == "high"


async def test_a_name_of_the_configuration_has_no_variant(tmp_path: Path) -> None:
    models = {"house:free": {"targets": [{"provider": "openai", "model": "gpt-4.1"}]}}
    async with staged(tmp_path, models=models) as stage:
        assert (await stage.ask("house:free")).status == 200
        assert stage.asked == {"openai": 1}


async def test_require_parameters_bars_who_cannot(tmp_path: Path) -> None:
    entries = {"openai": {"capabilities": ["chat", "streaming"]}}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    async with staged(
        tmp_path, models={"m": BOTH}, entries=entries, mistral=answering(reply(completion("x")))
    ) as stage:
        await stage.ask("m", tools=[tool], provider={"require_parameters": True})
        assert stage.asked == {"mistral": 1}
        got = await stage.ask("m", tools=[tool], provider={"require_parameters": True, "only": ["openai"]})
        assert (got.status, got.error["code"]) == (404, "no_allowed_provider")
        assert "takes no `tools`" in got.error["message"]
