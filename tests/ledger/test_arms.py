"""The arms of experiments in the record: their sums, and whether they got their shares (E17: sample-ratio test)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.config.experiments import Arm, Experiment
from fairlead.ledger.arms import dealt
from fairlead.ledger.ratio import beyond, ratio
from fairlead.state.database import Database
from tests.ledger import stores
from tests.ledger.rows import DAY, NOON, row
from tests.ledger.test_usage import Recorded

HALVES = {"trial": Experiment(arms={"a": Arm(50), "b": Arm(50)})}


@pytest.fixture(params=stores.KINDS)
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recorded]:
    for database in stores.made(request.param, tmp_path):
        assert isinstance(database, Database)
        yield Recorded(database, tmp_path / "journal", NOON)


@pytest.mark.parametrize(
    ("value", "degrees", "probability"),
    # Critical values of any printed table of the distribution.
    [(3.841, 1, 0.05), (6.635, 1, 0.01), (10.828, 1, 0.001), (5.991, 2, 0.05), (7.815, 3, 0.05), (16.266, 3, 0.001),
     (9.488, 4, 0.05), (18.307, 10, 0.05), (0.0, 3, 1.0)],
)  # fmt: skip
def test_the_distribution_is_that_of_the_tables(value: float, degrees: int, probability: float) -> None:
    assert beyond(value, degrees) == pytest.approx(probability, rel=2e-3)


def test_shares_that_chance_explains_are_no_alarm_and_others_are() -> None:
    assert not ratio([503, 497], [50, 50]).alarm
    assert not ratio([905, 95], [90, 10]).alarm
    assert ratio([550, 400], [50, 50]).alarm
    assert ratio([960, 40], [90, 10]).alarm
    assert ratio([500, 1], [100, 0]).alarm  # an arm without weight had somebody
    assert ratio([3, 1], [50, 50]).p is None  # too few to tell
    assert ratio([], []).p is None
    assert ratio([500, 480, 0], [1, 1, 0]).degrees == 1


def test_usage_by_arm_has_calls_errors_cost_and_latency(recorded: Recorded) -> None:
    recorded.put(
        row(NOON - 10, 1, arm="trial/a", cost=100, total_us=200_000),
        row(NOON - 9, 2, arm="trial/a", cost=300, outcome="failed", total_us=400_000),
        row(NOON - 8, 3, arm="trial/b", cost=50, total_us=100_000),
        row(NOON - 7, 4, cost=7),
    )
    groups = {group.name: group.total for group in recorded.usage.groups("arm", NOON - DAY)}
    assert groups.keys() == {"trial/a", "trial/b", ""}
    one = groups["trial/a"]
    assert (one.calls, one["failed"], one.cost, one.mean_us) == (2, 1, 400, 300_000)
    assert recorded.usage.total(NOON - DAY, None, {"arm": "trial/b"}).cost == 50
    assert [each.cost for each in recorded.usage.calls(0, None, {"arm": "trial/a"}).calls] == [300, 100]


def test_the_test_counts_subjects_and_not_their_calls(recorded: Recorded) -> None:
    """One busy user is no mismatch; calls of one user hang together."""
    busy = [row(NOON - 5000 + at, at, arm="trial/a", end_user="busy") for at in range(400)]
    others = [row(NOON - 4000 + at, 1000 + at, arm=f"trial/{'ab'[at % 2]}", end_user=f"u{at}") for at in range(40)]
    recorded.put(*busy, *others)
    (found,) = dealt(recorded.usage, HALVES, NOON - DAY)
    assert found.subjects == {"a": 21, "b": 20}
    assert found.warning is None
    (by_call,) = dealt(recorded.usage, {"trial": Experiment(arms=HALVES["trial"].arms, by="call")}, NOON - DAY)
    assert by_call.subjects == {"a": 420, "b": 20}
    assert by_call.warning is not None


def test_a_mismatch_is_a_sentence_with_its_figures(recorded: Recorded) -> None:
    rows = [row(NOON - 9000 + at, at, arm=f"trial/{'a' if at % 3 else 'b'}", end_user=f"u{at}") for at in range(300)]
    recorded.put(*rows)
    (found,) = dealt(recorded.usage, HALVES, NOON - DAY)
    assert found.warning is not None
    assert "`trial` has a sample ratio mismatch: a 200, b 100 (by user)" in found.warning
    assert found.told()["alarm"] is True
