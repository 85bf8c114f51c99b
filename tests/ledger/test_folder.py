"""The thread that folds: it outlives every trouble of its database, and calls never wait for it."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fairlead.clock import Clock
from fairlead.errors import StoreUnavailable
from fairlead.ledger.folder import Folder
from fairlead.ledger.journal import Journal
from fairlead.ledger.retention import Retention
from fairlead.ledger.usage import Usage
from fairlead.state import database as module
from fairlead.state import schema
from fairlead.state.database import Database
from fairlead.state.tables import ledger as tables
from tests.ledger.rows import DAY, NOON, row

KEEP = Retention(0, 0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fairlead.db"


@pytest.fixture
def database(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    made = Database(str(path))
    schema.ensure(made)
    yield made
    made.close()


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(tables.calls)).scalar() or 0


def test_what_is_appended_is_folded_and_stop_brings_over_the_rest(database: Database, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", Clock())
    folder = Folder(database, journal, Clock(), KEEP, every=0.01)
    folder.start()
    for number in range(200):
        journal.append(row(number=number))
    folder.stop(60)
    assert count(database) == 200
    assert list((tmp_path / "journal").iterdir()) == []
    assert [thread.name for thread in threading.enumerate()].count("fairlead-ledger") == 0


def test_what_others_left_is_taken_over_and_what_they_write_is_not(database: Database, tmp_path: Path) -> None:
    dead, alive, own = (Journal(tmp_path / "journal", Clock()) for _ in range(3))
    dead.append(row(number=1))
    dead.close()
    alive.append(row(number=2))
    own.append(row(number=3))
    folder = Folder(database, own, Clock(), KEEP)
    folder.step()
    assert count(database) == 2
    assert sorted((tmp_path / "journal").iterdir()) == sorted({alive.current, own.current})  # type: ignore[type-var]
    alive.close()
    folder.step()
    assert count(database) == 3


def test_two_workers_that_take_over_the_same_segments_count_each_call_once(database: Database, tmp_path: Path) -> None:
    for turn in range(20):
        left = Journal(tmp_path / "journal", Clock())
        for number in range(10):
            left.append(row(number=turn * 10 + number))
        left.close()
    folders = [Folder(database, Journal(tmp_path / "journal", Clock()), Clock(), KEEP, every=0.01) for _ in range(2)]
    for folder in folders:
        folder.start()
    for folder in folders:
        folder.stop(60)
    folders[0].step()
    assert count(database) == 200
    assert Usage(database, tmp_path / "journal", Clock()).total(NOON - DAY).calls == 200


def test_s01_while_another_writes_calls_do_not_wait_and_are_folded_later(
    database: Database, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path / "journal", Clock())
    folder = Folder(database, journal, Clock(), KEEP, every=0.01)
    journal.append(row(number=1))
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    with caplog.at_level("INFO"):
        pauses = [folder.step() for _ in range(4)]
        assert not folder.folding
        journal.append(row(number=2))  # in this very thread, while the lock is held
        assert journal.healthy
        locker.execute("ROLLBACK")
        locker.close()
        folder.step()
    assert folder.folding
    assert count(database) == 2
    assert max(pauses) > 0.01
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert str(tmp_path / "journal") in caplog.messages[0]


def test_s01_the_pauses_grow_and_are_bounded(database: Database, path: Path, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", Clock())
    journal.append(row())
    folder = Folder(Database("postgresql://nobody@127.0.0.1:1/none"), journal, Clock(), KEEP)
    pauses = [folder.step() for _ in range(12)]
    assert 1 <= pauses[0] <= 2
    assert all(30 <= pause <= 60 for pause in pauses[-3:])


def test_s03_a_database_that_is_none_is_told_with_its_path_and_the_calls_wait(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database" * 1000)
    broken, journal = Database(str(path)), Journal(tmp_path / "journal", Clock())
    journal.append(row())
    folder = Folder(broken, journal, Clock(), KEEP)
    for _ in range(3):
        folder.step()
    assert not folder.folding
    assert [str(path) in line for line in caplog.messages] == [True]
    assert journal.current is not None
    assert journal.current.exists()
    assert path.read_bytes().startswith(b"this is no database")
    with pytest.raises(StoreUnavailable, match=r"broken\.db"):
        Usage(broken, tmp_path / "journal", Clock()).total(0)


def test_s03_a_database_that_is_damaged_halfway_is_told_and_not_made_anew(
    database: Database, path: Path, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal", Clock())
    folder = Folder(database, journal, Clock(), KEEP)
    for number in range(2000):
        journal.append(row(number=number))
    folder.step()
    database.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xa5" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    journal.append(row(number=5000))
    folder.step()
    assert not folder.folding
    assert journal.current is not None
    assert path.read_bytes()[8192:9000] == b"\xa5" * 808
    with pytest.raises(StoreUnavailable, match=str(path)):
        Usage(database, tmp_path / "journal", Clock()).calls()


def test_s03_a_database_that_may_only_be_read_is_told_and_still_answers(
    database: Database, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path / "journal", Clock())
    Folder(database, journal, Clock(), KEEP).step()
    only = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
    journal.append(row())
    folder = Folder(only, journal, Clock(), KEEP)
    folder.step()
    assert not folder.folding
    assert "readonly" in caplog.text
    assert str(path) in caplog.text
    assert Usage(only, tmp_path / "journal", Clock()).total(0).calls == 0


def test_a_database_without_our_tables_does_not_end_the_thread(tmp_path: Path) -> None:
    empty, journal = Database(str(tmp_path / "empty.db")), Journal(tmp_path / "journal", Clock())
    folder = Folder(empty, journal, Clock(), KEEP, every=0.01)
    journal.append(row())
    folder.start()
    folder.stop(60)
    assert not folder.folding
    schema.ensure(empty)
    folder.step()
    assert count(empty) == 1
