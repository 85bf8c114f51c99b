"""The failure wall: S01 to S16 in every client dialect, streamed and whole, and the invariants after each.

By default the upstreams speak `openai-chat`; `make wall` plays every dialect of upstreams (`test_every_upstream`).
"""

from pathlib import Path

import pytest

from fairlead.ledger.row import Row
from tests.support.invariants import Held
from tests.wall.client import DRIVERS
from tests.wall.deeds import answer
from tests.wall.judge import Verdict, answered
from tests.wall.runner import Cell, Result, cells, summed, through, upstream
from tests.wall.scenarios import CASES, TITLES, Case
from tests.wall.subjects.fairlead import Fairlead
from tests.wall.voices import PIECES, VOICES

HEALTHY = Case("S00", "healthy", [answer], answered)


async def played(subject: Fairlead, chosen: list[Cell]) -> list[Result]:
    """What the cells come to; the invariants hold after them."""
    healthy = cells([HEALTHY], ["openai-chat"], ["openai-chat"], subject)
    before = Held.now()
    async with (
        upstream([*chosen, *healthy], subject.pace) as up,
        subject.up([*chosen, *healthy], f"http://127.0.0.1:{up.port}") as door,
    ):
        async with door.holds.watched():
            results = await through(door, chosen, subject.pace)
        await door.holds.check(up, calls=sum(len(each.seen) for each in results))
        recorded_who_served([each for each in results if each.cell.case.scenario == "S16"], door.holds.rows)
        for each in results:
            for seen in each.seen:
                assert seen.headers.get("x-request-id"), f"I7: {each.cell.id} is not named"
        for each in await through(door, healthy, subject.pace):
            assert each.verdict is Verdict.PASS, f"I9: {each.why}"
    await before.again()
    return results


def recorded_who_served(results: list[Result], rows: dict[str, Row]) -> None:
    """S16: the row names the target that answered, and has each attempt."""
    for each in results:
        for seen in each.seen:
            row = rows[seen.headers["x-request-id"]]
            assert (row.provider, row.model) == (f"{each.cell.id}-two", each.cell.two.model)
            assert [attempt.result for attempt in row.attempts][-2:] == ["server", "ok"]
            assert row.tokens.output == len(PIECES)


def passed(results: list[Result]) -> None:
    verdict, why = summed(results)
    assert verdict is Verdict.PASS, f"{verdict}: {why}"


@pytest.mark.parametrize("scenario", TITLES)
async def test_wall(tmp_path: Path, scenario: str) -> None:
    subject = Fairlead(tmp_path)
    chosen = cells([case for case in CASES if case.scenario == scenario], DRIVERS, ["openai-chat"], subject)
    passed(await played(subject, chosen))


@pytest.mark.wall
@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice != "openai-chat"])
@pytest.mark.parametrize("scenario", TITLES)
async def test_every_upstream(tmp_path: Path, scenario: str, voice: str) -> None:
    subject = Fairlead(tmp_path)
    chosen = cells([case for case in CASES if case.scenario == scenario], DRIVERS, [voice], subject)
    passed(await played(subject, chosen))
