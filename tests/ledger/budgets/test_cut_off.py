"""A process that was cut off from Redis does not spend what others may have taken back."""

import asyncio

from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Term
from fairlead.ledger.budgets.shared import RedisLeases
from tests.ledger.budgets.test_accounts import spend
from tests.ledger.budgets.test_book import CENT, Set
from tests.support import redises


async def nothing(_: str) -> int:
    return 0


async def test_what_a_process_had_leased_from_redis_it_does_not_spend_once_others_may_have_it() -> None:
    clock = Set()
    with redises.prefix() as prefix:
        async with redises.connected(redises.URL, prefix) as server:
            # By Redis's clock its lease is over at once; by its own it lasts as the test says.
            mine = RedisLeases(server, "mine", clock, nothing, lease_ms=1)
            mine.term = Term(clock.at, 60)
            others = RedisLeases(server, "others", Set(), nothing)
            one, two = Book(mine, clock), Book(others, Set())
            assert await spend(one, CENT // 100)
            await asyncio.sleep(0.05)
            assert await others.recover(()) == 1
            got = 0
            while await spend(two, CENT // 10):
                got += CENT // 10
            assert got == 10 * CENT
            clock.at += 56
            assert not await spend(one, CENT // 100)
            await mine.renew()
            assert not await spend(one, CENT // 100)
            await one.tend()
            assert not await spend(one, 1)


def test_a_term_is_unbroken_as_long_as_it_is_renewed_in_time() -> None:
    term = Term(0.0, 60)
    assert term.holds(0, 54.9)
    assert not term.holds(0, 55)
    term.renewed(54)
    assert term.holds(0, 108)
    assert not term.holds(0, 109)
    assert term.holds(60, 114)  # taken since, with a lease of its own
    term.renewed(120)
    assert not term.holds(54, 121), "it was broken at 109"
    assert term.holds(120, 174)
