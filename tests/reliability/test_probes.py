"""The one call that tries whether something is well again: whatever becomes of it, the next one may try after it."""

import asyncio
import json
from pathlib import Path

import pytest

from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.till import Till
from tests.reliability.test_failover import FAILED, FULL, WELL, Held, gateway
from tests.reliability.test_hedge import silent
from tests.reliability.test_money import journal
from tests.support.gateway import ask, request_bytes
from tests.support.scripted import answering, completion, reply


async def test_one_called_off_before_it_is_paid_for_leaves_the_way_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, healed = Held(), reply(completion("healed"))
    async with gateway(tmp_path, answering(*[FAILED] * 5, healed), answering(WELL), clock=clock) as (here, ups):
        for _ in range(5):
            await here.post(ask())
        clock.ahead += 6
        rows, paying = journal(here), asyncio.Event()

        async def waiting(_till: Till, _call: Call, _attempt: Attempt) -> None:
            paying.set()
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(Till, "reserve", waiting)
            async with here.connect() as (_, writer):
                writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask()).encode()))
                await paying.wait()
            assert (await rows.all(1))[0].outcome == "cancelled"
        assert len(ups[0].received) == 5
        assert (await here.post(ask())).text == "healed"


async def test_d4_a_lone_target_that_asked_to_be_left_is_not_asked_and_the_client_told_for_how_long(
    tmp_path: Path,
) -> None:
    clock, full = Held(), answering(reply(FULL, 429, "retry-after: 30\r\n"), WELL)
    async with gateway(tmp_path, full, clock=clock) as (here, ups):
        assert (await here.post(ask())).status == 429
        clock.ahead += 10
        got = await here.post(ask())
        assert (got.status, got.error["code"]) == (429, "upstream_rate_limited")
        assert got.headers["retry-after"] == "20"
        assert got.headers["x-fairlead-attempts"] == "0"
        assert len(ups[0].received) == 1
        clock.ahead += 20
        assert (await here.post(ask())).text == "well"


async def test_d4_where_nobody_said_for_how_long_a_lone_target_is_asked(tmp_path: Path) -> None:
    quick = {"max_retries": 0}
    async with gateway(tmp_path, answering(reply(FULL, 429), WELL), clock=Held(), reliability=quick) as (here, _):
        assert (await here.post(ask())).status == 429
        assert (await here.post(ask())).text == "well"


async def test_u22_one_that_is_down_is_asked_sooner_than_one_that_asked_to_be_left(tmp_path: Path) -> None:
    full, quick = answering(reply(FULL, 429, "retry-after: 2\r\n")), {"max_retries": 0}
    async with gateway(tmp_path, full, answering(FAILED), clock=Held(), reliability=quick) as (here, ups):
        for _ in range(6):
            assert (await here.post(ask())).status == 502
        assert [len(up.received) for up in ups] == [1, 6]


async def test_a_first_attempt_ends_by_the_time_budget_too(tmp_path: Path) -> None:
    async with gateway(tmp_path, silent, reliability={"time_budget": 0.2}) as (here, _), asyncio.timeout(5):
        got = await here.post(ask())
        assert (got.status, got.error["code"]) == (504, "upstream_timeout")
