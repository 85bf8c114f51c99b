"""One gateway before two providers of each dialect, which do what each test says."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlead.observe.metrics import Ended
from tests.support.gateway import FORGIVING, HttpReply, Running, request_bytes, running
from tests.support.invariants import CANARY, Invariants, priced
from tests.support.scripted import Connection, Script, Scripted, scripted
from tests.translate.speaking import SPEAKERS, Got
from tests.translate.vendors import VENDORS, Said, answering_as


async def _silent(connection: Connection) -> None:
    await connection.gone()


@dataclass
class House:
    """The model `gemini` is at the provider `one-gemini`; `gemini-then-cohere` goes on to `two-cohere`."""

    gateway: Running
    ups: dict[str, Scripted]
    holds: Invariants

    async def set(self, name: str, script: Script) -> Scripted:
        """A provider that does this from now on, with nothing left of what it did before."""
        up = self.ups[name]
        up.script = script
        up.received.clear()
        self.gateway.engine.gateway.policy.board.clear(time.monotonic())
        await up.drop()
        await asyncio.sleep(0)
        return up

    async def one(self, dialect: str, script: Script) -> Scripted:
        """The first provider of a dialect, which does this."""
        return await self.set(f"one-{dialect}", script)

    async def rescuer(self, dialect: str) -> Scripted:
        """The second provider of a dialect, which is well."""
        return await self.set(f"two-{dialect}", answering_as(VENDORS[dialect], Said()))

    async def send(self, client: str, model: str, *, stream: bool = False, text: str = "hi", **more: Any) -> HttpReply:
        """A client's call and its reply."""
        speaker = SPEAKERS[client]
        body = speaker.body(model, stream, text) | more
        return await self.gateway.post(body, speaker.path(model, stream))

    async def ask(self, client: str, model: str, **call: Any) -> tuple[HttpReply, Got]:
        """A client's call: its reply, and what the client makes of it."""
        reply = await self.send(client, model, **call)
        check(reply)
        if reply.headers.get("x-fairlead-attempts", "0") != "0":
            self.holds.row(reply)
        return reply, SPEAKERS[client].heard(reply)

    @contextlib.asynccontextmanager
    async def listening(self, client: str, model: str) -> AsyncIterator[asyncio.StreamReader]:
        """A streamed call of a client that leaves at the end of the block."""
        speaker = SPEAKERS[client]
        async with self.gateway.connect() as (reader, writer):
            body = json.dumps(speaker.body(model, True, "hi")).encode()
            writer.write(request_bytes("POST", speaker.path(model, True), body))
            yield reader

    def ended(self, outcome: str) -> list[Ended]:
        """The counters of the calls that ended so."""
        return [row for key, row in self.gateway.engine.metrics.ended.items() if key[3] == outcome]

    async def settled(self) -> None:
        """Wait until no call is open and no provider is held. Raises `TimeoutError`."""
        async with asyncio.timeout(1):
            while self.gateway.engine.metrics.open:
                await asyncio.sleep(0.002)


def check(reply: HttpReply) -> None:
    """What any client may count on."""
    assert CANARY.encode() not in reply.body
    assert CANARY not in str(reply.headers)
    assert reply.headers["x-request-id"]
    assert reply.ended


@contextlib.asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A house for the length of the block."""
    async with contextlib.AsyncExitStack() as stack:
        names = [f"{which}-{dialect}" for which in ("one", "two") for dialect in VENDORS]
        ups = {name: await stack.enter_async_context(scripted(_silent)) for name in names}
        gateway = await stack.enter_async_context(running(folder, priced(_settings(ups))))
        holds = Invariants(gateway, folder)
        async with holds.watched(every=0.5):
            yield House(gateway, ups, holds)
        await holds.check(*ups.values())


def _settings(ups: dict[str, Scripted]) -> dict[str, Any]:
    providers = {
        name: {"dialect": name.partition("-")[2], "base_url": up.url, "api_key": CANARY, "auth": "bearer"}
        for name, up in ups.items()
    }
    models = {dialect: _targets(f"one-{dialect}") for dialect in VENDORS}
    models |= {f"{one}-then-{two}": _targets(f"one-{one}", f"two-{two}") for one in VENDORS for two in VENDORS}
    return {"providers": providers, "models": models, "reliability": FORGIVING}


def _targets(*providers: str) -> dict[str, Any]:
    return {"targets": [{"provider": provider, "model": "up-model"} for provider in providers]}
