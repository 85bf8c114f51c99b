"""Budgets' accounts in Redis: shared by processes, safe from those that die, and exact."""

import asyncio
import multiprocessing
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from fairlead.config.spending import Budget
from fairlead.errors import BudgetExceeded, ConfigError, StoreUnavailable
from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import Account, Taken, word_of
from fairlead.ledger.budgets.rule import rules
from fairlead.ledger.budgets.shared import RedisLeases
from fairlead.ledger.budgets.windows import Window
from fairlead.ledger.shared.server import Server
from tests.ledger.budgets.test_book import CENT, Set
from tests.support import redises

DAY = Account("b", ("ü", '"'), Window(1_800_000_000_000, 1_800_086_400_000))
EVER = Account("ever", (), Window(0, None))
TEN = rules({"b": Budget("0.10", every="day")})[0]


@dataclass
class Place:
    """One Redis, or a test's part of one, and what a ledger beside it knows."""

    server: Server
    prefix: str
    ledger: dict[str, int] = field(default_factory=dict)

    def process(self, name: str, lease_ms: int = 60_000) -> RedisLeases:
        async def known(word: str) -> int:
            await asyncio.sleep(0)
            return self.ledger.get(word, 0)

        return RedisLeases(self.server, name, Set(), known, lease_ms=lease_ms)

    async def sums(self) -> tuple[int, int]:
        """What is taken, and what the ledger knows to be spent, of all accounts."""
        pots = (await redises.fields(self.prefix)).values()
        return sum(int(pot["taken"]) for pot in pots), sum(int(pot["spent"]) for pot in pots)

    async def forget(self) -> None:
        """What a restart of a Redis does that keeps nothing."""
        with Redis.from_url(redises.URL) as client:
            client.delete(*client.scan_iter(f"{self.prefix}*"))


@pytest.fixture
def prefix() -> Iterator[str]:
    with redises.prefix() as made:
        yield made


@pytest.fixture
async def place(prefix: str) -> AsyncIterator[Place]:
    async with redises.connected(redises.URL, prefix) as server:
        yield Place(server, prefix)


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


def test_a_limit_that_cannot_be_counted_is_refused() -> None:
    assert rules({"b": Budget(4_000_000_000)})[0].limit == 4 * 10**18
    with pytest.raises(ConfigError, match="no amount of dollars"):
        rules({"b": Budget("4000000000.000000001")})


async def one_process(prefix: str, name: str) -> int:
    """Thirteen calls at once; what those that were let through have cost."""
    async with redises.connected(redises.URL, prefix) as server:
        book = Book(Place(server, prefix).process(name), Set())

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


def run_process(prefix: str, name: str) -> int:
    return asyncio.run(one_process(prefix, name))


def threads(prefix: str) -> int:
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda name: run_process(prefix, name), "abcd"))


def processes(prefix: str) -> int:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        return sum(pool.starmap_async(run_process, [(prefix, name) for name in "abcd"]).get(timeout=50))


@pytest.mark.parametrize("kind", [threads, processes])
def test_s10_fifty_calls_of_four_processes_at_a_cap_with_room_for_ten(prefix: str, kind: Callable[[str], int]) -> None:
    spent = kind(prefix)
    pots = asyncio.run(redises.fields(prefix)).values()
    assert spent == sum(int(pot["taken"]) for pot in pots) <= 10 * CENT
    assert spent > 8 * CENT


async def test_s11_what_a_dead_process_held_comes_back_when_its_lease_ends(place: Place) -> None:
    dead, alive = place.process("dead", lease_ms=1), place.process("alive")
    await alive.take(DAY, 1000, 500, 500)
    await dead.take(DAY, 1000, 100, 100)
    alive.charge("dead", {word_of(DAY): 30})
    await alive.renew()
    await asyncio.sleep(0.05)
    for unfolded, came_back in ((["dead"], 0), (["another"], 1), ([], 0)):
        assert await alive.recover(unfolded) == came_back
    assert await place.sums() == (530, 30)
    alive.charge("dead", {word_of(DAY): 7})  # a row of it that is found later
    await alive.renew()
    assert await place.sums() == (537, 37)


async def test_s11_who_lives_keeps_what_it_holds(place: Place) -> None:
    alive, other = place.process("alive"), place.process("other")
    await alive.take(DAY, 100, 60, 60)
    assert await other.recover([]) == 0
    for renewed in (True, False):
        with Redis.from_url(redises.URL) as client:  # its lease has ended
            client.zadd(f"{place.server.prefix}budgets:processes", {"alive": 0})
        if renewed:
            await alive.renew()
        assert await other.recover([]) == (0 if renewed else 1)
    assert (await other.take(DAY, 100, 100, 100)).amount == 100


async def test_s11_a_process_that_was_taken_for_dead_goes_on_with_what_it_has_from_then(place: Place) -> None:
    frozen, other = place.process("frozen", lease_ms=1), place.process("other")
    await frozen.take(DAY, 100, 60, 60)
    await asyncio.sleep(0.05)
    assert await other.recover([]) == 1
    assert (await other.take(DAY, 100, 50, 50)).amount == 50
    await frozen.give_back(DAY, 40)
    assert await place.sums() == (50, 0)
    other.charge("frozen", {word_of(DAY): 20})
    await other.renew()
    assert await frozen.take(DAY, 100, 31, 31) == Taken(0, 30)


