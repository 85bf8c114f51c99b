"""From the journal into both databases: every call once, and the sums with it."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fairlead.clock import Clock
from fairlead.errors import StoreUnavailable
from fairlead.ledger.fold import Batch, Fold, _Moved
from fairlead.ledger.journal import Journal
from fairlead.ledger.row import Bodies, Row, encoded, row_of
from fairlead.ledger.sums import OTHER, Sums
from fairlead.state import bulk, measures
from fairlead.state.database import Database
from fairlead.state.tables import ledger as tables
from tests.ledger import stores
from tests.ledger.rows import DAY, HOUR, NOON, many, row


@pytest.fixture(params=stores.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from stores.made(request.param, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def left(folder: Path, *rows: Row | Bodies) -> Path:
    """A segment with these rows, whose process is gone."""
    journal = Journal(folder, Clock())
    for each in rows:
        journal.append(each)
    path = journal.current
    journal.close()
    assert path is not None
    return path


def recorded(database: Database) -> list[Row]:
    with database.reading() as connection:
        return [row_of(line) for line in connection.execute(select(tables.calls.c.line).order_by("id")).scalars()]


def summed(database: Database, name: str = "calls", span: int = measures.HOUR) -> int:
    with database.reading() as connection:
        column = tables.sums.c[name]
        return int(connection.execute(select(func.sum(column)).where(tables.sums.c.span == span)).scalar() or 0)


def test_every_call_is_there_as_it_was_and_the_segment_is_gone(database: Database, folder: Path) -> None:
    rows = list(many(2500))
    path = left(folder, *rows)
    assert Fold(database, folder, Clock()).run() == 2500
    assert recorded(database) == rows
    assert not path.exists()
    assert summed(database) == summed(database, span=measures.DAY) == 2500
    assert summed(database, "cost") == sum(each.cost or 0 for each in rows)
    assert summed(database, "input_tokens") == 25_000


def test_a_segment_that_is_read_twice_counts_once(database: Database, folder: Path) -> None:
    rows = list(many(50))
    path = left(folder, *rows)
    kept = path.read_bytes()
    Fold(database, folder, Clock()).run()
    path.write_bytes(kept)
    Fold(database, folder, Clock()).run()
    path.with_name("0000000000001-1-copy.jsonl").write_bytes(kept)
    Fold(database, folder, Clock()).run()
    assert recorded(database) == rows
    assert summed(database) == 50
    assert list(folder.iterdir()) == []


def test_a_crash_between_two_batches_goes_on_where_it_was(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(many(2500))
    left(folder, *rows)
    added, real = [0], bulk.add

    def breaks(*args: object) -> None:
        added[0] += 1
        if added[0] == 3:
            raise RuntimeError("the process is gone")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "add", breaks)
    with pytest.raises(RuntimeError):
        Fold(database, folder, Clock()).run()
    assert 0 < summed(database) == len(recorded(database)) < 2500
    Fold(database, folder, Clock()).run()
    assert recorded(database) == rows
    assert summed(database) == 2500


def test_a_segment_in_use_is_read_by_its_own_process_alone(database: Database, folder: Path) -> None:
    journal = Journal(folder, Clock())
    journal.append(row(number=1))
    assert Fold(database, folder, Clock()).run() == 0
    own = Fold(database, folder, Clock(), journal)
    assert own.run() == 1
    assert own.run() == 0
    assert journal.current is not None
    assert journal.current.exists()
    journal.append(row(number=2))
    assert own.run() == 1
    journal.close()
    assert own.run() == 0
    assert list(folder.iterdir()) == []
    assert len(recorded(database)) == 2


def test_a_line_that_is_not_whole_yet_waits(database: Database, folder: Path) -> None:
    journal = Journal(folder, Clock())
    journal.append(row(number=1))
    assert journal.current is not None
    whole = encoded(row(number=2))
    with journal.current.open("ab") as half:
        half.write(whole[:40])
    fold = Fold(database, folder, Clock(), journal)
    assert fold.run() == 1
    with journal.current.open("ab") as half:
        half.write(whole[40:])
    assert fold.run() == 1
    assert fold.unreadable == 0


def test_what_is_no_record_is_passed_over_and_told_once(
    database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = left(folder, row(number=1))
    with path.open("ab") as file:
        file.write(b'["call/1","torn\n\x00\x00\x00\n{}\n["call/9","later"]\n' + encoded(row(number=2)) + b'["call/1",')
    fold = Fold(database, folder, Clock())
    assert fold.run() == 2
    assert fold.unreadable == 5
    assert sum("are no records" in line for line in caplog.messages) <= 2
    assert not path.exists()


def test_a_value_that_the_database_does_not_take_costs_its_own_line_alone(database: Database, folder: Path) -> None:
    rows = [*many(9), row(NOON + DAY, 10, total_us=2**70), *many(9, since=NOON + 2 * DAY)]
    left(folder, *rows)
    fold = Fold(database, folder, Clock())
    assert fold.run() == 18
    assert fold.unreadable == 1
    assert len(recorded(database)) == summed(database) == 18


def test_texts_stand_beside_their_call(database: Database, folder: Path) -> None:
    call = row(bodies=True)
    left(folder, call, Bodies(id=call.id, at=call.at, request="hello", reply="world"))
    assert Fold(database, folder, Clock()).run() == 1
    with database.reading() as connection:
        kept = connection.execute(select(tables.bodies)).one()
    assert (kept.id, kept.request, kept.reply) == (call.id, "hello", "world")


def test_an_unknown_cost_is_counted_and_not_taken_for_zero(database: Database, folder: Path) -> None:
    left(folder, row(number=1, cost=None), row(number=2, cost=5))
    Fold(database, folder, Clock()).run()
    assert (summed(database, "cost"), summed(database, "unknown")) == (5, 1)
    assert {each.cost for each in recorded(database)} == {None, 5}


def test_hours_and_days_begin_where_they_should(database: Database, folder: Path) -> None:
    midnight = NOON // DAY * DAY
    left(folder, row(midnight - 1, 1), row(midnight, 2), row(midnight + HOUR - 1, 3), row(midnight + HOUR, 4))
    Fold(database, folder, Clock()).run()
    with database.reading() as connection:
        table = tables.sums
        asked = select(table.c.span, table.c.at, table.c.calls).order_by(table.c.span, table.c.at)
        found = [tuple(each) for each in connection.execute(asked)]
    assert found == [
        (measures.HOUR, midnight - HOUR, 1), (measures.HOUR, midnight, 2), (measures.HOUR, midnight + HOUR, 1),
        (measures.DAY, midnight - DAY, 1), (measures.DAY, midnight, 3),
    ]  # fmt: skip


def test_two_readers_of_one_segment_do_not_double_it(database: Database, folder: Path) -> None:
    path = left(folder, *many(20))
    first = Fold(database, folder, Clock())
    holder = os.open(path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert first.run() == 0
    os.close(holder)
    # As if its lock meant nothing, like that of some network drives: both have read, and only one may write.
    second = Fold(database, folder, Clock())
    lines = path.read_bytes().splitlines()
    second._read[path.name] = 0
    second._store(path.name, 0, path.stat().st_size, lines, Batch(lines))
    with pytest.raises(_Moved):
        second._store(path.name, 0, path.stat().st_size, lines, Batch(lines))
    assert first.run() == 0
    assert summed(database) == 20
    assert not path.exists()


def test_names_beyond_the_bound_are_counted_together() -> None:
    sums = Sums(most=3)
    columns, tags, _ = sums.of(row(number=place, model=f"made-up-{place}", tags=[f"tag-{place}"]) for place in range(9))
    assert list(columns["model"]).count(OTHER) == 2  # of the hour, and of its day
    assert sum(calls for calls, span in zip(columns["calls"], columns["span"], strict=True) if span == 1) == 9
    assert OTHER in tags["tag"]


def test_a_database_that_is_gone_costs_nothing(folder: Path, tmp_path: Path) -> None:
    path = left(folder, row())
    gone = Database(str(tmp_path))
    with pytest.raises(StoreUnavailable, match=str(tmp_path)):
        Fold(gone, folder, Clock()).run()
    assert path.exists()
