"""Many at once at a cap with room for few: what is spent never passes it, and the accounts are asked seldom."""

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from fairlead.ledger.budgets.accounts import SqlLeases
from fairlead.ledger.budgets.leases import Account, Taken
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts
from tests.money.house import IN, OUT, counting, on_disk, priced, settings
from tests.support.gateway import HttpReply, Running, ask, request_bytes
from tests.support.scripted import DONE, END, STREAM_HEAD, Connection, Script, chunk, completion, piece, reply, scripted

MOST = 100
BODY = ask(max_tokens=MOST)
# What a call takes and what it is counted with at most: each of its bytes a token, and all the tokens it may have.
GIVEN, WORST = 60, len(json.dumps(BODY)) * IN + MOST * OUT
CAP = 10 * WORST


def slowly(given: int, made: int, fails: float = 0.0) -> Script:
    """Answers after a while, in pieces; a part of the calls fail first."""
    dice = random.Random(7)
    usage: dict[str, Any] = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            await asyncio.sleep(dice.random() / 50)
            if dice.random() < fails:
                await connection.send(reply({}, 500))
            elif asked.json.get("stream"):
                await connection.send(STREAM_HEAD + piece(chunk({"content": "hi " * 20})))
                await asyncio.sleep(dice.random() / 50)
                await connection.send(piece(chunk({}, "stop") + chunk(choices=[], usage=usage) + DONE) + END)
            else:
                await connection.send(reply(completion("hi", **usage)))

    return script


async def call(gateway: Running, number: int, kind: str) -> int:
    """The status of one call; 0 where its client left, early or late."""
    if kind != "leaving":
        return (await gateway.post({**BODY, **({"stream": True} if kind == "streamed" else {})})).status
    async with gateway.connect() as (reader, writer):
        data = json.dumps({**BODY, "stream": True}).encode()
        writer.write(request_bytes("POST", "/v1/chat/completions", data))
        with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(number % 10 / 200):
                await reader.readuntil(b"[DONE]")
    return 0


def spent(rows: list[Any]) -> int:
    return sum(row.cost or 0 for row in rows)


@pytest.mark.parametrize("kind", ["whole", "streamed", "leaving"])
@pytest.mark.parametrize("fails", [0.0, 0.5], ids=["well", "with fallbacks"])
async def test_fifty_at_once_do_not_pass_a_cap_with_room_for_ten(kind: str, fails: float, tmp_path: Path) -> None:
    """Each costs all that it may: whatever is let through is spent."""
    script = slowly(len(json.dumps(BODY)), MOST, fails)
    body_cap = f"{CAP / 1e9:.9f}"
    async with (
        scripted(script) as one,
        scripted(slowly(len(json.dumps(BODY)), MOST)) as two,
        priced(tmp_path, settings(one.url, two.url, daily_budget=body_cap)) as (gateway, rows, kept),
    ):
        statuses = await asyncio.gather(*(call(gateway, number, kind) for number in range(50)))
        await kept.all(50)
        book = gateway.engine.accounting._book
        assert [held.reserved for held in book._held.values()] == [0]
        taken = sum(held.taken for held in book._held.values())
    assert len(rows) == 50
    assert 0 < spent(rows) <= CAP
    assert taken <= CAP
    assert sum(sum(row.charges.values()) for row in rows) == spent(rows)
    if kind == "whole":
        assert 9 <= statuses.count(200) <= 10
    if kind != "leaving":
        assert set(statuses) == {200, 402}
        good = [row for row in rows if row.outcome == "ok"]
        assert len(good) == statuses.count(200)
        assert len(two.received) + len(one.received) <= 10 + sum(len(row.attempts) - 1 for row in good)


async def test_fifty_at_once_over_a_database(tmp_path: Path) -> None:
    async with (
        scripted(slowly(len(json.dumps(BODY)), MOST)) as up,
        on_disk(tmp_path, settings(up.url, daily_budget=f"{CAP / 1e9:.9f}")) as (gateway, data),
    ):
        statuses = await asyncio.gather(*(call(gateway, number, "whole") for number in range(50)))
        assert 8 <= statuses.count(200) <= 10
    with Database(str(data / "fairlead.db")).reading() as connection:
        (row,) = connection.execute(select(accounts)).all()
    assert row.taken == row.spent == statuses.count(200) * WORST_OF_BODY


WORST_OF_BODY = len(json.dumps(BODY)) * IN + MOST * OUT


async def test_a_client_that_leaves_while_money_is_taken_loses_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The taking goes on in its thread: what it takes must be noted though nobody waits for it."""
    begun, go = asyncio.Event(), asyncio.Event()
    took = SqlLeases.take

    async def slow(self: SqlLeases, account: Account, cap: int, least: int, most: int) -> Taken:
        got = await took(self, account, cap, least, most)
        begun.set()
        await go.wait()
        return got

    monkeypatch.setattr(SqlLeases, "take", slow)
    async with (
        scripted(counting(10, 5)) as up,
        on_disk(tmp_path, settings(up.url, daily_budget="1.00")) as (gateway, data),
    ):
        async with gateway.connect() as (_, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(BODY).encode()))
            async with asyncio.timeout(5):
                await begun.wait()
        async with asyncio.timeout(5):
            while gateway.engine.metrics.open:
                await asyncio.sleep(0.01)
        go.set()
        await asyncio.sleep(0)
    assert up.received == []
    with Database(str(data / "fairlead.db")).reading() as connection:
        (row,) = connection.execute(select(accounts)).all()
    assert (row.taken, row.spent) == (0, 0)


async def test_the_accounts_are_asked_a_handful_of_times_in_five_hundred_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    took, takes = SqlLeases.take, list[int]()
    statements = list[str]()

    async def counted(self: SqlLeases, account: Account, cap: int, least: int, most: int) -> Taken:
        takes.append(least)
        return await took(self, account, cap, least, most)

    def noted(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    monkeypatch.setattr(SqlLeases, "take", counted)
    event.listen(Engine, "before_cursor_execute", noted)
    async with (
        scripted(counting(GIVEN, 20)) as up,
        on_disk(tmp_path, settings(up.url, daily_budget="100.00")) as (gateway, _),
    ):
        await warm(gateway)
        takes.clear()
        statements.clear()
        async with gateway.connect() as (reader, writer):
            for _ in range(500):
                writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(BODY).encode()))
                got: HttpReply = await gateway.read(reader)
                assert got.status == 200
        event.remove(Engine, "before_cursor_execute", noted)
        asked = [each for each in statements if "budget" in each or "account" in each or "lease" in each]
        assert len(takes) <= 5
        # Each taking is a handful of statements; the fold of what was spent and the lease's renewal go on beside.
        assert len(asked) < 200, asked[:20]


async def warm(gateway: Running) -> None:
    for _ in range(20):
        assert (await gateway.post(BODY)).status == 200
