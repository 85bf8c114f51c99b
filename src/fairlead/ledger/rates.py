"""What a model costs at a provider, in whole numbers.

A rate is nano-dollars for a million units, so that every published price is exact: $0.003625 for a million tokens is
3,625,000. Only sound is counted otherwise: its rate is nano-dollars for 3600 seconds, because it is sold by the hour.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import fields

Kind = Literal["priced", "free", "unknown"]
MILLION: Final = 1_000_000
HOUR: Final = 3600
NANO_DOLLARS: Final = 9
# Words for the usual way of being served, and for those that have prices of their own.
USUAL: Final = frozenset({"", "auto", "default", "standard", "on_demand"})
SPECIAL: Final = frozenset({"batch", "fast", "flex", "performance", "priority", "scale"})


class Rates(Struct, frozen=True, kw_only=True):
    """Nano-dollars for a million units of each kind; None where nobody knows it.

    `cached`, `cache_write` (for 5 minutes) and `cache_write_1h` are tokens of a prompt that the provider keeps.
    `request`, `search` (of the web), `rerank` and `image` are for each; `seconds` of sound are by the hour.
    """

    input: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    audio_input: int | None = None
    cached_audio: int | None = None
    image_input: int | None = None
    cached_image: int | None = None
    video_input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    audio_output: int | None = None
    image_output: int | None = None
    request: int | None = None
    search: int | None = None
    rerank: int | None = None
    image: int | None = None
    seconds: int | None = None
    characters: int | None = None


KINDS: Final = tuple(field.name for field in fields(Rates))
# What a kind costs where a vendor does not price it apart, the nearest first.
_STANDS_FOR: Final = (
    ("cached_audio", ("audio_input", "cached", "input")),
    ("cached_image", ("image_input", "cached", "input")),
    ("cache_write_1h", ("cache_write", "input")),
    ("cached", ("input",)),
    ("cache_write", ("input",)),
    ("audio_input", ("input",)),
    ("image_input", ("input",)),
    ("video_input", ("input",)),
    ("reasoning", ("output",)),
    ("audio_output", ("output",)),
    ("image_output", ("output",)),
)

# Mostly dearer than text, so that its price cannot be told from that of text.
_SOUND: Final = ("audio_input", "cached_audio", "audio_output")

# Rates from a context of so many tokens on (more than that), the longest first; the last is from 0.
Steps = tuple[tuple[int, Rates], ...]


class Price(Struct, frozen=True, kw_only=True):
    """What a model costs at a provider, who says so and since when (a date, or empty).

    `tiers` has the steps of ways of being served that have prices of their own, such as `batch` and `flex`. A `settled`
    price is the operator's own: it wins over what a provider says it charged.
    """

    kind: Kind
    steps: Steps = ()
    tiers: Mapping[str, Steps] = {}
    source: str = ""
    date: str = ""
    settled: bool = False

    def rates(self, input_tokens: int, tier: str | None = None) -> Rates | None:
        """The rates for a prompt of that length, served in that tier; None where the tier has no known price."""
        steps = self.steps
        if tier is not None and tier not in USUAL:
            word = tier.lower()
            if word in self.tiers:
                steps = self.tiers[word]
            elif word in SPECIAL:
                return None
        for above, rates in steps:
            if input_tokens > above or not above:
                return rates
        return None


UNKNOWN: Final = Price(kind="unknown")


def resolved(given: Mapping[str, int], *, sound_as_text: bool = True) -> Rates:
    """Rates in which a kind that is not priced apart costs what it is a kind of; sound only where it is said to."""
    whole = dict(given)
    for kind, nearest in _STANDS_FOR:
        if kind not in given:
            own = nearest if sound_as_text or kind not in _SOUND else _SOUND
            found = next((given[other] for other in own if other in given and other in nearest), None)
            if found is not None:
                whole[kind] = found
    return Rates(**whole)


def stepped(base: Mapping[str, int], above: Mapping[int, Mapping[str, int]], *, sound_as_text: bool = True) -> Steps:
    """Steps by the length of the context. What a step does not say is as in the one below it."""
    given = dict(base)
    steps = [(0, resolved(given, sound_as_text=sound_as_text))]
    for tokens in sorted(above):
        given |= above[tokens]
        steps.append((tokens, resolved(given, sound_as_text=sound_as_text)))
    return tuple(reversed(steps))


def rate(dollars: str | float | Decimal, units: int = MILLION) -> int:
    """The rate for a price of so many dollars for so many units. What is finer than a rate is rounded half to even."""
    exact = Decimal(str(dollars)).scaleb(NANO_DOLLARS) * MILLION / units
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def nano(dollars: str | float | Decimal) -> int:
    """An amount in dollars as nano-dollars, rounded half to even."""
    return int(Decimal(str(dollars)).scaleb(NANO_DOLLARS).to_integral_value(ROUND_HALF_EVEN))
