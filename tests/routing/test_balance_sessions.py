"""Sessions stay at one of several equal targets, while that is worth it."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from fairlead.routing.moment import Prices
from fairlead.routing.policy import By
from tests.routing.equals import WAYS, Field, opened, talk


@pytest.mark.parametrize("by", WAYS)
def test_a_session_stays(by: By) -> None:
    field = Field(1, 1, 1, 1, by=by, stay=600).measured(0.5, 0.5, 0.5, 0.5)
    for number in range(20):
        assert len({field.order(body=talk(b"%d" % number))[0] for _ in range(10)}) == 1


def test_a_session_may_talk_to_several_models() -> None:
    one, other = (Field(1, 1, by="weighted", stay=600) for _ in range(2))
    other.sessions, other.plan = one.sessions, replace(other.plan, reason="another model")
    body = talk(b"x")
    placed(one, body, "p0")
    placed(other, body, "p1")
    assert (one.order(body=body)[0], other.order(body=body)[0]) == ("p0", "p1")


def test_sessions_are_spread() -> None:
    field = Field(1, 1, by="best", stay=600).measured(0.5, 0.5)
    firsts = Counter(field.order(body=talk(b"%d" % number))[0] for number in range(400))
    assert firsts["p0"] == pytest.approx(200, abs=50)


@pytest.mark.parametrize("by", ["weighted", "best"])
def test_another_process_takes_a_session_to_the_same_place(by: By) -> None:
    one, other = (Field(1, 1, 1, 1, by=by, stay=600).measured(0.5, 0.5, 0.5, 0.5) for _ in range(2))
    other.random = random.Random(99)
    for number in range(50):
        assert one.order(body=talk(b"%d" % number)) == other.order(body=talk(b"%d" % number))


def placed(field: Field, body: bytes, at: str) -> str:
    """Have the session at that target, whatever it was drawn for; give the other one."""
    left = field.plan.choose(field.plan, field.moment(body=body)) if field.plan.choose else field.plan
    assert left.stays is not None
    left.stays.at(next(target for target in left.targets if target.provider.name == at))
    return next(target.provider.name for target in left.targets if target.provider.name != at)


@pytest.mark.parametrize(("mine", "other", "words", "stays"), [
    (0.5, 0.5, 10, True),
    (1.0, 0.85, 10, True),  # not by a margin
    (4.0, 0.2, 10, False),
    (1.5, 0.2, 200_000, True),  # 2 s to be read anew
    (9.0, 0.2, 200_000, False),
])  # fmt: skip
def test_a_session_leaves_only_for_more_than_its_cache_is_worth(
    mine: float, other: float, words: int, stays: bool
) -> None:
    field = Field(1, 1, by="best", stay=600).measured(mine, other)
    body = talk(b"x" * words)
    placed(field, body, "p0")
    assert (field.order(body=body)[0] == "p0") is stays


@pytest.mark.parametrize(("there", "stays"), [
    (Prices(0.9, 0.09, 0.9), True),  # cheaper, but all would be read anew
    (Prices(0.01, 0.01, 0.01), False),
])  # fmt: skip
def test_a_session_leaves_the_dearer_only_if_reading_it_anew_is_cheaper(there: Prices, stays: bool) -> None:
    field = Field(1, 1, by="cheapest", stay=600)
    field.prices = {"p0": Prices(1.0, 0.1, 1.0), "p1": there}
    body = talk(b"x" * 40_000)
    placed(field, body, "p0")
    assert (field.order(body=body)[0] == "p0") is stays


def test_a_tool_loop_stays_whatever_could_be_gained() -> None:
    body = (
        b'{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[]},'
        b'{"role":"tool","tool_call_id":"1","content":"4"}]}'
    )
    field = Field(1, 1, by="best", stay=600).measured(30.0, 0.1)
    placed(field, body, "p0")
    assert field.order(body=body)[0] == "p0"


def test_a_tool_loop_leaves_who_is_left_alone() -> None:
    field = Field(1, 1, by="weighted", stay=600)
    other = placed(field, talk(b"x"), "p0")
    opened(field.standings[0], field.now)
    assert field.order(body=talk(b"x"))[0] == other


def test_a_session_ends_at_what_takes_no_new_call() -> None:
    field = Field(0, 1, by="weighted", stay=600)
    assert field.order(body=talk(b"x")) == ["p1"]
    served = replace(field.plan.targets[0])
    left = field.plan.choose(field.plan, field.moment(body=talk(b"x"))) if field.plan.choose else field.plan
    assert left.stays is not None
    left.stays.at(served)
    assert field.order(body=talk(b"x")) == ["p0", "p1"]


def test_a_session_is_forgotten_after_its_time() -> None:
    field = Field(1, 1, by="best", stay=600).measured(0.5, 0.5)
    body = talk(b"x")
    drawn_for = field.order(body=body)[0]
    other = placed(field, body, drawn_for)
    placed(field, body, other)
    assert field.order(body=body)[0] == other
    field.now += 601
    assert field.order(body=body)[0] == drawn_for


def test_calls_that_begin_alike_are_spread() -> None:
    """The same words of many clients are no session."""
    field = Field(1, 1, by="weighted", stay=600)
    body = b'{"messages":[{"role":"user","content":"hello"}]}'
    firsts = Counter(field.order(body=body)[0] for _ in range(400))
    assert min(firsts.values()) > 120
