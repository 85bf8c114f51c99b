"""Budgets' accounts in the database, shared by all who use it.

What a process takes counts as spent until it gives it back. When a process dies, what it held and the ledger does not
know to be spent goes back once its lease has ended and its journal is folded.
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fairlead.clock import Clock
from fairlead.ledger.budgets.leases import Account, Taken, Term, share
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts, leases

LEASE_MS = 60_000

Key = tuple[str, str, int]


def key_of(account: Account) -> Key:
    """How the tables call an account."""
    return account.rule, json.dumps(account.group, ensure_ascii=False), account.window.start


class SqlLeases:
    """What one process has of the accounts. Its questions wait in threads; see `Leases`."""

    def __init__(self, database: Database, process: str, clock: Clock, lease_ms: int = LEASE_MS) -> None:
        self.term = Term(clock.monotonic(), lease_ms / 1000)
        self._lease_ms = lease_ms
        self._database = database
        self._process = process
        self._clock = clock

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        return await asyncio.to_thread(self._take, account, cap, least, most)

    async def overdraw(self, account: Account, amount: int) -> None:
        await asyncio.to_thread(self._add, account, amount)

    async def give_back(self, account: Account, amount: int) -> None:
        await asyncio.to_thread(self._add, account, -amount)

    async def renew(self) -> None:
        """Keep what is held for another while."""
        asked = self._clock.monotonic()
        await asyncio.to_thread(self._renew)
        self.term.renewed(asked)

    async def first(self, account: Account, percent: int) -> bool:
        return await first(self._database, account, percent)

    def _take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        with self._database.writing() as connection:
            left = max(cap - _taken(connection, account), 0)
            amount = share(least, most, left)
            if amount:
                self._move(connection, account, amount)
        return Taken(amount, left)

    def _add(self, account: Account, amount: int) -> None:
        with self._database.writing() as connection:
            _taken(connection, account)
            if amount < 0:
                # What a lease held that has ended went back then, and must not do so twice.
                amount = -min(-amount, self._holds(connection, account))
            self._move(connection, account, amount)

    def _holds(self, connection: Connection, account: Account) -> int:
        """What this process has of the account that the ledger does not know to be spent."""
        whose = (leases.c.process == self._process, *_is(leases, key_of(account)))
        return max(int(connection.execute(select(leases.c.granted - leases.c.used).where(*whose)).scalar() or 0), 0)

    def _move(self, connection: Connection, account: Account, amount: int) -> None:
        key, now = key_of(account), int(self._clock.wall() * 1000)
        connection.execute(update(accounts).where(*_is(accounts, key)).values(taken=accounts.c.taken + amount))
        held = _insert(connection, leases).values(
            process=self._process, rule=key[0], whose=key[1], start=key[2], granted=amount, expires=now + self._lease_ms
        )
        held = held.on_conflict_do_update(
            index_elements=["process", "rule", "whose", "start"],
            set_={"granted": leases.c.granted + amount, "expires": now + self._lease_ms},
        )
        connection.execute(held)

    def _renew(self) -> None:
        until = int(self._clock.wall() * 1000) + self._lease_ms
        with self._database.writing() as connection:
            connection.execute(update(leases).where(leases.c.process == self._process).values(expires=until))


async def spent(database: Database, word: str) -> int:
    """What the ledger knows to be spent of an account (by `word_of`). Raises `StoreUnavailable`."""
    return await asyncio.to_thread(_spent, database, word)


def _spent(database: Database, word: str) -> int:
    rule, start, *group = json.loads(word)
    with database.reading() as connection:
        return spent_on(connection, (rule, json.dumps(group, ensure_ascii=False), start))


def spent_on(connection: Connection, key: Key) -> int:
    """What the ledger knows to be spent of an account (by `key_of`)."""
    return int(connection.execute(select(accounts.c.spent).where(*_is(accounts, key))).scalar() or 0)


async def first(database: Database, account: Account, percent: int) -> bool:
    """Whether nobody has told before that so much of an account is spent. Raises `StoreUnavailable`."""
    return await asyncio.to_thread(_first, database, account, percent)


def _first(database: Database, account: Account, percent: int) -> bool:
    key = key_of(account)
    with database.writing() as connection:
        _ensure(connection, key, account.window.end)
        untold = (*_is(accounts, key), accounts.c.alerted < percent)
        return bool(connection.execute(update(accounts).where(*untold).values(alerted=percent)).rowcount)


def charge(connection: Connection, process: str, charges: Mapping[str, int]) -> None:
    """The ledger has got rows of a process which spent this on accounts (by `word_of`), in the transaction of them."""
    for word, amount in charges.items():
        rule, start, *group = json.loads(word)
        key = (rule, json.dumps(group, ensure_ascii=False), start)
        _ensure(connection, key, None)
        connection.execute(update(accounts).where(*_is(accounts, key)).values(spent=accounts.c.spent + amount))
        whose = (leases.c.process == process, *_is(leases, key))
        known = connection.execute(update(leases).where(*whose).values(used=leases.c.used + amount))
        if not known.rowcount:  # what it held was given back before this was known to be spent
            connection.execute(update(accounts).where(*_is(accounts, key)).values(taken=accounts.c.taken + amount))


def any_ended(connection: Connection, now: int) -> bool:
    """Whether there is anything to recover."""
    return connection.execute(select(leases.c.process).where(leases.c.expires < now).limit(1)).first() is not None


def recover(connection: Connection, now: int, unfolded: Collection[str]) -> int:
    """Give back what dead processes held and did not spend; how many leases there were.

    `unfolded` are processes of which journals still wait: what they spent is not all known.
    """
    ended = leases.c.expires < now
    if unfolded:
        ended &= leases.c.process.not_in(list(unfolded))
    dead = connection.execute(select(leases).where(ended)).all()
    for lease in dead:
        key = (lease.rule, lease.whose, lease.start)
        unspent = lease.granted - lease.used
        connection.execute(update(accounts).where(*_is(accounts, key)).values(taken=accounts.c.taken - unspent))
        connection.execute(delete(leases).where(leases.c.process == lease.process, *_is(leases, key)))
    return len(dead)


def _taken(connection: Connection, account: Account) -> int:
    """What is taken of an account, which nobody else can change within this transaction."""
    key = key_of(account)
    _ensure(connection, key, account.window.end)
    asked = select(accounts.c.taken).where(*_is(accounts, key)).with_for_update()
    return int(connection.execute(asked).scalar_one())


def _ensure(connection: Connection, key: Key, ends: int | None) -> None:
    row = _insert(connection, accounts).values(rule=key[0], whose=key[1], start=key[2], ends=ends, taken=0, spent=0)
    connection.execute(row.on_conflict_do_nothing())


def _insert(connection: Connection, into: Table) -> Any:
    """An insert that knows what to do where the row is there; the two databases' own types differ."""
    return sqlite.insert(into) if connection.dialect.name == "sqlite" else postgresql.insert(into)


def _is(table: Table, key: Key) -> tuple[ColumnElement[bool], ...]:
    return table.c.rule == key[0], table.c.whose == key[1], table.c.start == key[2]
