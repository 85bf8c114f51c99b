"""How often, and after what wait, a target is tried again."""

import pytest

from fairlead.config.reliability import Reliability, Retries
from fairlead.pipeline.retry import RetryBudget, allowed, backoff
from fairlead.routing.disposition import Cause


def test_waits_double_and_are_bounded_and_differ_by_chance() -> None:
    said = Reliability(backoff=1.0, longest_wait=6.0)
    assert [backoff(tries, said, 1.0) for tries in (1, 2, 3, 4, 5)] == [1.0, 2.0, 4.0, 6.0, 6.0]
    assert [backoff(tries, said, 0.0) for tries in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("cause", "times"),
    [(Cause.SERVER, 1), (Cause.CONNECT, 5), (Cause.RATE_LIMIT, 5), (Cause.TIMEOUT, 0), (Cause.NEVER, 0)],
)
def test_each_cause_has_its_own_count(cause: Cause, times: int) -> None:
    assert allowed(cause, Reliability(max_retries=5, retries=Retries(server=1))) == times


def test_u20_a_budget_gives_a_fifth_of_the_calls_and_a_few_more() -> None:
    budget, attempts, given = RetryBudget(20, now=0.0), 0, 0
    for _ in range(1000):
        attempts += 1
        while budget.take(attempts, now=0.0):
            attempts += 1
            given += 1
    assert 200 <= given <= 210


def test_a_budget_fills_in_quiet_times() -> None:
    budget = RetryBudget(20, now=0.0)
    taken = [budget.take(0, now=0.0) for _ in range(12)]
    assert taken == [True] * 10 + [False] * 2
    assert [budget.take(0, now=12.0) for _ in range(3)] == [True, True, False]


def test_a_budget_of_nothing_gives_nothing() -> None:
    assert not RetryBudget(0, now=0.0).take(1000, now=0.0)
