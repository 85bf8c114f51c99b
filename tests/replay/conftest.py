"""One gateway in front of all recordings."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.replay.recorded import EXTRA, UNASKED, UNSHIPPED, VENDORS, Exchange, exchanges
from tests.replay.upstream import Replayer, replaying
from tests.support.gateway import FORGIVING, HttpReply, Running, read_reply, request_bytes, running

AT_ONCE = 6
Request = Callable[[Exchange], bytes]


@dataclass
class Replay:
    """A gateway whose upstream answers with recordings: `mended-groq-7` with the seventh of Groq's.

    There are three models for each. `mended-…` is at the vendor as shipped, `raw-…` and `same-…` at a provider whose
    answers are not mended. `same-…` is called so at the provider too.
    """

    gateway: Running
    upstream: Replayer

    async def post_all(
        self, exchanges: Iterable[Exchange], request: Request
    ) -> list[tuple[Exchange, HttpReply, bytes]]:
        """Send a request for each exchange, a few at a time: the reply to it, and what the upstream got."""
        done: list[tuple[Exchange, HttpReply, bytes]] = []
        left = iter(exchanges)

        async def sender() -> None:
            reader, writer = await self.gateway.open()
            try:
                for exchange in left:
                    writer.write(request_bytes("POST", "/v1" + exchange.endpoint, request(exchange)))
                    reply = await read_reply(reader)
                    done.append((exchange, reply, self.upstream.received.pop(exchange.key, b"")))
            finally:
                writer.close()

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
        return done


async def each(exchanges: Iterable[Exchange], work: Callable[[Exchange], Awaitable[None]]) -> None:
    """Do the work for each exchange, a few at a time."""
    left = iter(exchanges)

    async def worker() -> None:
        for exchange in left:
            await work(exchange)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replay(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replay]:
    """A gateway for the recordings of every vendor."""
    folder = tmp_path_factory.mktemp("replay")
    answers = [each for vendor in VENDORS for each in exchanges(shared, vendor)]
    async with replaying(answers) as upstream, running(folder, _settings(upstream)) as gateway:
        yield Replay(gateway, upstream)


def _settings(upstream: Replayer) -> dict[str, Any]:
    at = {"base_url": upstream.url, "api_key": "key-of-the-upstream"}
    providers: dict[str, Any] = {}
    for vendor in VENDORS:
        usage = "always" if vendor in UNASKED else "asked"
        providers[vendor] = {**UNSHIPPED.get(vendor, {}), **at}
        providers[f"raw-{vendor}"] = {
            "dialect": "openai-chat",
            "usage": usage,
            "quirks": ["all"],
            "fidelity": "raw",
            "flavor": {"routes": vendor == "openrouter"},
            **at,
        }
    models = {}
    for key in (*upstream.answers, *EXTRA):
        vendor = key.rpartition("-")[0] if key in upstream.answers else "openai"
        models[f"mended-{key}"] = _target(vendor, key)
        models[f"raw-{key}"] = _target(f"raw-{vendor}", key)
        models[f"same-{key}"] = _target(f"raw-{vendor}", f"same-{key}")
    return {"providers": providers, "models": models, "reliability": FORGIVING}


def _target(provider: str, model: str) -> dict[str, Any]:
    return {"targets": [{"provider": provider, "model": model}]}
