"""A breaker leaves alone what fails, lets one call try, and forgets."""

import pytest

from fairlead.routing.breaker import Breaker, Rules

RULES = Rules(failures=3, share=0.5, calls=10, window=30.0, cooldown=5.0, longest=60.0)
HALF = 0.5  # a draw that changes no wait


def broken(now: float = 0.0, rules: Rules = RULES) -> Breaker:
    made = Breaker("it")
    for _ in range(rules.failures):
        made.counted(now, rules, "server", 0.0, HALF)
    return made


def test_it_opens_after_so_many_failures_in_a_row_for_the_very_next_call() -> None:
    made = Breaker("it")
    for _ in range(2):
        made.counted(0.0, RULES, "server", 0.0, HALF)
        assert made.passes(0.0)
    made.counted(0.0, RULES, "server", 0.0, HALF)
    assert not made.passes(0.0)
    assert (made.state(4.9), made.state(5.0)) == ("open", "half-open")


def test_a_success_between_starts_the_row_anew() -> None:
    made = Breaker("it")
    for _ in range(4):
        made.counted(0.0, RULES, "server", 0.0, HALF)
        made.counted(0.0, RULES, "server", 0.0, HALF)
        made.succeeded(0.0, 0.0)
        assert made.passes(0.0)
        made.calls += 10  # many more that were well, so that the share is small


def test_u21_alternating_failures_open_it_by_their_share() -> None:
    made = Breaker("it")
    for _ in range(4):
        made.counted(1.0, RULES, "server", 0.0, HALF)
        made.succeeded(1.0, 1.0)
        assert made.passes(1.0)
    made.counted(1.0, RULES, "server", 0.0, HALF)
    made.succeeded(1.0, 1.0)
    made.counted(1.0, RULES, "server", 0.0, HALF)
    assert not made.passes(1.0)


def test_half_open_one_call_at_a_time_tries() -> None:
    made = broken()
    assert made.passes(5.0)
    made.claim(5.0)
    assert not made.passes(5.0)
    made.let_go(4.0)
    assert not made.passes(5.0), "one from before it says nothing of the one that tries"
    made.let_go(5.0)
    assert made.passes(5.0)


def test_failures_of_calls_from_before_it_opened_make_no_pause_longer() -> None:
    made = broken(now=10.0)
    made.counted(15.5, RULES, "server", 0.0, HALF, began=9.0)
    assert made.state(15.5) == "half-open"
    made.claim(15.5)
    made.counted(16.0, RULES, "server", 0.0, HALF, began=9.0)
    assert not made.passes(16.0), "the one that tries is still at it"
    made.open(17.0, RULES.rest, RULES, "rate_limit", 0.0, HALF, began=9.0)
    assert (made.opened, made.state(17.0)) == (1, "half-open")
    made.open(17.0, RULES.rest, RULES, "rate_limit", 20.0, HALF, began=9.0)
    assert (made.opened, made.until) == (1, 37.0)


def test_each_window_without_trouble_takes_one_doubling_back() -> None:
    made, now = broken(), 0.0
    for _ in range(3):
        now = made.until
        made.claim(now)
        made.counted(now, RULES, "server", 0.0, HALF)
    now = made.until
    made.claim(now)
    made.succeeded(now, now)
    later = now + 2 * RULES.window
    for _ in range(RULES.failures):
        made.counted(later, RULES, "server", 0.0, HALF)
    assert made.until - later == 20.0


def test_a_try_that_succeeds_closes_it_and_one_that_fails_doubles_the_wait() -> None:
    made = broken()
    made.claim(5.0)
    made.counted(6.0, RULES, "server", 0.0, HALF)
    assert (made.state(15.9), made.state(16.0)) == ("open", "half-open")
    made.claim(16.0)
    made.succeeded(16.0, 17.0)
    assert made.state(17.0) == "closed"
    assert made.clear


def test_u21_the_wait_is_remembered_after_it_closed_and_bounded() -> None:
    made, now = broken(), 0.0
    waits = []
    for _ in range(8):
        waits.append(made.until - now)
        now = made.until
        made.claim(now)
        made.succeeded(now, now)
        for _ in range(RULES.failures):
            made.counted(now, RULES, "server", 0.0, HALF)
    assert waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0]


def test_after_a_long_time_without_trouble_the_first_wait_is_short_again() -> None:
    made = broken()
    made.claim(5.0)
    made.succeeded(5.0, 5.0)
    later = 5.0 + RULES.longest + 1
    for _ in range(RULES.failures):
        made.counted(later, RULES, "server", 0.0, HALF)
    assert made.until - later == 5.0


@pytest.mark.parametrize(("asked", "rests"), [(0.0, 1.0), (0.5, 1.0), (20.0, 20.0), (3600.0, 3600.0)])
def test_d4_it_rests_for_the_longer_of_what_was_asked_and_our_own_wait(asked: float, rests: float) -> None:
    made = Breaker("it")
    made.open(0.0, RULES.rest, RULES, "rate_limit", asked, HALF)
    assert made.until == rests


def test_a_later_end_counts_where_it_is_open_already_and_an_earlier_one_does_not() -> None:
    made = Breaker("it")
    made.open(0.0, 1.0, RULES, "rate_limit", 20.0, HALF)
    made.open(1.0, 1.0, RULES, "rate_limit", 5.0, HALF)
    assert made.until == 20.0
    made.open(2.0, 1.0, RULES, "rate_limit", 30.0, HALF)
    assert made.until == 32.0


def test_an_answer_to_a_call_from_before_it_opened_says_nothing() -> None:
    made = broken(now=10.0)
    made.succeeded(9.0, 11.0)
    assert made.state(11.0) == "open"


def test_waits_differ_by_a_tenth_so_that_not_all_come_back_at_once() -> None:
    ends = []
    for draw in (0.0, 1.0):
        made = Breaker("it")
        for _ in range(RULES.failures):
            made.counted(0.0, RULES, "server", 0.0, draw)
        ends.append(made.until)
    assert ends == [pytest.approx(4.5), pytest.approx(5.5)]


def test_it_tells_when_it_opens_and_when_it_closes() -> None:
    heard: list[str] = []
    made = Breaker("it", lambda breaker: heard.append(breaker.state(0.0)))
    for _ in range(RULES.failures + 1):
        made.counted(0.0, RULES, "server", 0.0, HALF)
    made.claim(5.0)
    made.succeeded(5.0, 6.0)
    assert heard == ["open", "closed"]
