"""Ports that misbehave before a byte is said."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def deaf(address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The URL of a port whose queue is full: a connection to it is never answered."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind((address, port))
        sock.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(sock.getsockname())
        await asyncio.sleep(0.01)
        yield f"http://{address}:{sock.getsockname()[1]}/v1"
