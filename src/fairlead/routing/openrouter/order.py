"""In which order targets are tried, by what a call says of that. Each step keeps the order of those that it ties."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from fairlead.ledger.rates import Price
from fairlead.routing.moment import Moment
from fairlead.routing.openrouter import slugs
from fairlead.routing.openrouter.preferences import Cutoffs, Preferences
from fairlead.routing.policy import Policy
from fairlead.routing.target import Candidate, Target

_LAST: Final = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A candidate that may serve, which of the call's models it is, and what that is called there."""

    candidate: Candidate
    target: Target
    model: int
    called: str


Key: TypeAlias = Callable[[Found], float]


def ordered(found: Sequence[Found], wants: Preferences, policy: Policy, moment: Moment) -> list[Found]:
    """The candidates as they are to be tried."""
    if wants.order:
        found = _in_order(found, wants, policy)
    elif wants.sort is not None:
        found = _sorted(found, wants, moment)
    if not wants.allow_fallbacks and not wants.order:
        found = _first_of_each(found)
    return sorted(found, key=lambda each: _disliked(each.target, wants))


def _in_order(found: Sequence[Found], wants: Preferences, policy: Policy) -> list[Found]:
    """By the first slug that names the provider, model by model; the rest behind, where there may be a rest."""
    places: dict[str, int] = {}
    for place, slug in enumerate(wants.order):
        for name in slugs.meant(slug, policy):
            places.setdefault(name, place)
    named = [each for each in found if wants.allow_fallbacks or each.candidate.provider in places]
    last = len(wants.order)

    def key(each: Found) -> tuple[int, int, bool]:
        return each.model, places.get(each.candidate.provider, last), each.target.provider.routes

    return sorted(named, key=key)


def _sorted(found: Sequence[Found], wants: Preferences, moment: Moment) -> list[Found]:
    key = _key(wants, moment)
    return sorted(found, key=lambda each: (0 if wants.across else each.model, key(each)))


def _key(wants: Preferences, moment: Moment) -> Key:
    """What comes first is least; what nobody knows comes last."""
    match wants.sort:
        case "price":
            return lambda each: _price(moment.rates(each.target))
        case "latency":
            return lambda each: each.target.standing.latency or _LAST
        case "throughput":
            return lambda each: -(each.target.standing.throughput or -_LAST)
    return lambda _: 0.0


def _price(price: Price) -> float:
    """What a call costs that reads three tokens for each that it writes."""
    if price.kind == "free":
        return 0.0
    rates = price.rates(0) if price.kind == "priced" else None
    return _LAST if rates is None else 3 * (rates.input or 0) + (rates.output or 0)


def _first_of_each(found: Sequence[Found]) -> list[Found]:
    firsts: dict[int, Found] = {}
    for each in found:
        firsts.setdefault(each.model, each)
    return list(firsts.values())


def _disliked(target: Target, wants: Preferences) -> bool:
    """Whether it is known to be slower than the call prefers. The 95th percentile stands for all above the 50th."""
    standing, most, least = target.standing, wants.max_latency, wants.min_throughput
    rare, speed = standing.p95 or 0.0, standing.throughput
    late = most.p50 is not None and standing.latency > most.p50
    late = late or any(rare > each for each in (most.p75, most.p90, most.p99) if each is not None)
    return late or (speed > 0 and any(speed < each for each in _said(least)))


def _said(cutoffs: Cutoffs) -> list[float]:
    return [each for each in (cutoffs.p50, cutoffs.p75, cutoffs.p90, cutoffs.p99) if each is not None]
