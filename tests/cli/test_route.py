"""What routing would do, without doing it."""

import json

from tests.cli.conftest import FOUR, KEYS, Program, shipped
from tests.support.scripted import scripted


async def test_it_tells_who_would_serve_and_why_not_another_and_sends_nothing(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("route", "explain", "write a function", AIMLAPI_KEY=KEYS["AIMLAPI_KEY"])
        assert not up.connections
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "intent `code`: `write` … `function` asks for code"
    assert [line.split()[:2] for line in lines[1:]] == [
        ["-", "openrouter/deepseek/deepseek-coder"],
        ["1.", "aimlapi/deepseek/deepseek-coder"],
        ["-", "openrouter/anthropic/claude-3-sonnet"],
        ["2.", "aimlapi/anthropic/claude-3-sonnet"],
    ]
    assert lines[1].endswith("OPENROUTER_API_KEY is not set")


async def test_the_options_of_asking_and_json(ai: Program) -> None:
    ran = await ai("route", "explain", "hello", "--intent", "code", "--provider", "aimlapi", "--json", **KEYS)
    told = json.loads(ran.out)
    assert told["intent"] == "code"
    assert told["serves"] == {"provider": "aimlapi", "model": "deepseek/deepseek-coder"}
    assert [each["provider"] for each in told["candidates"]] == ["aimlapi", "aimlapi"]
    assert all(each["used"] for each in told["candidates"])


async def test_a_model_needs_no_text_to_be_explained(ai: Program) -> None:
    ran = await ai("route", "explain", "-m", "gpt-5")
    assert ran.code == 0
    assert "OPENAI_API_KEY is not set" in ran.out
    assert "nothing would serve it" in ran.out


async def test_a_provider_that_cannot_serve_the_intent(ai: Program) -> None:
    ran = await ai("route", "explain", "hello", "--intent", "fast", "--provider", "aimlapi", **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert "`openrouter` can" in ran.err


async def test_nothing_to_explain(ai: Program) -> None:
    ran = await ai("route", "explain")
    assert (ran.code, ran.out) == (2, "")
