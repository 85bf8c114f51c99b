"""The program as a user runs it: a process of its own, with a home of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.scripted import Scripted, chunk, streaming

AI = (sys.executable, "-m", "fairlead.cli.main")
KEY = "fl-key-of-the-cli-tests"
KEYS: dict[str, Any] = {"OPENROUTER_API_KEY": "or-0123456789abcdef", "AIMLAPI_KEY": "aiml-0123456789abcdef"}
FOUR = streaming(
    chunk({"role": "assistant", "content": ""}), chunk({"content": "fo"}), chunk({"content": "ur"}, "stop")
)


def only(up: Scripted, **more: Any) -> dict[str, Any]:
    """Settings in which the model `m` is served by `up`."""
    provider = {"dialect": "openai-chat", "base_url": up.url, "api_key": "up-secret-key-0123456789"}
    model = {"targets": [{"provider": "up", "model": "up-model"}]}
    return {"providers": {"up": provider}, "models": {"m": model}, **more}


def shipped(up: Scripted) -> dict[str, Any]:
    """Settings in which both providers of the shipped intents are `up`."""
    return {"providers": {name: {"base_url": f"{up.url}/{name}"} for name in ("openrouter", "aimlapi")}}


@dataclass
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


@dataclass
class Program:
    """Runs `ai` in a folder that stands for the user's home."""

    home: Path
    environ: dict[str, str]

    async def start(
        self, *args: str, command: tuple[str, ...] = AI, stderr: int = asyncio.subprocess.PIPE, **environ: Any
    ) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *command, *args, stdin=pipe, stdout=pipe, stderr=stderr, cwd=self.home,
            env={**self.environ, **environ}, preexec_fn=_interruptible,
        )  # fmt: skip

    async def __call__(self, *args: str, stdin: bytes = b"", command: tuple[str, ...] = AI, **environ: Any) -> Ran:
        process = await self.start(*args, command=command, **environ)
        try:
            async with asyncio.timeout(20):
                out, err = await process.communicate(stdin)
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    def config(self, settings: dict[str, Any]) -> None:
        """What the program finds in the folder that it is run in."""
        (self.home / "fairlead.yaml").write_text(yaml.safe_dump(settings))

    @contextlib.asynccontextmanager
    async def serving(self, *args: str, **environ: Any) -> AsyncIterator["Serving"]:
        """A gateway on a free port, from its banner to its end."""
        process = await self.start("serve", "--port", "0", *args, stderr=asyncio.subprocess.STDOUT, **environ)
        serving = Serving(process)
        try:
            await serving.said('Hello"\n')
            yield serving
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@dataclass
class Serving:
    """A gateway that runs."""

    process: asyncio.subprocess.Process
    banner: str = ""

    @property
    def url(self) -> str:
        return self.banner.partition("listens on ")[2].split()[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def said(self, text: str) -> str:
        """Wait until it has said that, on either output; gives all that it has said so far."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while text not in self.banner:
                piece = await self.process.stdout.read(4096)
                assert piece, f"ended, having said: {self.banner}"
                self.banner += piece.decode()
        return self.banner

    async def ended(self, within: float = 10) -> int:
        async with asyncio.timeout(within):
            return await self.process.wait()


def _interruptible() -> None:
    """A test run in the background ignores SIGINT, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def ai(tmp_path: Path) -> Program:
    """The program, with no key in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    home = str(tmp_path)
    return Program(tmp_path, {**kept, "HOME": home, "XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/cfg"})
