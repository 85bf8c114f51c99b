"""Limits that processes keep together: exact over all of them, and nobody is asked while one's own part suffices."""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from fairlead.clock import Clock
from fairlead.config.spending import Limit
from fairlead.errors import RateLimited, StoreUnavailable
from fairlead.ledger.budgets.leases import Taken, share
from fairlead.ledger.budgets.rules import Facts
from fairlead.ledger.limits.gate import Amounts, Gate, Ticket, rules
from fairlead.ledger.limits.shared import Parts, SharedGate
from fairlead.ledger.shared.holdings import Holdings, Pot
from tests.ledger.budgets.test_book import Set
from tests.ledger.limits.test_gate import ANYONE
from tests.support import redises

Came = list[tuple[float, int]]
MINUTE = 60.0


class Memory:
    """What all processes have of the limits, of processes that are one; it answers after others had their turn."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}
        self.asked = 0
        self.down = False

    async def take(self, pot: Pot, cap: int, least: int, most: int) -> Taken:
        await self._turn()
        taken = self.taken.get(pot.word, 0)
        left = max(cap - taken, 0)
        amount = share(least, most, left)
        self.taken[pot.word] = taken + amount
        return Taken(amount, left)

    async def change(self, pot: Pot, by: int) -> None:
        self.taken[pot.word] += by
        await asyncio.sleep(0)

    async def _turn(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise StoreUnavailable("down")


def gate(clock: Clock, parts: Parts, said: Mapping[str, Limit] | None = None, **limit: Any) -> SharedGate:
    return SharedGate(rules(said or {"l": Limit(**limit)}), clock, parts)


async def let_through(closed: SharedGate, amount: int = 0) -> Ticket | None:
    try:
        return await closed.admit(ANYONE, Amounts(amount))
    except RateLimited:
        return None


def fullest(came: Came, span: float) -> int:
    """The most that any span of that length held."""
    return max((sum(more for at, more in came if start <= at < start + span) for start, _ in came), default=0)


@pytest.fixture
def prefix() -> Iterator[str]:
    with redises.prefix() as made:
        yield made


async def play(chance: random.Random, clock: Set, gates: list[SharedGate], limit: int, steps: int) -> Came:
    """Calls at any time at any process, several at once, of which some use less than they said."""
    came: Came = []

    async def call(closed: SharedGate, amount: int) -> None:
        ticket = await let_through(closed, amount)
        if ticket is None:
            return
        at = len(came)
        came.append((clock.at, amount))
        await asyncio.sleep(0)
        really = chance.randint(0, amount)
        ticket.settle(Amounts(really))
        came[at] = (came[at][0], really)

    for _ in range(steps):
        clock.at += chance.choice((0, 0.3, 5, 20, 61))
        calls = [call(chance.choice(gates), chance.randint(0, limit // 3)) for _ in range(chance.randint(1, 4))]
        await asyncio.gather(*calls)
        if chance.random() < 0.4:
            await chance.choice(gates).tend()
    return came


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 2000))
def test_no_span_holds_more_than_the_limit_over_all_processes(seed: int, processes: int, limit: int) -> None:
    async def all_of_them() -> None:
        memory, clock, chance = Memory(), Set(0.0), random.Random(seed)
        gates = [gate(clock, memory, tokens=limit) for _ in range(processes)]
        came = await play(chance, clock, gates, limit, steps=40)
        assert fullest(came, MINUTE) <= limit
        assert sum(memory.taken.values()) <= limit
        clock.at += 100
        for each in gates:
            await each.tend()
            await each.close()
        assert sum(memory.taken.values()) == 0
        assert not any(each._parts for each in gates)

    asyncio.run(all_of_them())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.integers(1, 2000))
def test_no_span_holds_more_than_the_limit_over_all_processes_of_a_redis(seed: int, count: int, limit: int) -> None:
    async def all_of_them(prefix: str) -> None:
        async with redises.connected(redises.URL, prefix) as server:
            clock = Set(0.0)
            gates = [gate(clock, Holdings(server, f"p{at}", "limits", clock), tokens=limit) for at in range(count)]
            came = await play(random.Random(seed), clock, gates, limit, steps=15)
            assert fullest(came, MINUTE) <= limit
            clock.at += 100
            for each in gates:
                await each.close()
        assert not [pot for pot in (await redises.fields(prefix)).values() if pot["taken"] != "0"]

    with redises.prefix() as prefix:
        asyncio.run(all_of_them(prefix))


async def test_all_of_a_limit_can_be_had_by_one_process_or_by_several() -> None:
    for limit in (1, 10, 1000):
        for processes in (1, 4):
            memory, clock = Memory(), Set(0.0)
            gates = [gate(clock, memory, requests=limit) for _ in range(processes)]
            through = [await let_through(gates[at % processes]) for at in range(2 * limit)]
            assert limit * 0.8 <= sum(ticket is not None for ticket in through) <= limit
            clock.at += 0.5
            for each in gates:
                await each.tend()
            clock.at += 0.5
            for each in gates:
                while await let_through(each):
                    through.append(None)
            assert sum(memory.taken.values()) == limit


async def test_in_steady_state_nobody_asks() -> None:
    memory, clock = Memory(), Set(0.0)
    closed = gate(clock, memory, requests=6000, tokens=10_000_000, concurrent=1000)
    for at in range(6000):
        clock.at += 0.02
        ticket = await closed.admit(ANYONE, Amounts(1000))
        ticket.settle(Amounts(500))
        if at == 3000:
            before = memory.asked
        if not at % 50:
            await closed.tend()
    assert memory.asked - before < 100


async def test_one_busy_process_leaves_others_something_of_a_small_limit() -> None:
    memory, clock = Memory(), Set(0.0)
    busy, other = gate(clock, memory, requests=10), gate(clock, memory, requests=10)
    for _ in range(10):
        await busy.admit(ANYONE, Amounts())
    clock.at += 61
    await busy.admit(ANYONE, Amounts())
    await busy.tend()
    for _ in range(9):
        await other.admit(ANYONE, Amounts())
    with pytest.raises(RateLimited):
        await other.admit(ANYONE, Amounts())


async def test_what_calls_took_beyond_what_they_said_counts_for_all() -> None:
    memory, clock = Memory(), Set(0.0)
    one, two = gate(clock, memory, tokens=100), gate(clock, memory, tokens=100)
    (await one.admit(ANYONE, Amounts(10))).settle(Amounts(95))
    await one.tend()
    with pytest.raises(RateLimited):
        await two.admit(ANYONE, Amounts(10))
    await two.admit(ANYONE, Amounts(5))


async def test_a_refusal_says_what_is_counted_and_when_to_ask_again() -> None:
    memory, clock = Memory(), Set(0.0)
    one, two = gate(clock, memory, requests=2), gate(clock, memory, requests=2)
    told = dict((await one.admit(ANYONE, Amounts())).told)
    assert told["x-ratelimit-remaining-requests"] == "1"
    clock.at += 10
    await one.admit(ANYONE, Amounts())
    with pytest.raises(RateLimited, match="allows 2 requests within 60 s; 2 are counted, this call needs 1") as refused:
        await one.admit(ANYONE, Amounts())
    assert refused.value.retry_after == 50
    with pytest.raises(RateLimited, match="2 are counted") as refused:
        await two.admit(ANYONE, Amounts())
    assert refused.value.retry_after == 1
    with pytest.raises(RateLimited) as refused:
        await gate(clock, memory, tokens=5).admit(ANYONE, Amounts(6))
    assert (refused.value.retry_after, refused.value.retryable) == (None, False)


async def test_who_is_refused_at_once_again_and_again_does_not_ask_for_each() -> None:
    memory, clock = Memory(), Set(0.0)
    one = gate(clock, memory, requests=1)
    await one.admit(ANYONE, Amounts())
    for _ in range(1000):
        clock.at += 0.001
        assert await let_through(one) is None
    assert memory.asked < 20


async def test_what_is_refused_takes_nothing_of_any_limit() -> None:
    memory, clock = Memory(), Set(0.0)
    said = {"wide": Limit(requests=3), "narrow": Limit(requests=1, group_by=["user"])}
    both = gate(clock, memory, said)
    await both.admit(Facts({"user": ("a",)}), Amounts())
    for _ in range(5):
        with pytest.raises(RateLimited, match=r"`narrow` of a allows 1 requests"):
            await both.admit(Facts({"user": ("a",)}), Amounts())
    await both.admit(Facts({"user": ("b",)}), Amounts())
    await both.admit(Facts({"user": ("c",)}), Amounts())
    with pytest.raises(RateLimited, match="`wide`"):
        await both.admit(Facts({"user": ("d",)}), Amounts())


async def test_calls_at_one_time_are_counted_over_all_processes() -> None:
    memory, clock = Memory(), Set(0.0)
    one, two = gate(clock, memory, concurrent=2), gate(clock, memory, concurrent=2)
    first = await one.admit(ANYONE, Amounts())
    await two.admit(ANYONE, Amounts())
    for each in (one, two):
        with pytest.raises(RateLimited, match="allows 2 calls at one time; 2 are counted") as refused:
            await each.admit(ANYONE, Amounts())
        assert refused.value.retry_after == 1
    first.settle(Amounts())
    await one.tend()
    clock.at += 1
    await two.admit(ANYONE, Amounts())


async def test_other_limits_may_come_and_what_counted_still_does() -> None:
    memory, clock = Memory(), Set(0.0)
    closed = gate(clock, memory, requests=2)
    await closed.admit(ANYONE, Amounts())
    closed.change(rules({"l": Limit(requests=3), "m": Limit(tokens=10)}))
    for _ in range(2):
        await closed.admit(ANYONE, Amounts())
    clock.at += 61
    closed.change(rules({"l": Limit(requests=1)}))
    await closed.tend()
    await closed.admit(ANYONE, Amounts())
    with pytest.raises(RateLimited):
        await closed.admit(ANYONE, Amounts())


async def test_s08_without_the_others_each_process_keeps_the_limits_by_itself_and_then_together_again() -> None:
    memory, clock = Memory(), Set(0.0)
    one, two = gate(clock, memory, requests=10), gate(clock, memory, requests=10)
    await one.admit(ANYONE, Amounts())
    memory.down = True
    for each, room in ((one, 9), (two, 10)):
        for _ in range(room):
            await each.admit(ANYONE, Amounts())
        with pytest.raises(RateLimited, match="10 are counted"):
            await each.admit(ANYONE, Amounts())
    memory.down = False
    clock.at += 50
    await one.tend()
    await two.tend()
    assert sum(memory.taken.values()) == 20  # now all know
    clock.at += 11
    through = [await let_through(each) is not None for each in [one, two] * 7]
    for each in (one, two):
        await each.tend()
    clock.at += 1
    through += [await let_through(each) is not None for each in [one, two] * 7]
    assert through.count(True) == 10


async def test_s11_what_a_dead_process_let_through_counts_until_its_span_is_over(prefix: str) -> None:
    async with redises.connected(redises.URL, prefix) as server:
        shapes = {"spans": Limit(requests=2, per="day"), "slots": Limit(concurrent=2)}
        dead = gate(Clock(), Holdings(server, "dead", "limits", Clock(), lease_ms=1), shapes)
        await dead.admit(ANYONE, Amounts())
        await dead.admit(ANYONE, Amounts())
        await asyncio.sleep(0.05)
        alive = Holdings(server, "alive", "limits", Clock())
        assert await alive.recover() == 1  # of those that were under way, none is
        other = gate(Clock(), alive, shapes)
        with pytest.raises(RateLimited, match="`spans`"):
            await other.admit(ANYONE, Amounts())
        with Redis.from_url(redises.URL) as client:
            client.zadd(f"{server.prefix}limits:processes", {"dead": (time.time() - 86_400) * 1000 - 1})
        assert await alive.recover() == 1
        await asyncio.sleep(0.11)  # it believes for so long that nothing is left
        await other.admit(ANYONE, Amounts())
        assert await alive.recover() == 0
        with Redis.from_url(redises.URL, decode_responses=True) as client:
            assert client.zrange(f"{server.prefix}limits:processes", 0, -1) == ["alive"]


async def test_s08_a_redis_that_forgot_everything_hears_it_again(prefix: str) -> None:
    async with redises.connected(redises.URL, prefix) as server:
        holdings = Holdings(server, "one", "limits", Clock())
        one = gate(Clock(), holdings, requests=10, per="day")
        for _ in range(7):
            await one.admit(ANYONE, Amounts())
        with Redis.from_url(redises.URL) as client:
            client.delete(*client.scan_iter(f"{prefix}*"))
        await holdings.renew()
        assert [pot["taken"] for pot in (await redises.fields(prefix)).values()] == [
            str(next(iter(one._parts.values())).size)
        ]
        two = gate(Clock(), Holdings(server, "two", "limits", Clock()), requests=10, per="day")
        assert [await let_through(two) is not None for _ in range(9)].count(True) <= 3


async def test_users_who_left_are_not_remembered(prefix: str) -> None:
    async with redises.connected(redises.URL, prefix) as server:
        clock = Set(0.0)
        holdings = Holdings(server, "one", "limits", clock)
        each_user = gate(clock, holdings, requests=100, per="second", group_by=["end_user"])
        for at in range(50):
            await each_user.admit(Facts({"end_user": (str(at),)}), Amounts())
        clock.at += 10
        await each_user.tend()
        await holdings.renew()
        assert (each_user._parts, holdings._held, holdings._untold) == ({}, {}, set())
        with Redis.from_url(redises.URL) as client:
            pots = list(client.scan_iter(f"{prefix}*:pot:*"))
            assert len(pots) == 50
            assert all(0 < client.pttl(pot) <= 60_000 for pot in pots)
            assert client.scard(f"{server.prefix}limits:of:one") == 0


async def one_process(prefix: str, name: str, calls: int) -> list[float]:
    """When calls were let through, of as many as there are tries for."""
    came = []
    async with redises.connected(redises.URL, prefix) as server:
        closed = gate(Clock(), Holdings(server, name, "limits", Clock()), requests=40, per="second")
        for at in range(calls):
            if await let_through(closed):
                came.append(time.monotonic())
            await asyncio.sleep(0.005)
            if not at % 20:
                await closed.tend()
    return came


def run_process(prefix: str, name: str) -> list[float]:
    return asyncio.run(one_process(prefix, name, calls=250))


def test_s10_four_processes_pass_no_limit_together(prefix: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        each = pool.starmap_async(run_process, [(prefix, name) for name in "abcd"]).get(timeout=50)
    came = sorted((at, 1) for process in each for at in process)
    # A call is noted a little after it was let through, and what is a little late may come close to what is not.
    assert fullest(came, 0.9) <= 40
    assert len(came) >= 40


# --- what a refusal says


def said(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.removeprefix("x-ratelimit-"): value for name, value in headers}


async def refusal(closed: SharedGate, amount: int = 0) -> dict[str, str]:
    with pytest.raises(RateLimited) as caught:
        await closed.admit(ANYONE, Amounts(amount))
    return said(caught.value.headers)


@pytest.mark.parametrize("down", [False, True], ids=["reached", "alone"])
async def test_a_refusal_says_where_the_limits_stand(down: bool) -> None:
    """As one process says it that has no others."""
    clock, parts = Set(), Memory()
    parts.down = down
    limits = {"calls": Limit(requests=3), "words": Limit(tokens=1000)}
    shared, alone = gate(clock, parts, limits), Gate(rules(limits), clock)
    for _ in range(3):
        ticket = await let_through(shared, 10)
        assert ticket is not None
        assert said(ticket.told) == said(alone.admit(ANYONE, Amounts(10)).told)
        clock.at += 5
    with pytest.raises(RateLimited) as single:
        alone.admit(ANYONE, Amounts(10))
    assert await refusal(shared, 10) == said(single.value.headers)
    assert said(single.value.headers) == {"limit-requests": "3", "remaining-requests": "0", "reset-requests": "55.000s"}


async def test_what_others_have_of_a_limit_is_not_said_to_remain() -> None:
    clock, parts = Set(), Memory()
    one, two = (gate(clock, parts, requests=4, tokens=100) for _ in range(2))
    for _ in range(2):
        assert await let_through(one, 5)
    clock.at += 30
    for _ in range(2):
        assert await let_through(two, 5)
    assert await refusal(two, 5) == {"limit-requests": "4", "remaining-requests": "0", "reset-requests": "60.000s"}
    clock.at += 1
    assert (await refusal(one, 5))["remaining-requests"] == "0"
