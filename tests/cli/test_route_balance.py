"""`ai route explain` of a model whose targets are equals: what each is chosen by, and what it takes."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Program

KEYS: dict[str, Any] = {"OPENAI_API_KEY": "sk-none", "GROQ_API_KEY": "gsk-none"}


def equal(balance: str) -> dict[str, Any]:
    targets = [{"provider": "groq", "model": "x", "weight": 1}, {"provider": "openai", "model": "gpt-x", "weight": 3}]
    prices = {"openai/gpt-x": {"input": "1.5", "output": "6"}}
    return {"models": {"m": {"balance": balance, "targets": targets}}, "prices": prices}


@pytest.mark.parametrize(
    ("balance", "why"),
    [
        ("weighted", "target 2 of `m`; drawn first for 75.0% of calls"),
        ("cheapest", "target 2 of `m`; $2.625 for a million tokens, three of four of them read"),
    ],
)
async def test_the_order_is_that_of_what_they_are_chosen_by(ai: Program, balance: str, why: str) -> None:
    ai.config(equal(balance))
    ran = await ai("route", "explain", "-m", "m", **KEYS)
    first = ran.out.splitlines()[1]
    assert first.split()[:2] == ["1.", "openai/gpt-x"]
    assert why in first
    assert first.endswith("$1.5 in, $6 out")


async def test_programs_get_the_scores(ai: Program) -> None:
    ai.config(equal("best"))
    ran = await ai("route", "explain", "-m", "m", "--json", **KEYS)
    scores = json.loads(ran.out)["candidates"][0]["scores"]
    assert scores == {"weight": 1.0, "state": "closed", "health": 1.0, "in_flight": 0, "score": 0.5}
