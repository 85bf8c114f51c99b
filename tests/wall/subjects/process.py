"""A peer as a process of its own, ended by its own id."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path


class NotThere(Exception):
    """A peer that cannot be had, and why."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.asynccontextmanager
async def process(
    argv: Sequence[str], port: int, log: Path, environ: Mapping[str, str], patience: float
) -> AsyncIterator[None]:
    """The program, listening on `port`, for the length of the block. Raises `NotThere`."""
    with log.open("wb") as out:
        started = await asyncio.create_subprocess_exec(
            *argv, env={"PATH": os.environ["PATH"], **environ}, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        await _listening(started, port, log, patience)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def _listening(started: asyncio.subprocess.Process, port: int, log: Path, patience: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while started.returncode is None:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    return
                await asyncio.sleep(0.1)
    raise NotThere(f"it did not start: {log.read_text(errors='replace')[-300:]}")
