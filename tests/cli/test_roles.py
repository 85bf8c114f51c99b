"""`ai --role`, and what `ai route explain` tells of what a call is read for."""

import json
from typing import Any

from tests.cli.conftest import FOUR, Program, only
from tests.support.scripted import scripted

PORTKEY: dict[str, Any] = {
    "PORTKEY_API_KEY": "pk",
    "PORTKEY_VIRTUAL_KEY": "vk-0123456789abcdef",
    "OPENROUTER_API_KEY": "or",
}


async def test_a_role_can_be_asked(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up, roles={"POET": {"providers": ["up/a-model"]}}))
        ran = await ai("--role", "poet", "hello")
        assert (ran.code, ran.out) == (0, "four\n")
        assert up.received[0].json["model"] == "a-model"


async def test_a_role_and_a_model_are_one_too_many(ai: Program) -> None:
    ran = await ai("--role", "poet", "-m", "gpt-4o", "hello")
    assert (ran.code, ran.out) == (2, "")
    assert "a model and a role are named" in ran.err


async def test_an_unknown_role_is_told_with_those_that_there_are(ai: Program) -> None:
    ran = await ai("--role", "code-reviewr", "hello", FAIRLEAD_PROFILE="agents")
    assert ran.code == 2
    assert "did you mean `CODE_REVIEWER`?" in ran.err


async def test_a_role_is_explained(ai: Program) -> None:
    ran = await ai("route", "explain", "--role", "CODE_REVIEWER", FAIRLEAD_PROFILE="agents", DEEPSEEK_API_KEY="k")
    lines = ran.out.splitlines()
    assert lines[0] == "role `CODE_REVIEWER`"
    assert [line.split()[0] for line in lines[1:]] == ["-", "-", "1."]
    assert "OPENAI_API_KEY is not set; and by `portkey`: PORTKEY_API_KEY is not set" in lines[1]


async def test_what_a_call_is_read_for_is_explained(ai: Program) -> None:
    ran = await ai("route", "explain", "Quel temps fait-il à Lyon ?", FAIRLEAD_PROFILE="hybrid", **PORTKEY)
    told = {line.split(":")[0]: line for line in ran.out.splitlines() if ":" in line}
    assert "yes" in told["the web"]
    assert "asks for what only the web of today knows" in told["the web"]
    assert "no" in told["pictures"].split()
    assert "simple" in told["complexity"]
    assert any(line.startswith("1.") and "openai/gpt-4o:online" in line for line in ran.out.splitlines())


async def test_the_explanation_for_programs_has_the_analysis(ai: Program) -> None:
    ran = await ai("route", "explain", "--json", "hello", FAIRLEAD_PROFILE="hybrid", **PORTKEY)
    found = json.loads(ran.out)["analysis"]
    assert (found["requires_vision"], found["complexity"], found["task_type"]) == (False, "simple", "simple_queries")
    assert set(found["reasons"]) == {"vision", "search", "complexity", "task"}
