"""Budgets' accounts in a database: shared by processes, and safe from those that die."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fairlead.config.spending import Budget
from fairlead.errors import BudgetExceeded
from fairlead.ledger.budgets.accounts import LEASE_MS, SqlLeases, charge, recover
from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Account, word_of
from fairlead.ledger.budgets.rule import rules
from fairlead.ledger.budgets.windows import Window
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts, leases
from tests.ledger.budgets.test_book import CENT, Set
from tests.support.databases import KINDS, opened

DAY = Account("b", ("ü", '"'), Window(1_800_000_000_000, 1_800_086_400_000))
TEN = rules({"b": Budget("0.10", every="day")})[0]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with opened(request.param, tmp_path) as made:
        yield made


def sums(database: Database) -> tuple[int, int]:
    """What is taken, and what the ledger knows to be spent, of all accounts."""
    with database.reading() as connection:
        taken, spent = connection.execute(select(func.sum(accounts.c.taken), func.sum(accounts.c.spent))).one()
    return int(taken or 0), int(spent or 0)


def held_leases(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(leases)).scalar_one())


async def test_what_one_process_takes_another_does_not_find(database: Database) -> None:
    one, two = (SqlLeases(database, name, Set()) for name in ("one", "two"))
    assert (await one.take(DAY, 100, 60, 60)).amount == 60
    assert await two.take(DAY, 100, 60, 60) == await two.take(DAY, 100, 41, 99)
    assert (await two.take(DAY, 100, 40, 40)).amount == 40
    await one.give_back(DAY, 60)
    assert (await two.take(DAY, 100, 60, 60)).left == 60
    await one.overdraw(DAY, 50)
    assert sums(database) == (150, 0)
    assert (await two.take(DAY, 100, 1, 1)).left == 0


def test_s10_fifty_calls_of_four_processes_at_a_cap_with_room_for_ten(database: Database) -> None:
    """Threads stand for the processes here: each has its own book, loop and connections."""

    async def process(name: str) -> int:
        book = Book(SqlLeases(database, name, Set()), Set())

        async def call(at: int) -> int:
            for _ in range(40):
                try:
                    reservation = await book.reserve([(TEN, ())], CENT)
                except BudgetExceeded:
                    await asyncio.sleep(0.01)
                    continue
                book.settle(reservation, CENT if at % 3 else CENT // 2)
                return CENT if at % 3 else CENT // 2
            return 0

        costs = await asyncio.gather(*(call(at) for at in range(13)))
        await book.close()
        return sum(costs)

    with ThreadPoolExecutor(4) as pool:
        spent = sum(pool.map(lambda name: asyncio.run(process(name)), "abcd"))
    assert spent == sums(database)[0] <= 10 * CENT
    assert spent > 8 * CENT


async def test_s11_what_a_dead_process_held_comes_back_when_its_lease_ends(database: Database) -> None:
    clock = Set()
    dead = SqlLeases(database, "dead", clock)
    await dead.take(DAY, 100, 100, 100)
    with database.writing() as connection:
        charge(connection, "dead", {word_of(DAY): 30})
    now = int(clock.wall() * 1000)
    for moment, unfolded, came_back in (
        (now + LEASE_MS, [], 0),
        (now + LEASE_MS + 1, ["dead"], 0),
        (now + LEASE_MS + 1, ["another"], 1),
        (now + LEASE_MS + 1, [], 0),
    ):
        with database.writing() as connection:
            assert recover(connection, moment, unfolded) == came_back
    assert sums(database) == (30, 30)
    assert held_leases(database) == 0
    with database.writing() as connection:  # a row of it that is found later
        charge(connection, "dead", {word_of(DAY): 7})
    assert sums(database) == (37, 37)


async def test_s11_who_lives_keeps_what_it_holds(database: Database) -> None:
    clock = Set()
    alive = SqlLeases(database, "alive", clock)
    await alive.take(DAY, 100, 100, 100)
    clock.at += LEASE_MS / 1000
    await alive.renew()
    clock.at += LEASE_MS / 1000
    with database.writing() as connection:
        assert recover(connection, int(clock.wall() * 1000), ()) == 0
    assert sums(database) == (100, 0)


async def test_what_was_spent_and_what_came_back_is_the_same_whichever_is_known_first(database: Database) -> None:
    clock = Set()
    for name, first in (("early", True), ("late", False)):
        book = Book(SqlLeases(database, name, clock), clock)
        reservation = await book.reserve([(TEN, ())], 3 * CENT)
        word = word_of(reservation.accounts[0].account)
        book.settle(reservation, CENT)
        if not first:
            await book.close()
        with database.writing() as connection:
            charge(connection, name, {word: CENT})
        if first:
            await book.close()
    clock.at += LEASE_MS
    with database.writing() as connection:
        assert recover(connection, int(clock.wall() * 1000), ()) == 2
    assert sums(database) == (2 * CENT, 2 * CENT)
