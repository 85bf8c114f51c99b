"""`CostOptimizedRouter.select_optimal_model` as the seed writes it (C26, X14), and the strategy that uses it."""

import inspect

import pytest

from fairlead.enhanced import CostOptimizedRouter
from fairlead.routing.plan import Wanted, plan
from tests.tasks.policies import policy
from tests.tasks.test_routing_block import KEYS, chosen, models

HAIKU, MINI, OPUS, GPT_4O = "claude-3-haiku", "gpt-4o-mini", "claude-3-opus", "gpt-4o"


@pytest.mark.parametrize(
    ("complexity", "budget", "model"),
    [
        ("simple", 0.0, HAIKU),
        ("simple", 0.000_999_999, HAIKU),
        ("simple", 0.001, GPT_4O),
        ("simple", 1.0, GPT_4O),
        ("medium", 0.001, MINI),
        ("medium", 0.004_999_999, MINI),
        ("medium", 0.005, GPT_4O),
        ("medium", 1.0, GPT_4O),
        ("high", 0.0, OPUS),
        ("high", 100.0, OPUS),
        ("anything else", 0.0, GPT_4O),
    ],
)
async def test_c26_the_model_by_complexity_and_budget(complexity: str, budget: float, model: str) -> None:
    assert await CostOptimizedRouter().select_optimal_model(complexity, budget) == model


def test_c26_the_signature_and_the_costs() -> None:
    parameters = inspect.signature(CostOptimizedRouter.select_optimal_model).parameters
    assert list(parameters) == ["self", "query_complexity", "budget_limit"]
    assert inspect.iscoroutinefunction(CostOptimizedRouter.select_optimal_model)
    assert CostOptimizedRouter.MODEL_COSTS == {HAIKU: 0.00025, MINI: 0.000150, OPUS: 0.015, GPT_4O: 0.005}


SIMPLE, MEDIUM = "Hello!", "Compare these two plans in detail and list what each must have"
HARD = "Prove rigorously, step by step, that the algorithm is optimal and evaluate the trade-offs"


@pytest.mark.parametrize(
    ("text", "budget", "first"),
    [
        (SIMPLE, 0.0009, "claude-3-haiku-20240307"),
        (SIMPLE, 0.001, "gpt-4o"),
        (MEDIUM, 0.0049, "gpt-4o-mini"),
        (MEDIUM, 0.005, "gpt-4o"),
        (HARD, 0.0009, "claude-3-opus-20240229"),
    ],
)
def test_x14_the_strategy_is_opt_in_and_exact(text: str, budget: float, first: str) -> None:
    block = {"routing": {"strategy": "cost_optimized", "cost_threshold": budget, "fallback_chain": ["gemini-1.5-pro"]}}
    made = chosen(policy(block, **KEYS), "auto", text)
    assert models(made) == [first, "gemini-1.5-pro"]
    assert f"a budget of ${budget:g}" in made.reason


def test_x14_no_other_strategy_uses_it() -> None:
    block = {"routing": {"primary_models": {"simple_queries": "claude-3-haiku"}, "cost_threshold": 0.5}}
    assert models(chosen(policy(block, **KEYS), "auto", SIMPLE)) == ["claude-3-haiku-20240307"]
    assert plan(Wanted("auto", None, "simple_queries"), policy(block, **KEYS)).targets[0].model.startswith("claude")
