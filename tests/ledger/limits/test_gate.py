"""Limits: exact within any span, true in what they tell, and never longer closed than they say."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.config.spending import Limit
from fairlead.errors import RateLimited
from fairlead.ledger.budgets.rules import Facts
from fairlead.ledger.limits.gate import Amounts, Gate, rules
from fairlead.ledger.limits.sliding import Sliding
from tests.ledger.budgets.test_book import Set

ANYONE = Facts({})


def gate(clock: Set, said: Mapping[str, Limit] | None = None, **limit: Any) -> Gate:
    return Gate(rules(said or {"l": Limit(**limit)}), clock)


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 50)), max_size=60), st.integers(1, 100))
def test_no_span_of_that_length_ever_holds_more_than_the_limit(steps: list[tuple[int, int]], limit: int) -> None:
    clock = Set(0.0)
    closed = gate(clock, tokens=limit)
    came: list[tuple[int, int]] = []
    for pause, amount in steps:
        clock.at += pause / 1000
        now = round(clock.at * 1000)
        recent = sum(each for when, each in came if when > now - 60_000)
        try:
            closed.admit(ANYONE, Amounts(amount))
        except RateLimited as refused:
            assert recent + amount > limit
            if refused.retry_after is None:
                assert amount > limit
            else:
                clock.at += refused.retry_after
                closed.admit(ANYONE, Amounts(amount))
                came.append((round(clock.at * 1000), amount))
        else:
            assert recent + amount <= limit
            came.append((now, amount))
    for start, _ in came:
        assert sum(each for when, each in came if start <= when < start + 60_000) <= limit


def test_what_is_refused_takes_nothing_of_any_limit() -> None:
    clock = Set(0.0)
    both = gate(clock, {"wide": Limit(requests=3), "narrow": Limit(requests=1, group_by=["user"])})
    both.admit(Facts({"user": ("a",)}), Amounts())
    for _ in range(5):
        with pytest.raises(RateLimited, match=r"`narrow` of a allows 1 requests within 60 s; 1 are counted"):
            both.admit(Facts({"user": ("a",)}), Amounts())
    both.admit(Facts({"user": ("b",)}), Amounts())
    both.admit(Facts({"user": ("c",)}), Amounts())
    with pytest.raises(RateLimited, match="`wide`"):
        both.admit(Facts({"user": ("d",)}), Amounts())


def test_calls_and_tokens_are_counted_each_by_themselves() -> None:
    clock = Set(0.0)
    both = gate(clock, requests=2, tokens=100, per="second")
    ticket = both.admit(ANYONE, Amounts(10, 80))
    with pytest.raises(RateLimited, match="100 tokens"):
        both.admit(ANYONE, Amounts(20))
    ticket.settle(Amounts(10, 5))
    ticket.settle(Amounts(99, 99))
    told = dict(both.admit(ANYONE, Amounts(20)).told)
    assert told == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1.000s",
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "65",
        "x-ratelimit-reset-tokens": "1.000s",
    }
    with pytest.raises(RateLimited, match="2 requests") as refused:
        both.admit(ANYONE, Amounts())
    assert refused.value.retry_after == 1


def test_a_call_that_took_more_than_it_said_closes_the_gate_for_as_long_as_that_counts() -> None:
    clock = Set(0.0)
    closed = gate(clock, output_tokens=100)
    ticket = closed.admit(ANYONE, Amounts(5, 10))
    clock.at = 59.0
    ticket.settle(Amounts(5, 500))
    with pytest.raises(RateLimited) as refused:
        closed.admit(ANYONE, Amounts(0, 1))
    assert refused.value.retry_after == 1
    clock.at = 60.0
    closed.admit(ANYONE, Amounts(0, 100))


def test_calls_at_one_time_are_let_in_as_others_end() -> None:
    closed = gate(Set(0.0), concurrent=2)
    first = closed.admit(ANYONE, Amounts())
    closed.admit(ANYONE, Amounts())
    with pytest.raises(RateLimited, match="2 calls at one time") as refused:
        closed.admit(ANYONE, Amounts())
    assert (refused.value.retry_after, refused.value.retryable) == (1, True)
    first.settle(Amounts())
    first.settle(Amounts())
    closed.admit(ANYONE, Amounts())
    with pytest.raises(RateLimited):
        closed.admit(ANYONE, Amounts())


def test_a_limit_of_none_lets_nothing_through_and_does_not_say_wait() -> None:
    with pytest.raises(RateLimited, match="needs 1 more") as refused:
        gate(Set(0.0), requests=0).admit(ANYONE, Amounts())
    assert (refused.value.retry_after, refused.value.retryable) == (None, False)


def test_meters_of_those_who_left_are_let_go() -> None:
    clock = Set(0.0)
    closed = gate(clock, requests=1, per="second", group_by=["end_user"])
    for at in range(10_000):
        clock.at = at * 0.01
        closed.admit(Facts({"end_user": (str(at),)}), Amounts())
    assert len(closed._meters) < 2048


def test_what_no_longer_counts_is_not_changed() -> None:
    sliding = Sliding(10)
    sliding.add(0, 5)
    assert sliding.at(10) == 0
    sliding.change(0, 100)
    assert sliding.at(10) == 0
