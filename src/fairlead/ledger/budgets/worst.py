"""What an attempt may cost at most. Pure, in nano-dollars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fairlead.ledger.rates import HOUR, MILLION, SPECIAL, Price, Rates, Steps

_IN: Final = ("input", "cached", "cache_write", "cache_write_1h", "audio_input", "image_input", "video_input")
_OUT: Final = ("output", "reasoning", "audio_output", "image_output")


@dataclass(frozen=True, slots=True)
class Needs:
    """The most that an attempt can take: tokens in and out, and `each` of what is counted otherwise, by its rate."""

    input: int
    output: int = 0
    each: Mapping[str, int] = field(default_factory=dict)


def worst(price: Price, needs: Needs, *, tier: str | None = None) -> int | None:
    """The dearest that so much can be, whatever kind its tokens turn out to be; None where a price is not known.

    Of the steps by length, each that a context of that length can reach counts: which it is, the provider counts.
    """
    if price.kind == "free":
        return 0
    reached = _reached(price, needs.input, tier)
    if not reached or not all(_known(rates, needs.each) for rates in reached):
        return None
    return max(_cost(rates, needs) for rates in reached)


def affordable(price: Price, needs: Needs, left: int, *, tier: str | None = None) -> int:
    """How many tokens of output `left` pays for, once all else is paid."""
    most = 0
    given = Needs(needs.input, 0, needs.each)
    reached = _reached(price, needs.input, tier)
    for rates in reached:
        over = left - _cost(rates, given)
        each = _dearest(rates, _OUT)
        fits = max(over, 0) * MILLION // each if each else 0
        most = fits if rates is reached[0] else min(most, fits)
    return most


def _reached(price: Price, input_tokens: int, tier: str | None) -> list[Rates]:
    steps: Steps = price.steps
    word = (tier or "").lower()
    if word in price.tiers or word in SPECIAL:
        steps = price.tiers.get(word, ())
    return [rates for above, rates in steps if input_tokens > above or not above]


def _known(rates: Rates, each: Mapping[str, int]) -> bool:
    known = rates.input is not None or rates.output is not None
    return known or any(getattr(rates, kind) is not None for kind in each)


def _cost(rates: Rates, needs: Needs) -> int:
    tokens = needs.input * _dearest(rates, _IN) + needs.output * _dearest(rates, _OUT)
    total = -(-tokens // MILLION) + -(-(rates.request or 0) // MILLION)
    for kind, units in needs.each.items():
        total += -(-units * (getattr(rates, kind) or 0) // (HOUR if kind == "seconds" else MILLION))
    return total


def _dearest(rates: Rates, kinds: tuple[str, ...]) -> int:
    return max(getattr(rates, kind) or 0 for kind in kinds)
