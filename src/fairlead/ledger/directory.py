"""Organisations, teams, users and keys: every administrative action, in one transaction with its record.

Its methods block: a server calls them from a thread. Each takes the principal who asks, and looks by itself at what
that one may see and change, whatever a route has let through.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from sqlalchemy import func, insert, select

from fairlead.clock import Clock
from fairlead.errors import ConfigError, Conflict, RequestError
from fairlead.ledger import audit, keys, rules
from fairlead.ledger.keyring import NEVER, Entry
from fairlead.ledger.keys import Kind
from fairlead.ledger.lineage import TABLES, AnyRow, Lineage
from fairlead.ledger.objects import (
    Change,
    Key,
    KeyChange,
    MadeKey,
    NewKey,
    NewOrganisation,
    NewTeam,
    NewUser,
    ObjectKind,
    Page,
    Record,
    Rotation,
    Verdict,
    expiry,
    span,
)
from fairlead.ledger.principal import Principal
from fairlead.ledger.standing import spent_in_all, standing
from fairlead.ledger.work import View, Work, viewing, working
from fairlead.state import schema
from fairlead.state.database import Broken, Database
from fairlead.state.tables.identity import changes
from fairlead.state.tables.identity import keys as key_table

MOST_KEYS = 100_000
_MOST_SHOWN = 1000
# For so long after its end a key is told that it has expired, and not that it is unknown.
_REMEMBERED = 30 * 86400 * 1000
_BELOW: dict[ObjectKind, tuple[ObjectKind, ...]] = {
    "organisation": ("team", "key"),
    "team": ("user", "key"),
    "user": ("key",),
}


class Directory:
    """The one way to who may call."""

    def __init__(self, database: Database, pepper: bytes, clock: Clock) -> None:
        self.database = database
        self.pepper = pepper
        self.clock = clock

    def open(self) -> None:
        """Make what is missing of the tables. Raises `StoreUnavailable`.

        `ConfigError` where that will not help: another pepper, or a file that may only be read.
        """
        schema.ensure(self.database)
        try:
            self._check()
        except Broken as error:
            raise ConfigError(error.message, hint=error.hint) from None

    def _check(self) -> None:
        """Hold to the pepper that the keys were hashed with; the first one is noted."""
        check = keys.fingerprint(b"pepper", self.pepper).hex()
        with self.database.writing() as connection:
            found = connection.execute(select(changes).with_for_update()).one_or_none()
            if found is None:
                sealed = audit.seal(0, audit.START, self.pepper)
                first = {"id": 1, "counter": 0, "records": 0, "head": audit.START, "seal": sealed, "pepper": check}
                connection.execute(insert(changes).values(first))
            elif found.pepper != check:
                raise ConfigError(
                    f"the keys in {self.database} were hashed with another secret than this gateway's",
                    hint="every machine on one database needs the same FAIRLEAD_PEPPER, or a copy of the file `pepper`",
                )

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    # for the keyring

    def counter(self) -> int:
        """A number that grows with every change."""
        with self.database.reading() as connection:
            return int(connection.execute(select(changes.c.counter)).scalar_one())

    def entries(self) -> list[Entry]:
        """Every key that counts, and those that ended not long ago."""
        recent = (key_table.c.expires.is_(None)) | (key_table.c.expires > self._now() - _REMEMBERED)
        with self.database.reading() as connection:
            rows = connection.execute(select(key_table).where(key_table.c.deleted.is_(None), recent)).all()
            lineage = Lineage.of(connection, rows)
        return [entry for row in rows for entry in _entries(row, lineage)]

    # what is there

    def page(
        self, actor: Principal, kind: ObjectKind, *, after: str = "", limit: int = 100, team: str = ""
    ) -> Page[Any]:
        """Some of what the actor may see of a kind, by age, from the one behind `after` on."""
        table = TABLES[kind]
        limit = max(1, min(limit, _MOST_SHOWN))
        if not after.isprintable():
            raise RequestError("`after` is no id", param="after")
        with self._viewing(actor) as view:
            query = view.scoped(kind).where(table.c.deleted.is_(None), table.c.id > after)
            if team and kind in ("user", "key"):
                query = query.where(table.c.team == view.find("team", team).id)
            rows = view.connection.execute(query.order_by(table.c.id).limit(limit + 1)).all()
            lineage = view.lineage(*rows)
            shown = [lineage.shown(row, view.now) for row in rows[:limit]]
        return Page(shown, rows[limit - 1].id if len(rows) > limit else None)

    def show(self, actor: Principal, kind: ObjectKind, named: str) -> Any:
        """One object, and what its budgets have left. Raises `NotFound` also for what the actor may not see."""
        with self._viewing(actor) as view:
            row = view.find(kind, named, deleted=True)
            return replace(view.shown(row), standing=standing(view.connection, row, view.now) or UNSET)

    def spent(self, actor: Principal, key: str) -> int:
        """The nano-dollars that all calls of a key have cost, as far as the record has come."""
        with self._viewing(actor) as view:
            return spent_in_all(view.connection, view.find("key", key, deleted=True).id)

    def count_keys(self) -> int:
        """How many client keys there are."""
        with self.database.reading() as connection:
            return rules.count(connection, "client")

    # what is changed

    def add(self, actor: Principal, wanted: NewOrganisation | NewTeam | NewUser) -> Any:
        """A new organisation, team or user."""
        with self._working(actor) as work:
            rules.only_admins(actor)
            return work.shown(self._add(work, wanted))

    def _add(self, work: Work, wanted: NewOrganisation | NewTeam | NewUser) -> AnyRow:
        if isinstance(wanted, NewOrganisation):
            return rules.add(work, "organisation", wanted, {}, self.clock)
        if isinstance(wanted, NewTeam):
            organisation = rules.organisation_of(work, wanted, self.clock)
            return rules.add(work, "team", wanted, {"organisation": organisation}, self.clock)
        team = work.find("team", wanted.team)
        return rules.add(work, "user", wanted, {"organisation": team.organisation, "team": team.id}, self.clock)

    def add_key(self, actor: Principal, wanted: NewKey) -> MadeKey:
        """A new key, and with it the key itself, which nobody can find out again."""
        with self._working(actor) as work:
            return self._add_key(work, wanted)

    def first_key(self, actor: Principal, name: str) -> MadeKey | None:
        """A client key without limits where there is no client key yet; else None."""
        with self._working(actor) as work:
            if rules.count(work.connection, "client"):
                return None
            return self._add_key(work, NewKey(name))

    def _add_key(self, work: Work, wanted: NewKey) -> MadeKey:
        owner = rules.owner_of(work, wanted)
        rules.check_kind(work.actor, wanted, owner)
        if rules.count(work.connection) >= MOST_KEYS:
            raise Conflict(f"there are {MOST_KEYS} keys, and there can be no more", hint="delete keys that nobody uses")
        made = keys.mint(wanted.kind)
        own = {
            **self._kept(made, wanted.kind),
            "kind": wanted.kind,
            "role": wanted.role or ("client" if wanted.kind == "client" else "admin"),
            "expires": None if wanted.expires is None else expiry(wanted.expires, work.now),
        }
        row = rules.add(work, "key", wanted, {**owner, **own}, self.clock)
        return _with_key(work.shown(row), made)

    def _kept(self, key: str, kind: Kind) -> dict[str, str]:
        """What is kept of a key."""
        return {"shown": keys.shown(key, kind), "digest": keys.fingerprint(key.encode(), self.pepper).hex()}

    def change(self, actor: Principal, kind: ObjectKind, named: str, wanted: Change) -> Any:
        """An object with another name, other tags, rights or expiry."""
        with self._working(actor) as work:
            row = rules.changeable(work, kind, named)
            values = rules.change_of(work, kind, row, wanted)
            if isinstance(wanted, KeyChange) and not isinstance(wanted.expires, UnsetType):
                values["expires"] = None if wanted.expires is None else expiry(wanted.expires, work.now)
            return work.shown(work.alter(kind, row, "update", **values) if values else row)

    def rotate(self, actor: Principal, named: str, wanted: Rotation) -> MadeKey:
        """The same key with another secret; the one before works for as long as is said."""
        overlap = span(wanted.overlap)
        with self._working(actor) as work:
            row = rules.changeable(work, "key", named)
            made = keys.mint(row.kind)
            values: dict[str, object] = {
                **self._kept(made, row.kind),
                "previous_digest": row.digest if overlap else None,
                "previous_until": work.now + overlap if overlap else None,
                "rotated": work.now,
            }
            return _with_key(work.shown(work.alter("key", row, "rotate", **values)), made)

    def block(self, actor: Principal, kind: ObjectKind, named: str, *, blocked: bool = True) -> Any:
        """An object that does not count any more, and nothing under it, or that does again."""
        with self._working(actor) as work:
            row = rules.changeable(work, kind, named)
            if row.blocked == blocked:
                return work.shown(row)
            return work.shown(work.alter(kind, row, "block" if blocked else "unblock", blocked=blocked))

    def delete(self, actor: Principal, kind: ObjectKind, named: Sequence[str]) -> list[Any]:
        """These objects, marked as deleted: all of them or none. Raises `Conflict` where something is under one."""
        with self._working(actor) as work:
            return [self._delete(work, kind, each) for each in named]

    def _delete(self, work: Work, kind: ObjectKind, named: str) -> Any:
        row = rules.changeable(work, kind, named)
        for below in _BELOW.get(kind, ()):
            table = TABLES[below]
            query = select(func.count()).select_from(table).where(table.c.deleted.is_(None), table.c[kind] == row.id)
            if count := work.connection.execute(query).scalar_one():
                raise Conflict(
                    f"the {kind} `{row.name}` still has {count} {below}{'s' * (count != 1)}",
                    hint="delete those first, or block it: then nothing under it counts",
                )
        return work.shown(work.alter(kind, row, "delete", deleted=work.now))

    # the audit log

    def records(self, actor: Principal, *, after: int | None = None, limit: int = 100) -> Page[Record]:
        """Records of the audit log in their order; the newest, where `after` does not say from which on."""
        rules.only_readers(actor)
        limit = max(1, min(limit, _MOST_SHOWN))
        with self._viewing(actor) as view:
            if after is None:
                return Page(audit.last(view.connection, limit))
            found = audit.records(view.connection, after, limit)
        return Page(found, str(found[-1].seq) if len(found) == limit else None)

    def verify(self, actor: Principal) -> Verdict:
        """Whether the audit log is as it was written."""
        rules.only_readers(actor)
        with self._viewing(actor) as view:
            return audit.verify(view.connection, self.pepper)

    def _now(self) -> int:
        return int(self.clock.wall() * 1000)

    def _viewing(self, actor: Principal) -> AbstractContextManager[View]:
        return viewing(self.database, actor, self._now(), self.pepper)

    def _working(self, actor: Principal) -> AbstractContextManager[Work]:
        return working(self.database, actor, self._now(), self.pepper)


def _with_key(shown: Key, key: str) -> MadeKey:
    return MadeKey(**{name: getattr(shown, name) for name in Key.__struct_fields__}, key=key)


def _entries(row: AnyRow, lineage: Lineage) -> list[Entry]:
    """A key as it lets in, and the one before it for as long as that does."""
    principal, refusal = lineage.principal(row), lineage.refusal(row)
    ends = NEVER if row.expires is None else row.expires / 1000
    found = [Entry(bytes.fromhex(row.digest), principal, ends, refusal)]
    if row.previous_digest is not None:
        before = min(ends, row.previous_until / 1000)
        found.append(Entry(bytes.fromhex(row.previous_digest), principal, before, refusal))
    return found
