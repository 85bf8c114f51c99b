"""Portkey's own gateway (npm) before the wall: two retries, a timeout and one fallback, as a config in a header."""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from tests.portkey import peer
from tests.wall.pace import Pace
from tests.wall.runner import MODELS, Cell
from tests.wall.subjects.process import NotThere, free_port, process

# Which of its providers speaks a dialect; it passes calls of these clients on, and translates chat completions.
PROVIDERS = {"openai-chat": "openai", "openai-responses": "openai", "anthropic-messages": "anthropic"}
RETRIED = [429, 500, 502, 503, 504]


@dataclass
class Door:
    url: str
    upstream: str
    pace: Pace

    def model(self, cell: Cell) -> str:
        return MODELS[0]

    def headers(self, cell: Cell) -> dict[str, str]:
        targets = [
            {
                "provider": PROVIDERS[cell.voice],
                "api_key": "k",
                "custom_host": f"{self.upstream}/{cell.id}/{role}/v1",
                "override_params": {"model": model},
                "retry": {"attempts": 2, "on_status_codes": RETRIED},
                "request_timeout": round(30_000 / self.pace.rate),
            }
            for role, model in zip(("one", "two"), MODELS, strict=True)
        ]
        config = {"strategy": {"mode": "fallback"}, "targets": targets}
        return {"x-portkey-config": json.dumps(config), "authorization": "Bearer k"}


class Portkey:
    """The version that `bench/peers.py` installs."""

    name = "Portkey"
    resumes = False
    version = peers.PORTKEY.rpartition("@")[2]

    def __init__(self, folder: Path, rate: float = 3.0) -> None:
        self.pace = Pace(rate)
        self._folder = folder

    def serves(self, client: str, voice: str) -> bool:
        return client == voice and client in PROVIDERS

    @contextlib.asynccontextmanager
    async def up(self, cells: Sequence[Cell], upstream: str) -> AsyncIterator[Door]:
        node = shutil.which("node")
        if node is None or not peer.PROGRAM.exists():
            raise NotThere("`make wall-peers` installs it; it needs npm")
        port = free_port()
        loopback = Path(peer.__file__).with_name("loopback.cjs")
        argv = [node, "--require", str(loopback), str(peer.PROGRAM), f"--port={port}", "--headless"]
        async with process(argv, port, self._folder / "portkey.log", {"NODE_ENV": "production"}, 20):
            yield Door(f"http://127.0.0.1:{port}", upstream, self.pace)
