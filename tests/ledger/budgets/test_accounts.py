"""What is a database's own of budgets' accounts: how long a lease lasts, and who is told what. See `test_leases`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fairlead.config.spending import Budget
from fairlead.errors import BudgetExceeded, StoreUnavailable
from fairlead.ledger.budgets.accounts import LEASE_MS, SqlLeases, charge, recover
from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Account, Taken, word_of
from fairlead.ledger.budgets.rule import Rule, rules
from fairlead.ledger.budgets.windows import Window
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts
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


async def test_s11_a_lease_lasts_for_its_time_from_when_it_was_last_renewed(database: Database) -> None:
    clock = Set()
    alive, dead = SqlLeases(database, "alive", clock), SqlLeases(database, "dead", clock)
    for each in (alive, dead):
        await each.take(DAY, 1000, 100, 100)
    clock.at += LEASE_MS / 1000
    await alive.renew()
    assert recovered(database, clock) == 0
    clock.at += 0.001
    assert recovered(database, clock) == 1
    clock.at += LEASE_MS / 1000 - 0.001
    assert recovered(database, clock) == 0
    assert sums(database) == (100, 0)


# --- a process that is cut off


class Cut(SqlLeases):
    """The accounts as a process sees them that may be cut off from the database."""

    cut = False

    async def _asked(self) -> None:
        if self.cut:
            raise StoreUnavailable("cut off")

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        await self._asked()
        return await super().take(account, cap, least, most)

    async def give_back(self, account: Account, amount: int) -> None:
        await self._asked()
        await super().give_back(account, amount)

    async def first(self, account: Account, percent: int) -> bool:
        await self._asked()
        return await super().first(account, percent)


async def spend(book: Book, amount: int, rule: Rule = TEN) -> bool:
    """Whether so much could be spent."""
    try:
        book.settle(await book.reserve([(rule, ())], amount), amount)
    except (BudgetExceeded, StoreUnavailable):
        return False
    return True


def recovered(database: Database, clock: Set) -> int:
    with database.writing() as connection:
        return recover(connection, int(clock.at * 1000), ())


async def test_what_a_process_had_leased_it_does_not_spend_once_others_may_have_it(database: Database) -> None:
    clock = Set()
    mine, others = Cut(database, "mine", clock), SqlLeases(database, "others", clock)
    one, two = Book(mine, clock), Book(others, clock)
    assert await spend(one, CENT // 100)
    mine.cut = True
    clock.at += 54
    assert await spend(one, CENT // 100), "its lease has not ended: it needs nobody"
    with database.writing() as connection:  # the machine's record is in the database before its lease is over
        charge(connection, "mine", {word_of(Account("b", (), TEN.calendar.window(int(clock.at * 1000)))): CENT // 50})
    clock.at += 2
    assert not await spend(one, CENT // 100), "the lease is over in a few seconds, and clocks differ"
    clock.at += 5
    assert recovered(database, clock) == 1
    got = 0
    while await spend(two, CENT // 10):
        got += CENT // 10
    assert 9 * CENT < got <= 10 * CENT - CENT // 50
    assert not await spend(one, CENT // 100)
    mine.cut = False
    await mine.renew()
    assert not await spend(one, CENT // 10), "all is spent"
    for book in (one, two):
        await book.close()
    assert sums(database)[0] == got + CENT // 50


async def test_a_lease_that_is_renewed_too_late_does_not_bring_back_what_was_held(database: Database) -> None:
    clock = Set()
    mine, others = SqlLeases(database, "mine", clock), SqlLeases(database, "others", clock)
    one, two = Book(mine, clock), Book(others, clock)
    assert await spend(one, CENT // 100)
    await asyncio.sleep(0)
    clock.at += 61
    recovered(database, clock)
    while await spend(two, CENT // 10):
        pass
    await mine.renew()  # it was away, and goes on where it was
    assert not await spend(one, CENT // 100)
    await one.tend()
    assert not await spend(one, 1)
    assert sums(database)[0] <= 10 * CENT


async def test_what_nobody_took_back_is_not_lost(database: Database) -> None:
    """Cut off for longer than its lease, with nobody there to take it back."""
    clock = Set()
    mine = SqlLeases(database, "mine", clock)
    book = Book(mine, clock)
    assert await spend(book, CENT)
    clock.at += 600
    spent = CENT
    while await spend(book, CENT // 10):
        spent += CENT // 10
    assert spent == 10 * CENT
    assert sums(database)[0] == 10 * CENT


async def test_a_lease_that_is_renewed_in_time_is_spent_without_a_question(database: Database) -> None:
    clock = Set()
    mine = Cut(database, "mine", clock)
    book = Book(mine, clock)
    book.settle(await book.reserve([(TEN, ())], CENT // 100), 0)
    for _ in range(20):
        clock.at += 15
        await mine.renew()
    mine.cut = True
    assert await spend(book, CENT // 100)
    clock.at += 54
    assert await spend(book, CENT // 100)
    clock.at += 2
    assert not await spend(book, CENT // 100)


# --- alerts


async def test_what_is_passed_is_told_once_by_all_processes_together(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock, told = Set(), list[tuple[str, int]]()
    rule = rules({"b": Budget("0.10", every="day", alerts=[50, 80])})[0]
    books = [Book(SqlLeases(database, name, clock), clock, lambda *each: told.append(each)) for name in "abc"]
    for book in books * 4:
        await spend(book, CENT * 8 // 10, rule)
        await asyncio.gather(*book._tasks)
    assert told == [("b", 50), ("b", 80)]
    again = Book(SqlLeases(database, "after a restart", clock), clock, lambda *each: told.append(each))
    await spend(again, CENT // 100, rule)
    await again.close()
    assert len(told) == 2
    clock.at += 86_400
    while len(told) < 4 and await spend(books[0], CENT, rule):
        await asyncio.gather(*books[0]._tasks)
    assert told[2:] == [("b", 50), ("b", 80)]
    assert [line.split(":")[0] for line in caplog.messages] == ["50% budget reached", "80% budget reached"] * 2


async def test_what_was_passed_while_nobody_could_be_asked_is_told_later(database: Database) -> None:
    clock, told = Set(), list[tuple[str, int]]()
    mine = Cut(database, "mine", clock)
    book = Book(mine, clock, lambda *each: told.append(each))
    attempt = await book.reserve([(TEN, ())], 9 * CENT)
    mine.cut = True
    book.settle(attempt, 9 * CENT)
    await asyncio.gather(*book._tasks)
    await book.tend()
    await asyncio.gather(*book._tasks)
    assert told == []
    mine.cut = False
    for _ in range(3):
        await book.tend()
        await asyncio.gather(*book._tasks)
    assert told == [("b", 80)]
