"""Why one of several equal targets stands where it stands, in words. For whoever asks; calls do without."""

from math import inf
from typing import Final

from fairlead.routing.equals import EXPLORED, Equals, usual
from fairlead.routing.moment import Moment
from fairlead.routing.policy import By
from fairlead.routing.score import expected, score

_DRAWN: Final = f"the better of two that are drawn is first, and any other in {EXPLORED:.0%} of calls"


def merit(equals: Equals, at: int, by: By, moment: Moment) -> tuple[float, str]:
    """What a target is chosen by, the least for the best, and the same in words."""
    standing, weight, now = equals.standings[at], equals.weights[at], moment.now
    match by:
        case "weighted":
            share = weight / sum(equals.weights)
            return -weight, f"drawn first for {share:.1%} of calls"
        case "cheapest":
            price = equals.price(at, moment)
            if price is None:
                return inf, "nobody knows its price"
            cost = usual(price)
            return cost, f"${cost:g} for a million tokens, three of four of them read"
        case "fastest":
            took = expected(standing, now, equals.unknown())
            return took, f"about {took * 1000:.0f} ms until it answers, tries that fail included"
        case "least-busy":
            return standing.flying / weight, f"{standing.flying} under way, for a weight of {weight:g}"
        case _:
            value = score(standing, now, equals.unknown())
            return -value, f"score {value:.3f}; {_DRAWN}"
