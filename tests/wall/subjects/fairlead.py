"""Fairlead before the wall: a real server in this process, on a clock that runs fast."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fairlead
from tests.support.gateway import KEY, Running, running
from tests.support.invariants import CANARY, Invariants, priced
from tests.wall.pace import Fast, Pace
from tests.wall.runner import MODELS, Cell

RATE = 25.0
TIMEOUTS = {"timeouts": {"connect": 10, "first_byte": 30, "idle": 30, "total": 120}}
# What a model's entry may turn on: a clock for the first token, and going on with an answer that broke off.
BASE = {**TIMEOUTS, "first_token_timeout": 10, "continue": True}
RELIABILITY = {"max_retries": 2}
# A moment of a busy machine is long on a clock that runs fast: here nobody is told to hurry.
SERVER = {"header_timeout": 600, "body_timeout": 600, "write_timeout": 600}


@dataclass
class Door:
    """A running gateway; `holds` has what must hold of it after every fault."""

    gateway: Running
    holds: Invariants

    @property
    def url(self) -> str:
        return self.gateway.url

    def model(self, cell: Cell) -> str:
        return cell.id

    def headers(self, cell: Cell) -> dict[str, str]:
        return {"authorization": f"Bearer {KEY}"}


class Fairlead:
    """The gateway with two retries and 30 s; it goes on with answers that broke off, unless it `resumes` none."""

    version = fairlead.__version__

    def __init__(self, folder: Path, *, resumes: bool = True) -> None:
        self.name = "Fairlead"
        self.resumes = resumes
        self.pace = Pace(RATE)
        self._folder = folder
        self._model = BASE if resumes else TIMEOUTS

    def serves(self, client: str, voice: str) -> bool:
        return True

    @contextlib.asynccontextmanager
    async def up(self, cells: Sequence[Cell], upstream: str) -> AsyncIterator[Door]:
        settings = priced(self._settings(cells, upstream))
        async with running(self._folder, settings, {}, Fast(self.pace)) as gateway:
            # The clients of sixteen calls and their upstreams are in the same event loop.
            holds = Invariants(gateway, self._folder, ready_within=0.25)
            yield Door(gateway, holds)

    def _settings(self, cells: Sequence[Cell], upstream: str) -> dict[str, Any]:
        providers, models = {}, {}
        for cell in cells:
            targets = []
            for role, model in zip(("one", "two"), MODELS, strict=True):
                name = f"{cell.id}-{role}"
                providers[name] = {
                    "dialect": cell.voice, "base_url": f"{upstream}/{cell.id}/{role}/v1", "api_key": CANARY,
                }  # fmt: skip
                targets.append({"provider": name, "model": model})
            models[cell.id] = {"targets": targets, **self._model}
        return {"providers": providers, "models": models, "reliability": RELIABILITY, "server": SERVER}
