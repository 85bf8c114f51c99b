"""What a target costs: the operator's word, what is free, the chosen book, the library; else it is unknown."""

from collections.abc import Mapping
from typing import Final

from fairlead.config.schema import PriceEntry
from fairlead.ledger.books import Overrides, book
from fairlead.ledger.library import Library, Listed
from fairlead.ledger.rates import UNKNOWN, Price
from fairlead.ledger.sources import source_of

__all__ = ["Price", "PriceBook"]

_MOST_HELD: Final = 4096
_EVER: Final = float("inf")
_FREE: Final = Price(kind="free", source="declared free")


class PriceBook:
    """The prices of every provider's models. Each is looked for once, and held while it is valid.

    `entries` are the `prices` of the configuration, `named` its `price_book`. Call `warm` at the start: the first look
    into the library reads all of it, which no call should wait for.
    """

    def __init__(self, entries: Mapping[str, PriceEntry] | None = None, named: str | None = None) -> None:
        self._overrides = Overrides(entries or {})
        self._book = book(named) if named else None
        self._library: Library | None = None
        self._held: dict[tuple[str, str], Listed] = {}

    def warm(self) -> None:
        """Read the library, unless that is done. May run in a thread of its own."""
        if self._library is None:
            self._library = Library()

    def price(self, provider: str, model: str, at: float) -> Price:
        """What a model, by the provider's own name for it, costs there at that time (seconds since 1970)."""
        held = self._held.get((provider, model))
        if held is not None and held.since <= at < held.until:
            return held.price
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        found = self._held[provider, model] = self._find(provider, model, at)
        return found.price

    def _find(self, provider: str, model: str, at: float) -> Listed:
        price = self._overrides.price(provider, model)
        if price is None and source_of(provider).is_free(model):
            price = _FREE
        if price is None and self._book is not None:
            price = self._book.price(model)
        if price is not None:
            return Listed(price, 0.0, _EVER)
        return self._listed(provider, model, at) or Listed(UNKNOWN, 0.0, _EVER)

    def _listed(self, provider: str, model: str, at: float) -> Listed | None:
        source = source_of(provider)
        names = source.listed(model)
        if names is None:
            return None
        self.warm()
        found = self._library.look_up(*names, at, sound_as_text=source.sound_as_text) if self._library else None
        return Listed(_as_usual(found.price, source.as_usual), found.since, found.until) if found else None


def _as_usual(price: Price, tiers: tuple[str, ...]) -> Price:
    """The price where these tiers cost what the usual one costs."""
    if not tiers:
        return price
    known = dict.fromkeys(tiers, price.steps) | dict(price.tiers)
    return Price(kind=price.kind, steps=price.steps, tiers=known, source=price.source, date=price.date)
