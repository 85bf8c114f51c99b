"""How usage becomes money: every token in one item, rounded once, and nothing made up."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.dialects.hub import PROVIDERS
from fairlead.dialects.model import ErrorFacts, Usage
from fairlead.ledger import extras
from fairlead.ledger.costs import Cost, Line, cost
from fairlead.ledger.extras import Extras
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.rates import KINDS, UNKNOWN, Price, Rates, rate, stepped
from tests.ledger.test_prices import AT

BOOK = PriceBook()
COUNTS = st.integers(0, 10**9)
GIVEN = {"input", "cached", "cached_audio", "cached_image", "cache_write", "cache_write_1h"}
GIVEN |= {"audio_input", "image_input", "video_input"}
MADE = {"output", "reasoning", "audio_output", "image_output"}
ALL = Price(kind="priced", steps=((0, Rates(**dict.fromkeys(KINDS, 1_000_000))),))
USAGES = st.builds(Usage, *[COUNTS] * 8)
EXTRAS = st.builds(
    Extras,
    **{name: COUNTS for name in Extras.__struct_fields__ if name.endswith("_tokens") or name in ("searches", "images")},
)


def priced(**dollars: str) -> Price:
    return Price(kind="priced", steps=stepped({kind: rate(text) for kind, text in dollars.items()}, {}))


def billed(provider: str, model: str, dialect: str, body: dict[str, Any]) -> Cost:
    """What a whole reply of a provider costs, read as the gateway reads it."""
    reply = PROVIDERS[dialect].read(json.dumps(body).encode())
    assert not isinstance(reply, ErrorFacts)
    assert reply.usage is not None
    raw = body.get("usage") or body["usageMetadata"]
    more = extras.read(provider, raw)
    return cost(BOOK.price(provider, model, AT), reply.usage, more, tier=reply.service_tier)


def chat(usage: dict[str, Any], tier: str | None = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": "x"}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage, "service_tier": tier}


def gemini(usage: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}], "usageMetadata": usage}


def message(usage: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "usage": usage}


def tokens(given: int, made: int, **details: Any) -> dict[str, Any]:
    return {"prompt_tokens": given, "completion_tokens": made, **details}


def modal(**counts: int) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in counts.items()]


# What no recording has, as each vendor's reference writes it, and what it comes to.
SHAPES = [
    # 272,000 at 2.50, one more at 5.00 all of them; 10 at 15.00 and at 22.50.
    ("openai", "gpt-5.4", "openai-chat", chat(tokens(272_000, 10)), 680_150_000),
    ("openai", "gpt-5.4", "openai-chat", chat(tokens(272_001, 10)), 1_360_230_000),
    # 200,000 at 1.25, one more at 2.50; 4 + 6 thoughts at 10.00 and at 15.00.
    (
        *("google", "gemini-2.5-pro", "gemini"),
        gemini({"promptTokenCount": 200_000, "candidatesTokenCount": 4, "thoughtsTokenCount": 6}),
        250_100_000,
    ),
    (
        *("google", "gemini-2.5-pro", "gemini"),
        gemini({"promptTokenCount": 200_001, "candidatesTokenCount": 4, "thoughtsTokenCount": 6}),
        500_152_500,
    ),
    # Cached tokens lengthen the prompt: 200,001 at 2.50, of which 200,000 are cached at 0.25.
    (
        *("google", "gemini-2.5-pro", "gemini"),
        gemini({"promptTokenCount": 200_001, "cachedContentTokenCount": 200_000}),
        50_002_500,
    ),
    # Flex: 600 at 1.25, 400 cached at 0.13, 50 at 7.50. Priority: at 5.00, 0.50 and 30.00.
    (
        *("openai", "gpt-5.4", "openai-chat"),
        chat(tokens(1000, 50, prompt_tokens_details={"cached_tokens": 400}), "flex"),
        1_177_000,
    ),
    (
        *("openai", "gpt-5.4", "openai-chat"),
        chat(tokens(1000, 50, prompt_tokens_details={"cached_tokens": 400}), "priority"),
        4_700_000,
    ),
    # OpenAI's cache writes: 100 at 0.20, 900 written at 0.25, 10 at 1.20.
    (
        *("openai", "gpt-5.6-luna", "openai-chat"),
        chat(tokens(1000, 10, prompt_tokens_details={"cache_write_tokens": 900})),
        257_000,
    ),
    # A batch of Anthropic's: 100 at 1.50, 20 read at 0.15, 30 written at 1.875, 10 at 7.50.
    (
        *("anthropic", "claude-sonnet-4-6", "anthropic-messages"),
        message(
            {
                "input_tokens": 100, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 30,
                "output_tokens": 10, "service_tier": "batch",
            }
        ),
        284_250,
    ),
    # Sound for Gemini: 40 at 0.30, of 60 of sound 50 at 1.00 and 10 cached at 0.10; 5 at 2.50.
    (
        *("google", "gemini-2.5-flash", "gemini"),
        gemini(
            {
                "promptTokenCount": 100, "cachedContentTokenCount": 10, "candidatesTokenCount": 5,
                "promptTokensDetails": modal(TEXT=40, AUDIO=60), "cacheTokensDetails": modal(AUDIO=10),
            }
        ),
        75_500,
    ),
    # A picture of Gemini's: 10 at 0.30, 1290 of a picture at 30.00.
    (
        *("google", "gemini-2.5-flash-image", "gemini"),
        gemini(
            {
                "promptTokenCount": 10, "candidatesTokenCount": 1290,
                "candidatesTokensDetails": modal(IMAGE=1290),
            }
        ),
        38_703_000,
    ),
    # Sound for OpenAI, both ways: 10 at 2.50, 90 at 32.00; 20 at 10.00, 80 at 64.00.
    (
        *("openai", "gpt-audio", "openai-chat"),
        chat(
            tokens(
                100, 100,
                prompt_tokens_details={"audio_tokens": 90}, completion_tokens_details={"audio_tokens": 80},
            )
        ),
        8_225_000,
    ),
    # A fee for the request, where Perplexity does not say its charge: 27 and 93 at 1.00, 0.012.
    ("perplexity", "sonar", "openai-chat", chat(tokens(27, 93)), 12_120_000),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "model", "dialect", "body", "expected"), SHAPES)
def test_a_shape_without_a_recording(
    provider: str, model: str, dialect: str, body: dict[str, Any], expected: int
) -> None:
    assert billed(provider, model, dialect, body).nano == expected


def test_pictures_that_openai_makes() -> None:
    """14 of text at 5.00, 100 of a picture at 10.00, 272 made at 40.00."""
    raw = {
        "input_tokens": 114,
        "output_tokens": 272,
        "input_tokens_details": {"text_tokens": 14, "image_tokens": 100},
        "output_tokens_details": {"image_tokens": 272},
    }
    found = cost(BOOK.price("openai", "gpt-image-1", AT), Usage(114, 272), extras.read("openai", raw))
    assert found.nano == 70_000 + 1_000_000 + 10_880_000
    assert [line.kind for line in found.lines] == ["input", "image_input", "image_output"]


def test_pictures_that_were_cached() -> None:
    """100 of text, of which 10 cached; 100 of a picture, of which 40 cached."""
    raw = {
        "input_tokens_details": {
            "image_tokens": 100,
            "cached_tokens": 50,
            "cached_tokens_details": {"image_tokens": 40},
        }
    }
    found = cost(ALL, Usage(200, 0, 50), extras.read("openai", raw))
    units = {line.kind: line.units for line in found.lines}
    assert units == {"input": 90, "cached": 10, "cached_image": 40, "image_input": 60, "request": 1}


def test_sound_that_is_sold_by_time() -> None:
    """6 seconds at 0.36 dollars an hour."""
    found = cost(BOOK.price("openai", "whisper-1", AT), Usage(), extras.read("openai", {"seconds": 5.2}))
    assert found.lines == (Line("seconds", 6, 360_000_000, 600_000),)


# --- what holds for every usage


@settings(deadline=None)
@given(USAGES, st.one_of(st.just(Extras()), EXTRAS))
def test_every_token_is_in_one_item(usage: Usage, more: Extras) -> None:
    found = cost(ALL, usage, more)
    units = {line.kind: line.units for line in found.lines}
    assert all(count > 0 for count in units.values())
    assert sum(count for kind, count in units.items() if kind in GIVEN) == usage.input_tokens
    assert sum(count for kind, count in units.items() if kind in MADE) == usage.output_tokens
    assert len(units) == len(found.lines)


@settings(deadline=None)
@given(USAGES)
def test_the_short_way_and_the_long_one_come_to_the_same(usage: Usage) -> None:
    short, long = cost(ALL, usage), cost(ALL, usage, Extras(searches=1))
    rest = [line for line in long.lines if line.kind != "search"]
    assert short.nano == sum(line.nano or 0 for line in rest)
    assert sorted(short.lines, key=str) == sorted(rest, key=str)


@settings(deadline=None)
@given(USAGES, EXTRAS, st.integers(0, 10**12))
def test_the_total_is_the_sum_of_the_items(usage: Usage, more: Extras, each: int) -> None:
    price = Price(kind="priced", steps=((0, Rates(**dict.fromkeys(KINDS, each))),))
    found = cost(price, usage, more)
    assert found.nano == sum(line.nano or 0 for line in found.lines)
    assert all(
        line.nano is not None and abs(2 * (line.units * each - line.nano * 10**6)) <= 10**6 for line in found.lines
    )


@pytest.mark.parametrize(
    ("units", "dollars", "expected"),
    [(1, "0.0005", 0), (1, "0.0015", 2), (3, "0.0005", 2), (5, "0.0005", 2), (1, "0.000501", 1), (1, "0.000499", 0)],
)
def test_an_item_is_rounded_once_half_to_even(units: int, dollars: str, expected: int) -> None:
    assert cost(priced(input=dollars), Usage(units)).nano == expected


# --- what is not known


def test_an_unknown_price_is_no_cost_of_nothing() -> None:
    assert cost(UNKNOWN, Usage(10, 10)) == Cost(None)
    assert cost(UNKNOWN, Usage()).nano is None


def test_one_item_without_a_price_makes_the_cost_unknown_and_is_named() -> None:
    found = cost(priced(input="1", output="2"), Usage(10, 10), Extras(searches=2))
    assert found.nano is None
    assert found.lines == (
        Line("input", 10, 1_000_000_000, 10_000),
        Line("output", 10, 2_000_000_000, 20_000),
        Line("search", 2, None, None),
    )


def test_sound_whose_price_nobody_gives_is_not_priced_as_text() -> None:
    """The library lists this model without the price of sound, which is sixteen times that of text."""
    price = BOOK.price("openai", "gpt-4o-audio-preview", AT)
    assert cost(price, Usage(10, 10)).nano == 125_000
    assert cost(price, Usage(10, 10, audio_input_tokens=1)).nano is None
    assert cost(price, Usage(10, 10, audio_output_tokens=1)).nano is None


def test_a_price_without_output_serves_what_has_none() -> None:
    assert cost(priced(input="0.02"), Usage(31)).nano == 620
    assert cost(priced(input="0.02"), Usage(31, 1)).nano is None


def test_a_tier_that_nobody_priced_is_unknown() -> None:
    assert cost(priced(input="1"), Usage(1), tier="priority").nano is None
    assert cost(priced(input="1"), Usage(1), tier="standard").nano == 1000


def test_free_is_nothing_whatever_was_used() -> None:
    free = Price(kind="free")
    assert cost(free, Usage(10**9, 10**9), Extras(searches=9), tier="priority") == Cost(0)


def test_an_estimate_is_flagged_and_a_charge_is_none() -> None:
    assert cost(priced(input="1"), Usage(1), estimated=True).estimated
    assert not cost(priced(input="1"), Usage(1)).estimated
    charged = cost(priced(input="1"), Usage(1), Extras(reported=7), estimated=True)
    assert charged == Cost(7, reported=True)


# --- what providers say that they charged


def test_a_reported_charge_wins_over_every_price_but_the_operators_own() -> None:
    told = Extras(reported=7)
    assert [cost(price, Usage(1), told).nano for price in (UNKNOWN, Price(kind="free"), ALL)] == [7, 7, 7]
    mine = Price(kind="priced", steps=ALL.steps, settled=True)
    assert cost(mine, Usage(5), told) == cost(mine, Usage(5))


@pytest.mark.parametrize(
    ("provider", "usage", "expected"),
    [
        ("openrouter", {"cost": 3.75e-05}, 37_500),
        ("openrouter", {"cost": 0}, 0),
        ("openrouter", {"cost": 1e-7, "is_byok": True, "cost_details": {"upstream_inference_cost": 2e-6}}, 2_100),
        ("openrouter", {"cost": 1e-7, "is_byok": True}, None),
        ("openrouter", {"cost": 0.01, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.01}}, 10_000_000),
        ("perplexity", {"cost": {"total_cost": 0.00512}}, 5_120_000),
        ("xai", {"cost_in_usd_ticks": 6_881_005}, 688_100),
        ("xai", {"cost_in_usd_ticks": -1}, None),
        ("openai", {"cost": 0.01}, None),
        ("custom", {"cost": 0.01}, None),
        ("openrouter", {"cost": -0.01}, None),
        ("openrouter", {"cost": float("nan")}, None),
        ("openrouter", {"cost": 1e300}, None),
        ("openrouter", {"cost": True}, None),
        ("openrouter", {"cost": "0.01"}, None),
        ("perplexity", {"cost": 5}, None),
    ],
)
def test_a_charge_is_believed_where_it_is_known_to_be_one(
    provider: str, usage: dict[str, Any], expected: int | None
) -> None:
    assert extras.reported(provider, usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": None, "completion_tokens_details": 5},
        {"prompt_tokens_details": {"image_tokens": -5, "audio_tokens": "9"}},
        {"promptTokensDetails": [None, {"modality": "AUDIO"}, {"modality": "AUDIO", "tokenCount": -1}]},
        {"seconds": float("inf")},
        {"seconds": float("nan")},
        {"seconds": True},
        {"billed_units": [], "server_tool_use": {"web_search_requests": None}},
        {"service_tier": 7, "speed": []},
    ],
)
def test_a_badly_written_usage_has_nothing_more_to_say(usage: dict[str, Any]) -> None:
    assert extras.read("openrouter", usage) == Extras()


def test_anthropics_fast_way_is_a_tier() -> None:
    assert extras.read("anthropic", {"speed": "fast", "service_tier": "standard"}).tier == "fast"
    assert extras.read("anthropic", {"speed": "standard", "service_tier": "standard"}).tier == "standard"


def test_a_cost_takes_microseconds() -> None:
    price, usage = BOOK.price("openai", "gpt-5.4", AT), Usage(1000, 100, 400)
    begun = time.perf_counter()
    for _ in range(100_000):
        cost(price, usage, tier="default")
    assert time.perf_counter() - begun < 4  # 0.2 s on an idle machine
