"""From the journal into the database: every call once, whatever breaks in between.

How far a segment was read is noted in the transaction that brings its calls, and a call that is there already is not
added again. So a process may die at any point, and the next one goes on where the last transaction ended.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DataError, IntegrityError

from fairlead.clock import Clock
from fairlead.ledger import segments
from fairlead.ledger.budgets.accounts import charge
from fairlead.ledger.journal import Journal
from fairlead.ledger.row import Bodies, Row, decoded
from fairlead.ledger.segments import Piece
from fairlead.ledger.sums import Sums
from fairlead.state import bulk
from fairlead.state.database import Database
from fairlead.state.tables import ledger as tables

log = logging.getLogger("fairlead.ledger")

_UNSTORABLE = (DataError, OverflowError, UnicodeError)


Charged = Callable[[str, Mapping[str, int]], None]


class _Moved(Exception):
    """Somebody else has read on in the segment."""


class Fold:
    """Brings the journal of one folder into one database. Blocks, so that only a thread of its own uses it.

    With the `journal` of this process its segment is read too, while it is written to. `unreadable` counts lines that
    are no records: what a full disk or a power failure has left of them.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        clock: Clock,
        journal: Journal | None = None,
        charged: Charged | None = None,
    ) -> None:
        """`charged` is told what processes spent of budgets' accounts, once the database has it."""
        self.unreadable = 0
        self._charged = charged
        self._database = database
        self._folder = folder
        self._clock = clock
        self._journal = journal
        self._sums = Sums()
        self._read: dict[str, int] = {}

    def run(self) -> int:
        """Bring over all there is; how many calls that were. Raises `StoreUnavailable`, and keeps what is not over."""
        paths = segments.listed(self._folder)
        self._read = {path.name: self._read[path.name] for path in paths if path.name in self._read}
        return sum(self._segment(path) for path in paths)

    def _segment(self, path: Path) -> int:
        with segments.opened(path) as fd:
            if fd is None:
                return 0
            ours = self._journal is not None and path == self._journal.current
            left = segments.is_left(fd)
            if not left and not ours:
                return 0
            try:
                brought = self._bring(path.name, fd, whole=left)
            except _Moved:
                self._read.pop(path.name, None)
                return 0
            if left:
                path.unlink(missing_ok=True)
            return brought

    def _bring(self, name: str, fd: int, *, whole: bool) -> int:
        brought, lost = 0, 0
        if name not in self._read:
            self._read[name] = position(self._database, name)
        for (start, end, lines), batch in _read(segments.pieces(fd, self._read[name], whole=whole)):
            fresh, bad = self._store(name, start, end, lines, batch)
            self._read[name] = end
            brought, lost = brought + fresh, lost + bad
        if lost:
            self.unreadable += lost
            log.warning("%d lines of the journal's %s are no records and were passed over", lost, name)
        return brought

    def _store(self, name: str, start: int, end: int, lines: list[bytes], batch: "Batch") -> tuple[int, int]:
        """Bring these lines over, which `batch` has: how many calls are new, and how many lines are none."""
        try:
            try:
                self._write(name, start, end, batch)
            except IntegrityError:  # a call is there already
                with self._database.reading() as connection:
                    batch.leave_out(connection)
                self._write(name, start, end, batch)
        except _UNSTORABLE:
            if len(lines) > 1:
                return self._by_halves(name, start, end, lines)
        else:
            self._tell(batch)
            return batch.calls, batch.unreadable
        with self._database.writing() as connection:
            self._note(connection, name, start, end)
        return 0, 1

    def _write(self, name: str, start: int, end: int, batch: "Batch") -> None:
        with self._database.writing() as connection:
            self._note(connection, name, start, end)
            batch.store(connection, self._sums)

    def _tell(self, batch: "Batch") -> None:
        if self._charged is not None:
            for process, charges in batch.charges.items():
                self._charged(process, charges)

    def _by_halves(self, name: str, start: int, end: int, lines: list[bytes]) -> tuple[int, int]:
        """The same where a line among them has what the database does not take."""
        some, others = lines[: len(lines) // 2], lines[len(lines) // 2 :]
        middle = start + sum(map(len, some)) + len(some)
        first = self._store(name, start, middle, some, Batch(some))
        second = self._store(name, middle, end, others, Batch(others))
        return first[0] + second[0], first[1] + second[1]

    def _note(self, connection: Connection, name: str, start: int, end: int) -> None:
        table, now = tables.segments, int(self._clock.wall() * 1000)
        if not start:
            bulk.insert(connection, table, {"name": [name], "read": [0], "at": [now]})
        here = (table.c.name == name) & (table.c.read == start)
        if connection.execute(update(table).where(here).values(read=end, at=now)).rowcount != 1:
            raise _Moved


def _read(pieces: Iterator[Piece]) -> Iterator[tuple[Piece, "Batch"]]:
    """Each piece with its records. While the database has one, the next is read."""
    waiting = next(pieces, None)
    if waiting is None:
        return
    batch = Batch(waiting[2])
    following = next(pieces, None)
    if following is not None:
        with ThreadPoolExecutor(1) as reader:
            while following is not None:
                soon = reader.submit(Batch, following[2])
                yield waiting, batch
                waiting, batch, following = following, soon.result(), next(pieces, None)
    yield waiting, batch


def position(database: Database, name: str) -> int:
    """How much of a segment is in the database. Raises `StoreUnavailable`."""
    with database.reading() as connection:
        table = tables.segments
        return connection.execute(select(table.c.read).where(table.c.name == name)).scalar() or 0


class Batch:
    """Some lines of the journal, read."""

    def __init__(self, lines: list[bytes]) -> None:
        self.unreadable = 0
        self.charges: Mapping[str, Mapping[str, int]] = {}
        self._rows: dict[str, tuple[Row, bytes]] = {}
        self._bodies: dict[str, Bodies] = {}
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            record = decoded(line)
        except ValueError:
            self.unreadable += bool(line)
            return
        if isinstance(record, Row):
            self._rows[record.id] = record, line
        else:
            self._bodies[record.id] = record

    @property
    def calls(self) -> int:
        return len(self._rows)

    def leave_out(self, connection: Connection) -> None:
        """Forget the calls that are there already."""
        for name in bulk.present(connection, tables.calls.c.id, self._rows):
            del self._rows[name]

    def store(self, connection: Connection, sums: Sums) -> None:
        """Put all of it there. Raises `IntegrityError` where a call is there already."""
        if self._rows:
            lines = [line.decode() for _, line in self._rows.values()]
            bulk.copy(connection, tables.calls, {"id": list(self._rows), "line": lines})
            by_call, by_tag, places = sums.of(row for row, _ in self._rows.values())
            bulk.add(connection, tables.sums, by_call)
            bulk.add(connection, tables.tags, by_tag)
            bulk.insert(connection, tables.places, places)
            self.charges = _charges(row for row, _ in self._rows.values())
            for process, charges in self.charges.items():
                charge(connection, process, charges)
        if self._bodies:
            bulk.insert(connection, tables.bodies, _of_bodies(list(self._bodies.values())))


def _charges(fresh: Iterable[Row]) -> dict[str, Counter[str]]:
    """What each process spent of budgets' accounts."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in fresh:
        if row.charges:
            found[row.process].update(row.charges)
    return found


def _of_bodies(found: list[Bodies]) -> bulk.Columns:
    return {name: [getattr(body, name) for body in found] for name in ("id", "at", "request", "reply")}
