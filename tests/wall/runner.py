"""Plays cases against a subject: each in each client dialect, streamed and whole, all at the same time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from tests.support.scripted import Scripted, scripted
from tests.wall.client import DRIVERS
from tests.wall.deeds import Stand, stands
from tests.wall.judge import Judge, Judged, Played, Seen, Verdict, broken_cleanly, worst
from tests.wall.pace import Pace
from tests.wall.scenarios import Case
from tests.wall.voices import VOICES

MODELS = ("gpt-4", "gpt-4.1")


@dataclass
class Cell:
    """A case in one client dialect, streamed or whole, before upstreams that speak `voice`."""

    case: Case
    client: str
    stream: bool
    voice: str
    one: Stand = field(init=False)
    two: Stand = field(init=False)

    def __post_init__(self) -> None:
        voice = VOICES[self.voice]
        self.one = Stand(voice, MODELS[0], self.case.one, frozenset({MODELS[0], self.id}))
        self.two = Stand(voice, MODELS[1], self.case.two, frozenset({MODELS[1], f"{self.id}-two"}))

    @property
    def judge(self) -> Judge:
        """What says what it is worth."""
        cannot = self.case.resumed and self.stream and not VOICES[self.voice].resumes
        return broken_cleanly if cannot else self.case.judge

    @property
    def id(self) -> str:
        return f"{self.case.id}-{self.client}-{'stream' if self.stream else 'whole'}-{self.voice}".lower()


class Door(Protocol):
    """Where a running subject lets calls in."""

    @property
    def url(self) -> str: ...

    def model(self, cell: Cell) -> str:
        """What the subject calls the cell's two targets together."""

    def headers(self, cell: Cell) -> dict[str, str]:
        """What goes with a call of the cell."""


class Subject(Protocol):
    """A gateway that can be put before the wall. `serves` has the (client, upstream) dialects that it knows.

    `resumes`: it goes on with answers that broke off.
    """

    name: str
    version: str
    pace: Pace
    resumes: bool

    def serves(self, client: str, voice: str) -> bool: ...

    def up(self, cells: Sequence[Cell], upstream: str) -> "contextlib.AbstractAsyncContextManager[Door]":
        """The subject, set up for these cells, whose targets are at `upstream`/CELL/one/v1 and `.../two/v1`."""


@dataclass(frozen=True)
class Result:
    """What came of one cell."""

    cell: Cell
    verdict: Verdict
    why: str
    seen: Sequence[Seen] = ()


def cells(cases: Iterable[Case], clients: Iterable[str], voices: Iterable[str], subject: Subject) -> list[Cell]:
    """Every cell of these that the subject knows."""
    clients, voices = list(clients), list(voices)
    return [
        Cell(case, client, stream, voice)
        for case in cases
        for client in clients
        for voice in voices
        if subject.serves(client, voice) and (subject.resumes or not case.resumers)
        for stream in case.streams
    ]


async def play(subject: Subject, chosen: Sequence[Cell], at_once: int = 16) -> list[Result]:
    """What each of these cells comes to."""
    async with upstream(chosen, subject.pace) as up, subject.up(chosen, f"http://127.0.0.1:{up.port}") as door:
        return await through(door, chosen, subject.pace, at_once)


async def through(door: Door, chosen: Sequence[Cell], pace: Pace, at_once: int = 16) -> list[Result]:
    """The same, through a door that is open."""
    limits = httpx.Limits(max_keepalive_connections=0)
    room = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as http:
        return list(await asyncio.gather(*(_cell(door, cell, pace, http, room) for cell in chosen)))


@contextlib.asynccontextmanager
async def upstream(chosen: Sequence[Cell], pace: Pace) -> AsyncIterator[Scripted]:
    """The upstreams of all of these cells."""
    by_path: Mapping[str, Stand] = dict(_paths(chosen))
    async with scripted(stands(dict(by_path), pace)) as up:
        yield up


def _paths(chosen: Sequence[Cell]) -> Iterator[tuple[str, Stand]]:
    for cell in chosen:
        yield f"{cell.id}/one", cell.one
        yield f"{cell.id}/two", cell.two


async def _cell(door: Door, cell: Cell, pace: Pace, http: httpx.AsyncClient, room: asyncio.Semaphore) -> Result:
    async with room:
        seen = await asyncio.gather(*(_call(door, cell, pace, http, turn) for turn in range(cell.case.calls)))
    verdict, why = cell.judge(Played(seen, cell.one, cell.two))
    return Result(cell, verdict, why, seen)


async def _call(door: Door, cell: Cell, pace: Pace, http: httpx.AsyncClient, turn: int) -> Seen:
    await pace.sleep(turn * cell.case.apart)
    driver = DRIVERS[cell.client]
    how = {"stream": cell.stream, "begins": cell.case.begins}
    return await driver.ask(http, door.url, door.model(cell), door.headers(cell), pace, **how)


def summed(results: Iterable[Result]) -> Judged:
    """The worst of several, which is what a scenario is worth."""
    return worst([(each.verdict, f"{each.cell.id}: {each.why}" if each.why else "") for each in results])
