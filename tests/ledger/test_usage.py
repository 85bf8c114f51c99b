"""What the record says: sums, lists and single calls, from both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from fairlead.clock import Clock
from fairlead.errors import NotFound, RequestError
from fairlead.ledger import moments
from fairlead.ledger.analytics import analytics
from fairlead.ledger.fold import Fold
from fairlead.ledger.journal import Journal
from fairlead.ledger.retention import Retention, sweep
from fairlead.ledger.row import Attempt, Bodies, Row, Tokens
from fairlead.ledger.usage import Usage
from fairlead.state.database import Database
from fairlead.state.tables import ledger as tables
from tests.ledger import stores
from tests.ledger.rows import DAY, HOUR, NOON, many, row


class Held(Clock):
    """Time that stands still, at `ms`."""

    def __init__(self, ms: int) -> None:
        self.wall = self.monotonic = lambda: ms / 1000


@pytest.fixture(params=stores.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from stores.made(request.param, tmp_path)


class Recorded:
    """Calls in a database, and questions about them some time after."""

    def __init__(self, database: Database, folder: Path, now: int) -> None:
        self.database, self.folder, self.now = database, folder, now
        self.usage = Usage(database, folder, Held(now))

    def put(self, *rows: Row | Bodies) -> None:
        journal = Journal(self.folder, Clock())
        for each in rows:
            journal.append(each)
        journal.close()
        Fold(self.database, self.folder, Clock()).run()


@pytest.fixture
def recorded(database: Database, tmp_path: Path) -> Recorded:
    return Recorded(database, tmp_path / "journal", NOON)


def test_groups_sum_to_the_total_whatever_they_are_by(recorded: Recorded) -> None:
    rows = list(many(3000, since=NOON - 3 * DAY, every=80_000))
    recorded.put(*rows)
    total = recorded.usage.total(NOON - 4 * DAY)
    assert (total.calls, total.cost) == (3000, sum(each.cost or 0 for each in rows))
    assert total["failed"] == sum(each.outcome == "failed" for each in rows)
    for by in ("key", "team", "user", "model", "provider", "endpoint", "outcome", "day", "hour"):
        groups = recorded.usage.groups(by, NOON - 4 * DAY)
        assert sum(group.total.calls for group in groups) == 3000, by
        assert sum(group.total.cost for group in groups) == total.cost, by
        assert len({group.name for group in groups}) == len(groups), by
    tagged = recorded.usage.groups("tag", NOON - 4 * DAY)
    assert [(group.name, group.total.calls) for group in tagged] == [("batch", sum(bool(each.tags) for each in rows))]


@pytest.mark.parametrize("hours", [1, 14, 15, 16, 24, 39, 40, 167, 168])
def test_a_span_of_time_begins_with_its_hour_and_sums_days_where_it_can(recorded: Recorded, hours: int) -> None:
    rows = list(many(2000, since=NOON - 8 * DAY, every=345_600))
    recorded.put(*rows)
    since = NOON - hours * HOUR
    expected = [each for each in rows if each.at >= since // HOUR * HOUR]
    assert recorded.usage.total(since).calls == len(expected)
    assert sum(group.total.calls for group in recorded.usage.groups("model", since)) == len(expected)
    whole = recorded.usage.groups("day", since)
    assert [group.name for group in whole] == sorted({moments.day(each.at) for each in expected})
    until = NOON - 30 * 60_000
    between = [each for each in expected if each.at < until // HOUR * HOUR or each.at // HOUR == until // HOUR]
    assert recorded.usage.total(since, until).calls == len(between)


def test_hours_are_in_order_and_named_by_where_they_begin(recorded: Recorded) -> None:
    recorded.put(row(NOON - 2 * HOUR, 1), row(NOON - HOUR + 5, 2), row(NOON - HOUR + 6, 3))
    groups = recorded.usage.groups("hour", NOON - DAY)
    shown = [(group.name, group.total.calls) for group in groups]
    assert shown == [("2025-10-09T13:00:00Z", 1), ("2025-10-09T14:00:00Z", 2)]


def test_where_hours_are_not_kept_a_span_begins_with_its_day(recorded: Recorded) -> None:
    early, late = NOON // DAY * DAY - 99 * DAY + HOUR, NOON // DAY * DAY - 99 * DAY + 20 * HOUR
    recorded.put(row(early, 1), row(late, 2))
    while sweep(recorded.database, Retention(calls=0), NOON):
        pass
    assert recorded.usage.total(late).calls == 2
    assert recorded.usage.groups("hour", late) == []


def test_an_unknown_cost_is_shown_as_unknown(recorded: Recorded) -> None:
    recorded.put(row(NOON - 9, 1, cost=None, model="new"), row(NOON - 8, 2, cost=None), row(NOON - 7, 3, cost=7))
    groups = {group.name: group.total for group in recorded.usage.groups("model", NOON - HOUR)}
    assert groups["new"].known_cost is None
    assert (groups["gpt-4o"].known_cost, groups["gpt-4o"]["unknown"]) == (7, 1)
    shown = groups["new"].told()
    assert (shown["cost_usd"], shown["cost_unknown_calls"]) == (None, 1)


def test_times_are_near_what_they_were_and_refusals_do_not_count(recorded: Recorded) -> None:
    timed = [row(NOON - 5000 + place, place, total_us=place * 10_000) for place in range(1, 101)]
    refused = [row(NOON - 900 + place, 500 + place, outcome="refused", total_us=50) for place in range(100)]
    recorded.put(*timed, *refused)
    total = recorded.usage.total(NOON - HOUR)
    p50, p95 = total.percentile_ms(0.5), total.percentile_ms(0.95)
    assert p50 is not None
    assert p95 is not None
    assert 480 <= p50 <= 520
    assert 900 <= p95 <= 1000
    assert total.mean_us == 505_000
    assert total["refused"] == 100


def test_filters_hold_for_sums_and_for_lists(recorded: Recorded) -> None:
    rows = list(many(500, since=NOON - HOUR, every=1000))
    recorded.put(*rows)
    for where in ({"key": "key-3"}, {"outcome": "failed"}, {"model": "gpt-4o", "team": "team-1"}, {"user": "nobody"}):
        expected = [each for each in rows if all(getattr(each, name) == value for name, value in where.items())]
        assert recorded.usage.total(NOON - DAY, None, where).calls == len(expected)
        assert recorded.usage.calls(0, None, where, limit=1000).calls == expected[::-1]


def test_what_cannot_be_asked_is_said(recorded: Recorded) -> None:
    for by, where in (("color", {}), ("tag", {"key": "a"}), ("model", {"tag": "a"}), (None, {"color": "red"})):
        with pytest.raises(RequestError):
            recorded.usage.groups(by, 0, None, where)
    with pytest.raises(RequestError):
        recorded.usage.calls(where={"line": "x"})


def test_pages_show_every_call_once_the_newest_first(recorded: Recorded) -> None:
    rows = list(many(250, since=NOON - HOUR, every=1000))
    recorded.put(*rows)
    seen: list[Row] = []
    before = ""
    while True:
        page = recorded.usage.calls(before=before, limit=100)
        seen += page.calls
        if page.before is None:
            break
        before = page.before
        recorded.put(row(NOON - 1, 900 + len(seen)))  # newer ones do not shift what is older
    assert seen == rows[::-1]
    assert recorded.usage.calls(NOON - 10, NOON).calls
    assert recorded.usage.calls(NOON + 1).calls == []


def test_a_call_is_found_by_its_id_or_its_beginning_with_its_texts(recorded: Recorded) -> None:
    call, other = row(NOON - 3, 0xABC << 40, bodies=True), row(NOON - 3, 0xABD << 40)
    recorded.put(call, Bodies(id=call.id, at=call.at, request="hello", reply="world"), other)
    found, texts = recorded.usage.call(call.id)
    assert found == call
    assert texts is not None
    assert (texts.request, texts.reply) == ("hello", "world")
    assert recorded.usage.call(other.id[:22]) == (other, None)
    with pytest.raises(RequestError, match="several"):
        recorded.usage.call(call.id[:12])
    for wrong in ("0" * 32, "x" * 32, "%" * 32):
        with pytest.raises(NotFound):
            recorded.usage.call(wrong)


def test_a_call_that_is_not_folded_yet_is_found_in_the_journal(recorded: Recorded) -> None:
    journal = Journal(recorded.folder, Clock())
    call = row(bodies=True)
    journal.append(call, Bodies(id=call.id, at=call.at, request="hello", reply="world"))
    found, texts = recorded.usage.call(call.id)
    assert (found, texts and texts.reply) == (call, "world")


def test_old_calls_and_texts_are_deleted_in_steps_and_their_sums_stay(recorded: Recorded) -> None:
    rows = list(many(2500, since=NOON - 95 * DAY, every=10)) + list(many(10, since=NOON - 20 * DAY))
    texts = [Bodies(id=each.id, at=each.at, request="a", reply="b") for each in rows]
    recorded.put(*rows, *texts)
    deleted: list[int] = []
    engine = recorded.database.engine
    event.listen(engine, "after_cursor_execute", lambda c, cursor, *_: deleted.append(cursor.rowcount))
    while sweep(recorded.database, Retention(calls=90, bodies=14, hours=90), NOON):
        pass
    assert max(deleted) <= 1000
    with recorded.database.reading() as connection:
        left = [
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (tables.calls, tables.bodies)
        ]
    assert left == [10, 0]
    assert recorded.usage.total(NOON - 100 * DAY).calls == 2510


def test_retention_of_zero_keeps_for_ever(recorded: Recorded) -> None:
    recorded.put(row(NOON - 5000 * DAY))
    assert not sweep(recorded.database, Retention(calls=0, bodies=0, hours=0), NOON)
    assert recorded.usage.total(0).calls == 1


def test_c28_usage_has_the_shape_that_was_asked_for(recorded: Recorded) -> None:
    to = {"portkey": "gpt-4o", "openrouter": "claude-3-haiku"}
    recorded.put(
        row(NOON - 9, 1, provider="portkey", model=to["portkey"], cost=250_000_000, tokens=Tokens(10, 500)),
        row(NOON - 8, 2, provider="openrouter", model=to["openrouter"], cost=1_000, total_us=1_000_000),
        row(NOON - 7, 3, provider="groq", model="llama-3.3", cost=None),
        row(NOON - 40 * DAY, 4, provider="openrouter", cost=10**9),
    )
    found = analytics(recorded.usage, NOON - 7 * DAY, {})
    assert found["total_requests"] == 3
    assert str(found["total_cost"]) == "0.250001000"
    costs = found["cost_breakdown"]
    assert isinstance(costs, dict)
    assert {name: None if cost is None else str(cost) for name, cost in costs.items()} == {
        "portkey": "0.250000000",
        "openrouter": "0.000001000",
        "groq": None,
    }
    models = found["model_performance"]
    assert isinstance(models, dict)
    assert {name: (each["accuracy"], each["latency"], each["cost_efficiency"]) for name, each in models.items()} == {
        "gpt-4o": (None, 0.4, 2000),
        "claude-3-haiku": (None, 1.0, 5_000_000),
        "llama-3.3": (None, 0.4, None),
    }
    nothing = analytics(recorded.usage, NOON, {"key": "nobody"})
    assert nothing["total_requests"] == 0
    assert list(nothing["cost_breakdown"]) == ["portkey", "openrouter"]  # type: ignore[call-overload]


def test_a_rescued_call_and_a_cached_one_are_counted_as_such(recorded: Recorded) -> None:
    tries = [Attempt("a", "m", "server", 1, 5, 502), Attempt("b", "m", "ok", 9, 5)]
    recorded.put(row(NOON - 9, 1, attempts=tries), row(NOON - 8, 2, cache="hit", saved=40, attempts=[]))
    total = recorded.usage.total(NOON - HOUR)
    assert (total["rescued"], total["cache_hits"], total["saved"]) == (1, 1, 40)


@pytest.mark.parametrize("text", ["", "7", "d", "7y", "-7d", "7.5d", "\u0661d", "9999999d"])
def test_what_is_no_span_of_time_is_said_to_be_none(text: str) -> None:
    with pytest.raises(RequestError):
        moments.span(text)
