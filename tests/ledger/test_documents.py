"""The documents of calls that are served, and who sees which."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from fairlead.clock import Clock
from fairlead.errors import NotFound, RequestError, StoreUnavailable
from fairlead.http.exchange import Exchange
from fairlead.http.ledger import Records
from fairlead.ledger.fold import Fold
from fairlead.ledger.journal import Journal
from fairlead.ledger.principal import Principal, Role
from fairlead.ledger.row import Bodies
from fairlead.ledger.usage import Usage
from fairlead.state import schema
from fairlead.state.database import Database
from tests.ledger.rows import row

ADMIN = Principal("operator", role=Role.ADMIN)
NOW = 1_760_011_200_000


class Held(Clock):
    wall = monotonic = staticmethod(lambda: NOW / 1000)


@dataclass
class Asked:
    """A request to a handler, and what it answers."""

    url: bytes
    principal: Principal = ADMIN
    named: str | None = None
    answers: list[Any] = field(default_factory=list)

    def reply(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        assert status == 200
        assert (b"cache-control", b"no-store") in headers
        self.answers.append(json.loads(body))


@pytest.fixture
def records(tmp_path: Path) -> Records:
    database, folder = Database(str(tmp_path / "fairlead.db")), tmp_path / "journal"
    schema.ensure(database)
    journal = Journal(folder, Clock())
    for number in range(10):
        journal.append(row(NOW - 5000 + number, number, key=f"key-{number % 2}", team=f"team-{number % 2}"))
    called = row(NOW - 90, 99, key="key-9", team="", cost=None, outcome="failed", bodies=True)
    journal.append(called, Bodies(id=called.id, at=called.at, request="hello", reply="world"))
    journal.close()
    Fold(database, folder, Clock()).run()
    made = Records()
    made.usage = Usage(database, folder, Held())
    return made


async def get(
    handler: Callable[[Exchange], Awaitable[None]], url: str, principal: Principal = ADMIN, named: str | None = None
) -> Any:
    asked = Asked(url.encode(), principal, named)
    await handler(cast("Exchange", asked))
    return asked.answers[0]


async def test_usage_tells_the_total_and_the_groups(records: Records) -> None:
    found = await get(records.totals, "/api/usage?since=1d&by=key")
    assert (found["object"], found["since"], found["by"]) == ("usage", "2025-10-08T12:00:00Z", "key")
    assert (found["total"]["calls"], found["total"]["failed"], found["total"]["cost_unknown_calls"]) == (11, 1, 1)
    assert (found["total"]["cost_nano"], found["total"]["cost_usd"]) == (10_000_000, 0.01)
    assert {group["name"]: group["cost_usd"] for group in found["groups"]} == {
        "key-0": 0.005, "key-1": 0.005, "key-9": None,
    }  # fmt: skip
    narrowed = await get(records.totals, "/api/usage?outcome=failed")
    assert narrowed["total"]["calls"] == 1
    assert narrowed["groups"] == []


async def test_logs_come_in_pages(records: Records) -> None:
    first = await get(records.calls, "/api/logs?limit=4")
    assert len(first["data"]) == 4
    assert first["data"][0]["outcome"] == "failed"
    rest = await get(records.calls, f"/api/logs?limit=100&before={first['before']}")
    assert (len(rest["data"]), rest["before"]) == (7, None)
    assert rest["data"][0]["id"] < first["data"][-1]["id"]


async def test_one_call_is_told_whole(records: Records) -> None:
    name = row(NOW - 90, 99).id
    found = await get(records.call, f"/api/logs/{name}", named=name)
    assert (found["id"], found["cost"], found["texts"]) == (name, None, {"request": "hello", "reply": "world"})
    assert found["attempts"][0]["result"] == "ok"


async def test_a_key_sees_its_own_calls_and_a_member_its_team_s(records: Records) -> None:
    client, member = Principal("mine", "key-1"), Principal("lead", "key-2", Role.MEMBER, team="team-0")
    for principal, where in ((client, {"key": "key-1"}), (member, {"team": "team-0"})):
        for url in ("/api/logs", "/api/logs?key=key-9&team=", "/api/logs?key=key-1", "/api/logs?team=team-0"):
            for call in (await get(records.calls, url, principal))["data"]:
                assert {name: call[name] for name in where} == where
        assert (await get(records.totals, "/api/usage", principal))["total"]["calls"] == 5
        assert (await get(records.analytics, "/analytics/usage", principal))["total_requests"] == 5
        name = row(NOW - 90, 99).id
        with pytest.raises(NotFound):
            await get(records.call, "/", principal, name)


async def test_a_member_without_a_team_sees_nothing(records: Records) -> None:
    nobody = Principal("nobody", "key-5", Role.MEMBER)
    assert (await get(records.calls, "/api/logs", nobody))["data"] == []
    assert (await get(records.totals, "/api/usage", nobody))["total"]["calls"] == 0
    with pytest.raises(RequestError):
        await get(records.totals, "/api/usage?by=tag", nobody)


async def test_c28_analytics_are_for_seven_days_unless_said_otherwise(records: Records) -> None:
    found = await get(records.analytics, "/analytics/usage")
    assert set(found) == {"total_requests", "total_cost", "cost_breakdown", "model_performance"}
    assert set(found["cost_breakdown"]) >= {"portkey", "openrouter"}
    assert found["model_performance"]["gpt-4o"]["accuracy"] is None
    assert await get(records.analytics, "/analytics/usage?timeframe=7d") == found


@pytest.mark.parametrize(
    "query", ["since=soon", "by=color", "nonsense=1", "since=1d&since=2d", "by=tag&key=a", "since=%ff"]
)
async def test_what_is_not_understood_is_refused(records: Records, query: str) -> None:
    with pytest.raises(RequestError):
        await get(records.totals, f"/api/usage?{query}")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=%D9%A1", "by=key", "tag=a"])
async def test_what_a_list_cannot_be_asked_is_refused(records: Records, query: str) -> None:
    with pytest.raises(RequestError):
        await get(records.calls, f"/api/logs?{query}")


async def test_before_a_database_is_open_that_is_said() -> None:
    with pytest.raises(StoreUnavailable):
        await get(Records().totals, "/api/usage")


async def test_a_slow_database_holds_up_nobody_else(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    assert records.usage is not None
    there, loop, met = records.usage, asyncio.get_running_loop(), asyncio.Event()

    def now() -> int:
        # Can only go on once the loop has run something else.
        loop.call_soon_threadsafe(met.set)
        asyncio.run_coroutine_threadsafe(met.wait(), loop).result(30)
        return NOW

    monkeypatch.setattr(there, "now", now)
    assert (await get(records.totals, "/api/usage"))["total"]["calls"] == 11
