"""One administrative change: its transaction, its record, and whom it may concern."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, false, select, update

from fairlead.errors import Conflict, Forbidden, NotFound
from fairlead.ledger import audit, keys
from fairlead.ledger.lineage import TABLES, AnyRow, Lineage
from fairlead.ledger.objects import ObjectKind
from fairlead.ledger.principal import Principal, Role
from fairlead.state.database import Database
from fairlead.state.tables.identity import changes
from fairlead.state.tables.identity import keys as key_table


@dataclass(slots=True)
class View:
    """What one principal can see of the directory, within one transaction."""

    connection: Connection
    actor: Principal
    now: int
    pepper: bytes

    def scoped(self, kind: ObjectKind) -> Select[Any]:
        """All rows of a kind that the actor may see, deleted ones too. Raises `Forbidden`."""
        query = select(TABLES[kind])
        if self.actor.role is Role.CLIENT:
            raise Forbidden("a client key makes calls and administers nothing", hint="use an admin key (`fla-…`)")
        return query.where(self._own(kind)) if self.actor.role is Role.MEMBER else query

    def _own(self, kind: ObjectKind) -> ColumnElement[bool]:
        table, team = TABLES[kind], self.actor.team
        if kind == "organisation" or not team:
            return false()
        return table.c.id == team if kind == "team" else table.c.team == team

    def find(self, kind: ObjectKind, named: str, *, deleted: bool = False) -> AnyRow:
        """The object of that id, that name, or that is that key. Raises `NotFound`, `Conflict`, `Forbidden`."""
        table, query = TABLES[kind], self.scoped(kind)
        if not named.isprintable():
            raise NotFound(f"there is no such {kind}")
        live = table.c.deleted.is_(None)
        row = self.connection.execute(query.where(table.c.id == named)).one_or_none()
        if row is not None and (deleted or row.deleted is None):
            return row
        if kind == "key" and keys.kind_of(named.encode()) is not None:
            return self._by_key(query.where(live), named.encode())
        found = self.connection.execute(query.where(live, table.c.name == named).limit(2)).all()
        if len(found) == 1:
            return found[0]
        if found:
            raise Conflict(f"more than one {kind} is called `{named[:80]}`", hint="give its id")
        raise NotFound(f"there is no {kind} `{named[:80]}`", hint=f"`ai {kind}s list` or /api/{kind}s shows them")

    def _by_key(self, query: Select[Any], key: bytes) -> AnyRow:
        if keys.shaped(key):
            digest = keys.fingerprint(key, self.pepper).hex()
            before = (key_table.c.previous_digest == digest) & (key_table.c.previous_until > self.now)
            row = self.connection.execute(query.where((key_table.c.digest == digest) | before)).one_or_none()
            if row is not None:
                return row
        raise NotFound("there is no such key here", hint="`ai keys list` or /api/keys shows them, by id")

    def lineage(self, *rows: AnyRow) -> Lineage:
        return Lineage.of(self.connection, rows)

    def shown(self, row: AnyRow) -> Any:
        return self.lineage(row).shown(row, self.now)


@dataclass(slots=True)
class Work(View):
    """A view that may change things. Every change is recorded with it, or neither happens."""

    state: Row[Any]
    records: int
    head: str

    def alter(self, kind: ObjectKind, row: AnyRow, action: str, /, **values: object) -> AnyRow:
        """Change a row and record it."""
        table, before = TABLES[kind], self.shown(row)
        self.connection.execute(update(table).where(table.c.id == row.id).values(**values))
        after = self.connection.execute(select(table).where(table.c.id == row.id)).one()
        self.record(action, kind, row.id, before, self.shown(after))
        return after

    def insert(self, kind: ObjectKind, action: str, /, **values: object) -> AnyRow:
        """Add a row and record it."""
        table = TABLES[kind]
        self.connection.execute(table.insert().values(**values))
        row = self.connection.execute(select(table).where(table.c.id == values["id"])).one()
        self.record(action, kind, row.id, None, self.shown(row))
        return row

    def record(self, action: str, kind: str, of: str, before: object, after: object) -> None:
        """Write into the audit log who did this."""
        entry = audit.Entry(self.actor.name, self.actor.key, action, kind, of, before, after)
        self.head = audit.append(self.connection, entry, self.now, self.records, self.head)
        self.records += 1

    def finish(self) -> None:
        """Tell all who hold a copy that it is old, and note where the audit log ends."""
        if self.records == self.state.records:
            return
        sealed = audit.seal(self.records, self.head, self.pepper)
        self.connection.execute(
            update(changes).values(counter=self.state.counter + 1, records=self.records, head=self.head, seal=sealed)
        )


@contextlib.contextmanager
def viewing(database: Database, actor: Principal, now: int, pepper: bytes) -> Iterator[View]:
    """What the actor may see. Raises `StoreUnavailable`."""
    with database.reading() as connection:
        yield View(connection, actor, now, pepper)


@contextlib.contextmanager
def working(database: Database, actor: Principal, now: int, pepper: bytes) -> Iterator[Work]:
    """One change, alone: whoever else wants to change something waits. Raises `StoreUnavailable`."""
    with database.writing() as connection:
        state = connection.execute(select(changes).with_for_update()).one()
        work = Work(connection, actor, now, pepper, state, state.records, state.head)
        yield work
        work.finish()
