"""A gateway with OpenRouter and two vendors behind it, each scripted."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlead.clock import Clock
from fairlead.ledger.directory import Directory
from fairlead.ledger.principal import Principal, Role
from tests.support.administered import administered
from tests.support.gateway import HttpReply, Running
from tests.support.scripted import Script, Scripted, answering, completion, reply, scripted

MODEL = "openai/gpt-4.1"
WELL = answering(reply(completion("hi")))
DOWN = answering(reply({"error": {"message": "down"}}, 503))
ADMIN = Principal("operator", role=Role.ADMIN)
_NAMES = ("openai", "mistral", "openrouter")


@dataclass
class Stage:
    """What a test has to do with."""

    gateway: Running
    directory: Directory
    openai: Scripted
    mistral: Scripted
    openrouter: Scripted

    async def ask(
        self, model: str | None = MODEL, *, headers: dict[str, str] | None = None, **members: Any
    ) -> HttpReply:
        """One chat; without a model where that is None."""
        body = {"messages": [{"role": "user", "content": "hello"}], **members}
        return await self.gateway.post({"model": model, **body} if model else body, **(headers or {}))

    @property
    def asked(self) -> dict[str, int]:
        """How many calls each of them has got; nothing of those that got none."""
        return {name: n for name in _NAMES if (n := len(getattr(self, name).received))}


@contextlib.asynccontextmanager
async def staged(
    folder: Path,
    *,
    openai: Script = WELL,
    mistral: Script = WELL,
    openrouter: Script = WELL,
    entries: dict[str, dict[str, Any]] | None = None,
    more: dict[str, dict[str, Any]] | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Up for the length of the block. `entries` are laid over those of the providers, `more` are other ones."""
    async with scripted(openai) as one, scripted(mistral) as two, scripted(openrouter) as three:
        urls = dict(zip(_NAMES, (one.url, two.url, three.url), strict=True))
        rows = {
            name: {"base_url": url, "api_key": "up-secret-key", **(entries or {}).get(name, {})}
            for name, url in urls.items()
        }
        config = {
            "profile": "direct",
            "reliability": {"max_retries": 0},
            **settings,
            "providers": {**rows, **(more or {})},
        }
        async with administered(folder, config, clock) as (gateway, directory):
            yield Stage(gateway, directory, one, two, three)
