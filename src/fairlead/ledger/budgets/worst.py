"""What an attempt may cost at most. Pure, in nano-dollars."""

from typing import Final

from fairlead.ledger.rates import MILLION, SPECIAL, Price, Rates, Steps

_IN: Final = ("input", "cached", "cache_write", "cache_write_1h", "audio_input", "image_input", "video_input")
_OUT: Final = ("output", "reasoning", "audio_output", "image_output")


def worst(price: Price, input_tokens: int, output_tokens: int, *, tier: str | None = None) -> int | None:
    """The dearest that so many tokens can be, whatever kind they turn out to be; None where a price is not known.

    Of the steps by length, each that a context of that length can reach counts: which it is, the provider counts.
    """
    if price.kind == "free":
        return 0
    reached = _reached(price, input_tokens, tier)
    if not reached or any(rates.input is None and rates.output is None for rates in reached):
        return None
    costs = (_cost(rates, input_tokens, output_tokens) for rates in reached)
    return max(costs)


def affordable(price: Price, input_tokens: int, left: int, *, tier: str | None = None) -> int:
    """How many tokens of output `left` pays for, once the input is paid."""
    most = 0
    reached = _reached(price, input_tokens, tier)
    for rates in reached:
        over = left - _cost(rates, input_tokens, 0)
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


def _cost(rates: Rates, input_tokens: int, output_tokens: int) -> int:
    tokens = input_tokens * _dearest(rates, _IN) + output_tokens * _dearest(rates, _OUT)
    return -(-tokens // MILLION) + -(-(rates.request or 0) // MILLION)


def _dearest(rates: Rates, kinds: tuple[str, ...]) -> int:
    return max(getattr(rates, kind) or 0 for kind in kinds)
