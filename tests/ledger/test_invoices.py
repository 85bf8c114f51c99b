"""The cost of every recorded exchange, to the nano-dollar: against an oracle and against figures by hand."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from fairlead.config.schema import PriceEntry
from fairlead.ledger import extras
from fairlead.ledger.costs import Cost, cost
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.rates import Price
from fairlead.ledger.sources import source_of
from tests.ledger.golden import GOLDEN, Golden
from tests.ledger.oracle import Dollars, invoice, listed
from tests.ledger.recorded import Used, used

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BOOK = PriceBook()
# A price in which no two kinds cost the same, so that no token can stand in another one's place unseen.
DOLLARS = {
    "input": "0.7", "cached": "0.011", "cache_write": "0.13", "cache_write_1h": "0.17", "audio_input": "1.9",
    "image_input": "2.3", "output": "2.9", "reasoning": "3.1", "search": "0.037", "image": "0.0041", "seconds": "0.43",
}  # fmt: skip
ORACLES = {
    "input_mtok": "0.7", "cache_read_mtok": "0.011", "cache_write_mtok": "0.13", "cache_write_1h_mtok": "0.17",
    "input_audio_mtok": "1.9", "input_image_mtok": "2.3", "output_mtok": "2.9", "output_reasoning_mtok": "3.1",
    "web_searches_kcount": "37", "audio_hours": "0.43",
}  # fmt: skip


def charged(each: Used, price: Price | None = None, *, told: bool = True) -> Cost:
    """What it cost; `told` unless the provider's own charge is to be left aside."""
    found = price or BOOK.price(each.provider, each.model, NOON.timestamp())
    more = extras.read(each.provider, each.raw)
    return cost(found, each.usage, more if told else replace(more, reported=None), tier=each.tier)


def _heard(dollars: Dollars, library: str) -> Dollars:
    """With Google, sound costs what text does unless it is said to be dearer."""
    return {"input_audio_mtok": dollars["input_mtok"], **dollars} if library == "google" else dollars


def test_every_listed_price_comes_to_what_the_oracle_says(shared: Path) -> None:
    checked: Counter[str] = Counter()
    for each in used(shared):
        library = source_of(each.provider).library
        if library is None:
            continue
        dollars = listed(library, each.model, NOON)
        expected = invoice(each.dialect, each.raw, _heard(dollars, library)) if dollars is not None else None
        assert charged(each, told=False).nano == expected, each.id
        checked[each.dialect, each.streams] += expected is not None  # type: ignore[index]
    assert all(checked.values())
    assert sum(checked.values()) > 900


def test_no_shape_of_usage_has_a_token_twice_or_in_another_ones_place(shared: Path) -> None:
    mine = PriceBook({"any/*": PriceEntry(**DOLLARS)}).price("any", "model", 0)  # type: ignore[arg-type]
    dollars = {name: Decimal(price) for name, price in ORACLES.items()} | {"images": Decimal(4100)}
    seen = set()
    for each in used(shared):
        assert charged(each, mine).nano == invoice(each.dialect, each.raw, dollars), each.id
        seen.add(each.vendor)
    assert len(seen) == 18


def test_what_a_provider_says_it_charged_is_the_cost(shared: Path) -> None:
    told = Counter(each.vendor for each in used(shared) if charged(each).reported)
    assert set(told) == {"anthropic", "openrouter", "perplexity", "xai"}


def test_our_figures_are_the_charges_of_those_that_say_what_they_charge(shared: Path) -> None:
    """Where the price has not changed since the recording, what we work out is what was charged."""
    same = ("openai/gpt-4o", "openai/gpt-4o-mini", "openai/gpt-5.2", "anthropic/claude-haiku-4.5", "grok-4.3")
    compared = [each for each in used(shared) if each.provider in ("openrouter", "xai") and each.model in same]
    assert len(compared) > 100
    assert [each.id for each in compared if charged(each, told=False).nano != charged(each).nano] == []


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.id)
def test_a_golden_invoice(shared: Path, golden: Golden) -> None:
    each = next(each for each in used(shared) if each.id == golden.id)
    found = charged(each)
    assert found.nano == golden.nano
    if golden.items:
        assert sum(item.nano for item in golden.items) == golden.nano
        items = sorted((item.units, int(item.nano)) for item in golden.items)
        assert sorted((line.units, line.nano or 0) for line in found.lines) == items
    else:
        assert found.reported


def test_what_runs_at_home_costs_nothing_and_is_known_to(shared: Path) -> None:
    at_home = [each for each in used(shared) if each.provider == "ollama"]
    assert at_home
    assert {charged(each) for each in at_home} == {Cost(0)}


def test_what_nobody_has_priced_is_unknown_and_never_nothing(shared: Path) -> None:
    unknown = [each for each in used(shared) if each.vendor in ("copilot", "doubleword", "venice", "llamacpp")]
    assert unknown
    assert {charged(each) for each in unknown} == {Cost(None)}
