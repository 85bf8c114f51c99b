"""What is explained of a call in OpenRouter's words, and what its parts are read as."""

from pathlib import Path

import pytest

from fairlead.errors import RequestError
from fairlead.ledger.rates import Price, Rates
from fairlead.routing.openrouter import gates, preferences
from fairlead.routing.openrouter.asked import Asked, Named
from fairlead.routing.openrouter.preferences import Cutoffs
from tests.openrouter.stage import MODEL, staged
from tests.support.administered import ADMIN_KEY, asked


async def test_an_explanation_says_what_bars_whom(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        body = {"model": MODEL, "messages": [], "provider": {"zdr": True}, "models": ["mistral/m"]}
        got = await asked(stage.gateway, "POST", "/api/route/explain", ADMIN_KEY, {"body": body})
        assert got.status == 200, got.body
        assert b"providers.openai.zdr" in got.body
        assert stage.asked == {}


@pytest.mark.parametrize(
    ("said", "rates"),
    [
        ({"prompt": 1}, {"prompt": 1_000_000_000}),
        ({"prompt": "0.15", "completion": 2.5}, {"prompt": 150_000_000, "completion": 2_500_000_000}),
        ({"request": "0.01"}, {"request": 10_000_000 * 1_000_000}),
        ({"image": None}, {}),
        ({"prompt": 1e-3}, {"prompt": 1_000_000}),
    ],
)
def test_prices_are_read_exactly(said: dict[str, object], rates: dict[str, int]) -> None:
    assert preferences.read({"max_price": said}).max_price == rates


@pytest.mark.parametrize("said", [True, -1, "-1", "1e3", "", [], "9" * 12])
def test_what_is_no_amount_is_refused(said: object) -> None:
    with pytest.raises(RequestError, match="amount of US dollars"):
        preferences.read({"max_price": {"prompt": said}})


def test_a_number_is_a_bound_of_the_median() -> None:
    read = preferences.read({"preferred_max_latency": 2, "preferred_min_throughput": {"p90": 5}})
    assert (read.max_latency, read.min_throughput) == (Cutoffs(p50=2), Cutoffs(p90=5))


def test_nothing_said_is_no_preference() -> None:
    nulls = dict.fromkeys(("order", "only", "ignore", "zdr", "sort", "max_price", "data_collection", "quantizations"))
    assert preferences.read(nulls) == preferences.read(None) == preferences.ANY


def test_a_long_prompt_is_held_to_the_price_of_long_prompts() -> None:
    cheap, dear = Rates(input=1_000, output=1_000), Rates(input=9_000, output=9_000)
    price = Price(kind="priced", steps=((200_000, dear), (0, cheap)))
    wants = preferences.read({"max_price": {"prompt": "0.000005"}})
    named = Named("m")
    assert gates.dear(price, named, Asked((named,), wants, {}, size=1000)) is None
    assert gates.dear(price, named, Asked((named,), wants, {}, size=300_000)) is not None
