"""The worst case of an attempt is never less than what it then costs."""

from hypothesis import assume, given
from hypothesis import strategies as st

from fairlead.dialects.model import Usage
from fairlead.ledger.budgets.worst import Needs, affordable, worst
from fairlead.ledger.costs import cost
from fairlead.ledger.rates import UNKNOWN, Price, stepped

DOLLAR_A_MILLION = 10**9
SONNET = Price(
    kind="priced",
    steps=stepped(
        {
            "input": 3 * DOLLAR_A_MILLION,
            "cached": 3 * DOLLAR_A_MILLION // 10,
            "cache_write": 15 * DOLLAR_A_MILLION // 4,
            "cache_write_1h": 6 * DOLLAR_A_MILLION,
            "output": 15 * DOLLAR_A_MILLION,
        },
        {200_000: {"input": 6 * DOLLAR_A_MILLION, "cache_write_1h": 12 * DOLLAR_A_MILLION}},
    ),
)
PER_CALL = Price(kind="priced", steps=stepped({"input": 10**9, "output": 3 * 10**9, "request": 5 * 10**12}, {}))
FREE = Price(kind="free")


@given(
    st.sampled_from([SONNET, PER_CALL, FREE]),
    st.integers(0, 400_000),
    st.integers(0, 100_000),
    st.lists(st.integers(0, 400_000), min_size=6, max_size=6),
)
def test_no_usage_within_the_bounds_costs_more(price: Price, given: int, made: int, kinds: list[int]) -> None:
    cached, written, longer, sound, thought, spoken = kinds
    assume(cached + written + sound <= given and longer <= written and thought + spoken <= made)
    usage = Usage(
        input_tokens=given,
        output_tokens=made,
        cached_tokens=cached,
        cache_write_tokens=written,
        cache_write_1h_tokens=longer,
        audio_input_tokens=sound,
        reasoning_tokens=thought,
        audio_output_tokens=spoken,
    )
    bound, real = worst(price, Needs(given, made)), cost(price, usage).nano
    assert bound is not None
    assert real is not None
    # Each line of an invoice is rounded by itself, by less than one each.
    assert real <= bound + len(cost(price, usage).lines)


def test_what_has_no_known_price_has_no_worst_case() -> None:
    assert worst(UNKNOWN, Needs(1, 1)) is None
    assert worst(SONNET, Needs(1, 1), tier="priority") is None
    assert worst(SONNET, Needs(1, 1), tier="auto") == worst(SONNET, Needs(1, 1)) == 6_000 + 15_000


@given(st.sampled_from([SONNET, PER_CALL]), st.integers(0, 300_000), st.integers(0, 10**12))
def test_what_is_affordable_is_not_more_than_what_is_left(price: Price, given: int, left: int) -> None:
    tokens = affordable(price, Needs(given), left)
    if tokens:
        assert (worst(price, Needs(given, tokens)) or 0) <= left
    assert (worst(price, Needs(given, tokens + 2)) or 0) > left
