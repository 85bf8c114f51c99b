"""Connecting to a host that has several addresses: the next is tried while one is slow to answer (RFC 8305)."""

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Final

_HEAD_START: Final = 0.25


async def first(addresses: Sequence[str], port: int) -> socket.socket:
    """A socket connected to the first address that answers. Raises the first one's `OSError` where none does."""
    loop = asyncio.get_running_loop()
    waiting = _alternating(addresses)
    trying: set[asyncio.Task[socket.socket]] = set()
    failed: list[OSError] = []
    try:
        while waiting or trying:
            if waiting:
                trying.add(loop.create_task(_connected(waiting.pop(0), port)))
            limit = _HEAD_START if waiting else None
            done, trying = await asyncio.wait(trying, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=_has_failed):
                if not _has_failed(task):
                    trying |= done - {task}
                    return task.result()
                failed.append(_error(task))
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_close)
    raise failed[0]


def _alternating(addresses: Sequence[str]) -> list[str]:
    """The kinds of address by turns, so that a kind that leads nowhere costs one wait."""
    first_kind = [address for address in addresses if (":" in address) == (":" in addresses[0])]
    other = [address for address in addresses if address not in first_kind]
    pairs = zip_longest(first_kind, other)
    return [address for address in chain.from_iterable(pairs) if address is not None]


async def _connected(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _has_failed(task: asyncio.Task[socket.socket]) -> bool:
    return task.cancelled() or task.exception() is not None


def _error(task: asyncio.Task[socket.socket]) -> OSError:
    error = task.exception()
    if not isinstance(error, OSError):
        raise error or asyncio.CancelledError
    return error


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Let go of a connection that came too late."""
    if not _has_failed(task):
        task.result().close()
