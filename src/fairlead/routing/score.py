"""How good a target is at the moment, as a number. Pure."""

from collections.abc import Mapping
from math import inf
from typing import Final

from fairlead.routing.breaker import DEFAULT
from fairlead.routing.health import Standing

# How much one attempt that is under way adds to what the next one waits.
_EACH: Final = 0.1
# What an answer takes where nobody has measured any.
_USUAL: Final = 1.0
_LEAST_HEALTH: Final = 0.01
MARGIN: Final = 0.1
"""How much better than another a target must be to count as better: less is noise, and would make traffic flap."""


def health(standing: Standing, now: float) -> float:
    """From 0 to 1: how much of what was asked there in the last half minute came to something.

    One good answer is taken for granted; what failed before that is forgiven, or nobody would find out that it is well.
    """
    if not standing.troubled:
        return 1.0
    least = 1.0
    for breaker in standing.breakers:
        if breaker.until:
            return 0.0 if now < breaker.until else _LEAST_HEALTH
        if breaker.failed and now - breaker.window_began < DEFAULT.window:
            least = min(least, 1 - breaker.failed / (breaker.calls + 1))
    return least


def score(standing: Standing, now: float, unknown: float = _USUAL, lost: float = 0.0) -> float:
    """Health over latency and work in flight; the more the better.

    `unknown` is seconds to expect where nobody has measured any, `lost` what going there costs besides.
    """
    took = 1 + (standing.latency or unknown) * (1 + _EACH * standing.flying) + lost
    return health(standing, now) / took if standing.troubled else 1 / took


def expected(standing: Standing, now: float, unknown: float = _USUAL, lost: float = 0.0) -> float:
    """Seconds until an answer begins, tries that fail included."""
    took = (standing.latency or unknown) * (1 + _EACH * standing.flying) + lost
    return took / max(health(standing, now), _LEAST_HEALTH) if standing.troubled else took


def least_known(standings: tuple[Standing, ...]) -> float:
    """Seconds expected of a target that nobody has measured: the least of the others. It is tried, and not flooded."""
    known = [latency for each in standings if (latency := each.latency)]
    return min(known) if known else _USUAL


class Leads:
    """Who leads of two, and of all, until another leads by a margin: what is in between changes nothing."""

    __slots__ = ("_first", "_of_two")

    def __init__(self) -> None:
        self._of_two: dict[tuple[Standing, Standing], Standing] = {}
        self._first: Standing | None = None

    def of_two(self, drawn: Standing, other: Standing, mine: float, theirs: float) -> Standing:
        """Which of two is to be taken, by their scores; the one that was drawn first where neither leads."""
        key = (drawn, other) if id(drawn) < id(other) else (other, drawn)
        led = self._of_two.get(key)
        if mine > theirs * (1 + MARGIN):
            leads = drawn
        elif theirs > mine * (1 + MARGIN):
            leads = other
        elif led is not None and (mine >= theirs if led is drawn else theirs >= mine):
            return led
        else:
            self._of_two.pop(key, None)
            return drawn
        if leads is not led:
            self._of_two[key] = leads
        return leads

    def of_all(self, best: Standing, took: Mapping[Standing, float]) -> Standing:
        """Who is the quickest, by seconds: whoever was, while it takes but a margin more than the `best` does now."""
        led = self._first
        if led is None or took.get(led, inf) > took[best] * (1 + MARGIN):
            self._first = led = best
        return led
