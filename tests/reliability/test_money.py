"""What an attempt cost that another took over from is charged, and stands in the record."""

import asyncio
import json
from pathlib import Path
from typing import Any

from fairlead.dialects.anthropic.count import count_text
from tests.money.house import Rows
from tests.reliability.test_continue import CONTINUE, WORDS, cut_after, going_on
from tests.reliability.test_failover import FAILED, WELL, gateway
from tests.reliability.test_hedge import quick_then, silent, warmed
from tests.support.gateway import Running, ask, request_bytes
from tests.support.scripted import (
    STREAM_HEAD,
    Connection,
    answering,
    chunk,
    completion,
    piece,
    reply,
    streaming,
)

IN, OUT = 1000, 2000
PRICED = {
    "prices": {f"p{at}/m{at}": {"input": "1", "output": "2"} for at in range(2)},
    "budgets": {"all": {"limit": "1"}},
}


def journal(here: Running) -> Rows:
    """What stands for the journal from now on."""
    rows = Rows()
    here.engine.accounting.journal = rows  # type: ignore[assignment]
    return rows


def held(here: Running) -> int:
    """How much is set aside, in nano-dollars."""
    book = here.engine.accounting._book
    return sum(each.reserved for each in book._held.values())


async def test_d13_a_failed_attempt_costs_nothing_and_holds_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(FAILED), answering(WELL), settings=PRICED) as (here, _):
        rows = journal(here)
        assert (await here.post(ask())).text == "well"
        row = (await rows.all(1))[0]
        assert [(each.result, each.cost) for each in row.attempts] == [("server", 0), ("ok", 0)]
        assert row.cost == IN + OUT
        assert held(here) == 0


async def test_the_first_part_of_a_continued_answer_is_charged_with_the_rest(tmp_path: Path) -> None:
    async with gateway(tmp_path, cut_after(9), going_on(), settings=PRICED, **CONTINUE) as (here, _):
        rows = journal(here)
        assert (await here.post(ask(stream=True))).text == "".join(WORDS)
        row = (await rows.all(1))[0]
        first, second = row.attempts
        assert (first.result, second.result, row.outcome) == ("cut", "ok", "ok")
        produced = count_text(len("".join(WORDS[:9])))
        assert first.cost is not None
        assert first.cost >= produced * OUT
        assert row.cost is not None
        assert row.cost > first.cost
        assert row.estimated
        assert sum(row.charges.values()) == row.cost
        assert held(here) == 0


async def test_the_first_part_is_charged_once_where_nobody_goes_on(tmp_path: Path) -> None:
    refusing = answering(reply({"error": {"message": "no"}}, 400))
    scripts = [cut_after(9)]

    async def once(connection: Connection) -> None:
        await (scripts.pop() if scripts else refusing)(connection)

    async with gateway(tmp_path, once, refusing, settings=PRICED, **CONTINUE) as (here, _):
        rows = journal(here)
        assert (await here.post(ask(stream=True))).error["code"] == "upstream_cut"
        row = (await rows.all(1))[0]
        assert row.cost == sum(each.cost or 0 for each in row.attempts) == row.attempts[0].cost
        assert sum(row.charges.values()) == row.cost
        assert held(here) == 0


async def test_a_client_that_leaves_while_another_goes_on_pays_for_each_part_once(tmp_path: Path) -> None:
    async with gateway(tmp_path, cut_after(9), silent, settings=PRICED, **CONTINUE) as (here, ups):
        rows = journal(here)
        async with here.connect() as (_, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask(stream=True)).encode()))
            while not ups[1].received:
                await asyncio.sleep(0.005)
        row = (await rows.all(1))[0]
        first = row.attempts[0].cost or 0
        asked = first - count_text(len("".join(WORDS[:9]))) * OUT
        assert (row.outcome, row.cost) == ("cancelled", first + asked)
        assert sum(row.charges.values()) == row.cost
        assert held(here) == 0
        await ups[1].closed(1)


async def test_a_stream_that_was_too_slow_is_charged_for_what_it_had_said(tmp_path: Path) -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + piece(chunk({"content": "a few words and then silence"})))
        await connection.gone()

    rescue = streaming(chunk({"content": "quick"}), chunk({}, "stop"))
    entry: dict[str, Any] = {"min_tokens_per_second": 100}
    async with gateway(tmp_path, slow, rescue, settings=PRICED, **entry) as (here, _):
        rows = journal(here)
        assert (await here.post(ask(stream=True))).text == "quick"
        row = (await rows.all(1))[0]
        assert row.attempts[0].result == "too_slow"
        assert (row.attempts[0].cost or 0) >= OUT
        assert row.cost == sum(row.charges.values()) > (row.attempts[0].cost or 0)
        assert held(here) == 0


async def test_a_hedge_that_lost_is_charged_and_holds_nothing(tmp_path: Path) -> None:
    rescue = answering(reply(completion("hedged")))
    async with gateway(tmp_path, quick_then(silent), rescue, settings=PRICED, hedge=True) as (here, ups):
        await warmed(here)
        rows = journal(here)
        async with asyncio.timeout(5):
            assert (await here.post(ask())).text == "hedged"
        row = (await rows.all(1))[0]
        lost, won = row.attempts
        assert (lost.result, won.result) == ("overtaken", "ok")
        assert lost.cost is not None
        assert lost.cost > 0
        assert row.cost == lost.cost + IN + OUT
        assert sum(row.charges.values()) == row.cost
        assert held(here) == 0
        await ups[0].closed(1)


async def test_a_client_that_leaves_both_of_a_hedge_leaves_nothing_behind(tmp_path: Path) -> None:
    async with gateway(tmp_path, quick_then(silent), silent, settings=PRICED, hedge=True) as (here, ups):
        await warmed(here)
        rows = journal(here)
        async with here.connect() as (_, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask()).encode()))
            while not ups[1].received:
                await asyncio.sleep(0.005)
        row = (await rows.all(1))[0]
        assert row.outcome == "cancelled"
        assert held(here) == 0
        for up in ups:
            await up.closed(1)
        assert not any(each.flying for each in here.engine.gateway.policy.board.shown(0.0))
