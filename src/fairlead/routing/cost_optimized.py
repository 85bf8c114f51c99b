"""The router of the cost-aware guide: a model by how hard a query is and what it may cost."""

from collections.abc import Mapping
from typing import ClassVar, Final

SIMPLE_BELOW: Final = 0.001
MEDIUM_BELOW: Final = 0.005


class CostOptimizedRouter:
    """Chooses as the guide writes it, which is not what its name promises.

    A simple query with a budget of $0.001 or more gets `gpt-4o`, which costs more than the model that a smaller budget
    gets, and a hard one gets `claude-3-opus` whatever the budget. It is used by `routing.strategy: cost_optimized`
    alone. `MODEL_COSTS` are the guide's dollars for 1,000 tokens.
    """

    MODEL_COSTS: ClassVar[Mapping[str, float]] = {
        "claude-3-haiku": 0.00025,
        "gpt-4o-mini": 0.000150,
        "claude-3-opus": 0.015,
        "gpt-4o": 0.005,
    }

    async def select_optimal_model(self, query_complexity: str, budget_limit: float) -> str:
        """The model for a query that is `simple`, `medium` or `high`, and may cost so many dollars."""
        return chosen(query_complexity, budget_limit)


def chosen(query_complexity: str, budget_limit: float) -> str:
    """The same, without waiting."""
    if query_complexity == "simple" and budget_limit < SIMPLE_BELOW:
        return "claude-3-haiku"
    if query_complexity == "medium" and budget_limit < MEDIUM_BELOW:
        return "gpt-4o-mini"
    if query_complexity == "high":
        return "claude-3-opus"
    return "gpt-4o"
