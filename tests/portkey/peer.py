"""Portkey's own gateway, as npm has it, and a tap on the line to it."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench import peers

HERE = Path(__file__).parent
MODULES = peers.WORK / "node_modules"
PROGRAM = MODULES / "@portkey-ai/gateway/build/start-server.js"
PATIENCE = 20.0


def started(log: Path) -> Iterator[int]:
    """The port of a gateway that is there until the generator ends. Skips where it cannot be had."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not all(_installed(package) for package in (peers.PORTKEY, peers.NODE_SERVER)):
        pytest.skip("Portkey's gateway is not installed, or another version (`make bench-peers` installs it)")
    port = _free_port()
    argv = [node, "--require", str(HERE / "loopback.cjs"), str(PROGRAM), f"--port={port}", "--headless"]
    environ = {"PATH": os.environ["PATH"], "NODE_ENV": "production"}
    with log.open("wb") as out:
        process = subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait(port, process, log)
        yield port
    finally:
        process.kill()
        process.wait()


def _installed(package: str) -> bool:
    name, _, version = package.rpartition("@")
    about = MODULES / name / "package.json"
    return about.exists() and bool(json.loads(about.read_text())["version"] == version)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    pytest.fail(f"Portkey's gateway did not start: {log.read_text(errors='replace')[-400:]}")


@dataclass
class Tap:
    """Passes bytes on in both directions, and keeps the heads of what it saw."""

    url: str
    sent: bytearray = field(default_factory=bytearray)
    came: bytearray = field(default_factory=bytearray)

    def asked(self, name: str) -> list[str]:
        """The values of a header in the requests."""
        return _values(self.sent, name)

    def answered(self, name: str) -> list[str]:
        """The values of a header in the replies."""
        return _values(self.came, name)


def _values(seen: bytearray, name: str) -> list[str]:
    lines = seen.decode("latin-1").split("\r\n")
    return [line.partition(":")[2].strip() for line in lines if line.lower().startswith(f"{name}:")]


@contextlib.asynccontextmanager
async def tapped(port: int) -> AsyncIterator[Tap]:
    """A tap on the line to what listens on `port`."""
    tasks: list[asyncio.Task[None]] = []
    tap = Tap("")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        tasks.append(asyncio.create_task(_pass(reader, back, tap.sent)))
        tasks.append(asyncio.create_task(_pass(there, writer, tap.came)))

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    tap.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield tap
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray) -> None:
    """Until either side ends, and then neither goes on."""
    try:
        while data := await reader.read(65536):
            seen += data
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
