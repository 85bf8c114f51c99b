"""What is Redis's own of budgets' accounts: that it may forget, hear late, and needs bounds. See `test_leases`."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

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
from tests.ledger.budgets.places import TEN, InRedis
from tests.ledger.budgets.test_book import CENT, Set
from tests.support import redises

DAY = Account("b", ("ü", '"'), Window(1_800_000_000_000, 1_800_086_400_000))
EVER = Account("ever", (), Window(0, None))


@pytest.fixture
def prefix() -> Iterator[str]:
    with redises.prefix() as made:
        yield made


@pytest.fixture
async def place(prefix: str) -> AsyncIterator[InRedis]:
    async with redises.connected(redises.URL, prefix) as server:
        yield InRedis(server, prefix)


def test_a_limit_that_cannot_be_counted_is_refused() -> None:
    assert rules({"b": Budget(4_000_000_000)})[0].limit == 4 * 10**18
    with pytest.raises(ConfigError, match="no amount of dollars"):
        rules({"b": Budget("4000000000.000000001")})


async def test_s11_a_process_that_was_taken_for_dead_goes_on_with_what_it_has_from_then(place: InRedis) -> None:
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


async def test_s08_a_redis_that_forgot_everything_begins_with_what_the_ledger_knows(place: InRedis) -> None:
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


async def test_what_is_charged_twice_is_charged_once(place: InRedis) -> None:
    one = place.process("one")
    await one.take(DAY, 100, 10, 10)
    one.charge("gone", {word_of(DAY): 20})
    await one._holdings._charge_one(*one._holdings._uncharged()[0])  # of which no answer came
    await one.renew()
    assert await place.sums() == (30, 20)


async def test_s08_what_comes_late_does_not_undo_what_was_said_after_it(place: InRedis) -> None:
    one = place.process("one")
    await one.take(DAY, 100, 10, 10)
    await one.take(DAY, 100, 20, 20)
    one._holdings._seq = 1  # its second word, from a connection that nobody listens to any more
    with pytest.raises(StoreUnavailable, match="STALE"):
        await one.take(DAY, 100, 20, 20)
    assert await place.sums() == (30, 0)


async def test_all_keys_are_in_one_slot_have_our_prefix_and_do_not_stay_for_ever(place: InRedis) -> None:
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


async def test_a_process_has_nothing_to_do_with_accounts_that_are_long_over(place: InRedis) -> None:
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
            place = InRedis(server, prefix)
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
