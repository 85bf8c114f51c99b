"""Money set aside: whatever happens in whatever order, a hard budget is not passed, and nothing is held for ever."""

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.clock import Clock
from fairlead.config.spending import Budget
from fairlead.errors import BudgetExceeded, StoreUnavailable
from fairlead.ledger.budgets.book import Book, Reservation
from fairlead.ledger.budgets.leases import Account, MemoryLeases, Taken
from fairlead.ledger.budgets.rule import Rule, applying, rules
from fairlead.ledger.budgets.rules import Facts

DAY = 86_400_000
CENT = 10_000_000


class Set(Clock):
    """Clocks that stand still until a test moves them."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self.at = wall
        self.wall = lambda: self.at
        self.monotonic = lambda: self.at


class Slow(MemoryLeases):
    """Accounts that answer after others had their turn, as a database does, and may be out of reach."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.down = False

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        await self._turn()
        return await super().take(account, cap, least, most)

    async def overdraw(self, account: Account, amount: int) -> None:
        await self._turn()
        await super().overdraw(account, amount)

    async def give_back(self, account: Account, amount: int) -> None:
        await self._turn()
        await super().give_back(account, amount)

    async def _turn(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise StoreUnavailable("down")


def rule(limit: str, **more: Any) -> Rule:
    return rules({"b": Budget(limit, **{"every": "day", **more})})[0]


def held(leases: MemoryLeases) -> int:
    return sum(leases._taken.values())


async def test_what_is_set_aside_is_not_there_for_others() -> None:
    leases, ten = Slow(), rule("0.10")
    books = [Book(leases, Set()) for _ in range(2)]
    one = await books[0].reserve([(ten, ())], 6 * CENT)
    with pytest.raises(BudgetExceeded) as refused:
        await books[1].reserve([(ten, ())], 6 * CENT)
    assert (refused.value.budget, refused.value.left, refused.value.status) == ("b", 4 * CENT, 402)
    assert "has $0.04 left, and this call may cost $0.06; it begins anew at 2027-01-16T00:00:00Z" in str(refused.value)
    books[0].settle(one, CENT)
    await books[0].close()
    await books[1].reserve([(ten, ())], 6 * CENT)


async def test_what_is_free_is_served_when_all_is_spent() -> None:
    book, none = Book(Slow(), Set()), rule("0")
    book.settle(await book.reserve([(none, ())], 0), 0)
    with pytest.raises(BudgetExceeded):
        await book.reserve([(none, ())], 1)


async def test_one_budget_that_is_spent_refuses_and_the_others_hold_nothing() -> None:
    leases = Slow()
    book, wide, narrow = Book(leases, Set()), rule("1"), rule("0.01", group_by=["user"])
    for _ in range(3):
        with pytest.raises(BudgetExceeded):
            await book.reserve([(wide, ()), (narrow, ("u",))], 2 * CENT)
    await book.close()
    assert held(leases) == 0


async def test_who_spends_more_than_was_set_aside_has_spent_it() -> None:
    leases, ten = Slow(), rule("0.10")
    book = Book(leases, Set())
    reservation = await book.reserve([(ten, ())], CENT)
    book.settle(reservation, 30 * CENT)
    await book.close()
    assert held(leases) == 30 * CENT
    with pytest.raises(BudgetExceeded) as refused:
        await book.reserve([(ten, ())], CENT)
    assert refused.value.left == 0


async def test_s09_a_new_day_is_a_new_account_and_yesterdays_call_is_yesterdays() -> None:
    leases, clock, ten = Slow(), Set(), rule("0.10")
    book = Book(leases, clock)
    late = await book.reserve([(ten, ())], 10 * CENT)
    clock.at += 86_400
    today = await book.reserve([(ten, ())], 10 * CENT)
    book.settle(late, 9 * CENT)
    book.settle(today, 2 * CENT)
    await book.tend()
    await book.close()
    assert sorted(leases._taken.values()) == [2 * CENT, 9 * CENT]


async def test_s09_a_clock_that_is_set_back_opens_no_second_account() -> None:
    leases, clock, ten = Slow(), Set(), rule("0.10")
    book = Book(leases, clock)
    book.settle(await book.reserve([(ten, ())], 10 * CENT), 10 * CENT)
    clock.at -= 86_400
    with pytest.raises(BudgetExceeded):
        await book.reserve([(ten, ())], CENT)


async def test_in_steady_state_nobody_asks_the_store() -> None:
    leases = Slow()
    book, wide = Book(leases, Set()), rule("1000")
    for _ in range(1000):
        book.settle(await book.reserve([(wide, ())], CENT), CENT // 100)
        await asyncio.sleep(0)
    assert leases.asked < 10


async def test_s08_a_store_that_is_out_of_reach_closes_hard_budgets_and_opens_soft_ones() -> None:
    leases, clock = Slow(), Set()
    book, hard, soft = Book(leases, clock), rule("1"), rule("1", hard=False)
    leases.down = True
    with pytest.raises(StoreUnavailable):
        await book.reserve([(hard, ())], CENT)
    book.settle(await book.reserve([(soft, ("s",))], CENT), CENT)
    leases.down = False
    await book.tend()
    await book.close()
    assert held(leases) == CENT


async def test_what_nobody_uses_goes_back_after_some_seconds() -> None:
    leases, clock, ten = Slow(), Set(), rule("10")
    book = Book(leases, clock)
    book.settle(await book.reserve([(ten, ())], CENT), CENT)
    await asyncio.sleep(0.01)
    await book.tend()
    assert held(leases) > CENT
    clock.at += 6
    await book.tend()
    assert held(leases) == CENT


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 60))
def test_s10_the_cap_holds_in_every_order_of_reserve_settle_and_tend(seed: int, processes: int, calls: int) -> None:
    chance = random.Random(seed)
    ten = rule("0.10")

    async def call(book: Book, reserved: list[int]) -> int:
        amount = chance.randint(0, 3 * CENT)
        try:
            reservation = await book.reserve([(ten, ())], amount)
        except BudgetExceeded:
            return 0
        reserved[0] += amount
        assert reserved[0] <= 10 * CENT
        for _ in range(chance.randint(0, 5)):
            await asyncio.sleep(0)
        cost = chance.randint(0, amount)
        reserved[0] += cost - amount
        book.settle(reservation, cost)
        if chance.random() < 0.2:
            await book.tend()
        return cost

    async def all_of_them() -> None:
        leases, clock = Slow(), Set()
        books = [Book(leases, clock) for _ in range(processes)]
        reserved = [0]
        costs = await asyncio.gather(*(call(chance.choice(books), reserved) for _ in range(calls)))
        for book in books:
            await book.close()
        assert held(leases) == sum(costs) == reserved[0] <= 10 * CENT

    asyncio.run(all_of_them())


