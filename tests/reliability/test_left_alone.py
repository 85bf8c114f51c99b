"""What fails is left alone from the very next call on, tried by one call at a time, and never all of it."""

import asyncio
from pathlib import Path

import pytest

from fairlead.errors import Failure, FailureKind, StoreUnavailable
from fairlead.ledger.shared.notices import Notices
from fairlead.pipeline.beside import Beside
from fairlead.providers.row import Provider
from fairlead.routing.health import Board
from fairlead.secret import Secret
from tests.reliability.test_failover import FAILED, FULL, WELL, Held, gateway
from tests.support import redises
from tests.support.gateway import ask
from tests.support.scripted import Connection, answering, completion, reply

QUICK = {"max_retries": 0}


async def test_d4_a_credential_rests_after_429_from_the_very_next_call_on(tmp_path: Path) -> None:
    clock, full = Held(), answering(reply(FULL, 429, "retry-after: 20\r\n"), reply(completion("rested")))
    async with gateway(tmp_path, full, answering(WELL), clock=clock) as (here, ups):
        assert [(await here.post(ask())).text for _ in range(3)] == ["well"] * 3
        assert len(ups[0].received) == 1
        clock.ahead += 21
        assert (await here.post(ask())).text == "rested"
        assert [(await here.post(ask())).text for _ in range(2)] == ["rested"] * 2


@pytest.mark.parametrize("header", ["retry-after-ms: 20000", "x-ms-retry-after-ms: 20000", "retry-after: 20"])
async def test_u19_retry_after_is_kept_in_every_form(tmp_path: Path, header: str) -> None:
    clock, full = Held(), answering(reply(FULL, 429, f"{header}\r\n"), reply(completion("rested")))
    async with gateway(tmp_path, full, answering(WELL), clock=clock) as (here, _):
        assert (await here.post(ask())).text == "well"
        clock.ahead += 19
        assert (await here.post(ask())).text == "well"
        clock.ahead += 2
        assert (await here.post(ask())).text == "rested"


async def test_u20_a_failing_target_gets_its_threshold_and_no_more(tmp_path: Path) -> None:
    clock = Held()
    async with gateway(tmp_path, answering(FAILED), answering(WELL), clock=clock) as (here, ups):
        for _ in range(40):
            assert (await here.post(ask())).text == "well"
        assert len(ups[0].received) == 5
        page = (await here.request("GET", "/metrics")).body.decode()
        assert 'fairlead_target_left_alone{model="m0",provider="p0"} 1.0' in page
        state = (await here.request("GET", "/readyz")).json
        assert [(each["provider"], each["state"], each["cause"]) for each in state["left_alone"]] == [
            ("p0", "open", "server")
        ]


async def test_half_open_one_call_tries_while_others_go_elsewhere(tmp_path: Path) -> None:
    clock, trying = Held(), asyncio.Event()
    healed = asyncio.Event()

    async def script(connection: Connection) -> None:
        while await connection.request():
            if trying.is_set():
                await healed.wait()
                await connection.send(reply(completion("healed")))
            else:
                await connection.send(FAILED)

    async with gateway(tmp_path, script, answering(WELL), clock=clock) as (here, ups):
        for _ in range(5):
            await here.post(ask())
        trying.set()
        clock.ahead += 6
        first = asyncio.create_task(here.post(ask()))
        while len(ups[0].received) < 6:
            await asyncio.sleep(0.002)
        assert [(await here.post(ask())).text for _ in range(5)] == ["well"] * 5
        assert len(ups[0].received) == 6
        healed.set()
        assert (await first).text == "healed"
        assert (await here.post(ask())).text == "healed"


async def test_u22_where_all_are_left_alone_the_least_bad_is_tried_once(tmp_path: Path) -> None:
    clock = Held()
    async with gateway(tmp_path, answering(FAILED), answering(FAILED), clock=clock, reliability=QUICK) as (here, ups):
        for _ in range(5):
            assert (await here.post(ask())).status == 502
        before = sum(len(up.received) for up in ups)
        got = await here.post(ask())
        assert (got.status, got.error["code"]) == (502, "upstream_error")
        assert sum(len(up.received) for up in ups) == before + 1
        ups[0].script = ups[1].script = answering(WELL)
        for up in ups:
            await up.drop()
        assert (await here.post(ask())).text == "well"


