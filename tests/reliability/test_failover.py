"""What a failure does, as a client sees it: the next target, the same one again, or the truth."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.clock import Clock
from tests.support.gateway import Running, ask, running
from tests.support.scripted import Script, Scripted, answering, completion, reply, scripted

FAILED = reply({"error": {"message": "boom"}}, 500)
WELL = reply(completion("well"))
FULL = {"error": {"message": "slow down"}}


class Held(Clock):
    """A clock that passes only where somebody waits by it."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.waits: list[float] = []
        self.monotonic = lambda: time.monotonic() + self.ahead
        self.sleep = self._sleep

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.ahead += seconds
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def gateway(
    folder: Path, *scripts: Script, clock: Clock | None = None, environ: dict[str, str] | None = None, **model: Any
) -> AsyncIterator[tuple[Running, list[Scripted]]]:
    """A gateway with the model `m` at providers `p0`, `p1` …; `reliability` of `model` is the general section.

    `settings` are those of the whole configuration besides.
    """
    reliability, more = model.pop("reliability", {}), model.pop("settings", {})
    async with contextlib.AsyncExitStack() as stack:
        ups = [await stack.enter_async_context(scripted(script)) for script in scripts]
        settings = {
            **more,
            "reliability": reliability,
            "providers": {
                f"p{at}": {"dialect": "openai-chat", "api_key": f"key-of-p{at}-secret", "base_url": up.url}
                for at, up in enumerate(ups)
            },
            "models": {
                "m": {"targets": [{"provider": f"p{at}", "model": f"m{at}"} for at in range(len(ups))], **model}
            },
        }
        yield await stack.enter_async_context(running(folder, settings, environ, clock)), ups


async def test_d23_a_target_that_fails_once_is_tried_again(tmp_path: Path) -> None:
    clock = Held()
    async with gateway(tmp_path, answering(FAILED, WELL), clock=clock) as (here, ups):
        got = await here.post(ask())
        assert (got.status, got.text) == (200, "well")
        assert got.headers["x-fairlead-attempts"] == "2"
        assert len(ups[0].received) == 2
        assert len(clock.waits) == 1
        assert 0.25 <= clock.waits[0] <= 0.5


async def test_d23_max_retries_says_how_often(tmp_path: Path) -> None:
    clock = Held()
    async with gateway(tmp_path, answering(FAILED), clock=clock, environ={"MAX_RETRIES": "2"}) as (here, ups):
        got = await here.post(ask())
        assert (got.status, got.error["code"]) == (502, "upstream_error")
        assert len(ups[0].received) == 3
        assert len(clock.waits) == 2
        assert clock.waits[1] > clock.waits[0] / 2


async def test_a_failure_goes_to_the_next_target_without_a_wait(tmp_path: Path) -> None:
    clock = Held()
    async with gateway(tmp_path, answering(FAILED), answering(WELL), clock=clock) as (here, ups):
        got = await here.post(ask())
        assert got.text == "well"
        assert clock.waits == []
        assert [len(up.received) for up in ups] == [1, 1]


@pytest.mark.parametrize("said", ["false", "0"])
async def test_d23_enable_fallback_off_stays_at_the_first_target(tmp_path: Path, said: str) -> None:
    clock, environ = Held(), {"ENABLE_FALLBACK": said}
    async with gateway(tmp_path, answering(FAILED), answering(WELL), clock=clock, environ=environ) as (here, ups):
        got = await here.post(ask())
        assert got.status == 502
        assert [len(up.received) for up in ups] == [4, 0]
