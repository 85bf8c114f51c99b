"""One config, written for Portkey's own gateway and for ours, and what either makes of the same call."""

import asyncio
import contextlib
import copy
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.gateway import HttpReply
from tests.support.scripted import Connection, Script, Scripted, completion, reply, scripted

VENDOR_KEY = "sk-vendor-0123456789abcdef"
INDEX, RETRIES = "x-portkey-last-used-option-index", "x-portkey-retry-attempt-count"


@dataclass
class Case:
    """One config and one call. `answers` has the statuses that each upstream answers with, the last one for ever."""

    name: str
    config: Any
    answers: dict[str, list[int]] = field(default_factory=lambda: {"a": [200]})
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What became of a call: what the client got, and which upstreams were asked, in order, and for what."""

    status: int
    index: str | None
    retries: str | None
    asked: tuple[str, ...]
    bodies: tuple[str, ...]

    def told(self) -> str:
        """In the words of the documentation's table."""
        way = " then ".join(f"`{name}`{_more(body)}" for name, body in zip(self.asked, self.bodies, strict=True))
        at = f", `{self.index}`" if self.index and self.status == 200 else ""
        return f"{self.status}, asked {way or 'nobody'}{at}"


def _more(body: str) -> str:
    """The members of a body that not every call has."""
    names = sorted(json.loads(body).keys() - {"model", "messages"})
    return f" with {', '.join(f'`{name}`' for name in names)}" if names else ""


@dataclass
class Ups:
    """The upstreams of a case, and which of them were asked, in order."""

    by_name: dict[str, Scripted]
    log: list[tuple[str, Any]]

    def for_portkey(self, config: Any) -> Any:
        """The config with each of our providers `@NAME` as Portkey needs it: OpenAI's API at a host, with a key."""
        left = [config := copy.deepcopy(config)]
        while left:
            node = left.pop()
            if not isinstance(node, dict):
                continue
            left += node.get("targets", ())
            name = str(node.get("provider", "")).removeprefix("@")
            if name in self.by_name:
                node |= {"provider": "openai", "custom_host": self.by_name[name].url, "api_key": VENDOR_KEY}
        return config

    def settings(self) -> dict[str, Any]:
        """Our settings with a provider for each upstream, where nothing rests, as nothing does at Portkey's."""
        row = {"dialect": "openai-chat", "api_key": VENDOR_KEY}
        return {
            "providers": {name: {**row, "base_url": up.url} for name, up in self.by_name.items()},
            "reliability": {
                "backoff": 0.001,
                "breaker": {"failures": 1000, "percent": 100, "calls": 1000, "cooldown": 0.001, "refused": 0.001},
            },
        }

    def seen(self, said: HttpReply) -> Seen:
        asked = tuple(name for name, _ in self.log)
        bodies = tuple(json.dumps(body, sort_keys=True) for _, body in self.log)
        self.log.clear()
        return Seen(said.status, said.headers.get(INDEX), said.headers.get(RETRIES), asked, bodies)


@contextlib.asynccontextmanager
async def ups(case: Case) -> AsyncIterator[Ups]:
    """The upstreams of a case, up for the length of the block."""
    log: list[tuple[str, Any]] = []
    async with contextlib.AsyncExitStack() as stack:
        found = {}
        for name, statuses in case.answers.items():
            found[name] = await stack.enter_async_context(scripted(_script(name, statuses, log, case.slow)))
        yield Ups(found, log)


def _script(name: str, statuses: list[int], log: list[tuple[str, Any]], slow: float) -> Script:
    async def script(connection: Connection) -> None:
        while (received := await connection.request()) is not None:
            at = sum(each == name for each, _ in log)
            log.append((name, received.json))
            status = statuses[min(at, len(statuses) - 1)]
            if status == 0:
                await asyncio.sleep(slow)
                status = 200
            error = {"error": {"message": "no", "type": "t", "param": None, "code": None}}
            await connection.send(reply(completion(name) if status == 200 else error, status))

    return script
