"""A worker of `ai serve --workers`, as itself: what it is told by the process that keeps it, and what it tells back.

Orders come as lines on standard input, whose end means that the keeper is gone. The one line that a worker writes to
standard output says that it is up.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

VARIABLE: Final = "FAIRLEAD_WORKER"
"""Where a worker finds the number of the socket's descriptor."""

Order = Literal["drain", "stop", "reload"]


class Place(Struct, frozen=True):
    """Which worker it is. The `first` one greets, and makes a key where there is none.

    `key` is one that could not be stored: all workers have to know it. `numbers` is the folder where they tell each
    other what they count.
    """

    number: int
    numbers: str
    first: bool = False
    key: str = ""


class Up(Struct, frozen=True):
    """A worker is up. The first one has the banner, and the key that it could not store."""

    banner: str = ""
    key: str = ""


class Post:
    """The place of this worker, and its line to its keeper."""

    def __init__(self, listening: int, place: Place) -> None:
        self.listening = listening
        self.place = place

    def up(self, banner: str, key: str) -> None:
        """Say that calls are taken from now on."""
        sys.stdout.buffer.write(msgspec.json.encode(Up(banner, key) if self.place.first else Up()) + b"\n")
        sys.stdout.buffer.flush()

    async def follow(self, orders: Mapping[Order, Callable[[], None]]) -> None:
        """Do as told from now on. A worker whose keeper is gone drains."""
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: _Orders(orders), sys.stdin)


class _Orders(asyncio.Protocol):
    def __init__(self, orders: Mapping[Order, Callable[[], None]]) -> None:
        self._orders = orders
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._orders[msgspec.json.decode(line, type=Order)]()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._orders["drain"]()


def post(environ: MutableMapping[str, str]) -> Post | None:
    """The post that this process was started for; None where nobody keeps it."""
    listening = environ.pop(VARIABLE, "")
    if not listening:
        return None
    # Unbuffered: what follows the line is for `follow`.
    with open(0, "rb", buffering=0, closefd=False) as told:
        line = told.readline()
    if not line:
        raise SystemExit(0)
    return Post(int(listening), msgspec.json.decode(line, type=Place))
