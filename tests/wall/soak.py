"""An hour of mixed faults in a minute: clients of every dialect, upstreams of every dialect, nothing left behind."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.lag import resident
from tests.support.gateway import KEY, running
from tests.support.invariants import CANARY, Held, Invariants, priced
from tests.support.scripted import Scripted, scripted
from tests.wall import deeds
from tests.wall.client import DRIVERS
from tests.wall.deeds import Deed, Stand, Turn, answer, refuse, stands
from tests.wall.judge import Seen, misled
from tests.wall.pace import Fast, Pace
from tests.wall.runner import MODELS
from tests.wall.subjects.fairlead import BASE, RELIABILITY, SERVER
from tests.wall.voices import VOICES

RATE = 60.0
WORKERS = 8
FAULTS: tuple[Deed, ...] = (
    refuse(500, "server_error", "The server had an error"),
    refuse(503, "overloaded", "The server is overloaded"),
    refuse(429, "rate_limit_exceeded", "Rate limit reached", "retry-after: 2\r\n"),
    refuse(400, "invalid_request_error", "No"),
    refuse(400, "context_length_exceeded", "This model's maximum context length is 8192 tokens."),
    refuse(401, "invalid_api_key", f"Incorrect API key provided: {CANARY}"),
    deeds.reset,
    deeds.silent(45),
    deeds.late(15),
    deeds.cut(40),
    deeds.cut(40, "reset"),
    deeds.stall(40, 40),
    deeds.malformed(30),
    deeds.unmarked,
    deeds.unended,
)


def wild(draw: random.Random, share: float) -> Deed:
    """Any fault, this often."""

    async def deed(turn: Turn) -> bool:
        turn.stand.asked.clear()  # what the test itself would keep is not to be taken for the gateway's
        turn.stand.bodies.clear()
        turn.connection.upstream.received.clear()
        return await (draw.choice(FAULTS) if draw.random() < share else answer)(turn)

    return deed


@dataclass
class Soak:
    """A gateway whose clocks run fast, before upstreams that do what they like."""

    url: str
    pace: Pace
    holds: Invariants
    up: Scripted
    calls: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """So many seconds of the scenario; memory is noted as it goes."""
        until = self.pace.now() + seconds
        workers = [asyncio.create_task(self._work(until, random.Random(turn))) for turn in range(WORKERS)]
        while self.pace.now() < until:
            await self.pace.sleep(seconds / 40)
            self.memory.append(resident())
            self.holds.rows.clear()
            self.holds.forget()
        await asyncio.gather(*workers)

    async def _work(self, until: float, draw: random.Random) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as http:
            while self.pace.now() < until:
                client, stream = draw.choice(list(DRIVERS)), draw.random() < 0.5
                headers = {"authorization": f"Bearer {KEY}"}
                how = {"stream": stream, "begins": False}
                seen = await DRIVERS[client].ask(http, self.url, draw.choice(list(VOICES)), headers, self.pace, **how)
                self.calls += 1
                self.ends[_end(seen)] += 1


def _end(seen: Seen) -> str:
    if why := misled(seen):
        return f"misled: {why}"
    return "answered" if seen.whole else "told"


@asynccontextmanager
async def soak(folder: Path) -> AsyncIterator[Soak]:
    """A soak that leaves no task, socket or file behind. The first target fails in 4 of 10 calls, the next in 1."""
    pace, draw = Pace(RATE), random.Random(1)
    by_path = {
        f"{dialect}/{role}": Stand(voice, model, [wild(draw, share)])
        for dialect, voice in VOICES.items()
        for role, model, share in zip(("one", "two"), MODELS, (0.4, 0.1), strict=True)
    }
    before = Held.now()
    async with scripted(stands(by_path, pace)) as up:
        settings = priced(_settings(f"http://127.0.0.1:{up.port}"))
        async with running(folder, settings, {}, Fast(pace)) as gateway:
            yield Soak(gateway.url, pace, Invariants(gateway, folder, ready_within=0.25), up)
    await before.again()


def _settings(upstream: str) -> dict[str, object]:
    providers, models = {}, {}
    for dialect in VOICES:
        for role in ("one", "two"):
            base = f"{upstream}/{dialect}/{role}/v1"
            providers[f"{role}-{dialect}"] = {"dialect": dialect, "base_url": base, "api_key": CANARY}
        targets = [
            {"provider": f"{role}-{dialect}", "model": model}
            for role, model in zip(("one", "two"), MODELS, strict=True)
        ]
        models[dialect] = {"targets": targets, **BASE}
    return {"providers": providers, "models": models, "reliability": RELIABILITY, "server": SERVER}
