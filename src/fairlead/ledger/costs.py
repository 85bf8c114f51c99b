"""The cost of a call from what was used, item by item. Pure, and in whole nano-dollars.

Each item is units times rate, rounded once at its end, half to even; the total is the sum of the items. No token is in
two items: what was cached, put into a cache, heard or seen is taken out of the plain input, thoughts, sounds and
pictures out of the plain output. Which of the cached tokens were sound is taken as told; untold, as few as can be.
"""

from typing import Final

from msgspec import Struct

from fairlead.dialects.model import Usage
from fairlead.ledger.extras import Extras
from fairlead.ledger.rates import HOUR, MILLION, Price, Rates

_NOTHING: Final = Extras()


class Line(Struct, frozen=True, gc=False):
    """One item: so many units of a kind at a rate (for a million; for 3600 of `seconds`), and what they come to.

    Rate and amount are None where nobody knows the price.
    """

    kind: str
    units: int
    rate: int | None
    nano: int | None


class Cost(Struct, frozen=True, gc=False):
    """What a call cost, in nano-dollars; None where a part of it has no known price (its line says which).

    `estimated` says that nobody counted but we, `reported` that it is the provider's own charge, which has no lines.
    """

    nano: int | None
    lines: tuple[Line, ...] = ()
    estimated: bool = False
    reported: bool = False


def cost(
    price: Price,
    usage: Usage,
    extras: Extras = _NOTHING,
    *,
    tier: str | None = None,
    estimated: bool = False,
) -> Cost:
    """What this usage costs at this price. `tier` is how the reply says it was served, over what `extras` says.

    What a provider says that it charged is the cost, unless the price is the operator's own.
    """
    if extras.reported is not None and not price.settled:
        return Cost(extras.reported, (), estimated=False, reported=True)
    if price.kind == "free":
        return Cost(0, (), estimated)
    rates = price.rates(usage.input_tokens, tier or extras.tier) if price.kind == "priced" else None
    if rates is None:
        return Cost(None, (), estimated)
    if extras is _NOTHING or _has_no_counts(extras):
        counted = _given(usage) + _made(usage)
    else:
        counted = _given_apart(usage, extras) + _made(usage, extras.image_output_tokens) + _each(extras)
    if rates.request:
        counted.append(("request", 1))
    return _billed(rates, counted, estimated)


def _has_no_counts(extras: Extras) -> bool:
    tokens = extras.audio_input_tokens or extras.image_input_tokens or extras.image_output_tokens
    return not (
        tokens
        or extras.video_input_tokens
        or extras.searches
        or extras.seconds
        or extras.images
        or extras.reranks
        or extras.characters
    )


def _billed(rates: Rates, counted: list[tuple[str, int]], estimated: bool) -> Cost:
    total, known = 0, True
    lines = []
    for kind, units in counted:
        if units:
            at: int | None = getattr(rates, kind)
            if at is None:
                known = False
                lines.append(Line(kind, units, None, None))
                continue
            per = HOUR if kind == "seconds" else MILLION
            amount, rest = divmod(units * at, per)
            if rest and (2 * rest > per or (2 * rest == per and amount & 1)):
                amount += 1
            total += amount
            lines.append(Line(kind, units, at, amount))
    return Cost(total if known else None, tuple(lines), estimated)


def _given(usage: Usage) -> list[tuple[str, int]]:
    """The tokens of the input by kind, each in one."""
    if usage.audio_input_tokens:
        return _given_apart(usage, _NOTHING)
    whole = usage.input_tokens
    if not usage.cached_tokens and not usage.cache_write_tokens:
        return [("input", whole)]
    cached = min(usage.cached_tokens, whole)
    if not usage.cache_write_tokens:
        return [("input", whole - cached), ("cached", cached)]
    written = min(usage.cache_write_tokens, whole - cached)
    longer = min(usage.cache_write_1h_tokens, written)
    return [
        ("input", whole - cached - written),
        ("cached", cached),
        ("cache_write", written - longer),
        ("cache_write_1h", longer),
    ]


def _given_apart(usage: Usage, extras: Extras) -> list[tuple[str, int]]:
    """The same, where some of them were not text. Sound that is sold by the second is not sold by the token as well."""
    heard = usage.audio_input_tokens or extras.audio_input_tokens
    whole = usage.input_tokens
    if extras.seconds:
        # Mistral counts the tokens of sound beside the others.
        whole -= heard if heard <= whole else 0
        heard = 0
    cached = min(usage.cached_tokens, whole)
    written = min(usage.cache_write_tokens, whole - cached)
    longer = min(usage.cache_write_1h_tokens, written)
    audio = min(heard, whole)
    image = min(extras.image_input_tokens, whole - audio)
    video = min(extras.video_input_tokens, whole - audio - image)
    text = whole - audio - image - video
    # What was cached or written beyond the text there is was not text, whatever it is told to be.
    beyond = max(cached + written - text, 0)
    cached_audio = min(max(extras.cached_audio_tokens, min(beyond, audio)), cached, audio)
    cached_image = min(max(extras.cached_image_tokens, beyond - cached_audio), cached - cached_audio, image)
    plain = [("audio_input", audio - cached_audio), ("image_input", image - cached_image), ("video_input", video)]
    left = whole - cached - written
    counted = []
    for kind, tokens in plain:
        taken = min(tokens, left)
        counted.append((kind, taken))
        left -= taken
    return [
        ("input", left),
        ("cached", cached - cached_audio - cached_image),
        ("cached_audio", cached_audio),
        ("cached_image", cached_image),
        ("cache_write", written - longer),
        ("cache_write_1h", longer),
        *counted,
    ]


def _made(usage: Usage, image: int = 0) -> list[tuple[str, int]]:
    """The tokens of the output by kind, each in one. Some vendors count more thoughts than output; output is right."""
    whole = usage.output_tokens
    if not image and not usage.reasoning_tokens and not usage.audio_output_tokens:
        return [("output", whole)]
    reasoning = min(usage.reasoning_tokens, whole)
    if not image and not usage.audio_output_tokens:
        return [("output", whole - reasoning), ("reasoning", reasoning)]
    audio = min(usage.audio_output_tokens, whole - reasoning)
    image = min(image, whole - reasoning - audio)
    return [
        ("output", whole - reasoning - audio - image),
        ("reasoning", reasoning),
        ("audio_output", audio),
        ("image_output", image),
    ]


def _each(extras: Extras) -> list[tuple[str, int]]:
    """What is counted one by one."""
    return [
        ("search", extras.searches),
        ("rerank", extras.reranks),
        ("image", extras.images),
        ("seconds", extras.seconds),
        ("characters", extras.characters),
    ]
