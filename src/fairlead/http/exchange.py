"""One request and the reply to it: what a handler is given."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from fairlead import ids
from fairlead.dialects import hub
from fairlead.errors import FairleadError, RateLimited, RequestError, Stopping, UpstreamError
from fairlead.pipeline.call import Headers, Principal
from fairlead.pipeline.headers import retry_after

if TYPE_CHECKING:
    from fairlead.http.protocol import Protocol

log = logging.getLogger("fairlead.server")

NOBODY = Principal("")
_line = b": ".join

_usual_headers: tuple[Headers, bytes] = ([], b"")


def _usual(headers: Headers) -> bytes:
    """The lines that each reply has; uvicorn makes them anew every second."""
    global _usual_headers  # noqa: PLW0603
    if _usual_headers[0] is not headers:
        _usual_headers = (headers, b"".join(_line(each) + b"\r\n" for each in headers))
    return _usual_headers[1]


Handler = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """A request that came whole, and its reply: written in one piece, or begun, continued and ended.

    `dialect` is the one in which the client gets an error; `named` is what stands for a variable in the route's path;
    `names` has the names of the headers, in lower case. `quiet` counts how often nothing had been written when somebody
    looked.

    uvicorn's protocol takes it for the cycle of its own that it stands in for; `message_event`, `run_asgi` and
    `response_started` are there for that.
    """

    __slots__ = ("_body", "_headers", "_named", "_protocol", "chunked", "dialect", "disconnected", "handler",
                 "keep_alive", "method", "more_body", "named", "names", "principal", "quiet", "refusal",
                 "response_complete", "response_started", "size", "task", "url", "version")  # fmt: skip

    def __init__(self, protocol: "Protocol", method: bytes, url: bytes, version: str, headers: Headers) -> None:
        self._protocol = protocol
        self.method = method
        self.url = url
        self.version = version
        self._headers = headers
        self.names = self._named = dict(headers)
        self._body: bytes | bytearray = b""
        self.handler: Handler | None = None
        self.dialect = "openai-chat"
        self.named: str | None = None
        self.principal = NOBODY
        self.refusal: FairleadError | None = None
        self.keep_alive = self.more_body = True
        self.chunked = self.disconnected = self.response_started = self.response_complete = False
        self.size = self.quiet = 0
        self.task: asyncio.Task[None] | None = None

    # what was asked

    def header(self, name: bytes) -> bytes | None:
        """The value of a header (lower-case name). Raises `RequestError` where it is sent twice."""
        found = self._named.get(name)
        if found is None or len(self._named) == len(self._headers):
            return found
        if len(self.values(name)) > 1:
            raise RequestError(f"the header `{name.decode()}` is sent twice")
        return found

    def text_header(self, name: bytes) -> str | None:
        """A header's value as text; None where it is absent or empty."""
        if name not in self._named:
            return None
        value = self.header(name)
        return value.decode("latin-1").strip() or None if value is not None else None

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header (lower-case name) that may be sent more than once, in order."""
        return [value for key, value in self._headers if key == name]

    @property
    def body(self) -> bytes:
        return bytes(self._body)

    @property
    def address(self) -> str:
        """Where the client's connection comes from; empty where nobody knows."""
        client = self._protocol.client
        return client[0] if client else ""

    @property
    def waits(self) -> bool:
        """Whether the client waits to be told to send the body."""
        expected = self._named.get(b"expect")
        return expected is not None and expected.lower() == b"100-continue" and self.version == "1.1"

    # what is answered

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """The whole reply, in one write."""
        self.response_started = True
        head = self._head(status, headers, b"content-length: %d\r\n\r\n" % len(body))
        self._protocol.transport.write(head if self.method == b"HEAD" else head + body)
        self._complete()

    def error(self, error: FairleadError) -> None:
        """Our own error, in the client's dialect."""
        if not error.request_id:
            error.request_id = ids.request_id(self._protocol.ticker.clock)
        self.reply(error.status, error_headers(error), error.told or hub.error_body(self.dialect, error))

    def begin(self, status: int, headers: Headers, first: bytes) -> None:
        """The head of a reply of unknown length, and its first piece."""
        self.response_started = True
        self.chunked = self.version == "1.1"
        if not self.chunked:
            self.keep_alive = False
        end = b"transfer-encoding: chunked\r\n\r\n" if self.chunked else b"\r\n"
        self._protocol.transport.write(self._head(status, headers, end) + self._piece(first))

    async def write(self, data: bytes) -> None:
        """One more piece; waits while the client does not read."""
        self.quiet = 0
        self._protocol.transport.write(self._piece(data))
        if self._protocol.flow.write_paused:
            await self._protocol.flow.drain()

    def comment(self, data: bytes) -> None:
        """A piece that means nothing, between two others; none where the client does not read."""
        self.quiet = 0
        if not self._protocol.flow.write_paused:
            self._protocol.transport.write(self._piece(data))

    def end(self) -> None:
        """The end of a reply that was begun."""
        if self.chunked:
            self._protocol.transport.write(b"0\r\n\r\n")
        self._complete()

    def _piece(self, data: bytes) -> bytes:
        if not data:
            return b""  # an empty chunk would be the last
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data

    def _head(self, status: int, headers: Headers, end: bytes) -> bytes:
        close = b"\r\n" if self.keep_alive else b"\r\nconnection: close\r\n"
        usual = _usual(self._protocol.server_state.default_headers)
        return STATUS_LINE[status] + usual + b"\r\n".join(map(_line, headers)) + close + end

    def _complete(self) -> None:
        self.response_complete = True
        self._protocol.replied(self)

    # what the protocol tells

    def feed(self, data: bytes) -> None:
        """A piece of the body."""
        if self.refusal is None:
            if self.size == 0:
                self._body = data
            else:
                # Not a list of pieces: a body may come two bytes at a time.
                self._body = self._body if isinstance(self._body, bytearray) else bytearray(self._body)
                self._body += data
        self.size += len(data)

    def leave(self) -> None:
        """The client is gone: so is whatever was done for it."""
        self.disconnected = True
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        """Handle it, to the end of the reply."""
        try:
            if self.refusal is not None:
                self.error(self.refusal)
            elif self.handler is not None:
                await self.handler(self)
        except FairleadError as error:
            if self.response_started:
                self._abandon()
            else:
                self.error(error)
        except asyncio.CancelledError:
            if self.disconnected:
                return
            if self.response_started:
                self._abandon()
            else:
                self.keep_alive = False
                self.error(Stopping())
        except Exception:
            log.exception("a request to %s failed in the gateway", self.url.partition(b"?")[0][:200])
            self._fail()
        finally:
            self._body = b""  # which a connection would keep for as long as it idles

    def _fail(self) -> None:
        if self.response_started:
            self._abandon()
        else:
            self.keep_alive = False
            self.error(FairleadError("the gateway failed", hint="its log says more under the request's time"))

    def _abandon(self) -> None:
        """Close without an end, so that nobody takes the reply for whole."""
        self._protocol.transport.abort()

    # what uvicorn's protocol expects of a cycle

    @property
    def message_event(self) -> "Exchange":
        return self

    def set(self) -> None:
        return

    async def run_asgi(self, app: Any) -> None:  # noqa: ARG002 - uvicorn's signature
        await self.run()


def error_headers(error: FairleadError) -> Headers:
    """The headers of our own error."""
    headers: Headers = [(b"content-type", b"application/json")]
    if error.request_id:
        request_id = error.request_id.encode()
        headers += [(b"x-fairlead-request-id", request_id), (b"x-request-id", request_id)]
        headers.append((b"x-fairlead-attempts", b"%d" % len(error.attempts)))
    if isinstance(error, UpstreamError) or (error.status >= 500 and not error.retryable):
        # Every target has been tried, or there is none: an SDK that tries again at once only repeats that.
        headers.append((b"x-should-retry", b"true" if error.status == 429 else b"false"))
    if isinstance(error, UpstreamError) and error.status == 429:
        headers.append(retry_after(error.failure))
    if isinstance(error, RateLimited):
        headers.append((b"x-should-retry", b"true" if error.retryable else b"false"))
        if error.retry_after is not None:
            headers.append((b"retry-after", b"%d" % error.retry_after))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    headers += [(name.encode(), value.encode()) for name, value in error.headers]
    return headers
