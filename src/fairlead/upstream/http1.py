"""One HTTP/1.1 connection to a provider, and the one exchange that may be on it.

The parser is llhttp's (through httptools); what is decided here is what a provider may make us hold: 32 KiB and 200
lines of headers, 64 KiB of framing between two pieces of body, 256 KiB of a stream that the client does not read yet.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

from fairlead.clock import Ticker
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.upstream.api import Clocks
from fairlead.upstream.body import IDENTITY, Decoder, decoder

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reply may have, in bytes but for the counts."""

    headers: int = 32 * 1024
    header_lines: int = 200
    framing: int = 64 * 1024
    interim: int = 8
    body: int = 64 * 1024 * 1024
    buffer: int = 256 * 1024


class Exchange:
    """One request's reply on one connection. Implements `api.Response`."""

    __slots__ = (
        "_body", "_clocks", "_connection", "_decoder", "_first_due", "_headers", "_idle_due", "_limits", "_loop",
        "_paused", "_size", "_ticker", "_total_due", "_waiter", "_whole", "complete", "failure", "moved", "started",
        "status",
    )  # fmt: skip

    def __init__(
        self, connection: "Connection", clocks: Clocks, ticker: Ticker, limits: Limits, *, whole: bool
    ) -> None:
        self._connection: Connection | None = connection
        self._clocks = clocks
        self._loop = connection.loop
        self._ticker = ticker
        self._limits = limits
        self._whole = whole
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._size = 0
        self._decoder: Decoder = IDENTITY
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self.status = 0
        self.started = self.complete = self.moved = False
        self.failure: UpstreamFailure | None = None
        now = ticker.clock.monotonic()
        self._first_due = now + clocks.first_byte
        self._total_due = now + clocks.total
        self._idle_due = FOREVER
        ticker.watch(self)

    # what the caller reads

    def header(self, name: bytes) -> bytes | None:
        return self._headers.get(name)

    async def head(self) -> None:
        """Wait for status and headers; where the reply is read whole, for all of it."""
        while self.failure is None and not (self.complete if self._whole else self.started):
            await self._wait()
        if self.failure is not None:
            raise self.failure

    async def read(self) -> bytes:
        self._whole = True
        self._resume()
        while not self.complete and self.failure is None:
            await self._wait()
        if self.failure is not None:
            raise self.failure
        return self._take()

    async def chunk(self) -> bytes:
        while not self._body and not self.complete and self.failure is None:
            await self._wait()
        if self._body:
            return self._take()
        if self.failure is not None:
            raise self.failure
        return b""

    def linger(self) -> None:
        """Nothing more is wanted; the connection is kept if the reply ends within a second."""
        if self._connection is not None:
            self._whole = True
            self._total_due = self._ticker.clock.monotonic() + 1.0
            self._resume()

    def close(self) -> None:
        self._ticker.unwatch(self)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    def _take(self) -> bytes:
        data, self._body = bytes(self._body), b""
        self._size = 0
        self._resume()
        return data

    def _resume(self) -> None:
        if self._paused and self._connection is not None:
            self._paused = False
            self._connection.resume()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # what the connection tells

    def begin(self, status: int, headers: dict[bytes, bytes]) -> None:
        """Status and headers are there."""
        self.status = status
        self._headers = headers
        self.started = True
        encoding = headers.get(b"content-encoding")
        if encoding:
            self._decoder = decoder(encoding)
        if not self._whole:
            self._wake()

    def body(self, data: bytes) -> None:
        """A piece of the body is there."""
        data = self._decoder.feed(data)
        if not data:
            return
        if self._body:
            # Not a list of pieces: a body may come two bytes at a time.
            self._body = self._body if isinstance(self._body, bytearray) else bytearray(self._body)
            self._body += data
        else:
            self._body = data
        self._size += len(data)
        if self._whole:
            if self._size > self._limits.body:
                raise UpstreamFailure(FailureKind.TOO_LARGE, f"the reply is longer than {self._limits.body} bytes")
            return
        if self._size > self._limits.buffer and not self._paused and self._connection is not None:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self) -> None:
        """The body is complete."""
        self._decoder.end()
        self.complete = True
        # Else the connection would go back to its pool deaf.
        self._resume()
        self._connection = None
        self._ticker.unwatch(self)
        self._wake()

    def fail(self, kind: FailureKind, detail: str) -> None:
        """Nothing more will come."""
        if self.failure is None:
            self.failure = UpstreamFailure(kind, detail, status=self.status or None)
        self.close()
        self._wake()

    def tick(self, now: float) -> None:
        """Look at the four clocks (the fourth, `connect`, ran before the exchange began)."""
        if self.moved or self._paused:
            self.moved = False
            self._idle_due = now + self._clocks.idle if self.started else FOREVER
        if not self.started and now >= self._first_due:
            self.fail(FailureKind.FIRST_BYTE_TIMEOUT, f"no reply within {self._clocks.first_byte:g} s")
        elif now >= self._idle_due:
            self.fail(FailureKind.IDLE_TIMEOUT, f"nothing came for {self._clocks.idle:g} s")
        elif now >= self._total_due:
            self.fail(FailureKind.TOTAL_TIMEOUT, f"not done within {self._clocks.total:g} s")


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time and goes back to its pool when both sides agree."""

    def __init__(self, limits: Limits, release: Callable[["Connection"], None]) -> None:
        self._limits = limits
        self._release = release
        self._transport: asyncio.Transport
        self.loop: asyncio.AbstractEventLoop
        self._exchange: Exchange | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._alive = False
        self._expect()

    def _expect(self) -> None:
        """Make ready for one reply."""
        self._lines: list[tuple[bytes, bytes]] = []
        self._framing = 0
        self._interim = 0
        self._bounded = False
        self._complete = False
        self._reusable = False

    @property
    def usable(self) -> bool:
        """Whether a request may be written to it."""
        return self._alive and not self._transport.is_closing()

    @property
    def fileno(self) -> int:
        sock = self._transport.get_extra_info("socket")
        return int(sock.fileno())

    def start(self, head: bytes, body: bytes, clocks: Clocks, ticker: Ticker, *, whole: bool) -> Exchange:
        """Write a request; its reply is the exchange."""
        self._expect()
        self._exchange = exchange = Exchange(self, clocks, ticker, self._limits, whole=whole)
        if self.usable:
            self._transport.writelines((head, body))
        else:
            exchange.fail(FailureKind.RESET, "the connection was closed before the request")
        return exchange

    def abort(self) -> None:
        """Close at once; a half-read reply must never meet the next request."""
        self._alive = False
        self._exchange = None
        self._transport.abort()

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.loop = asyncio.get_running_loop()
        self._alive = True

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.abort()
            return
        exchange.moved = True
        self._framing += len(data)
        try:
            self._parser.feed_data(data)
            if self._framing > self._limits.framing:
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the reply has more framing than content")
            if self._complete:
                self._finish(exchange)
        except httptools.HttpParserUpgrade:
            self._break(exchange, UpstreamFailure(FailureKind.BAD_RESPONSE, "the reply switches protocols"))
        except (UpstreamFailure, httptools.HttpParserError) as error:
            self._break(exchange, error)

    def _finish(self, exchange: Exchange) -> None:
        exchange.end()
        self._exchange = None
        if self._reusable and not self._transport.get_write_buffer_size():
            self._release(self)
        else:
            self.abort()

    def _break(self, exchange: Exchange, error: Exception) -> None:
        cause = error if isinstance(error, UpstreamFailure) else error.__context__
        if isinstance(cause, UpstreamFailure):
            exchange.fail(cause.failure.kind, cause.failure.detail)
        else:
            exchange.fail(FailureKind.BAD_RESPONSE, f"the reply is not HTTP: {error}")
        self.abort()

    def eof_received(self) -> bool:
        self._ended(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)

    def _ended(self, exc: Exception | None) -> None:
        self._alive = False
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        if exc is None and exchange.started and not self._bounded:
            try:
                exchange.end()
            except UpstreamFailure as failure:
                exchange.fail(failure.failure.kind, failure.failure.detail)
        elif exchange.started:
            exchange.fail(FailureKind.CUT, "the connection broke off within the reply")
        else:
            exchange.fail(FailureKind.RESET, "the connection broke off before the reply")

    # httptools' callbacks

    def on_message_begin(self) -> None:
        if self._complete:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "bytes follow the reply's end")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        lines, self._lines = self._lines, []
        if self._framing > self._limits.headers or len(lines) > self._limits.header_lines:
            self._bound(lines)
        if status < 200:
            self._interim += 1
            if self._interim > self._limits.interim:
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the reply has too many interim replies")
            return
        headers = dict(reversed(lines))
        self._bounded = b"content-length" in headers or b"transfer-encoding" in headers
        if b"content-encoding" in headers and len(headers) != len(lines):
            headers[b"content-encoding"] = b", ".join(value for name, value in lines if name == b"content-encoding")
        if self._exchange is not None:
            self._exchange.begin(status, headers)

    def _bound(self, lines: list[tuple[bytes, bytes]]) -> None:
        size = sum(len(name) + len(value) for name, value in lines)
        if size > self._limits.headers or len(lines) > self._limits.header_lines:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the reply has too many headers")

    def on_body(self, data: bytes) -> None:
        self._framing = 0
        if self._exchange is not None:
            self._exchange.body(data)

    def on_message_complete(self) -> None:
        # A reply without a length ends with the connection; an interim one is not the reply.
        status = self._parser.get_status_code()
        self._framing = 0
        self._complete = status >= 200 and (self._bounded or status in (204, 304))
        # The parser forgets it as soon as this returns.
        self._reusable = self._parser.should_keep_alive()
