"""Redis for tests: a part of one that is there, and servers of a test's own to break."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import ConnectionError as NotReached
from redis.exceptions import RedisError

from fairlead.clock import Clock
from fairlead.ledger.shared.server import Server

URL = os.environ.get("FAIRLEAD_TEST_REDIS", "redis://127.0.0.1:6379/0")
# Long enough for a busy machine: only where a deadline is what is tested is it short.
PATIENT = 5.0


@contextlib.contextmanager
def prefix() -> Iterator[str]:
    """A prefix of keys that nobody else has, and that nobody has afterwards. Skips where no Redis answers."""
    with Redis.from_url(URL, decode_responses=True) as client:
        try:
            client.ping()
        except NotReached as error:
            _skip(f"no Redis answers at {URL}: {error}")
        made = f"test-{secrets.token_hex(6)}:"
        try:
            yield made
        finally:
            for key in list(client.scan_iter(f"{made}*", count=1000)):
                client.delete(key)


@contextlib.asynccontextmanager
async def connected(url: str, prefix: str, deadline: float = PATIENT) -> AsyncIterator[Server]:
    """A server to ask."""
    server = Server(url, Clock(), prefix=prefix, deadline=deadline)
    try:
        yield server
    finally:
        await server.close()


async def fields(prefix: str) -> dict[str, dict[str, str]]:
    """All pots, by their keys' ends."""
    async with AsyncRedis.from_url(URL, decode_responses=True) as client:
        found = [str(key) async for key in client.scan_iter(f"{prefix}*:pot:*", count=1000)]
        pots = {key.rpartition(":pot:")[2]: await client.hgetall(key) for key in found}
    return {word: {str(name): str(value) for name, value in pot.items()} for word, pot in pots.items()}


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Own:
    """A redis-server process on a port of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = unused_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            _skip("no redis-server is installed")
        said = [program, *self._options, "--port", str(self.port), "--save", "", "--appendonly", "no"]
        said += ["--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._process = subprocess.Popen(said, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            with contextlib.suppress(RedisError), self.client() as client:
                client.info()
                return
            time.sleep(0.02)
        raise AssertionError(f"{program} did not start")

    def client(self, password: str | None = None) -> Redis:
        return Redis.from_url(self.url, password=password, decode_responses=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)


@contextlib.contextmanager
def own(folder: Path, *options: str) -> Iterator[Own]:
    """A server that a test may break."""
    made = Own(folder, *options)
    try:
        made.start()
        yield made
    finally:
        made.stop()


async def until(met: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to become so."""
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


def _skip(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
