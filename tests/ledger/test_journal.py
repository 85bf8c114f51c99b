"""The journal: one write for each call, and nothing lost that a disk or a signal can leave us."""

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fairlead.clock import Clock
from fairlead.ledger.fold import Fold
from fairlead.ledger.journal import Journal
from fairlead.ledger.row import Bodies, Row, decoded, encoded, row_of, told
from fairlead.state import schema
from fairlead.state.database import Database
from fairlead.state.tables import ledger as tables
from tests.ledger.rows import row


class Held(Clock):
    """Time that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = 1_760_000_000.0
        self.wall = self.monotonic = lambda: self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal"


def lines(folder: Path) -> list[bytes]:
    return [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]


def test_a_row_is_written_at_once_and_reads_as_it_was(folder: Path) -> None:
    journal = Journal(folder, Clock())
    call = row(tags=["a", "ß"], metadata={"line": "one\ntwo\0"})
    journal.append(call)
    (line,) = lines(folder)
    assert row_of(line) == call


def test_a_row_and_its_texts_are_one_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(os, "write", _counted(written, "write", os.write))
    call = row(bodies=True)
    Journal(folder, Clock()).append(call, Bodies(id=call.id, at=call.at, request="hello", reply="world"))
    assert len(written) == 1
    assert len(lines(folder)) == 2


def test_nothing_is_made_before_the_first_call_and_then_for_its_owner_alone(folder: Path) -> None:
    journal = Journal(folder, Clock())
    assert not folder.exists()
    journal.append(row())
    assert journal.current is not None
    assert journal.current.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert journal.current.name.split("-")[1] == str(os.getpid())


def test_a_segment_ends_by_size_and_by_age(folder: Path) -> None:
    clock = Held()
    journal = Journal(folder, clock, segment_bytes=1000, segment_seconds=60)
    for number in range(10):
        clock.now += 0.01
        journal.append(row(number=number))
    by_size = len(list(folder.iterdir()))
    assert by_size > 2
    clock.now += 61
    journal.tick()
    assert journal.current is None
    journal.append(row(number=10))
    assert len(list(folder.iterdir())) == by_size + 1


def test_a_segment_that_somebody_removed_is_left(folder: Path) -> None:
    journal = Journal(folder, Clock())
    journal.append(row(number=1))
    assert journal.current is not None
    journal.current.unlink()
    journal.tick()
    journal.append(row(number=2))
    assert len(lines(folder)) == 1


def test_an_older_line_is_read_with_defaults_and_a_newer_one_without_what_it_has_more() -> None:
    older = b'["call/1","0199c8a9b0007abc8def0123456789ab",1760000000000,"chat.completions","ok",200]'
    assert row_of(older).cost is None
    newer = encoded(row()).rstrip()[:-1] + b',"of a later release",{"more":1}]'
    assert row_of(newer) == row()


@pytest.mark.parametrize("line", [b"", b"null", b"[]", b'["call/1"]', b'["call/2","a",1]', b"\xff", b"[" * 100_000])
def test_what_is_no_record_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(line)


def test_a_row_that_cannot_be_written_down_is_counted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(folder, Clock())
    journal.append(row(tags=["\ud800"]))
    assert journal.dropped == 1
    assert "could not be recorded" in caplog.text
    journal.append(row())
    assert len(lines(folder)) == 1


def test_a_row_as_a_document_names_all_it_has() -> None:
    shown = told(row())
    assert shown["tokens"] == {
        "input": 10, "output": 5, "cached": 0, "reasoning": 0, "cache_write": 0, "cache_write_1h": 0,
        "audio_input": 0, "audio_output": 0,
    }  # fmt: skip
    attempts = shown["attempts"]
    assert isinstance(attempts, list)
    assert attempts[0]["result"] == "ok"


def full(at: list[int]) -> Callable[[int, bytes], int]:
    """A disk with room for so many bytes."""
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if at[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(fd, data[: at[0]])
        at[0] -= written
        return written

    return write


def test_s02_a_full_disk_is_waited_for_and_nothing_that_fits_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, room = Held(), [1000]
    journal = Journal(folder, clock)
    monkeypatch.setattr(os, "write", full(room))
    with caplog.at_level("INFO"):
        for number in range(20):
            journal.append(row(number=number))
            clock.now += 0.3
        assert not journal.healthy
        assert journal.spooled >= 15
        room[0] = 10**9
        clock.now += 2
        journal.tick()
    assert journal.healthy
    assert (journal.spooled, journal.dropped) == (0, 0)
    found = [record for line in lines(folder) if (record := _readable(line))]
    assert {each.id for each in found} == {row(number=number).id for number in range(20)}
    assert [line.split(":")[0].split(" in ")[0] for line in caplog.messages] == ["the journal"] * 2


def test_s02_a_line_that_broke_off_harms_no_other(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = len(encoded(row(number=0)))
    for cut in (1, whole // 2, whole - 1):
        clock, room = Held(), [whole + cut]
        journal = Journal(folder, clock)
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full(room))
            for number in range(3):
                journal.append(row(number=cut * 10 + number))
            room[0] = 10**9
            clock.now += 2
            journal.append(row(number=cut * 10 + 3))
        journal.close()
    database = Database(str(tmp_path / "fairlead.db"))
    schema.ensure(database)
    fold = Fold(database, folder, Clock())
    assert fold.run() == 12
    # The line that only lacked its end was whole, and came again: it counts once, and is not one that is lost.
    assert fold.unreadable == 2
    assert list(folder.iterdir()) == []


def test_s02_beyond_the_bound_calls_are_counted_as_dropped_and_memory_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, room = Held(), [0]
    journal = Journal(folder, clock, spool_bytes=5000)
    monkeypatch.setattr(os, "write", full(room))
    for number in range(1000):
        journal.append(row(number=number))
    kept = journal.spooled
    assert 0 < kept < 20
    assert journal.dropped == 1000 - kept
    assert not journal.healthy
    room[0] = 10**9
    journal.close()
    assert len(lines(folder)) == kept
    assert journal.healthy


def test_s02_a_folder_that_cannot_be_made_is_waited_for(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file stands here")
    clock = Held()
    journal = Journal(folder, clock)
    journal.append(row(number=1))
    assert (journal.healthy, journal.spooled) == (False, 1)
    folder.unlink()
    clock.now += 2
    journal.append(row(number=2))
    assert (journal.healthy, len(lines(folder))) == (True, 2)


CHILD = """
import sys
from pathlib import Path
from fairlead.clock import Clock
from fairlead.ledger.journal import Journal
from tests.ledger.rows import row
journal, start = Journal(Path(sys.argv[1]), Clock(), segment_bytes=20_000), int(sys.argv[2])
number = 0
while True:
    number += 1
    journal.append(row(number=start + number))
    sys.stdout.buffer.raw.write(b".")