async def test_d3_a_refused_key_is_passed_over_by_the_next_call(tmp_path: Path) -> None:
    refusing = answering(reply({"error": {"message": "no"}}, 401))
    async with gateway(tmp_path, refusing, answering(WELL), clock=Held()) as (here, ups):
        assert [(await here.post(ask())).text for _ in range(3)] == ["well"] * 3
        assert len(ups[0].received) == 1


async def test_u20_retries_are_at_most_a_fifth_of_the_calls(tmp_path: Path) -> None:
    clock = Held()
    reliability = {"breaker": {"failures": 10**6, "calls": 10**6}}
    async with gateway(tmp_path, answering(FAILED), clock=clock, reliability=reliability) as (here, ups):
        for _ in range(100):
            await here.post(ask())
            clock.ahead = 0.0
        assert len(ups[0].received) <= 100 * 1.2 + 10


async def test_a_call_ends_by_its_time_budget(tmp_path: Path) -> None:
    clock, reliability = Held(), {"time_budget": 2, "backoff": 1.5, "max_retries": 10}
    async with gateway(tmp_path, answering(FAILED), clock=clock, reliability=reliability) as (here, ups):
        assert (await here.post(ask())).status == 502
        assert sum(clock.waits) < 2
        assert len(ups[0].received) < 5


async def test_x22_a_wait_that_is_too_long_is_left_to_the_client(tmp_path: Path) -> None:
    clock = Held()
    full = answering(reply(FULL, 429, "retry-after: 30\r\n"))
    async with gateway(tmp_path, full, clock=clock) as (here, _):
        got = await here.post(ask())
        assert (got.status, got.headers["retry-after"]) == (429, "30")
        assert clock.waits == []


async def test_x22_a_short_wait_is_kept_and_the_call_goes_through(tmp_path: Path) -> None:
    clock = Held()
    full = answering(reply(FULL, 429, "retry-after: 3\r\n"), WELL)
    async with gateway(tmp_path, full, clock=clock) as (here, _):
        assert (await here.post(ask())).text == "well"
        assert [round(wait) for wait in clock.waits] == [3]


async def test_what_one_process_leaves_alone_another_does_too_through_redis() -> None:
    clock = Held()
    with redises.prefix() as prefix:
        async with redises.connected(redises.URL, prefix) as server:
            boards = [Board(), Board()]
            sides = [Beside(board, Notices(server, "health"), clock) for board in boards]
            one, other = [
                board.standing(Provider("p", "openai-chat", "https://p", Secret("k" * 9)), "m") for board in boards
            ]
            now = clock.monotonic()
            one.failed(Failure(FailureKind.RATE_LIMIT, "full", retry_after=20.0), now, now, 0.5)
            assert other.admits(now)
            for side in sides:
                await side.tend()
            assert not other.admits(clock.monotonic())
            assert 19 < other.until() - clock.monotonic() <= 20
            other.answered(clock.monotonic(), clock.monotonic(), stream=False)
            for side in reversed(sides):
                await side.tend()
            assert one.admits(clock.monotonic())


async def test_health_goes_on_where_redis_is_gone() -> None:
    clock = Held()
    async with redises.connected("redis://127.0.0.1:1/0", "x:", deadline=0.1) as server:
        board = Board()
        side = Beside(board, Notices(server, "health"), clock)
        standing = board.standing(Provider("p", "openai-chat", "https://p", None), "m")
        standing.failed(Failure(FailureKind.RATE_LIMIT, "full", retry_after=20.0), 0.0, clock.monotonic(), 0.5)
        with pytest.raises(StoreUnavailable):
            await side.tend()
        assert not standing.admits(clock.monotonic())
