"""DEFAULT_MODEL at the command line: why a model answers a question that names none."""

import json

from tests.cli.conftest import FOUR, KEYS, Program, shipped
from tests.support.scripted import scripted

AUTO = {**KEYS, "DEFAULT_MODEL": "auto"}


async def test_b31_the_ranks_are_told_by_both_commands_that_explain(ai: Program) -> None:
    for line in (["models", "explain", "auto"], ["route", "explain", "write a function"]):
        ran = await ai(*line, **AUTO)
        assert ran.code == 0, ran.err
        lines = ran.out.splitlines()
        assert lines[0] == "the best model of the registry that can be had, by its rank"
        assert lines[1].split()[:4] == ["1.", "openrouter/~google/gemini-flash-latest", "rank", "86"]


async def test_b31_and_as_json(ai: Program) -> None:
    ran = await ai("models", "explain", "auto", "--json", **AUTO)
    told = json.loads(ran.out)
    assert told["serves"] == {"provider": "openrouter", "model": "~google/gemini-flash-latest"}
    assert told["candidates"][0]["reason"].startswith("rank 86 (intelligence 75, context 3, ")


async def test_b31_a_question_goes_to_the_best_model(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("write a function", **AUTO)
        assert ran.code == 0, ran.err
        assert up.received[0].json["model"] == "~google/gemini-flash-latest"


async def test_the_list_says_what_auto_stands_for(ai: Program) -> None:
    ran = await ai("models", "--json", **{**KEYS, "DEFAULT_MODEL": "gpt-4o"})
    auto = next(model for model in json.loads(ran.out) if model["name"] == "auto")
    assert (auto["model"], auto["about"]) == ("openai/gpt-4o", "stands for gpt-4o")
