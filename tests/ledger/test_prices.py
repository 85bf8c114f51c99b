"""Which price a target has, whose word it is, and since when."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

import pytest
from genai_prices.types import TieredPrices

from fairlead.config.schema import PriceEntry
from fairlead.ledger.library import PACKAGE, RELEASED, Library
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.rates import KINDS, Price, Rates, nano, rate
from fairlead.ledger.sources import source_of
from fairlead.providers.catalog import load_rows

AT = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
BOOK = PriceBook()


def rates(price: Price, input_tokens: int = 1, tier: str | None = None) -> Rates:
    found = price.rates(input_tokens, tier)
    assert found is not None
    return found


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# --- whose word counts


def test_the_operators_word_wins_over_all_others() -> None:
    book = PriceBook({"openai/gpt-4o": PriceEntry(input="1")}, "hybrid")
    assert rates(book.price("openai", "gpt-4o", AT)).input == 1_000_000_000


def test_the_chosen_book_wins_over_the_library() -> None:
    assert BOOK.price("openai", "gpt-4o", AT).source.startswith("genai-prices ")
    assert PriceBook(None, "hybrid").price("openai", "gpt-4o", AT).source == "hybrid gateway strategy, llm_models.yaml"


def test_what_a_book_does_not_know_is_as_listed() -> None:
    listed = BOOK.price("openai", "gpt-4.1", AT)
    assert listed.kind == "priced"
    assert PriceBook(None, "hybrid").price("openai", "gpt-4.1", AT) == listed


@pytest.mark.parametrize(
    ("provider", "model"),
    [("ollama", "gemma4"), ("local", "smollm2"), ("echo", "echo"), ("openrouter", "meta-llama/llama-3.3-70b:free")],
)
def test_what_is_declared_free_costs_nothing_in_every_book(provider: str, model: str) -> None:
    for book in (BOOK, PriceBook(None, "cost-aware")):
        assert book.price(provider, model, AT).kind == "free"


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-99"),
        ("custom", "gpt-4o"),
        ("my-own", "gpt-4o"),
        ("aimlapi", "openai/gpt-4o"),
        ("ollama", "gpt-oss:120b-cloud"),
        ("huggingface", "openai/gpt-oss-20b"),
        ("", ""),
    ],
)
def test_a_price_that_nobody_gives_is_unknown(provider: str, model: str) -> None:
    assert BOOK.price(provider, model, AT).kind == "unknown"


def test_the_router_of_hugging_face_has_the_price_of_the_host() -> None:
    prices = [BOOK.price("huggingface", f"openai/gpt-oss-20b:{host}", AT) for host in ("groq", "together")]
    assert [price.kind for price in prices] == ["priced", "priced"]
    assert prices[0] != prices[1]


def test_sources_are_of_shipped_providers() -> None:
    known = {name for name in load_rows() if source_of(name).library or source_of(name).free}
    assert {"openai", "anthropic", "google", "bedrock", "openrouter", "ollama", "local", "echo"} <= known


# --- the named books


@pytest.mark.parametrize(
    ("book", "model", "given", "made"),
    [
        ("cost-aware", "claude-3-haiku", "0.25", "0.25"),
        ("cost-aware", "gpt-4o-mini", "0.15", "0.15"),
        ("cost-aware", "claude-3-opus", "15", "15"),
        ("cost-aware", "gpt-4o", "5", "5"),
        ("hybrid", "gpt-4o", "10", "30"),
        ("hybrid", "claude-3-opus", "15", "75"),
        ("hybrid", "gpt-4-turbo", "10", "30"),
        ("hybrid", "deepseek-v3", "1", "2"),
    ],
)
def test_a_books_own_numbers(book: str, model: str, given: str, made: str) -> None:
    price = PriceBook(None, book).price("aimlapi", model, AT)
    assert (rates(price).input, rates(price).output) == (rate(given), rate(made))
    assert price.source
    assert price.date


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openrouter", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-08-06"),
        ("anthropic", "claude-3-opus-20240229"),
        ("together", "deepseek-ai/DeepSeek-V3"),
    ],
)
def test_a_book_knows_a_model_by_what_providers_call_it(provider: str, model: str) -> None:
    assert PriceBook(None, "hybrid").price(provider, model, AT).source.startswith("hybrid")


def test_a_book_takes_no_other_model_for_its_own() -> None:
    assert not PriceBook(None, "hybrid").price("openai", "gpt-4o-mini", AT).source.startswith("hybrid")


# --- the library


def test_a_listed_price_has_all_its_kinds_exactly() -> None:
    found = rates(BOOK.price("anthropic", "claude-sonnet-4-6", AT))
    assert (found.input, found.cached, found.cache_write, found.cache_write_1h, found.output) == (
        3_000_000_000,
        300_000_000,
        3_750_000_000,
        6_000_000_000,
        15_000_000_000,
    )
    assert found.search == rate("0.01", 1)


def test_a_kind_that_is_not_priced_apart_costs_what_it_is_a_kind_of() -> None:
    found = rates(BOOK.price("groq", "llama-3.3-70b-versatile", AT))
    assert found.cached == found.cache_write == found.image_input == found.input
    assert found.reasoning == found.output
    assert found.search is None
    assert found.audio_input is None


@pytest.mark.parametrize(
    ("provider", "model", "last", "below", "above"),
    [
        ("openai", "gpt-5.4", 272_000, ("2.5", "15"), ("5", "22.5")),
        ("google", "gemini-2.5-pro", 200_000, ("1.25", "10"), ("2.5", "15")),
    ],
)
def test_a_long_prompt_has_rates_of_its_own(
    provider: str, model: str, last: int, below: tuple[str, str], above: tuple[str, str]
) -> None:
    price = BOOK.price(provider, model, AT)
    for tokens, expected in ((last, below), (last + 1, above)):
        found = rates(price, tokens)
        assert (found.input, found.output) == tuple(map(rate, expected))


@pytest.mark.parametrize(
    ("tier", "given"), [("default", "2.5"), ("auto", "2.5"), (None, "2.5"), ("flex", "1.25"), ("priority", "5")]
)
def test_a_tier_has_rates_of_its_own(tier: str | None, given: str) -> None:
    assert rates(BOOK.price("openai", "gpt-5.4", AT), 1, tier).input == rate(given)


def test_what_a_tier_does_not_change_costs_as_usual() -> None:
    """OpenAI's table of batch prices has no cached input for gpt-4o."""
    batch = rates(BOOK.price("openai", "gpt-4o", AT), 1, "batch")
    assert (batch.input, batch.cached, batch.search) == (rate("1.25"), rate("1.25"), rate("0.01", 1))


