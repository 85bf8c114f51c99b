"""Many calls: how fast they are folded, and how long questions take. `make soak` shows the figures for a million."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.ledger.fold import Fold
from fairlead.ledger.journal import Journal
from fairlead.ledger.usage import Usage
from fairlead.state.database import Database
from tests.ledger import stores
from tests.ledger.rows import DAY, NOON, many

GROUPS = ("key", "team", "model", "provider", "outcome", "tag", "day", "hour")
FILTERS: tuple[dict[str, str], ...] = (
    {}, {"outcome": "failed"}, {"key": "key-3"}, {"key": "nobody"}, {"model": "gpt-4o"}, {"provider": "groq"},
    {"team": "team-9"}, {"user": "nobody"}, {"outcome": "cut"},
)  # fmt: skip


@pytest.fixture(params=stores.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from stores.made(request.param, tmp_path)


class Later(Clock):
    """Thirty days after the first call."""

    wall = monotonic = staticmethod(lambda: (NOON + 30 * DAY) / 1000)


def appended(folder: Path, count: int) -> None:
    journal = Journal(folder, Clock())
    for row in many(count, every=30 * DAY // count):
        journal.append(row)
    journal.close()


def questions(usage: Usage) -> dict[str, Callable[[], object]]:
    """What a dashboard asks, by name."""
    since = NOON - DAY
    asked: dict[str, Callable[[], object]] = {"total": lambda: usage.total(since)}
    for by in GROUPS:
        asked[f"by {by}"] = lambda by=by: usage.groups(by, since)  # type: ignore[misc]
    for where in FILTERS:
        asked[f"calls where {where}"] = lambda where=where: usage.calls(where=where, limit=100)  # type: ignore[misc]
    return asked


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def test_twenty_thousand_calls_are_folded_and_asked_for(database: Database, tmp_path: Path) -> None:
    appended(tmp_path / "journal", 20_000)
    assert Fold(database, tmp_path / "journal", Clock()).run() == 20_000
    usage = Usage(database, tmp_path / "journal", Later())
    assert usage.total(NOON - DAY).calls == 20_000
    for name, asked in questions(usage).items():
        assert timed(asked) < 4, name


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_calls_are_folded_and_asked_for(database: Database, tmp_path: Path) -> None:
    count = 1_000_000
    appended(tmp_path / "journal", count)
    fold = Fold(database, tmp_path / "journal", Clock())
    cpu = time.process_time()
    took = timed(fold.run)
    cpu = (time.process_time() - cpu) / count * 1_000_000
    print(f"\n{database.engine.dialect.name}: {count / took:,.0f} calls/s folded, {cpu:.1f} µs of CPU each")
    usage = Usage(database, tmp_path / "journal", Later())
    assert usage.total(NOON - DAY).calls == count
    for name, asked in questions(usage).items():
        took = timed(asked)
        print(f"  {name}: {took * 1000:.1f} ms")
        assert took < 4, name
