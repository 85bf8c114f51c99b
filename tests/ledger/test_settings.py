"""What a configuration may say of prices, and what it is told of what it says wrongly."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from fairlead.config.schema import Config
from fairlead.ledger.books import book_names
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.rates import Price
from tests.config.conftest import Desk

Priced = Callable[[str, str, str], Price]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    return Desk(tmp_path / "work", tmp_path / "home")


@pytest.fixture
def priced(desk: Desk) -> Priced:
    def price(text: str, provider: str, model: str) -> Price:
        config = desk.load(text).config
        return PriceBook(config.prices, config.price_book).price(provider, model, 0)

    return price


@pytest.mark.parametrize("written", ['"0.123456789"', "0.123456789", '"0.1234567890"'[:-2] + '"'])
def test_dollars_are_read_exactly_in_quotes_and_as_a_number(priced: Priced, written: str) -> None:
    found = priced(f"prices: {{openai/gpt-4o: {{input: {written}, output: 10}}}}", "openai", "gpt-4o")
    rates = found.rates(1)
    assert rates is not None
    assert (rates.input, rates.output) == (123_456_789, 10_000_000_000)


def test_a_price_of_ones_own_has_its_source_and_date(priced: Priced) -> None:
    text = """
prices:
  azure/our-deployment: {input: "2", output: 8, source: the contract of May, date: "2026-05-01"}
"""
    found = priced(text, "azure", "our-deployment")
    assert (found.kind, found.source, found.date, found.settled) == (
        "priced",
        "the contract of May",
        "2026-05-01",
        True,
    )


def test_steps_and_tiers_of_ones_own(priced: Priced) -> None:
    text = """
prices:
  openai/*:
    input: 1
    output: 4
    above: [{tokens: 200000, input: 2}]
    tiers: {flex: {input: 0.5}}
"""
    found = priced(text, "openai", "anything")
    short, long, flex = found.rates(200_000), found.rates(200_001), found.rates(1, "flex")
    assert short is not None
    assert long is not None
    assert flex is not None
    assert (short.input, short.output) == (1_000_000_000, 4_000_000_000)
    assert (long.input, long.output) == (2_000_000_000, 4_000_000_000)
    assert (flex.input, flex.output) == (500_000_000, 4_000_000_000)


def test_a_models_own_name_wins_over_a_pattern(priced: Priced) -> None:
    text = 'prices: {"openai/*": {input: 1}, openai/gpt-4o: {free: true}}'
    assert priced(text, "openai", "gpt-4o").kind == "free"
    assert priced(text, "openai", "gpt-4o-mini").kind == "priced"


def test_a_pattern_stays_within_its_provider(priced: Priced) -> None:
    text = 'prices: {"openai/*": {free: true}}'
    assert priced(text, "openai", "any/thing").kind == "free"
    assert priced(text, "aimlapi", "openai/any").kind == "unknown"


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("openai/gpt-4o: {inputs: 1}", "unknown name", "did you mean `input`?"),
        ("openai/gpt-4o: {input: cheap}", "it must match", None),
        ("openai/gpt-4o: {input: -1}", "it must be at least 0", None),
        ('openai/gpt-4o: {input: "1e5"}', "it must match", None),
        ("openai/gpt-4o: {input: true}", "expected text or a number", None),
        ("openai/gpt-4o: {date: May, input: 1}", "it must match", None),
        ("openia/gpt-4o: {input: 1}", "there is no provider `openia`", "did you mean `openai`?"),
        ("gpt-4o: {input: 1}", "not a model at a provider", "write `PROVIDER/MODEL`, such as `openai/gpt-4o`"),
        ("openai/gpt-4o: {}", "no price", "give it `input` and `output`, or `free: true`"),
        ("openai/gpt-4o:", "no price", "give it `input` and `output`, or `free: true`"),
        ("openai/gpt-4o: {free: true, input: 1}", "it costs nothing, and has prices", "leave one of them out"),
    ],
)
def test_what_is_wrong_is_said_with_a_hint(desk: Desk, entry: str, message: str, hint: str | None) -> None:
    problems = desk.problems(f"prices:\n  {entry}\n")
    assert message in problems[0].message
    assert hint is None or problems[0].hint == hint


def test_an_unknown_book_is_told_the_nearest(desk: Desk) -> None:
    problem = desk.problem("price_book: hybird\n")
    assert problem.hint == "did you mean `hybrid`?"


def test_every_shipped_book_may_be_named() -> None:
    named = Config.__annotations__["price_book"]
    assert sorted(each for union in get_args(named)[:1] for each in get_args(get_args(union)[0])) == book_names()
