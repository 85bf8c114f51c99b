"""A gateway before faulty upstreams, and what must hold after every fault.

The checks carry the names of the fault matrix, as `tests.support.invariants` has them.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairlead.clock import Clock
from tests.support.gateway import HttpReply, Running, ask, one_provider, running, two_providers
from tests.support.invariants import CANARY, Held, Invariants, priced
from tests.support.scripted import Script, Scripted, answering, chunk, completion, reply, scripted, streaming

__all__ = ["CANARY", "Stage", "Stages"]
# An upstream that takes over from one that fails.
well = answering(reply(completion("rescued")))
well_streamed = streaming(chunk({"content": "rescued"}), chunk({}, "stop"))


class Skewed(Clock):
    """The real clocks, and a monotonic one that a test may push forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.monotonic = lambda: time.monotonic() + self.ahead


@dataclass
class Stage:
    """A gateway with one or two upstreams behind the model `m`."""

    gateway: Running
    ups: list[Scripted]
    clock: Skewed
    holds: Invariants

    @property
    def up(self) -> Scripted:
        return self.ups[0]

    async def ask(self, **members: Any) -> HttpReply:
        """One call; the gateway must be quick to say that it is ready while it is under way."""
        call = asyncio.create_task(self.gateway.post(ask(**members)))
        while not call.done():
            await self.ready()
            await asyncio.wait({call}, timeout=0.02)
        return call.result()

    async def ready(self) -> None:
        await self.holds.ready()

    async def let_go(self) -> None:
        """Wait until no client is connected, while time passes for who does not read. Raises `TimeoutError`."""
        async with asyncio.timeout(5):
            while self.gateway.connections():
                self.clock.ahead += 31
                await asyncio.sleep(0.1)

    async def healthy(self) -> None:
        """The upstreams are well again, and so is the gateway, once they have been left as long as they asked."""
        for up in self.ups:
            up.script = answering(reply(completion("well")))
            await up.drop()
        shown = self.gateway.engine.gateway.policy.board.shown(self.clock.monotonic())
        self.clock.ahead += max((each.rests for each in shown if each.cause == "rate_limit"), default=0.0)
        got = await self.gateway.post(ask("are you well?"))
        assert (got.status, got.text) == (200, "well")


@dataclass
class Stages:
    """Makes stages for one test."""

    folder: Path
    log: pytest.LogCaptureFixture

    @contextlib.asynccontextmanager
    async def __call__(
        self,
        *scripts: Script | str,
        server: dict[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        lines: int | None = None,
        **entry: Any,
    ) -> AsyncIterator[Stage]:
        """A gateway before upstreams with these scripts (or at these URLs); `entry` goes into the providers' entries.

        `lines` is how many lines at warning or above are due; by default at most one for each call.
        """
        before = Held.now()
        self.log.clear()
        async with contextlib.AsyncExitStack() as stack:
            ups, urls = [], []
            for script in scripts:
                if not isinstance(script, str):
                    ups.append(await stack.enter_async_context(scripted(script)))
                urls.append(script if isinstance(script, str) else ups[-1].url)
            settings = one_provider(urls[0], **entry) if len(urls) == 1 else two_providers(urls[0], urls[1], **entry)
            clock = Skewed()
            gateway = await stack.enter_async_context(
                running(self.folder, priced(settings | {"server": server or {}}), environ, clock)
            )
            stage = Stage(gateway, ups, clock, Invariants(gateway, self.folder))
            yield stage
            await stage.holds.check(*ups)
            for got in stage.gateway.seen:
                if got.headers.get("x-fairlead-attempts", "0") != "0":
                    stage.holds.row(got)
            if ups:
                await stage.healthy()
            self._check(stage, lines)
        await before.again()

    def _check(self, stage: Stage, lines: int | None) -> None:
        for got in stage.gateway.seen:
            check_reply(got)
        said = [record for record in self.log.records if record.levelno >= logging.WARNING]
        told = [record.getMessage() for record in said]
        assert CANARY not in self.log.text
        assert not any(record.exc_info for record in said), told
        assert len(said) <= max(1, len(stage.gateway.seen)) if lines is None else len(said) == lines, told


def check_reply(got: HttpReply) -> None:
    """What any client may count on: a request id, JSON or a stream that ends, no secret of ours."""
    assert CANARY.encode() not in got.body
    assert CANARY not in str(got.headers)
    request_id = got.headers.get("x-request-id", "")
    assert request_id
    assert got.ended
    if got.headers["content-type"].startswith("text/event-stream"):
        assert got.events[-1] == "[DONE]"
        error = next((event["error"] for event in got.events[:-1] if "error" in event), None)
    else:
        error = json.loads(got.body).get("error") if got.status >= 400 else None
        assert got.status < 400 or error
    if error and "request_id" in error:
        assert error["request_id"] == request_id
        assert error["message"]
        assert error["code"]


def failed(got: HttpReply, status: int, code: str, *kinds: str) -> None:
    """The client was told that no target answered, and how each failed."""
    assert (got.status, got.error["code"]) == (status, code), got.body
    assert [attempt["failure"] for attempt in got.error["attempts"]] == list(kinds)
    assert got.headers["x-fairlead-attempts"] == str(len(kinds))


def broke(got: HttpReply, code: str, text: str) -> None:
    """The stream gave `text` and then said that it broke."""
    assert got.status == 200
    assert got.text == text
    assert got.error["code"] == code, got.error
    assert got.events[-2]["choices"][0]["finish_reason"] == "error"
