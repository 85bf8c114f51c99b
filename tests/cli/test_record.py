"""`ai usage` and `ai logs`, as a user runs them."""

import asyncio
import csv
import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.ledger.journal import Journal
from fairlead.ledger.row import Bodies, Row
from tests.cli.conftest import Program
from tests.ledger.rows import row


@pytest.fixture
def journal(ai: Program) -> Iterator[Journal]:
    """What a process of the user's wrote, and still may."""
    made = Journal(ai.home / "data" / "fairlead" / "journal", Clock())
    yield made
    made.close()


def now() -> int:
    return int(Clock.wall() * 1000)


def some() -> list[Row]:
    at = now() - 5000
    return [
        row(at, 1, key="ana", cost=1_500_000),
        row(at + 1, 2, key="ben", cost=None, model="new", provider="groq"),
        row(at + 2, 3, key="ana", outcome="failed", status=502, code="upstream_error", cost=0),
    ]


def written(journal: Journal, *rows: Row | Bodies) -> None:
    for each in rows:
        journal.append(each)
    journal.close()


async def test_usage_sums_what_a_process_left_behind(ai: Program, journal: Journal) -> None:
    written(journal, *some())
    ran = await ai("usage", "--by", "key")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[0] for line in lines] == ["key", "ana", "ben", "all"]
    assert lines[1][1:6] == ["2", "1", "20", "10", "$0.0015"]
    assert lines[2][5] == "unknown"
    assert lines[3][5] == "$0.0015+"
    assert not list((ai.home / "data" / "fairlead" / "journal").iterdir())


async def test_usage_as_json_and_as_csv(ai: Program, journal: Journal) -> None:
    written(journal, *some(), row(now() - 9 * 86_400_000, 9))
    whole = json.loads((await ai("usage", "--json", "--since", "7d")).out)
    assert (whole["object"], whole["total"]["calls"], whole["groups"]) == ("usage", 3, [])
    assert json.loads((await ai("usage", "--json", "--since", "30d")).out)["total"]["calls"] == 4
    table = list(csv.DictReader(io.StringIO((await ai("usage", "--by", "model", "--csv")).out)))
    assert {line["model"]: line["cost_usd"] for line in table} == {"gpt-4o": "0.001500000", "new": ""}


async def test_a_name_that_a_spreadsheet_would_run_is_not_run(ai: Program, journal: Journal) -> None:
    written(journal, row(now(), 1, tags=["=HYPERLINK(1)"]))
    assert "'=HYPERLINK(1)," in (await ai("usage", "--by", "tag", "--csv")).out


async def test_logs_list_calls_and_show_one(ai: Program, journal: Journal) -> None:
    rows = some()
    written(journal, *rows)
    ran = await ai("logs")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[1] for line in ran.out.splitlines()] == [each.id for each in rows]
    assert "failed 502 upstream_error" in ran.out
    failed = await ai("logs", "--outcome", "failed", "--json")
    assert [json.loads(line)["id"] for line in failed.out.splitlines()] == [rows[2].id]
    shown = await ai("logs", "show", rows[0].id)
    assert "attempt at openai/gpt-4o" in shown.out
    whole = json.loads((await ai("logs", "show", rows[1].id, "--json")).out)
    assert (whole["cost"], whole["texts"]) == (None, None)


async def test_what_is_not_there_is_said(ai: Program) -> None:
    nothing = await ai("logs")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no calls are recorded" in nothing.err
    missing = await ai("logs", "show", "0" * 32)
    assert (missing.code, missing.out) == (1, "")
    assert "there is no call" in missing.err
    wrong = await ai("usage", "--since", "yesterday")
    assert wrong.code == 1
    assert "write it as 30m, 24h, 7d or 4w" in wrong.err


async def test_what_a_server_is_at_is_left_to_it_and_found_all_the_same(ai: Program, journal: Journal) -> None:
    call = some()[0]
    journal.append(call)
    assert (await ai("logs")).out == ""
    assert call.id in (await ai("logs", "show", call.id)).out
    assert journal.current is not None
    assert journal.current.exists()


async def test_s03_a_database_that_is_none_is_told_with_its_path(ai: Program) -> None:
    path = ai.home / "data" / "fairlead" / "fairlead.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 1000)
    for line in (("usage",), ("logs",), ("logs", "show", "0" * 32)):
        ran = await ai(*line)
        assert (ran.code, ran.out) == (2, ""), line
        assert str(path) in ran.err
    assert path.read_bytes() == b"this is no database" * 1000


async def test_following_shows_calls_as_they_come(ai: Program, journal: Journal, tmp_path: Path) -> None:
    rows = some()
    written(journal, rows[0])
    process = await ai.start("logs", "-f", "--json")
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert json.loads(await process.stdout.readline())["id"] == rows[0].id
        written(journal, rows[1])
        assert json.loads(await process.stdout.readline())["id"] == rows[1].id
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_usage_by_arm_warns_of_arms_that_did_not_get_their_shares(ai: Program, journal: Journal) -> None:
    halves = {"arms": {"a": {"weight": 50}, "b": {"weight": 50}}}
    ai.config({"experiments": {"trial": halves}})
    at = now() - 60_000
    rows = [row(at + n, n, arm=f"trial/{'ab'[n % 3 == 0]}", end_user=f"user-{n}") for n in range(300)]
    written(journal, *rows)
    ran = await ai("usage", "--by", "arm")
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[:2] for line in lines] == [["arm", "calls"], ["trial/a", "200"], ["trial/b", "100"], ["all", "300"]]
    assert "the experiment `trial` has a sample ratio mismatch: a 200, b 100 (by user)" in " ".join(ran.err.split())
    (found,) = json.loads((await ai("usage", "--by", "arm", "--json")).out)["experiments"]
    assert (found["subjects"], found["alarm"]) == ({"a": 200, "b": 100}, True)
    assert found["chi_square"] == pytest.approx(33.333, abs=0.001)
