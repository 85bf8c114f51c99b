"""Where processes share budgets' accounts: a database or a Redis, as a test sees either."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from redis import Redis
from sqlalchemy import func, select, update

from fairlead.config.spending import Budget
from fairlead.errors import BudgetExceeded
from fairlead.ledger.budgets.accounts import SqlLeases, charge, recover
from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Leases
from fairlead.ledger.budgets.rule import rules
from fairlead.ledger.budgets.shared import RedisLeases
from fairlead.ledger.shared.server import Server
from fairlead.state import schema
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts, leases
from tests.ledger.budgets.test_book import CENT, Set
from tests.support import redises
from tests.support.databases import fresh

KINDS = ("sqlite", "postgresql", "redis")
TEN = rules({"b": Budget("0.10", every="day")})[0]


class Place(Protocol):
    """The accounts, and what a ledger beside them says."""

    def process(self, name: str) -> Leases: ...

    async def charge(self, process: str, charges: dict[str, int]) -> None:
        """The ledger has rows of a process, which spent this."""

    async def renew(self, held: Leases) -> None:
        """A process keeps what it holds for another while."""

    async def end(self, process: str) -> None:
        """The lease of a process has ended."""

    async def recover(self, unfolded: Collection[str] = ()) -> int:
        """What the dead held goes back; of how many accounts."""

    async def sums(self) -> tuple[int, int]:
        """What is taken, and what the ledger knows to be spent, of all accounts."""


@dataclass
class InDatabase:
    """The tables of a database."""

    database: Database
    clock: Set = field(default_factory=Set)

    def process(self, name: str) -> SqlLeases:
        return SqlLeases(self.database, name, self.clock)

    async def charge(self, process: str, charges: dict[str, int]) -> None:
        with self.database.writing() as connection:
            charge(connection, process, charges)

    async def renew(self, held: Leases) -> None:
        assert isinstance(held, SqlLeases)
        await held.renew()

    async def end(self, process: str) -> None:
        with self.database.writing() as connection:
            connection.execute(update(leases).where(leases.c.process == process).values(expires=0))

    async def recover(self, unfolded: Collection[str] = ()) -> int:
        with self.database.writing() as connection:
            return recover(connection, int(self.clock.wall() * 1000), unfolded)

    async def sums(self) -> tuple[int, int]:
        with self.database.reading() as connection:
            taken, spent = connection.execute(select(func.sum(accounts.c.taken), func.sum(accounts.c.spent))).one()
        return int(taken or 0), int(spent or 0)


@dataclass
class InRedis:
    """One Redis, or a test's part of one, and what a ledger beside it knows."""

    server: Server
    prefix: str
    ledger: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._teller = self.process("teller")

    def process(self, name: str, lease_ms: int = 60_000) -> RedisLeases:
        async def known(word: str) -> int:
            await asyncio.sleep(0)
            return self.ledger.get(word, 0)

        return RedisLeases(self.server, name, Set(), known, lease_ms=lease_ms)

    async def charge(self, process: str, charges: dict[str, int]) -> None:
        self._teller.charge(process, charges)
        await self._teller.renew()

    async def renew(self, held: Leases) -> None:
        assert isinstance(held, RedisLeases)
        await held.renew()

    async def end(self, process: str) -> None:
        with Redis.from_url(redises.URL) as client:
            client.zadd(f"{self.server.prefix}budgets:processes", {process: 0})

    async def recover(self, unfolded: Collection[str] = ()) -> int:
        return await self._teller.recover(unfolded)

    async def sums(self) -> tuple[int, int]:
        pots = (await redises.fields(self.prefix)).values()
        return sum(int(pot["taken"]) for pot in pots), sum(int(pot["spent"]) for pot in pots)

    async def forget(self) -> None:
        """What a restart of a Redis does that keeps nothing."""
        with Redis.from_url(redises.URL) as client:
            client.delete(*client.scan_iter(f"{self.prefix}*"))


@dataclass(frozen=True)
class Shared:
    """Where a place is, for every process to go there by itself: a database's URL, or a prefix in Redis."""

    kind: str
    where: str

    @contextlib.asynccontextmanager
    async def reached(self) -> AsyncIterator[InDatabase | InRedis]:
        if self.kind == "redis":
            async with redises.connected(redises.URL, self.where) as server:
                yield InRedis(server, self.where)
            return
        with contextlib.closing(Database(self.where)) as database:
            yield InDatabase(database)


@contextlib.contextmanager
def shared(kind: str, folder: Path) -> Iterator[Shared]:
    """An empty place of that kind. Skips where none answers."""
    if kind == "redis":
        with redises.prefix() as prefix:
            yield Shared(kind, prefix)
        return
    with fresh(kind, folder) as url:
        with contextlib.closing(Database(url)) as database:
            schema.ensure(database)
        yield Shared(kind, url)


def thirteen_calls(place: Shared, name: str) -> int:
    """One process with thirteen calls at once, of a cent or half a cent; what those that were let through have cost."""
    return asyncio.run(_thirteen_calls(place, name))


async def _thirteen_calls(at: Shared, name: str) -> int:
    async with at.reached() as place:
        book = Book(place.process(name), Set())

        async def call(number: int) -> int:
            for _ in range(40):
                try:
                    reservation = await book.reserve([(TEN, ())], CENT)
                except BudgetExceeded:
                    await asyncio.sleep(0.01)
                    continue
                cost = CENT if number % 3 else CENT // 2
                book.settle(reservation, cost)
                return cost
            return 0

        costs = await asyncio.gather(*(call(number) for number in range(13)))
        await book.close()
    return sum(costs)
