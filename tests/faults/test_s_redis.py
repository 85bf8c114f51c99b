"""Redis fails under a gateway that serves: calls go on, hard budgets close, limits are its own, and all comes back."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairlead.ledger.budgets import book
from fairlead.ledger.shared.server import DEADLINE
from tests.ledger.shared.test_server import demoted, emptied, full, locked, promoted, unlocked
from tests.support import redises
from tests.support.administered import administered
from tests.support.gateway import KEY, HttpReply, Running, ask
from tests.support.redises import Own
from tests.support.scripted import answering, completion, reply, scripted

SAID = answering(reply(completion("hi", prompt_tokens=10, completion_tokens=100)))
CENT_A_CALL = {"input": 0, "output": 100}


@dataclass
class Slow:
    """Stands between the gateway and its Redis, and lets each answer wait for so many seconds."""

    own: Own
    delay: float = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to = await asyncio.open_connection("127.0.0.1", self.own.port)
        except OSError:
            writer.transport.abort()
            return
        back = asyncio.create_task(self._copy(there, writer, late=True))
        with contextlib.suppress(OSError):
            await self._copy(reader, to)
        back.cancel()
        await asyncio.gather(back, return_exceptions=True)
        to.transport.abort()
        writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool = False) -> None:
        while data := await reader.read(65536):
            if late and self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
        writer.transport.abort()


@dataclass
class Stage:
    gateway: Running
    own: Own
    between: Slow

    @property
    def answers(self) -> bool:
        together: Any = self.gateway.engine.accounting._together
        return bool(together.answers)

    def patient(self, seconds: float) -> None:
        """How long the gateway waits for an answer: as long as it takes, but where that is what is tested."""
        together: Any = self.gateway.engine.accounting._together
        together._server._deadline = seconds

    async def call(self, model: str = "m") -> HttpReply:
        async with asyncio.timeout(20):
            return await self.gateway.post({**ask(max_tokens=100), "model": model}, authorization=f"Bearer {KEY}")

    async def calls(self, model: str, number: int) -> list[int]:
        return [(await self.call(model)).status for _ in range(number)]

    async def ready(self) -> tuple[HttpReply, float]:
        """What `/readyz` says, and the processor's seconds that this takes, the client's part included."""
        before = time.process_time()
        for _ in range(10):
            got = await self.gateway.request("GET", "/readyz")
        return got, (time.process_time() - before) / 10


@contextlib.asynccontextmanager
async def staged(folder: Path, own: Own) -> AsyncIterator[Stage]:
    """Models under a hard budget (`m`), a soft one (`soft`), a limit (`few`) and none (`free`)."""
    between = Slow(own)
    proxy = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    target = [{"provider": "up", "model": "x"}]
    async with scripted(SAID) as up, proxy:
        said = {
            "redis": f"redis://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/0",
            "providers": {"up": {"dialect": "openai-chat", "base_url": up.url, "api_key": "k"}},
            "models": {name: {"targets": target} for name in ("m", "soft", "few", "free")},
            "prices": {"up/x": CENT_A_CALL},
            "budgets": {
                "hard": {"limit": 100, "conditions": {"model": "m"}},
                "soft": {"limit": 100, "conditions": {"model": "soft"}, "hard": False},
            },
            "limits": {"few": {"requests": 5, "conditions": {"model": "few"}}},
        }
        async with administered(folder / "home", said) as (gateway, _):
            stage = Stage(gateway, own, between)
            stage.patient(redises.PATIENT)
            yield stage


def slowly(stage: Stage) -> None:
    stage.between.delay = 0.3


def quickly(stage: Stage) -> None:
    stage.between.delay = 0.0


def of_own(do: Callable[[Own], None]) -> Callable[[Stage], None]:
    return lambda stage: do(stage.own)


WAYS: dict[str, tuple[Callable[[Stage], None], Callable[[Stage], None]]] = {
    "dead": (of_own(Own.stop), of_own(Own.start)),
    "frozen": (of_own(Own.freeze), of_own(Own.thaw)),
    "slow": (slowly, quickly),
    "oom": (of_own(full), of_own(emptied)),
    "readonly": (of_own(demoted), of_own(promoted)),
    "auth": (of_own(locked), of_own(unlocked)),
}


def shared_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "fairlead.shared"]


@pytest.mark.parametrize("way", WAYS)
async def test_s08_calls_go_on_without_redis_and_with_it_again(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, mended = WAYS[way]
    monkeypatch.setattr(book, "_IDLE_SECONDS", 1e9)  # nothing is given back, however slow this machine is
    with redises.own(tmp_path) as own:
        async with staged(tmp_path, own) as stage:
            await redises.until(lambda: stage.answers)
            assert await stage.calls("m", 1) == await stage.calls("free", 1) == [200]
            await asyncio.to_thread(broken, stage)
            caplog.clear()
            stage.patient(DEADLINE)
            # The first who asks finds out. What is leased is spent; then a hard budget is closed.
            closed = await stage.calls("m", 40)
            assert 15 <= closed.index(503) <= 33
            assert set(closed[closed.index(503) :]) == {503}
            assert not stage.answers
            refused = await stage.call()
            assert refused.error["code"] == "store_unavailable"
            assert await stage.calls("free", 3) == await stage.calls("soft", 3) == [200] * 3
            assert await stage.calls("few", 7) == [200] * 5 + [429] * 2
            ready, seconds = await stage.ready()
            assert (ready.status, "Redis does not answer" in ready.json["warning"]) == (200, True)
            assert seconds < 0.05
            lines = shared_lines(caplog)
            assert len(lines) == 1, lines
            assert "does not answer" in lines[0]
            assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]

            stage.patient(redises.PATIENT)
            await asyncio.to_thread(mended, stage)
            await redises.until(lambda: stage.answers, 30)
            assert await stage.calls("m", 1) == [200]
            assert ["answers again" in line for line in shared_lines(caplog)] == [False, True]
            assert (await stage.call("few")).status == 429


async def test_s08_a_redis_that_is_not_there_at_the_start_closes_hard_budgets_alone(tmp_path: Path) -> None:
    with redises.own(tmp_path) as own:
        own.stop()
        async with staged(tmp_path, own) as stage:
            assert [(await stage.call(model)).status for model in ("m", "soft", "few", "free")] == [503, 200, 200, 200]
            await asyncio.to_thread(own.start)
            await redises.until(lambda: stage.answers, 30)
            assert await stage.calls("m", 1) == [200]
