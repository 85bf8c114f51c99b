"""An upstream that answers with the recording that the model's name says, cut as its number says."""

import asyncio
import contextlib
import json
import random
import re
from collections.abc import AsyncIterator, Iterable
from typing import cast

from tests.replay.recorded import Exchange


class Replayer:
    """Serves `answers`, and keeps what it was sent. Streams come in pieces of `piece` bytes, or of a size of each."""

    def __init__(self, answers: Iterable[Exchange]) -> None:
        self.answers = {each.key: each for each in answers}
        self.received: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.connections: list[asyncio.Transport] = []
        self.url = ""
        self.piece: int | None = None

    def answer(self, path: str, body: bytes) -> bytes:
        exchange = self.answers[json.loads(body)["model"].removeprefix("same-")]
        if path != "/v1" + exchange.endpoint:
            self.faults.append(f"{exchange.id} came to {path}")
        self.received[exchange.key] = body
        head = f"HTTP/1.1 {exchange.status} X\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in exchange.headers)
        if not exchange.streams:
            return f"{head}content-length: {len(exchange.body)}\r\n\r\n".encode() + exchange.body
        chunked = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*_pieces(exchange, self.piece), b"")]
        return f"{head}transfer-encoding: chunked\r\n\r\n".encode() + b"".join(chunked)


def _pieces(exchange: Exchange, size: int | None) -> list[bytes]:
    """The stream in one piece, event by event, in pieces of one size, or at random."""
    body, kind = exchange.body, exchange.number % 4
    if size is None and kind == 1:
        return [event + b"\n\n" for event in body.split(b"\n\n")[:-1]]
    if size is None and kind == 3:
        chance = random.Random(exchange.id)
        cuts = sorted(chance.sample(range(1, len(body)), min(len(body) - 1, 50)))
        return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    size = size or (len(body) if kind == 0 else 97)
    return [body[at : at + size] for at in range(0, len(body), size)]


class _Connection(asyncio.Protocol):
    """As much of HTTP as the gateway's client speaks."""

    def __init__(self, replayer: Replayer) -> None:
        self._replayer = replayer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own does not derive from it
        self._replayer.connections.append(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if not found or length is None or len(rest) < int(length[1]):
            return
        self._buffer = rest[int(length[1]) :]
        self._transport.write(self._replayer.answer(head.split(b" ", 2)[1].decode(), rest[: int(length[1])]))


@contextlib.asynccontextmanager
async def replaying(answers: Iterable[Exchange]) -> AsyncIterator[Replayer]:
    """A replayer that listens for the length of the block."""
    replayer = Replayer(answers)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(replayer), "127.0.0.1", 0)
    replayer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield replayer
    finally:
        server.close()
        for connection in replayer.connections:
            connection.abort()
        await asyncio.sleep(0)
        assert replayer.faults == []
