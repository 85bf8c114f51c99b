"""A plan's targets put in order by two thresholds: what a call may cost there, and how long its first token may take.

Pure. What is above a threshold is not refused: it stands behind all that is not, and serves if they fail.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fairlead.routing.facts import Facts
from fairlead.routing.moment import Moment, Prices
from fairlead.routing.tables import Routing
from fairlead.routing.target import Candidate

USUAL_OUTPUT: Final = 500
"""Tokens that a call is expected to be answered with, unless it allows fewer."""

_BYTES_PER_TOKEN: Final = 4
_NANO_PER_MICRO: Final = 1000  # $ for a million tokens are micro-dollars for one
_DIGITS: Final = 10
_BOUNDS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def expected(facts: Facts) -> tuple[int, int]:
    """About how many tokens a call has, and is answered with."""
    asked = (facts.member(name) or b"" for name in _BOUNDS)
    bounds = [int(said) for said in asked if said.isdigit() and len(said) < _DIGITS]
    return max(1, len(facts.body) // _BYTES_PER_TOKEN), min([USUAL_OUTPUT, *bounds])


def estimated(prices: Prices, tokens: tuple[int, int]) -> int:
    """What so many tokens in and out cost, in nano-dollars."""
    return round((tokens[0] * prices.read + tokens[1] * prices.written) * _NANO_PER_MICRO)


def ordered(candidates: tuple[Candidate, ...], routing: Routing, moment: Moment) -> tuple[Candidate, ...]:
    """The candidates that serve in the order to try them, then those that do not.

    The first stays first while its estimate is within the cost; else the next cheaper one takes its place. A target is
    slow where nineteen of twenty of its last streams took longer to begin than the latency.
    """
    serving = [each for each in candidates if each.target is not None]
    costs = _costs(serving, moment) if routing.cost is not None else {}
    dear = {place for place, cost in costs.items() if cost > (routing.cost or 0)}
    slow = {place for place, each in enumerate(serving) if _too_slow(each, routing)}
    first = _next_cheaper(costs, dear) if 0 in dear else 0

    def rank(place: int) -> tuple[bool, int, bool, bool, int]:
        return place in dear, costs[place] if place in dear else 0, place in slow, place != first, place

    places = sorted(range(len(serving)), key=rank)
    told = [_told(serving[place], costs.get(place), routing, is_slow=place in slow, moment=moment) for place in places]
    return (*told, *(each for each in candidates if each.target is None))


def _costs(serving: list[Candidate], moment: Moment) -> dict[int, int]:
    """The estimate for each place; none where nobody knows the price, which then is no reason to pass it over."""
    tokens = expected(moment.facts)
    known = ((place, moment.price(each.target)) for place, each in enumerate(serving) if each.target is not None)
    return {place: estimated(prices, tokens) for place, prices in known if prices is not None}


def _next_cheaper(costs: Mapping[int, int], dear: set[int]) -> int:
    """The dearest of those that are within the cost."""
    within = [(-cost, place) for place, cost in costs.items() if place not in dear]
    return min(within)[1] if within else -1


def _too_slow(each: Candidate, routing: Routing) -> bool:
    if routing.latency is None or each.target is None:
        return False
    p95 = each.target.standing.streamed.p95()
    return p95 is not None and p95 > routing.latency


def _told(each: Candidate, cost: int | None, routing: Routing, *, is_slow: bool, moment: Moment) -> Candidate:
    """The candidate with what its place hangs on, where somebody looks."""
    if not moment.explains:
        return each
    scores = list(each.scores)
    reason = each.reason
    if routing.cost is not None:
        scores.append(("estimated_cost_usd", "unknown" if cost is None else cost / 1e9))
        if cost is not None and cost > routing.cost:
            reason += f"; at about ${cost / 1e9:.6f} it is above cost_threshold"
    if is_slow:
        reason += "; its first token takes longer than latency_threshold_ms"
    return replace(each, scores=tuple(scores), reason=reason)
