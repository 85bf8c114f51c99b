"""Budgets' accounts, in a database and in Redis: shared by processes, safe from those that die, and exact."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Account, Taken, word_of
from fairlead.ledger.budgets.windows import Window
from tests.ledger.budgets.places import KINDS, TEN, Place, Shared, shared, thirteen_calls
from tests.ledger.budgets.test_book import CENT, Set

DAY = Account("b", ("ü", '"'), Window(1_800_000_000_000, 1_800_086_400_000))
EVER = Account("ever", (), Window(0, None))


@pytest.fixture(params=KINDS)
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    with shared(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def place(somewhere: Shared) -> AsyncIterator[Place]:
    async with somewhere.reached() as made:
        yield made


async def test_what_one_process_takes_another_does_not_find(place: Place) -> None:
    one, two = place.process("one"), place.process("two")
    assert (await one.take(DAY, 100, 60, 60)).amount == 60
    assert await two.take(DAY, 100, 60, 60) == await two.take(DAY, 100, 41, 99) == Taken(0, 40)
    assert (await two.take(DAY, 100, 40, 40)).amount == 40
    await one.give_back(DAY, 60)
    assert (await two.take(DAY, 100, 60, 60)).left == 60
    await one.overdraw(DAY, 50)
    assert await place.sums() == (150, 0)
    assert (await two.take(DAY, 100, 1, 1)).left == 0


async def test_as_it_runs_out_one_gets_less_than_one_asked_for(place: Place) -> None:
    assert await place.process("one").take(DAY, 1000, 10, 900) == Taken(250, 1000)


@pytest.mark.parametrize("cap", [2**53 - 1, 2**53, 2**53 + 1, 2**60 + 1, 4 * 10**18])
async def test_no_nano_dollar_is_lost_beyond_what_floating_point_can_count(place: Place, cap: int) -> None:
    one, two = place.process("one"), place.process("two")
    assert await one.take(EVER, cap, cap + 1, cap + 1) == Taken(0, cap)
    assert await one.take(EVER, cap, cap - 1, cap - 1) == Taken(cap - 1, cap)
    assert await two.take(EVER, cap, 2, 2) == Taken(0, 1)
    assert await two.take(EVER, cap, 1, 1) == Taken(1, 1)
    await one.overdraw(EVER, 3)
    assert await place.sums() == (cap + 3, 0)
    await one.give_back(EVER, 2**52 + 1)
    assert (await two.take(EVER, cap, 2**52 - 2, 2**52 - 2)) == Taken(2**52 - 2, 2**52 - 2)


async def taken(somewhere: Shared) -> int:
    async with somewhere.reached() as place:
        return (await place.sums())[0]


def test_s10_fifty_calls_of_four_processes_at_a_cap_with_room_for_ten(somewhere: Shared) -> None:
    """Threads stand for the processes: each has its own book, loop and connections."""
    with ThreadPoolExecutor(4) as pool:
        spent = sum(pool.map(lambda name: thirteen_calls(somewhere, name), "abcd"))
    assert spent == asyncio.run(taken(somewhere)) <= 10 * CENT
    assert spent > 8 * CENT


@pytest.mark.parametrize("somewhere", ["redis"], indirect=True)
def test_s10_the_same_with_processes_that_are_ones(somewhere: Shared) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        spent = sum(pool.starmap_async(thirteen_calls, [(somewhere, name) for name in "abcd"]).get(timeout=50))
    assert spent == asyncio.run(taken(somewhere)) <= 10 * CENT
    assert spent > 8 * CENT


async def test_s11_what_a_dead_process_held_comes_back_when_its_lease_ends(place: Place) -> None:
    dead, alive = place.process("dead"), place.process("alive")
    await alive.take(DAY, 1000, 500, 500)
    await dead.take(DAY, 1000, 100, 100)
    await place.charge("dead", {word_of(DAY): 30})
    assert await place.recover() == 0
    await place.end("dead")
    for unfolded, came_back in ((["dead"], 0), (["another"], 1), ([], 0)):
        assert await place.recover(unfolded) == came_back
    assert await place.sums() == (530, 30)
    await place.charge("dead", {word_of(DAY): 7})  # a row of it that is found later
    assert await place.sums() == (537, 37)


async def test_s11_who_lives_keeps_what_it_holds(place: Place) -> None:
    alive, other = place.process("alive"), place.process("other")
    await alive.take(DAY, 100, 60, 60)
    for renewed in (True, False):
        await place.end("alive")
        if renewed:
            await place.renew(alive)
        assert await place.recover() == (0 if renewed else 1)
    assert (await other.take(DAY, 100, 100, 100)).amount == 100


async def test_what_was_spent_and_what_came_back_is_the_same_whichever_is_known_first(place: Place) -> None:
    for name, first in (("early", True), ("late", False)):
        book = Book(place.process(name), Set())
        reservation = await book.reserve([(TEN, ())], 3 * CENT)
        word = word_of(reservation.accounts[0].account)
        book.settle(reservation, CENT)
        if not first:
            await book.close()
        await place.charge(name, {word: CENT})
        if first:
            await book.close()
        await place.end(name)
    assert await place.recover() == 2
    assert await place.sums() == (2 * CENT, 2 * CENT)
