"""Usage in the shape of `GET /analytics/usage`: what it cost with whom, and how each model does."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final

from fairlead.ledger.totals import Total, dollars

if TYPE_CHECKING:
    from fairlead.ledger.usage import Usage

# Whose costs a reader of this document looks for, also where nothing went there.
_ALWAYS: Final = ("portkey", "openrouter")


def analytics(usage: "Usage", since: int, where: Mapping[str, str]) -> dict[str, object]:
    """Requests and dollars since then, by provider and by model.

    A cost is null where none is known. `latency` is the mean in seconds, `cost_efficiency` the tokens of output for a
    dollar; `accuracy` is null, since nobody has told how good an answer was.
    """
    total = usage.total(since, None, where)
    costs = {group.name: group.total for group in usage.groups("provider", since, None, where) if group.name}
    models = {group.name: group.total for group in usage.groups("model", since, None, where) if group.name}
    return {
        "total_requests": total.calls,
        "total_cost": dollars(total.known_cost),
        "cost_breakdown": {name: dollars(costs.get(name, Total()).known_cost) for name in (*_ALWAYS, *costs)},
        "model_performance": {name: _performance(model) for name, model in models.items()},
    }


def _performance(model: Total) -> dict[str, object]:
    cost = model.known_cost
    efficiency = None
    if cost:
        per_dollar = Decimal(model["output_tokens"]) * 10**9 / cost
        efficiency = per_dollar.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    mean = model.mean_us
    return {"accuracy": None, "latency": None if mean is None else mean / 1_000_000, "cost_efficiency": efficiency}
