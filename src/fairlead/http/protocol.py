"""HTTP/1.1 on uvicorn's connections, with the bounds that uvicorn leaves to a proxy in front: there may be none.

uvicorn parses, keeps count of connections and pauses; requests and replies are our own `Exchange`, not ASGI, whose
messages and second write for the body cost as much as routing does (docs/adr/0002). Written against uvicorn 0.54,
which `pyproject.toml` pins; `tests/http/` and `tests/faults/` are the contract.
"""

import asyncio
import contextlib
import fcntl
import logging
import termios
from array import array
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fairlead.clock import Ticker
from fairlead.errors import BodyTooLarge, BodyTooSlow, FairleadError, HeadersTooLarge, HeadersTooSlow, RequestError
from fairlead.http.exchange import Exchange
from fairlead.http.routes import Front

log = logging.getLogger("fairlead.server")

HEAD_LIMIT = 64 * 1024
_FRAMING_LIMIT = 64 * 1024
_PROBE_SECONDS = 0.25
_LINGER_SECONDS = 2.0
_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
_COMMENT = b"3\r\n:\n\n\r\n"
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client may take: bytes of a body, and seconds for a head, within a body, for a body, to read on, idle."""

    body: int = 32 * 1024 * 1024
    head_seconds: float = 10.0
    pause_seconds: float = 10.0
    body_seconds: float = 120.0
    write_seconds: float = 30.0
    idle_seconds: float = 75.0


class Protocol(HttpToolsProtocol):
    """One client's connection.

    A client may close its sending side and read on. That and a client that has left look alike until something is
    written. So, while such a client waits, something without meaning is: an interim reply, or a comment between two
    events. Who has left answers with a reset, and the call ends.
    """

    front: Front
    ticker: Ticker
    bounds: Bounds

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows the type
        self.now = self.ticker.clock.monotonic
        self._serving: Exchange | None = None
        self._in_head = True
        self._deaf = self._moved = False
        self._head_bytes = self._not_head = self._framing = self._unsent = 0
        self._idle_since = self.now()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._read_due = self._pause_due = self._probe_due = self._write_due = self._close_due = _NEVER
        self._read_due = self._in(self.bounds.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ticker.unwatch(self)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._serving is not None:
            self._serving.leave()
        super().connection_lost(exc)
        # A ring of references waits for the collector, which comes seldom, and bodies are too large to wait.
        self.cycle = self._serving = None
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._moved = True
        within = self._in_head
        if within or len(data) > HEAD_LIMIT:
            self._head_bytes += len(data)
        if not within:
            self._framing += len(data)
        self._parse(data)
        if self._deaf:
            return
        if not self._in_head:
            self._head_bytes = 0
            if self.cycle.more_body:
                self._await_body()
        elif self._read_due == _NEVER:
            # A head has begun somewhere in this piece; how much of the piece it is is known when it is whole.
            self._head_bytes = self._not_head = len(data)
            self._read_due = self._in(self.bounds.head_seconds)
        elif self._head_bytes - self._not_head > HEAD_LIMIT:
            self._refuse(_head_too_large())

    def _parse(self, data: bytes) -> None:
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as wish:
                self._decline(wish, memoryview(data))
        except httptools.HttpParserError:
            log.warning("a client sent what is no HTTP request")
            self.send_400_response("what was sent is no HTTP/1.1 request that is served here")

    def _decline(self, wish: httptools.HttpParserUpgrade, data: memoryview) -> None:
        """Stay with HTTP/1.1, as a server may, though a client offers HTTP/2: Java's does so with every first request.

        The parser has passed over the body, so the request is read again without the wish.
        """
        while True:
            data = data[wish.args[0] :]
            self.parser.feed_data(self._head_without_wish())
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as another:
                wish = another
            else:
                return

    def _head_without_wish(self) -> bytes:
        start = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = (b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade")
        return start + b"".join(lines) + b"\r\n"

    def eof_received(self) -> bool | None:  # type: ignore[override]
        if self._serving is None or self.transport.is_closing():
            self._await_reader()
            return None
        self._serving.keep_alive = False
        self._probe_due = self._in(_PROBE_SECONDS)
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_due = _NEVER
        if self.transport.is_closing():
            self._await_reader()
        elif self._serving is not None and self._serving.response_complete:
            self.replied(self._serving)

    # httptools' callbacks

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._head_bytes > HEAD_LIMIT and self._head_size() > HEAD_LIMIT:
            raise ValueError("the headers are too long")
        parser = self.parser
        exchange = Exchange(self, parser.get_method(), self.url, parser.get_http_version(), self.headers)
        if exchange.version not in ("1.1", "1.0") or exchange.method == b"CONNECT":
            raise ValueError("not what is served")
        if parser.should_upgrade():
            return  # to be read again
        self._in_head = False
        self._head_bytes = 0
        self._read_due = _NEVER
        self.headers = []  # what follows the body is no header
        exchange.keep_alive = exchange.version == "1.1" and parser.should_keep_alive()
        self.cycle: Any = exchange
        self._look_at_length(exchange)
        if self._deaf:
            return
        try:
            self.front.admit(exchange)
        except FairleadError as error:
            exchange.refusal = error

    def on_body(self, body: bytes) -> None:
        self._framing = 0
        self.cycle.feed(body)
        if self.cycle.size > self.bounds.body:
            self._refuse(_too_large(self.bounds.body))

    def on_message_complete(self) -> None:
        if self._in_head:
            return
        self._framing = 0
        exchange = self.cycle
        exchange.more_body = False
        self._read_due = self._pause_due = _NEVER
        if self._deaf:
            return
        if self._serving is None:
            self._serve(exchange)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    # what is done with a request

    def _look_at_length(self, exchange: Exchange) -> None:
        length = exchange.header(b"content-length")
        if length is not None and int(length) > self.bounds.body:
            self._refuse(_too_large(self.bounds.body))
        elif exchange.waits and self._serving is None and not self._deaf:
            self.transport.write(_INTERIM)

    def _serve(self, exchange: Exchange) -> None:
        self._serving = exchange
        exchange.task = task = self.loop.create_task(exchange.run())
        task.add_done_callback(self.tasks.discard)  # one that is called off before it begins has no `finally`
        self.tasks.add(task)

    def replied(self, exchange: Exchange) -> None:
        """A reply is complete: take the next request, or close. Who does not read is asked nothing more."""
        self._serving = None
        self._probe_due = _NEVER
        if self.transport.is_closing():
            return
        if not exchange.keep_alive:
            self._close()
        elif self.flow.write_paused:
            self._serving = exchange
            self.flow.pause_reading()
        elif self.pipeline:
            self._serve(self.pipeline.pop()[0])  # type: ignore[arg-type]  # ours, in uvicorn's queue
        else:
            self.flow.resume_reading()
            self._idle_since = self.now()
            if self._idle_timer is None:
                self._idle_timer = self.loop.call_later(self.bounds.idle_seconds, self._look_at_idleness)

    def _look_at_idleness(self) -> None:
        """Close what has been idle for long. One timer a connection looks again when it may be; none per request."""
        left = self._idle_since + self.bounds.idle_seconds - self.now()
        idle = self._serving is None and not self._in_progress()
        if left <= 0 and idle:
            self._close()
        else:
            self._idle_timer = self.loop.call_later(max(left, 1.0), self._look_at_idleness)

    def _in_progress(self) -> bool:
        return self._read_due != _NEVER or self._pause_due != _NEVER

    def shutdown(self) -> None:
        """Drain: close when what is being served is done."""
        if self._serving is None:
            self.transport.close()
        else:
            self._serving.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        if self._in_head and self._head_bytes > HEAD_LIMIT:
            self._refuse(_head_too_large())
        else:
            self._refuse(RequestError(msg))

    def _refuse(self, error: FairleadError) -> None:
        """Answer what will never be a request, and close; where another reply is due first, only close after it."""
        if self._deaf or self.transport.is_closing():
            return
        self._deaf = True
        self._read_due = self._pause_due = _NEVER
        if self._serving is not None:
            self._serving.keep_alive = False
            return
        self.front.refused(error)
        refused = Exchange(self, b"", b"", "1.1", [])
        refused.keep_alive = False
        refused.error(error)

    def _close(self) -> None:
        """Close, but not on unread bytes: that would reset the connection, and the client would miss the reply."""
        if self._deaf:
            self.transport.write_eof()
            self._close_due = self._in(_LINGER_SECONDS)
        else:
            self.transport.close()
        self._await_reader()

    # clocks

    def _in(self, seconds: float) -> float:
        self.ticker.watch(self)
        return self.now() + seconds

    def _await_body(self) -> None:
        if self._framing > _FRAMING_LIMIT:
            self._refuse(RequestError("the body has more framing than content"))
        elif self._pause_due == _NEVER:
            self._pause_due = self._in(self.bounds.pause_seconds)
            self._read_due = self._in(self.bounds.body_seconds)

    def _await_reader(self) -> None:
        """Something may be left to send: see to it that it goes, or close."""
        if self.transport.get_write_buffer_size():
            self._unsent = self._undelivered()
            self._write_due = self._in(self.bounds.write_seconds)

    def tick(self, now: float) -> None:
        if now >= self._read_due or now >= self._pause_due:
            self._look_at_reading(now)
        elif self._moved and self._pause_due != _NEVER:
            self._pause_due = now + self.bounds.pause_seconds
        self._moved = False
        if now >= self._probe_due:
            self._probe_due = now + _PROBE_SECONDS
            self._probe()
        if self._write_due != _NEVER:
            self._look_at_writing(now)
        if now >= self._close_due:
            self.transport.close()
        dues = (self._read_due, self._pause_due, self._probe_due, self._write_due, self._close_due)
        if min(dues) == _NEVER:
            self.ticker.unwatch(self)

    def _look_at_reading(self, now: float) -> None:
        if self._in_head:
            self._look_at_head()
        elif now >= self._read_due or not self._moved:
            seconds = self.bounds.body_seconds if now >= self._read_due else self.bounds.pause_seconds
            self._refuse(BodyTooSlow(f"the body did not come within {seconds:g} s", hint="send the call again"))
        else:
            self._pause_due = now + self.bounds.pause_seconds

    def _look_at_head(self) -> None:
        # Who has said nothing has asked nothing, and might take an answer for that to what it is about to ask.
        if self._head_bytes:
            self._refuse(HeadersTooSlow(f"the headers did not come within {self.bounds.head_seconds:g} s"))
        else:
            self.transport.close()

    def _look_at_writing(self, now: float) -> None:
        unsent = self._undelivered()
        if not self.transport.get_write_buffer_size():
            self._write_due = _NEVER
        elif unsent < self._unsent:
            self._write_due = now + self.bounds.write_seconds
        elif now >= self._write_due:
            self.transport.abort()
        self._unsent = unsent

    def _undelivered(self) -> int:
        """Bytes that the client has not taken: ours, and the system's where it tells, which may be megabytes."""
        count = array("i", [0])
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, count)
        return count[0] + self.transport.get_write_buffer_size()

    def _probe(self) -> None:
        serving = self._serving
        if serving is None or serving.response_complete:
            return
        if not serving.response_started:
            if serving.version == "1.1":
                self.transport.write(_INTERIM)
        elif serving.chunked:
            self.transport.write(_COMMENT)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


def _head_too_large() -> HeadersTooLarge:
    return HeadersTooLarge(f"the headers are longer than {HEAD_LIMIT} bytes")


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is longer than {limit} bytes (`server.max_body`)", hint="raise it if such calls are meant"
    )


def protocol(front: Front, ticker: Ticker, bounds: Bounds) -> type[Protocol]:
    """The protocol class of one server."""
    return type("Protocol", (Protocol,), {"front": front, "ticker": ticker, "bounds": bounds})