def test_a_tier_without_a_known_price_is_unknown() -> None:
    assert BOOK.price("anthropic", "claude-sonnet-4-6", AT).rates(1, "priority") is None
    assert rates(BOOK.price("groq", "llama-3.3-70b-versatile", AT), 1, "flex").input == rate("0.59")


def test_a_price_holds_from_its_date_on() -> None:
    """OpenAI made Luna cheaper on 2026-07-30."""
    before, after = at("2026-07-29T23:59:59+00:00"), at("2026-07-30T00:00:00+00:00")
    prices = [BOOK.price("openai", "gpt-5.6-luna", when) for when in (before, after, before, AT)]
    assert [rates(price).input for price in prices] == [rate("1"), rate("0.2"), rate("1"), rate("0.2")]
    assert [price.date for price in prices[:2]] == [RELEASED[version(PACKAGE)], "2026-07-30"]


def test_a_price_of_the_hour_changes_with_the_hour() -> None:
    """DeepSeek is dearer from 01:00 to 04:00 and from 06:00 to 10:00 UTC."""
    hours = {"00:59": "0.15", "01:00": "0.3", "03:59": "0.3", "04:00": "0.15", "06:30": "0.3", "10:00": "0.15"}
    for hour, dollars in hours.items():
        found = BOOK.price("deepseek", "deepseek-v4-flash", at(f"2026-11-21T{hour}:00+00:00"))
        assert rates(found).input == rate(dollars), hour


