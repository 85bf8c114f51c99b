"""Whether a better answer is worth what it costs more. Pure; money is nano-dollars."""

from typing import Final

from fairlead.dialects.model import Usage
from fairlead.ledger.costs import cost
from fairlead.ledger.rates import Price
from fairlead.routing.difficulty import gain
from fairlead.routing.facts import Facts

# What an answer is expected to have at most, in tokens, where the call does not bound it lower.
_ANSWER: Final = 400
_BYTES: Final = 4  # of a body, for each token
_BOUNDS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")


def expected(facts: Facts) -> Usage:
    """About what a call will use, before anybody has answered it."""
    bounds = (facts.member(name) for name in _BOUNDS)
    said = [int(bound) for bound in bounds if bound is not None and bound.isdigit() and len(bound) < 10]
    return Usage(len(facts.body) // _BYTES, min([_ANSWER, *said]))


def more_for(cheap: Price, strong: Price, usage: Usage) -> int | None:
    """What the strong model costs more for that; None where a price is not known."""
    less, more = cost(cheap, usage).nano, cost(strong, usage).nano
    return None if less is None or more is None else max(0, more - less)


def is_worth(score: float, worth: int, more: int) -> bool:
    """Whether the chance of a better answer, at what one is worth, comes to what it costs more."""
    return gain(score) * worth >= more


def least_worth(score: float, more: int) -> int:
    """The least worth of a better answer at which the strong model is asked."""
    found = int(more / gain(score))
    while not is_worth(score, found, more):
        found += 1
    return found
