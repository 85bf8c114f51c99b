"""What the record says: sums of many calls by what they have in common, the calls themselves, and one of them whole.

Sums come from those by hour and day, so that they cost the same whether a thousand calls were made or ten million. A
span of time begins with the hour that it falls into, and with the day where the hours are not kept any more.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from fairlead.clock import Clock
from fairlead.errors import NotFound, RequestError
from fairlead.ledger import moments, places, segments
from fairlead.ledger.budgets.accounts import key_of, spent_on
from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.fold import position
from fairlead.ledger.retention import Retention, first_id
from fairlead.ledger.row import Bodies, Record, Row, decoded, row_of
from fairlead.ledger.totals import Total
from fairlead.state.database import Database
from fairlead.state.measures import BY, DAY, GROUPS, HOUR, SUMS, TAG_SUMS
from fairlead.state.tables import ledger as tables

MOST_CALLS: Final = 1000
_SHORTEST: Final = 8
_WRONG: Final = ("failed", "cut")

Where = Mapping[str, str]
# A kind of sum (by hour or day), and the moments from and until which it is asked for.
Window = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that have something in common: its value (of a day or hour, the moment it begins), and what they sum to."""

    name: str
    at: int | None
    total: Total


@dataclass(frozen=True, slots=True)
class Page:
    """Calls, the newest first; `before` is where the next page begins, None where there is none."""

    calls: list[Row]
    before: str | None


