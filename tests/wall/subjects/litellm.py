"""LiteLLM's proxy (PyPI) before the wall: two retries, a timeout and one fallback, by its `config.yaml`."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import peers
from tests.wall.pace import Pace
from tests.wall.runner import MODELS, Cell
from tests.wall.subjects.process import NotThere, free_port, process

KEY = "sk-wall"
# What a model's name begins with for each dialect of upstreams.
PREFIX = {"openai-chat": "openai", "openai-responses": "openai", "anthropic-messages": "anthropic", "gemini": "gemini"}


@dataclass
class Door:
    url: str

    def model(self, cell: Cell) -> str:
        return cell.id

    def headers(self, cell: Cell) -> dict[str, str]:
        return {"authorization": f"Bearer {KEY}", "x-api-key": KEY}


class LiteLLM:
    """The version that `bench/peers.py` installs."""

    name = "LiteLLM"
    resumes = False
    version = peers.LITELLM.rpartition("==")[2]

    def __init__(self, folder: Path, rate: float = 3.0) -> None:
        self.pace = Pace(rate)
        self._folder = folder

    def serves(self, client: str, voice: str) -> bool:
        return client == voice and client in PREFIX

    @contextlib.asynccontextmanager
    async def up(self, cells: Sequence[Cell], upstream: str) -> AsyncIterator[Door]:
        program = peers.LITELLM_HOME / "bin" / "litellm"
        if not program.exists():
            raise NotThere("`make wall-peers` installs it")
        config, port = self._folder / "litellm.yaml", free_port()
        config.write_text(yaml.safe_dump(self._settings(cells, upstream)))
        argv = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(self._folder), "NO_PROXY": "127.0.0.1"}
        async with process(argv, port, self._folder / "litellm.log", environ, 120):
            yield Door(f"http://127.0.0.1:{port}")

    def _settings(self, cells: Sequence[Cell], upstream: str) -> dict[str, Any]:
        seconds = 30 / self.pace.rate
        models, after = [], []
        for cell in cells:
            for role, model in zip(("one", "two"), MODELS, strict=True):
                params = {
                    "model": f"{PREFIX[cell.voice]}/{model}",
                    "api_base": _base(cell, f"{upstream}/{cell.id}/{role}"),
                    "api_key": "k",
                    "timeout": seconds,
                    "stream_timeout": seconds,
                }
                models.append({"model_name": cell.id if role == "one" else f"{cell.id}-two", "litellm_params": params})
            after.append({cell.id: [f"{cell.id}-two"]})
        router = {"num_retries": 2, "timeout": seconds, "fallbacks": after, "context_window_fallbacks": after}
        return {"model_list": models, "router_settings": router, "general_settings": {"master_key": KEY}}


def _base(cell: Cell, where: str) -> str:
    """Each of its providers adds another part of the path by itself."""
    return f"{where}/v1" if cell.voice.startswith("openai") else where