def test_a_rule_is_for_whom_it_names_and_on_the_account_of_each() -> None:
    facts = Facts({"team": ("a",), "tag": ("x", "y"), "model": ("anthropic/claude",)}, {"user": "u1", "project": "X"})
    said = {
        "all": Budget("1"),
        "each user of project X": Budget(
            "5", conditions={"metadata.project": "X"}, group_by=["metadata.user"], every="month"
        ),
        "each tag": Budget("1", group_by=["tag"]),
        "of another team": Budget("1", conditions={"team": ["b", "c"]}),
        "claude": Budget("1", conditions={"model": "anthropic/*"}),
        "not claude": Budget("1", conditions={"model": "anthropic.*"}),
        "nobody": Budget("1", group_by=["end_user"]),
    }
    assert [(found.name, group) for found, group in applying(rules(said), facts)] == [
        ("all", ()),
        ("each user of project X", ("u1",)),
        ("each tag", ("x",)),
        ("each tag", ("y",)),
        ("claude", ()),
    ]


def test_c29_alerts_are_due_strictly_above_their_share() -> None:
    daily = rule("100.00", alerts=[80, 100])
    dollar = 10**9
    assert daily.passed(80 * dollar) == []
    assert daily.passed(80 * dollar + 1) == [80]
    assert daily.passed(100 * dollar) == [80]
    assert daily.passed(100 * dollar + 1) == [80, 100]


async def test_a_reservation_that_is_settled_twice_counts_once() -> None:
    leases = Slow()
    book, ten = Book(leases, Set()), rule("0.10")
    reservation: Reservation = await book.reserve([(ten, ())], CENT)
    book.settle(reservation, CENT)
    book.settle(reservation, CENT)
    await book.close()
    assert held(leases) == CENT
