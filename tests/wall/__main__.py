"""`make wall`: play everything, print it, and put it into docs/reliability.md.

python -m tests.wall                     everything: scenarios, U-rows, storms, peers that are installed
python -m tests.wall S08 S14             some scenarios, in every client dialect; writes nothing
"""

import asyncio
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.wall import report, rows
from tests.wall.client import DRIVERS
from tests.wall.deeds import Deed
from tests.wall.report import Column, Wall
from tests.wall.runner import Result, Subject, cells, play
from tests.wall.scenarios import CASES, TITLES, Case
from tests.wall.storm import KINDS, ORDERS, Told, storm
from tests.wall.subjects.fairlead import Fairlead
from tests.wall.subjects.litellm import LiteLLM
from tests.wall.subjects.portkey import Portkey
from tests.wall.subjects.process import NotThere
from tests.wall.voices import VOICES

STORM_RATE, STORM_SECONDS = 500, 12
_FAILS = {"10 %": "10 % of its calls", "flapping": "now well, now not, 0.4 s each"}
_CHOSEN = {"in order": "tried in order, it is the first", "equals": "chosen among equals"}


async def main(wanted: Sequence[str]) -> int:
    cases = [case for case in CASES if not wanted or case.scenario in wanted]
    with tempfile.TemporaryDirectory() as folder:
        ours = await _ours(Path(folder), cases)
        if wanted:
            print(report.text(Wall(_about(), [ours])))
            return _failed(ours.results)
        plain = Column(
            "Fairlead as shipped", await _scenarios(_plain, Path(folder), cases, ["openai-chat"], ["openai-chat"])
        )
        peers = [await _peer(make(Path(folder)), cases) for make in (Portkey, LiteLLM)]
        storms = [
            (f"{_FAILS.get(kind, kind)}, {_CHOSEN[order]}", str(await _storm(Path(folder), make(), entry)))
            for order, entry in ORDERS.items()
            for kind, make in KINDS.items()
        ]
        held = await asyncio.to_thread(rows.run, Path(folder))
    wall = Wall(_about(), [ours, plain, *peers], held, storms)
    report.write(wall)
    print(report.text(wall))
    missing = set(rows.ROWS) - {row for row, count in held.items() if not count.failed and not count.skipped}
    return _failed(ours.results) or bool(missing)


def _failed(results: Sequence[Result]) -> int:
    return int(any(each.verdict for each in results))


async def _ours(folder: Path, cases: Sequence[Case]) -> Column:
    """Fairlead, in every dialect on both sides."""
    return Column("Fairlead", await _scenarios(Fairlead, folder, cases, list(DRIVERS), list(VOICES)))


def _plain(folder: Path) -> Fairlead:
    """With nothing turned on that is off by default."""
    return Fairlead(folder, resumes=False)


async def _scenarios(
    make: Callable[[Path], Fairlead], folder: Path, cases: Sequence[Case], clients: list[str], voices: list[str]
) -> list[Result]:
    """One after the other, so that no scenario's load is another's delay."""
    results = []
    for scenario in TITLES:
        for voice in voices:
            subject = make(folder)
            chosen = cells([case for case in cases if case.scenario == scenario], clients, [voice], subject)
            results += await play(subject, chosen) if chosen else []
    return results


async def _peer(subject: Subject, cases: Sequence[Case]) -> Column:
    name = f"{subject.name} {subject.version}"
    try:
        return Column(name, await play(subject, cells(cases, DRIVERS, VOICES, subject), at_once=24))
    except NotThere as why:
        return Column(name, missing=str(why))


async def _storm(folder: Path, deed: Deed, model: dict[str, str]) -> Told:
    async with storm(folder, deed, pace=1.0, **model) as over:
        return await over.blow(STORM_RATE, STORM_SECONDS)


def _about() -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}; {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}."


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(uvloop.run(main(sys.argv[1:])))