def test_every_price_of_the_library_can_be_read() -> None:
    library, kinds, cheapest = Library(), set[str](), set[int]()
    for provider in library._providers:
        for model in provider.models:
            found = library._listed(model, AT)
            assert found.since <= AT < found.until
            for steps in (found.price.steps, *found.price.tiers.values()):
                assert [above for above, _ in steps] == sorted({above for above, _ in steps}, reverse=True)
                for _, each in steps:
                    kinds |= {kind for kind in KINDS if getattr(each, kind) is not None}
                    cheapest |= {each.input} - {None}  # type: ignore[arg-type]
            assert (found.price.kind == "unknown") == (not found.price.steps)
    assert kinds >= {"input", "cached", "cache_write", "cache_write_1h", "seconds", "search", "request", "image_output"}
    assert min(cheapest) >= 0


def test_a_model_that_is_listed_without_a_price_is_unknown() -> None:
    library = Library()
    models = (model for each in library._providers for model in each.models)
    empty = next(model for model in models if not isinstance(model.prices, list) and not vars(model.prices))
    assert library._listed(empty, AT).price.kind == "unknown"


def test_the_release_that_is_installed_has_a_date() -> None:
    """A new release of the library wants the day it came out noted in `library.py`."""
    assert version(PACKAGE) in RELEASED


# --- how it is looked up


def test_the_second_look_is_a_look_into_a_dict(monkeypatch: pytest.MonkeyPatch) -> None:
    book, looks = PriceBook(), list[str]()
    found = [book.price(provider, "openai/gpt-4o", AT) for provider in ("openrouter", "custom")]
    monkeypatch.setattr(PriceBook, "_find", lambda _, provider, *__: looks.append(provider))
    assert [book.price(provider, "openai/gpt-4o", AT + 1) for provider in ("openrouter", "custom")] == found
    assert looks == []


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    book = PriceBook()
    for number in range(5000):
        book.price("custom", f"made-up-{number}", AT)
    assert len(book._held) <= 4096


def test_prices_are_not_imported_before_they_are_asked_for_and_open_no_connection() -> None:
    script = """
import socket, sys
def refuse(*_): raise SystemExit("a connection was opened")
socket.socket.connect = refuse
from fairlead.ledger.prices import PriceBook
book = PriceBook({}, "hybrid")
assert book.price("ollama", "gemma4", 0).kind == "free"
assert "genai_prices" not in sys.modules and "pydantic" not in sys.modules
book.warm()
assert book.price("openai", "gpt-4.1", 0).kind == "priced"
import threading
assert threading.active_count() == 1
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [("0.003625", 3_625_000), (0.1, 100_000_000), ("0.0000000005", 0), ("0.0000000015", 2), (Decimal("1e-9"), 1)],
)
def test_a_rate_is_exact_to_the_nano_dollar(dollars: str | float | Decimal, expected: int) -> None:
    assert rate(dollars) == expected
    assert nano(dollars) == expected


@pytest.mark.parametrize(
    "moment",
    [
        "2025-01-01T00:00:00",
        "2026-07-30T00:00:00",
        "2026-11-21T00:29:59",
        "2026-11-21T00:30:00",
        "2026-11-21T16:30:00",
        "2026-11-22T03:59:59",
    ],
)
def test_the_price_that_holds_is_the_one_that_the_library_takes(moment: str) -> None:
    when, library = datetime.fromisoformat(moment).replace(tzinfo=UTC), Library()
    compared = 0
    for model in (model for provider in library._providers for model in provider.models):
        theirs = model.get_prices(when).input_mtok
        steps = library._listed(model, when.timestamp()).price.steps
        if theirs is not None:
            dollars = theirs.base if isinstance(theirs, TieredPrices) else theirs
            assert steps[-1][1].input == rate(dollars), model.id
            compared += 1
    assert compared > 2000