class Usage:
    """Answers questions about one database, and about the journal's `folder` where a call is not there yet. Blocks."""

    def __init__(self, database: Database, folder: Path, clock: Clock, retention: Retention | None = None) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._hours = (retention or Retention()).hours

    def now(self) -> int:
        return int(self._clock.wall() * 1000)

    def total(self, since: int, until: int | None = None, where: Where | None = None) -> Total:
        """What all calls in that time come to. Raises `StoreUnavailable`, `RequestError`."""
        found = self.groups(None, since, until, where)
        return found[0].total if found else Total()

    def groups(self, by: str | None, since: int, until: int | None = None, where: Where | None = None) -> list[Group]:
        """The sums by one of `GROUPS`: the dearest first, days and hours in their order. Raises as `total` does."""
        where = where or {}
        if by is not None and by not in GROUPS:
            raise RequestError(f"usage has no groups by `{by[:40]}`", hint=f"there are {', '.join(GROUPS)}", param="by")
        tagged = by == "tag" or "tag" in where
        if tagged and (by not in (None, "tag", "day", "hour") or set(where) - {"tag"}):
            raise RequestError("tags are added up by themselves", hint="ask for tags without another group or filter")
        windows = self._windows(since, self.now() + 1 if until is None else until, hourly=by == "hour")
        found: dict[str | int, Total] = {}
        with self._database.reading() as connection:
            for window in windows:
                for key, total in _sums(connection, by, window, where, tagged=tagged):
                    found[key] = found[key] + total if key in found else total
        if by in ("day", "hour"):
            return [_timed(by, int(at), found[at]) for at in sorted(found)]
        ordered = sorted(found.items(), key=lambda pair: (-pair[1].cost, -pair[1].calls, pair[0]))
        return [Group(str(name), None, total) for name, total in ordered if total.calls]

    def spent(self, account: Account) -> int:
        """The nano-dollars that are known to be spent of a budget's account. Raises `StoreUnavailable`."""
        with self._database.reading() as connection:
            return spent_on(connection, key_of(account))

    def calls(
        self, since: int = 0, until: int | None = None, where: Where | None = None, *, before: str = "", limit: int = 50
    ) -> Page:
        """The calls of that time with those values, the newest first. Raises `StoreUnavailable`, `RequestError`."""
        where, limit = where or {}, max(1, min(limit, MOST_CALLS))
        _check(where, BY)
        end = min(filter(None, (before, first_id(until) if until is not None else "")), default="")
        with self._database.reading() as connection:
            found = places.calls(connection, where, first_id(since) if since else "", end)
            rows = list(itertools.islice(found, limit + 1))
        return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)

    def call(self, name: str) -> tuple[Row, Bodies | None]:
        """The call whose id is or begins like `name`, and its texts if they are kept.

        Raises `NotFound`, `RequestError` where several begin so, `StoreUnavailable`.
        """
        name = name.strip().lower().replace("-", "")
        if len(name) < _SHORTEST:
            raise RequestError(f"an id of a call has 32 digits; the first {_SHORTEST} at least are needed")
        table, bodies = tables.calls, tables.bodies
        with self._database.reading() as connection:
            alike = (table.c.id >= name) & (table.c.id < name + "g")
            rows = [row_of(line) for line in connection.execute(select(table.c.line).where(alike).limit(2)).scalars()]
            found = rows[0].id if rows else ""
            kept = connection.execute(select(bodies).where(bodies.c.id == found)).one_or_none()
        texts = Bodies(id=kept.id, at=kept.at, request=kept.request, reply=kept.reply) if kept else None
        if len(rows) > 1:
            raise RequestError(f"several calls have ids that begin with `{name}`", hint="give more of its digits")
        return (rows[0], texts) if rows else self._unfolded(name)

    def _unfolded(self, name: str) -> tuple[Row, Bodies | None]:
        """The same from what the journal has beyond the database."""
        row, texts = None, None
        for record in self._waiting(name.encode()):
            if record.id.startswith(name):
                row, texts = (record, texts) if isinstance(record, Row) else (row, record)
        if row is None:
            raise NotFound(f"there is no call `{name[:40]}`", hint="`ai logs` lists them; old ones are deleted")
        return row, texts

    def _waiting(self, part: bytes) -> Iterator[Record]:
        for path in segments.listed(self._folder):
            with segments.opened(path) as fd:
                if fd is None:
                    continue
                for _, _, lines in segments.pieces(fd, position(self._database, path.name), whole=False):
                    yield from _records(line for line in lines if part in line)

    def _windows(self, since: int, until: int, *, hourly: bool) -> list[Window]:
        start = max(since // moments.HOUR, 0) * moments.HOUR
        if not hourly and start < self.now() - self._hours * moments.DAY and self._hours:
            start = start // moments.DAY * moments.DAY
        first = -(-start // moments.DAY) * moments.DAY
        last = until // moments.DAY * moments.DAY
        if until > self.now():
            last += moments.DAY  # there is nothing after now, so that today's sum is the whole of it
        if hourly or first >= last:
            return [(HOUR, start, until)]
        windows = [(HOUR, start, first), (DAY, first, last), (HOUR, last, until)]
        return [window for window in windows if window[1] < window[2]]


def _sums(
    connection: Connection, by: str | None, window: Window, where: Where, *, tagged: bool
) -> Iterator[tuple[str | int, Total]]:
    table = tables.tags if tagged else tables.sums
    names = TAG_SUMS if tagged else SUMS
    span, since, until = window
    key: ColumnElement[Any] = literal("") if by is None else _key(table, by)
    counted: list[ColumnElement[Any]] = [func.sum(table.c[name]) for name in names]
    if not tagged:
        counted += [_calls_of(_WRONG), _calls_of(("refused",))]
    asked = select(key, *counted).where(table.c.span == span, table.c.at >= since, table.c.at < until)
    asked = asked.where(*_alike(table, where))
    for name, *numbers in connection.execute(asked if by is None else asked.group_by(key)):
        if numbers[0] is not None:
            names_too = names if tagged else (*names, "failed", "refused")
            yield name, Total({each: int(number) for each, number in zip(names_too, numbers, strict=True)})


def _key(table: Any, by: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = table.c.at if by in ("day", "hour") else table.c[by]
    return column - column % moments.DAY if by == "day" else column


def _calls_of(outcomes: Iterable[str]) -> ColumnElement[int]:
    table = tables.sums
    return func.sum(case((table.c.outcome.in_(tuple(outcomes)), table.c.calls), else_=0))


def _alike(table: Any, where: Where) -> Iterator[ColumnElement[bool]]:
    _check(where, [name for name in (*BY, "tag") if name in table.c])
    return (table.c[name] == value for name, value in where.items())


def _check(where: Where, known: Collection[str]) -> None:
    for name in where:
        if name not in known:
            raise RequestError(f"calls cannot be told apart by `{name[:40]}`", hint=f"by {', '.join(BY)}")


def _timed(by: str, at: int, total: Total) -> Group:
    return Group(moments.day(at) if by == "day" else moments.shown(at), at, total)


def _records(lines: Iterable[bytes]) -> Iterator[Record]:
    for line in lines:
        try:
            yield decoded(line)
        except ValueError:
            continue
