"""Choosing among equals: each way, at its borders, and as often as its weights say."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat

import pytest

from fairlead.errors import Failure, FailureKind
from fairlead.routing.equals import EXPLORED, drawn
from fairlead.routing.moment import Prices
from fairlead.routing.policy import By
from tests.routing.equals import NOT_EXPLORED, WAYS, Field, opened, talk


@pytest.mark.parametrize("by", WAYS)
def test_every_target_is_in_the_order_once(by: By) -> None:
    field = Field(1, 2, 3, 4, by=by).measured(0.1, 0.2, 0.3, 0.4)
    for _ in range(200):
        assert sorted(field.order()) == ["p0", "p1", "p2", "p3"]


@pytest.mark.parametrize("by", WAYS)
def test_one_target_alone_is_the_plan(by: By) -> None:
    assert Field(1, by=by).order(0.0) == ["p0"]


@pytest.mark.parametrize("by", WAYS)
def test_a_weight_of_0_takes_no_new_call(by: By) -> None:
    field = Field(1, 0, 1, by=by).measured(0.3, 0.1, 0.3)
    field.prices = {"p1": Prices(0, 0, 0)}
    found = [field.order() for _ in range(300)]
    assert all(sorted(each) == ["p0", "p2"] for each in found)


@pytest.mark.parametrize("by", WAYS)
def test_where_all_weights_are_0_nobody_is_left(by: By) -> None:
    assert Field(0, 0, by=by).order() == []


@pytest.mark.parametrize("by", WAYS)
def test_what_is_open_comes_last_and_is_never_gone(by: By) -> None:
    field = Field(1, 1, 1, by=by).measured(0.1, 0.2, 0.3)
    opened(field.standings[0], field.now)
    for _ in range(200):
        order = field.order()
        assert order[-1] == "p0"
        assert len(order) == 3


@pytest.mark.parametrize("by", WAYS)
def test_where_all_are_open_all_are_tried_as_ever(by: By) -> None:
    field = Field(1, 1, 1, by=by).measured(0.1, 0.2, 0.3)
    for standing in field.standings:
        opened(standing, field.now)
    assert {len(field.order()) for _ in range(50)} == {3}


@pytest.mark.parametrize("by", ["fastest", "best"])
def test_what_was_left_alone_long_enough_is_tried(by: By) -> None:
    """Else it would never be: whoever failed has the least health."""
    field = Field(1, 1, 1, by=by).measured(0.1, 0.2, 0.3)
    opened(field.standings[2], field.now)
    field.now += 3600
    assert field.order()[0] == "p2"
    field.standings[2].claim(field.now)
    assert field.order()[-1] == "p2"


# weighted


def test_a_thousand_calls_are_drawn_by_weight() -> None:
    firsts = Field(7, 2, 1, by="weighted").firsts()
    assert firsts["p0"] == pytest.approx(700, abs=45)
    assert firsts["p1"] == pytest.approx(200, abs=40)
    assert firsts["p2"] == pytest.approx(100, abs=30)


def test_who_comes_next_is_drawn_by_weight_too() -> None:
    """The failure of the largest is not all for the second."""
    field = Field(8, 1, 1, by="weighted")
    seconds = Counter(order[1] for order in (field.order() for _ in range(3000)) if order[0] == "p0")
    assert seconds["p1"] == pytest.approx(seconds["p2"], rel=0.15)


@pytest.mark.parametrize(
    ("draw", "at"),
    [(0.0, 0), (0.249999, 0), (0.25, 1), (0.499999, 1), (0.5, 2), (0.999999999999999, 2)],
)
def test_a_draw_at_a_border_falls_on_what_begins_there(draw: float, at: int) -> None:
    assert drawn([1.0, 2.0, 4.0], draw) == at


def test_a_draw_that_is_rounded_up_falls_on_the_last() -> None:
    assert drawn([0.1, 0.2], 1.0) == 1


@pytest.mark.parametrize("second", [0.0, 0.3, 0.5, 0.999999999999999])
@pytest.mark.parametrize("first", [0.0, 0.2, 0.5, 0.999999999999999])
def test_two_that_are_drawn_are_never_the_same(first: float, second: float) -> None:
    order = Field(1, 3, 2, by="weighted").order(first, second)
    assert len(set(order)) == 3


# the better of two


def test_the_better_of_two_is_taken() -> None:
    field = Field(1, 1, by="best").measured(0.1, 2.0)
    assert field.order(NOT_EXPLORED, 0.9, 0.0)[0] == "p0"
    assert field.order(NOT_EXPLORED, 0.0, 0.0)[0] == "p0"


def test_one_call_in_a_hundred_goes_where_it_may() -> None:
    """What is never asked is never measured: a target that was slow once would be so for ever."""
    firsts = Field(1, 1, by="best").measured(0.1, 5.0).firsts(20_000)
    assert firsts["p1"] == pytest.approx(100, abs=40)


@pytest.mark.parametrize(("draw", "first"), [(0.0, "p0"), (EXPLORED * 0.49, "p0"), (EXPLORED * 0.51, "p1")])
def test_a_call_that_explores_goes_to_any(draw: float, first: str) -> None:
    assert Field(1, 1, by="best").measured(0.1, 5.0).order(draw)[0] == first


def test_those_that_are_about_as_good_share_the_calls() -> None:
    firsts = Field(1, 1, by="best").measured(0.50, 0.55).firsts()
    assert firsts["p0"] == pytest.approx(500, abs=60)


def test_work_in_flight_turns_calls_away() -> None:
    field = Field(1, 1, by="best").measured(1.0, 1.0)
    field.standings[0].flying = 20
    assert field.order(NOT_EXPLORED, 0.0, 0.0)[0] == "p1"


def test_failures_turn_calls_away() -> None:
    field = Field(1, 1, by="best").measured(1.0, 1.0)
    field.standings[0].failed(Failure(FailureKind.SERVER, "no", status=500), field.now - 1, field.now, 0.5)
    assert field.standings[0].admits(field.now)
    assert field.order(NOT_EXPLORED, 0.0, 0.0)[0] == "p1"


def test_failures_are_forgiven_after_half_a_minute() -> None:
    """Nobody goes where nobody went well: without that a target would hardly ever be asked again."""
    field = Field(1, 1, by="best").measured(1.0, 1.0)
    field.standings[0].failed(Failure(FailureKind.SERVER, "no", status=500), field.now - 1, field.now, 0.5)
    field.now += 31
    assert field.order(NOT_EXPLORED, 0.0, 0.0)[0] == "p0"


def test_traffic_does_not_flap_around_the_margin() -> None:
    """A target that leads goes on to lead until the other is better, however the lead wavers around 10 %."""
    field = Field(1, 1, by="best").measured(1.0, 1.3)
    assert field.order(NOT_EXPLORED, 0.9, 0.0)[0] == "p0"
    for wavering in (1.15, 1.25, 1.1, 1.22, 1.05):
        field.measured(1.0, wavering)
        assert field.order(NOT_EXPLORED, 0.9, 0.0)[0] == "p0"
    field.measured(1.0, 0.95)  # it is behind, by less than the margin: they share
    assert field.order(NOT_EXPLORED, 0.9, 0.0)[0] == "p1"
    assert field.order(NOT_EXPLORED, 0.0, 0.0)[0] == "p0"


def test_what_was_never_measured_is_neither_shunned_nor_flooded() -> None:
    new = Field(1, 1, by="best")
    for _ in range(50):
        new.standings[0].answered(0.0, 0.5, stream=True)
    assert 400 < new.firsts()["p1"] < 600
    new.standings[1].flying = 30
    assert new.firsts()["p1"] < 30


# cheapest, fastest, least busy


def test_the_cheapest_is_first_and_what_has_no_price_last() -> None:
    field = Field(1, 1, 1, by="cheapest")
    field.prices = {"p0": Prices(2, 1, 8), "p2": Prices(1, 1, 4)}
    assert field.order() == ["p2", "p0", "p1"]


def test_of_those_that_take_the_same_the_better_is_taken() -> None:
    field = Field(1, 1, 1, by="cheapest").measured(3.0, 0.1, 0.1)
    field.prices = {"p0": Prices(1, 1, 1), "p1": Prices(1, 1, 1), "p2": Prices(9, 9, 9)}
    assert field.order(NOT_EXPLORED, 0.0, 0.0) == ["p1", "p0", "p2"]


def test_the_fastest_is_first_until_another_is_by_a_margin() -> None:
    field = Field(1, 1, by="fastest").measured(0.5, 0.6)
    assert field.order(NOT_EXPLORED) == ["p0", "p1"]
    field.measured(0.5, 0.47)
    assert field.order(NOT_EXPLORED) == ["p0", "p1"]
    field.measured(0.5, 0.40)
    assert field.order(NOT_EXPLORED) == ["p1", "p0"]


def test_the_least_busy_for_its_weight_is_first() -> None:
    field = Field(4, 1, 1, by="least-busy")
    field.standings[0].flying, field.standings[1].flying, field.standings[2].flying = 3, 1, 2
    assert field.order() == ["p0", "p1", "p2"]


def test_of_those_as_busy_one_is_drawn() -> None:
    assert Field(1, 1, by="least-busy").firsts()["p0"] == pytest.approx(500, abs=60)


# what is shown, and what is held


def test_an_explanation_changes_nothing() -> None:
    field = Field(1, 1, by="best", stay=600).measured(0.1, 0.5)
    assert field.plan.choose is not None

    def never() -> float:
        raise AssertionError("it drew")

    left = field.plan.choose(field.plan, field.moment(never, talk(b"x"), explains=True))
    assert [each.provider for each in left.candidates] == ["p0", "p1"]
    assert left.stays is None
    assert "score 0.909" in left.candidates[0].reason


def test_an_order_is_made_once() -> None:
    field = Field(1, 1, by="weighted")
    assert field.plan.choose is not None
    draws: Iterator[float] = repeat(0.1)
    one, other = (field.plan.choose(field.plan, field.moment(draws.__next__)) for _ in range(2))
    assert one is other


def test_a_plan_for_calls_with_needs_does_not_lose_who_leads() -> None:
    field = Field(1, 1, 1, by="best").measured(1.0, 1.3, 1.3)
    assert field.order(NOT_EXPLORED, 0.5, 0.0)[0] == "p0"
    less = replace(field.plan, candidates=(*field.plan.candidates[:2], replace(field.plan.candidates[2], target=None)))
    field.measured(1.0, 1.12, 1.12)
    assert field.order(NOT_EXPLORED, 0.9, 0.0, plan=less)[0] == "p0"
