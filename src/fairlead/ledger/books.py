"""Prices that the operator chose: a named book that ships with us, or entries of the configuration."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from fairlead.config.schema import PriceEntry, PriceRates
from fairlead.ledger.rates import KINDS, Kind, Price, rate, stepped

_FOLDER: Final = Path(__file__).with_name("books")
_DATED: Final = re.compile(r"-\d{4}-?\d\d-?\d\d")
# What is paid for one by one; all else is for a million.
_EACH: Final = frozenset({"request", "search", "rerank", "image"})


class _Entry(Struct, forbid_unknown_fields=True, frozen=True):
    """Dollars for `per` tokens. `output` is the same as `input` where a book knows one price. `ids` are other names."""

    input: str
    output: str | None = None
    ids: tuple[str, ...] = ()


class Book(Struct, forbid_unknown_fields=True, frozen=True):
    """A book of prices: where its numbers come from, and when they were taken over."""

    source: str
    date: str
    per: int
    models: dict[str, _Entry]

    def price(self, model: str) -> Price | None:
        """What the book says of a model, by its own name or behind a vendor's, with or without a date."""
        for name in (model, model.rpartition("/")[2]):
            undated = _DATED.sub("", name)
            for known, entry in self.models.items():
                if known in (name, undated) or name in entry.ids:
                    given = {
                        "input": rate(entry.input, self.per),
                        "output": rate(entry.output or entry.input, self.per),
                    }
                    return Price(kind="priced", steps=stepped(given, {}), source=self.source, date=self.date)
        return None


@cache
def book(name: str) -> Book:
    """A shipped book."""
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file), Book)


def book_names() -> list[str]:
    """The names of the shipped books."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


class Overrides:
    """The prices of a configuration, by `PROVIDER/MODEL`; a model may be a pattern, and its own name wins over one."""

    def __init__(self, entries: Mapping[str, PriceEntry]) -> None:
        self._prices = {name: _price(entry) for name, entry in entries.items()}

    def price(self, provider: str, model: str) -> Price | None:
        """What the operator says that a model costs; None where nothing is said."""
        wanted = f"{provider}/{model}"
        found = self._prices.get(wanted)
        if found is not None:
            return found
        return next((price for name, price in self._prices.items() if fnmatchcase(wanted, name)), None)


def _price(entry: PriceEntry) -> Price:
    source = entry.source or "configuration"
    if entry.free:
        return Price(kind="free", source=source, date=entry.date or "", settled=True)
    base = dict(_given(entry))
    steps = stepped(base, {step.tokens: dict(_given(step)) for step in entry.above})
    tiers = {name.lower(): stepped(base | dict(_given(own)), {}) for name, own in entry.tiers.items()}
    kind: Kind = "priced" if base else "unknown"
    return Price(kind=kind, steps=steps, tiers=tiers, source=source, date=entry.date or "", settled=True)


def _given(rates: PriceRates) -> Iterator[tuple[str, int]]:
    for kind in KINDS:
        dollars = getattr(rates, kind, None)
        if dollars is not None:
            yield kind, rate(dollars, 1 if kind in _EACH else 1_000_000)
