"""The prices of `genai-prices` (MIT), as prices of ours. Nothing here or there asks the network.

The package is heavy to import (0.2 s, 30 MB), so that it is imported when prices are first needed, and stays data: its
own upkeep over the network runs only for those who start it.
"""

from calendar import timegm
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from fairlead.ledger.rates import MILLION, Kind, Price, Steps, rate, stepped

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TimeOfDateConstraint

    Condition = StartDateConstraint | TimeOfDateConstraint | None

PACKAGE: Final = "genai-prices"
# The day each release came out, which stands for prices that bear no date of their own.
RELEASED: Final = {"0.2.3": "2026-11-10"}
_KINDS: Final = {
    "input_mtok": ("input", MILLION),
    "cache_read_mtok": ("cached", MILLION),
    "cache_write_mtok": ("cache_write", MILLION),
    "cache_write_5m_mtok": ("cache_write", MILLION),
    "cache_write_1h_mtok": ("cache_write_1h", MILLION),
    "input_audio_mtok": ("audio_input", MILLION),
    "cache_audio_read_mtok": ("cached_audio", MILLION),
    "input_image_mtok": ("image_input", MILLION),
    "cache_image_read_mtok": ("cached_image", MILLION),
    "input_video_mtok": ("video_input", MILLION),
    "output_mtok": ("output", MILLION),
    "output_reasoning_mtok": ("reasoning", MILLION),
    "output_audio_mtok": ("audio_output", MILLION),
    "output_image_mtok": ("image_output", MILLION),
    "requests_kcount": ("request", 1000),
    "web_searches_kcount": ("search", 1000),
    "rerank_searches_kcount": ("rerank", 1000),
    "input_mchars": ("characters", MILLION),
    # By the hour, as our rate is: no more than the dollars change.
    "input_audio_hours": ("seconds", MILLION),
    "audio_hours": ("seconds", MILLION),
}
_TIERS: Final = ("service_tier", "processing", "speed")
_DAY: Final = 24 * 3600


class Listed(Struct, frozen=True):
    """A price, and the seconds since 1970 from which and until which it holds."""

    price: Price
    since: float
    until: float


class Library:
    """All that the package lists. The first one takes its time to be made."""

    def __init__(self) -> None:
        from genai_prices.data import providers  # noqa: PLC0415 - heavy, and many commands need no prices

        self._providers: list[Provider] = providers
        self._by_id = {provider.id: provider for provider in providers}
        number = version(PACKAGE)
        self._source, self._date = f"{PACKAGE} {number}", RELEASED.get(number, "")

    def look_up(self, provider: str, model: str, at: float, *, sound_as_text: bool = False) -> Listed | None:
        """What the package lists for a model, by its own names, at that time; None where it lists nothing."""
        held = self._by_id.get(provider)
        found = held.find_model(model, all_providers=self._providers) if held else None
        return self._listed(found, at, sound_as_text=sound_as_text) if found else None

    def _listed(self, model: "ModelInfo", at: float, *, sound_as_text: bool = False) -> Listed:
        prices, since = _active(model, at)
        usual, own = _values(prices), _variants(model, at)
        steps = _steps(usual, sound_as_text=sound_as_text)
        tiers = {tier: _steps(usual | values, sound_as_text=sound_as_text) for tier, values in own.items()}
        # A model without any rate is one that nobody has priced yet, not one that costs nothing.
        kind: Kind = "priced" if steps else "unknown"
        price = Price(kind=kind, steps=steps, tiers=tiers, source=self._source, date=since or self._date)
        edges = list(_edges(model, at))
        return Listed(
            price,
            max((edge for edge in edges if edge <= at), default=0.0),
            min((edge for edge in edges if edge > at), default=float("inf")),
        )


def _active(model: "ModelInfo", at: float) -> tuple["ModelPrice", str]:
    """The prices that hold, and the day they came into force. The last of those that hold counts."""
    if not isinstance(model.prices, list):
        return model.prices, ""
    holding = [each for each in model.prices if _holds(each.constraint, at)]
    chosen = holding[-1] if holding else model.prices[0]
    days = [str(day) for each in holding if (day := getattr(each.constraint, "start_date", None)) is not None]
    return chosen.prices, max(days, default="")


def _holds(condition: "Condition", at: float) -> bool:
    if condition is None:
        return True
    begins = _begins(condition)
    if begins is not None:
        return at >= begins
    start, end = _hours(condition)
    second = at % _DAY
    return start <= second < end if start <= end else second >= start or second < end


def _begins(condition: "Condition") -> float | None:
    """The moment from which a price holds, if it has one."""
    day = getattr(condition, "start_date", None)
    return None if day is None else float(timegm((day.year, day.month, day.day, 0, 0, 0)))


def _hours(condition: "Condition") -> tuple[int, int]:
    """From which second of the day, by UTC, until which a price holds."""
    start, end = (_second(getattr(condition, name)) for name in ("start_time", "end_time"))
    return start, end


def _second(time: Any) -> int:
    ahead = time.utcoffset()
    second = time.hour * 3600 + time.minute * 60 + time.second - (int(ahead.total_seconds()) if ahead else 0)
    return int(second % _DAY)


def _values(prices: "ModelPrice") -> dict[str, object]:
    return {key: value for key, value in vars(prices).items() if key in _KINDS and value is not None}


def _variants(model: "ModelInfo", at: float) -> dict[str, dict[str, object]]:
    """The prices of each tier that has its own. For one kind, the first that says it counts."""
    found: dict[str, dict[str, object]] = {}
    for variant in model.price_variants or ():
        if not _holds(variant.constraint, at):
            continue
        ways = [variant.when[name] for name in _TIERS if name in variant.when]
        values = _values(variant.prices)
        if len(ways) == len(variant.when) == 1 and values:
            found[ways[0]] = values | found.get(ways[0], {})
    return found


def _steps(values: Mapping[str, object], *, sound_as_text: bool) -> Steps:
    """Steps by the length of the context; none where nothing has a price."""
    base: dict[str, int] = {}
    above: dict[int, dict[str, int]] = {}
    for key, value in values.items():
        kind, units = _KINDS[key]
        if isinstance(value, Decimal):
            base[kind] = rate(value, units)
            continue
        base[kind] = rate(value.base, units)  # type: ignore[attr-defined]
        for tier in value.tiers:  # type: ignore[attr-defined]
            above.setdefault(tier.start, {})[kind] = rate(tier.price, units)
    return stepped(base, above, sound_as_text=sound_as_text) if base else ()


def _edges(model: "ModelInfo", at: float) -> Iterator[float]:
    """The moments around `at` at which the model's price may change."""
    conditions = [each.constraint for each in model.prices] if isinstance(model.prices, list) else []
    conditions += [each.constraint for each in model.price_variants or ()]
    today = at - at % _DAY
    for condition in conditions:
        begins = _begins(condition)
        if begins is not None:
            yield begins
        elif condition is not None:
            for second in _hours(condition):
                yield from (today + second - _DAY, today + second, today + second + _DAY)