async def test_what_was_spent_and_what_came_back_is_the_same_whichever_is_known_first(place: Place) -> None:
    teller = place.process("teller")
    for name, first in (("early", True), ("late", False)):
        leases = place.process(name, lease_ms=1)
        book = Book(leases, Set())
        reservation = await book.reserve([(TEN, ())], 3 * CENT)
        word = word_of(reservation.accounts[0].account)
        book.settle(reservation, CENT)
        if not first:
            await book.close()
        teller.charge(name, {word: CENT})
        await teller.renew()
        if first:
            await book.close()
    await asyncio.sleep(0.05)
    assert await teller.recover([]) == 2
    assert await place.sums() == (2 * CENT, 2 * CENT)


async def test_s08_a_redis_that_forgot_everything_begins_with_what_the_ledger_knows(place: Place) -> None:
    before, after = place.process("before"), place.process("after")
    await before.take(DAY, 100, 60, 60)
    place.ledger = {word_of(DAY): 45}
    await place.forget()
    assert await after.take(DAY, 100, 56, 56) == Taken(0, 55)
    await before.give_back(DAY, 10)  # what it had taken is not known any more
    assert await after.take(DAY, 100, 55, 55) == Taken(55, 55)
    after.charge("before", {word_of(DAY): 5})  # nor what it had spent of that
    await after.renew()
    assert await place.sums() == (105, 50)


async def test_what_is_charged_twice_is_charged_once(place: Place) -> None:
    one = place.process("one")
    await one.take(DAY, 100, 10, 10)
    one.charge("gone", {word_of(DAY): 20})
    await one._holdings._charge_one(*one._holdings._uncharged()[0])  # of which no answer came
    await one.renew()
    assert await place.sums() == (30, 20)


async def test_s08_what_comes_late_does_not_undo_what_was_said_after_it(place: Place) -> None:
    one = place.process("one")
    await one.take(DAY, 100, 10, 10)
    await one.take(DAY, 100, 20, 20)
    one._holdings._seq = 1  # its second word, from a connection that nobody listens to any more
    with pytest.raises(StoreUnavailable, match="STALE"):
        await one.take(DAY, 100, 20, 20)
    assert await place.sums() == (30, 0)


async def test_all_keys_are_in_one_slot_have_our_prefix_and_do_not_stay_for_ever(place: Place) -> None:
    one = place.process("one")
    await one.take(DAY, 100, 10, 10)
    await one.take(EVER, 100, 10, 10)
    await one.give_back(EVER, 10)
    long_ago = Account("b", (), Window(0, 86_400_000))  # as a clock has it that is wrong
    await one.take(long_ago, 100, 10, 10)
    with Redis.from_url(redises.URL, decode_responses=True) as client:
        keys = list(client.scan_iter(f"{place.prefix}*"))
        assert all(key.startswith(f"{place.prefix}{{shared}}:budgets:") for key in keys)
        pots = f"{place.server.prefix}budgets:pot:"
        assert client.pexpiretime(pots + word_of(DAY)) == 1_800_086_400_000 + 2 * 86_400_000
        for soon in (EVER, long_ago):  # nothing is taken of the one
            assert 0 < client.pttl(pots + word_of(soon)) <= 60_000


async def test_a_process_has_nothing_to_do_with_accounts_that_are_long_over(place: Place) -> None:
    clock = Set()

    async def known(word: str) -> int:
        return 0

    one = RedisLeases(place.server, "one", clock, known)
    await one.take(DAY, 100, 10, 10)
    await one.take(EVER, 100, 10, 10)
    clock.at += 4 * 86_400
    await one.renew()
    with Redis.from_url(redises.URL, decode_responses=True) as client:
        assert client.smembers(f"{place.server.prefix}budgets:of:one") == {word_of(EVER)}
    assert list(one._holdings._held) == [word_of(EVER)]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.integers(10, 60))
def test_s10_the_cap_holds_in_every_order_of_reserve_settle_tend_and_leaving(seed: int, count: int, calls: int) -> None:
    chance = random.Random(seed)

    async def call(book: Book, spent: list[int]) -> None:
        amount = chance.randint(0, 3 * CENT)
        try:
            async with asyncio.timeout(0.0005 if chance.random() < 0.2 else 30):
                reservation = await book.reserve([(TEN, ())], amount)
        except (BudgetExceeded, TimeoutError):  # refused, or the client left
            return
        spent[0] += amount
        assert spent[0] <= 10 * CENT
        await asyncio.sleep(chance.choice((0, 0, 0.001)))
        cost = chance.randint(0, amount)
        spent[0] += cost - amount
        book.settle(reservation, cost)
        if chance.random() < 0.2:
            await book.tend()

    async def all_of_them(prefix: str) -> None:
        async with redises.connected(redises.URL, prefix) as server:
            place = Place(server, prefix)
            held = [place.process(f"p{at}") for at in range(count)]
            books = [Book(each, Set()) for each in held]
            spent = [0]
            await asyncio.gather(*(call(chance.choice(books), spent) for _ in range(calls)))
            for book in books:
                await book.close()
            for each in held:  # what those who left were not told of is mended by the next word
                await each.give_back(Account("b", (), TEN.calendar.window(1_800_000_000_000)), 0)
            assert (await place.sums())[0] == spent[0] <= 10 * CENT

    with redises.prefix() as prefix:
        asyncio.run(all_of_them(prefix))


def test_who_does_not_use_redis_does_not_import_it() -> None:
    said = "import sys, fairlead, fairlead.app, fairlead.ledger.budgets.shared, fairlead.ledger.limits.shared; "
    done = subprocess.run([sys.executable, "-c", said + "sys.exit('redis' in sys.modules)"], check=False)
    assert done.returncode == 0