"""


def killed(folder: Path, start: int, pick: random.Random) -> int:
    """How many rows a process appended for certain before it was killed."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(start)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen = process.stdout.read(1)
    time.sleep(pick.random() * 0.02)
    process.send_signal(signal.SIGKILL)
    with process.stdout as left:
        seen += left.read()
    process.wait()
    return len(seen)


def replayed(tmp_path: Path, folder: Path, times: int) -> None:
    pick = random.Random(times)
    database = Database(str(tmp_path / "fairlead.db"))
    schema.ensure(database)
    for turn in range(times):
        start = turn * 1_000_000
        promised = killed(folder, start, pick)
        Fold(database, folder, Clock()).run()
        with database.reading() as connection:
            lines = connection.execute(select(tables.calls.c.line).where(tables.calls.c.id > row(number=start).id))
            there = [row_of(line).id for line in lines.scalars()]
        numbers = sorted(int(name[12:], 16) - start for name in there)
        assert numbers[:promised] == list(range(1, promised + 1))
        assert len(numbers) <= promised + 1
    assert list(folder.iterdir()) == []
    with database.reading() as connection:
        calls, summed = select(func.count()).select_from(tables.calls), select(func.sum(tables.sums.c.calls))
        in_hours = connection.execute(summed.where(tables.sums.c.span == 1)).scalar()
        assert connection.execute(calls).scalar() == in_hours


@pytest.mark.timeout(240)
def test_s05_every_row_whose_append_returned_is_there_once_after_kill_9(tmp_path: Path, folder: Path) -> None:
    replayed(tmp_path, folder, 20)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_s05_the_same_two_hundred_times(tmp_path: Path, folder: Path) -> None:
    replayed(tmp_path, folder, 200)


def test_appending_costs_one_write_and_little_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    journal = Journal(folder, Clock())
    journal.append(row())
    for name in ("write", "open", "fsync", "fstat", "stat"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, _counted(calls, name, real))
    for number in range(100):
        journal.append(row(number=number))
    assert calls == ["write"] * 100


def _counted(calls: list[str], name: str, real: Callable[..., object]) -> Callable[..., object]:
    def counted(*args: object, **more: object) -> object:
        calls.append(name)
        return real(*args, **more)

    return counted


def _readable(line: bytes) -> Row | None:
    with contextlib.suppress(ValueError):
        return row_of(line)
    return None
