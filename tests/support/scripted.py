"""An upstream that does exactly what a test says, byte by byte."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(eq=False)
class Connection:
    """One connection to the upstream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: "Scripted"

    async def request(self) -> Received | None:
        """The next request; None where the other side closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        received = Received(method, path, headers, body)
        self.upstream.received.append(received)
        return received

    async def send(self, data: bytes) -> None:
        """Raises `ConnectionResetError` where the other side has closed."""
        if self.writer.is_closing():
            raise ConnectionResetError("the other side has closed")
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    @property
    def held(self) -> bool:
        """Whether the other side still has it open, read or unread."""
        ended: bool = self.reader._eof  # type: ignore[attr-defined]
        return not (ended or self.reader.exception() or self.writer.is_closing())

    async def gone(self) -> None:
        """Wait until the other side has closed."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Script = Callable[[Connection], Awaitable[None]]


@dataclass
class Scripted:
    """A listening upstream that runs `script` on each connection."""

    script: Script
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    failures: list[BaseException] = field(default_factory=list)
    host: str = "http://127.0.0.1"
    _server: asyncio.Server | None = None
    _live: set[Connection] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.host}:{self.port}/v1"

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(reader, writer, self)
        self._live.add(connection)
        try:
            await self.script(connection)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - told by the fixture
            self.failures.append(error)
        finally:
            self.open -= 1
            self._live.discard(connection)
            self._tasks.discard(task)
            writer.transport.abort()

    @property
    def held(self) -> int:
        """How many connections the other side holds open, though a script may not look at them."""
        return sum(connection.held for connection in self._live)

    async def drop(self) -> None:
        """Close every connection, as a server does that restarts."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def closed(self, within: float = 5.0) -> None:
        """Wait until no connection is open. Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while self.open:
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def scripted(script: Script, **listen: Any) -> AsyncIterator[Scripted]:
    """An upstream that is there for the length of the block."""
    upstream = Scripted(script, host="https://localhost" if "ssl" in listen else "http://127.0.0.1")
    upstream._server = await asyncio.start_server(upstream._handle, "127.0.0.1", 0, limit=2**26, **listen)
    try:
        yield upstream
    finally:
        upstream._server.close()
        await upstream.drop()
        assert not upstream.failures, upstream.failures


def reply(body: bytes | dict[str, Any], status: int = 200, headers: str = "", reason: str = "X") -> bytes:
    """A whole reply with a true content-length."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{headers}\r\n"
    )
    return head.encode() + data


def completion(text: str = "hi", model: str = "up", **usage: int) -> dict[str, Any]:
    """A chat completion in OpenAI's shape."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": usage or {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **members: Any) -> bytes:
    """One streamed event in OpenAI's shape."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "up",
        "choices": [{"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}],
        **members,
    }
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def piece(data: bytes) -> bytes:
    """One chunk of chunked transfer coding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"


def answering(*replies: bytes) -> Script:
    """Answers each request with the next reply, the last one for ever."""
    left = list(replies)

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(left.pop(0) if len(left) > 1 else left[0])

    return script


def saying(*pieces: bytes | float, then: str = "wait") -> Script:
    """Answers a request with these bytes, a number being a pause in seconds.

    Then it waits for the other side to go, ends (`fin`) or resets (`reset`).
    """

    async def script(connection: Connection) -> None:
        await connection.request()
        for said in pieces:
            await (connection.send(said) if isinstance(said, bytes) else asyncio.sleep(said))
        if then == "wait":
            await connection.gone()
        elif then == "reset":
            # A reset drops what the other side has not read yet.
            await asyncio.sleep(0.03)
            connection.reset()
        else:
            connection.writer.write_eof()
            await connection.gone()

    return script


def streaming(*events: bytes, done: bool = True) -> Script:
    """Streams these events to each request, each in a piece of its own."""

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(STREAM_HEAD)
            for event in (*events, *((DONE,) if done else ())):
                await connection.send(piece(event))
            await connection.send(END)

    return script
