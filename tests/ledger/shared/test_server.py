"""A Redis that fails: nobody waits for it long, nobody waits twice, and one line tells of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.config.spending import Limit
from fairlead.errors import ConfigError, RateLimited, StoreUnavailable
from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.budgets.shared import RedisLeases
from fairlead.ledger.budgets.windows import Window
from fairlead.ledger.limits.gate import Amounts, rules
from fairlead.ledger.limits.shared import SharedGate
from fairlead.ledger.shared.connect import connect, where
from fairlead.ledger.shared.holdings import Holdings
from fairlead.ledger.shared.server import DEADLINE, Server
from tests.ledger.budgets.test_book import Set
from tests.ledger.limits.test_gate import ANYONE
from tests.support import redises
from tests.support.redises import Own

EVER = Account("ever", (), Window(0, None))


async def nothing(_: str) -> int:
    return 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    with redises.own(tmp_path) as made:
        yield made


def full(own: Own) -> None:
    with own.client() as client:
        client.set("ballast", "x" * 3_000_000)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1mb")


def emptied(own: Own) -> None:
    with own.client() as client:
        client.config_set("maxmemory", "0")


def demoted(own: Own) -> None:
    with own.client() as client:
        client.config_set("replica-serve-stale-data", "yes")
        client.replicaof("127.0.0.1", "9")


def promoted(own: Own) -> None:
    with own.client() as client:
        client.replicaof("NO", "ONE")


def locked(own: Own) -> None:
    with own.client() as client:
        client.config_set("requirepass", "canary-password")
        for connection in client.client_list(_type="normal"):
            if connection["cmd"] != "client|list":
                client.client_kill_filter(_id=connection["id"])


def unlocked(own: Own) -> None:
    with own.client("canary-password") as client:
        client.config_set("requirepass", "")


WAYS: list[tuple[Callable[[Own], None], Callable[[Own], None], str]] = [
    (Own.stop, Own.start, "Connect|closed|reset"),
    (Own.freeze, Own.thaw, "Timeout"),
    (full, emptied, "OutOfMemory|OOM"),
    (demoted, promoted, "READONLY|read only"),
    (locked, unlocked, "Auth|NOAUTH|closed|reset"),
]


@pytest.mark.parametrize(("broken", "mended", "said"), WAYS, ids=["dead", "frozen", "oom", "readonly", "auth"])
async def test_s08_nobody_waits_for_a_redis_that_fails_and_it_is_used_again_when_it_does_not(
    own: Own,
    broken: Callable[[Own], None],
    mended: Callable[[Own], None],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fairlead.shared")
    async with redises.connected(own.url, "t:", deadline=1.0) as server:
        leases = RedisLeases(server, "one", Set(), nothing)
        gate = SharedGate(rules({"l": Limit(requests=3)}), Set(), Holdings(server, "one", "limits", Set()))
        await leases.take(EVER, 100, 10, 10)
        await asyncio.to_thread(broken, own)
        server._deadline = DEADLINE
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await leases.take(EVER, 100, 10, 10)
        assert not server.answers
        for _ in range(300):  # at a tenth of a second each, these would take half a minute
            with pytest.raises(StoreUnavailable):
                await leases.take(EVER, 100, 10, 10)
        for _ in range(3):
            await gate.admit(ANYONE, Amounts())
        with pytest.raises(RateLimited):
            await gate.admit(ANYONE, Amounts())
        await leases.give_back(EVER, 4)
        assert time.monotonic() - began < 10
        server._deadline = redises.PATIENT
        await asyncio.to_thread(mended, own)
        await redises.until(lambda: server.answers)
        await leases.renew()
        if broken is not Own.stop:  # what came to it while it was frozen has counted for nobody
            assert (await leases.take(EVER, 100, 1, 1)).left == 94
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, lines
    assert "canary-password" not in "".join(lines)
    assert lines[0].startswith(f"redis://127.0.0.1:{own.port}/0 does not answer (")
    assert any(word in lines[0] for word in said.split("|"))
    assert "answers again" in lines[1]


async def test_s08_a_redis_that_is_down_at_the_start_is_found_later(own: Own) -> None:
    own.stop()
    async with redises.connected(own.url, "t:", deadline=1.0) as server:
        await server.start()
        assert not server.answers
        await asyncio.to_thread(own.start)
        await redises.until(lambda: server.answers)
        assert await server.run("return 5", ["t:{shared}:any"]) == 5


async def test_s08_a_script_that_is_wrong_is_wrong_for_one_caller(own: Own) -> None:
    async with redises.connected(own.url, "t:") as server:
        wrong = asyncio.create_task(server.run("return redis.call('HINCRBY', KEYS[1], 'a', 'x')", ["a"]))
        right = asyncio.create_task(server.run("return 5", ["a"]))
        with pytest.raises(StoreUnavailable, match="not an integer"):
            await wrong
        assert await right == 5
        assert server.answers


async def test_who_leaves_takes_no_answer_from_others(own: Own) -> None:
    async with redises.connected(own.url, "t:") as server:
        asked = [asyncio.create_task(server.run("return ARGV[1]", ["a"], at)) for at in range(300)]
        await asyncio.sleep(0)
        for left in asked[::3]:
            left.cancel()
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [each for each in told if isinstance(each, str)] == [str(at) for at in range(300) if at % 3]


async def test_s08_what_a_frozen_redis_did_when_it_thawed_is_mended_by_the_next_word(own: Own) -> None:
    async with redises.connected(own.url, "t:", deadline=1.0) as server:
        leases = RedisLeases(server, "one", Set(), nothing)
        await leases.take(EVER, 100, 10, 10)
        own.freeze()
        server._deadline = DEADLINE
        with pytest.raises(StoreUnavailable):
            await leases.take(EVER, 100, 50, 50)
        server._deadline = redises.PATIENT
        own.thaw()
        await redises.until(lambda: server.answers)
        with own.client() as client:
            heard = client.hget("t:{shared}:budgets:pot:" + '["ever", 0]', "taken")
        assert heard in ("10", "60")
        assert (await leases.take(EVER, 100, 90, 90)).amount == 90


async def test_a_cluster_has_all_of_it_at_one_node(tmp_path: Path) -> None:
    with redises.own(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(redises.unused_port())) as own:
        with own.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        async with redises.connected(own.url.replace("redis:", "redis+cluster:"), "t:") as server:
            await server.start()
            await redises.until(lambda: server.answers)
            one, two = (RedisLeases(server, name, Set(), nothing, lease_ms=1) for name in ("one", "two"))
            taken = await asyncio.gather(*(one.take(EVER, 100, 10, 10) for _ in range(10)))
            assert sum(each.amount for each in taken) == 100
            await one.give_back(EVER, 10)
            one.charge("one", {'["ever", 0]': 40})
            await one.renew()
            await asyncio.sleep(0.05)
            assert await two.recover([]) == 1
            assert (await two.take(EVER, 100, 60, 60)).left == 60


async def test_sentinels_know_where_it_is(own: Own, tmp_path: Path) -> None:
    with own.client() as client:
        client.config_set("requirepass", "p@ss:w/rd")
    config = tmp_path / "sentinel.conf"
    config.write_text(f"sentinel monitor mine 127.0.0.1 {own.port} 1\nsentinel auth-pass mine p@ss:w/rd\n")
    with redises.own(tmp_path, str(config), "--sentinel") as sentinel:
        url = f"redis+sentinel://:p%40ss%3Aw%2Frd@127.0.0.1:{sentinel.port},127.0.0.1:9/mine/0"
        async with redises.connected(url, "t:") as server:
            await server.start()
            await redises.until(lambda: server.answers)
            assert await server.run("return 5", ["t:{shared}:any"]) == 5
            assert str(server) == f"redis+sentinel://127.0.0.1:{sentinel.port},127.0.0.1:9/mine/0"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://:canary@h",
        "redis://:canary@h:port",
        "redis+sentinel://:canary@h",
        "redis://:canary@h:1/x",
    ],
)
def test_what_is_no_url_is_refused_without_saying_it(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        connect(url)
    assert "canary" not in f"{refused.value}{refused.value.hint}"


def test_a_password_is_never_shown() -> None:
    for url in ("redis://me:canary@h:1/2", "rediss://:canary@h", "valkey+cluster://me:c@nary@h:7"):
        assert "nary" not in where(url)
        assert "canary" not in f"{Server(url, Clock())!r}{Server(url, Clock())}"


def test_tls_and_the_name_of_valkey_are_understood() -> None:
    made = connect("valkeys://:p%40@h:7/3")
    options = made.connection_pool.connection_kwargs  # type: ignore[union-attr]
    assert (options["host"], options["port"], options["db"], options["password"]) == ("h", 7, 3, "p@")
    assert "SSL" in made.connection_pool.connection_class.__name__  # type: ignore[union-attr]
