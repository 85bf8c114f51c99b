"""The HTTP client that carries calls to providers: connections are reused, requests are written in one piece."""

import functools
import select
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from fairlead import __version__
from fairlead.clock import Ticker
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.providers.row import Provider
from fairlead.upstream import secrets
from fairlead.upstream.api import Request
from fairlead.upstream.connect import Connector, Origin, split_url
from fairlead.upstream.http1 import Connection, Exchange, Limits
from fairlead.upstream.proofs import Proofs

IDLE_SECONDS = 55.0
FRESH_SECONDS = 0.05
_KEPT = 1024
_PROVEN = ("aws", "google")


class Pool:
    """The idle connections to one origin, the most recently used first."""

    def __init__(self, origin: Origin, now: Callable[[], float]) -> None:
        self.origin = origin
        self._now = now
        self._idle: deque[tuple[Connection, float]] = deque()

    def put(self, connection: Connection) -> None:
        now, idle = self._now(), self._idle
        while idle and now - idle[0][1] >= IDLE_SECONDS:
            idle.popleft()[0].abort()
        idle.append((connection, now))

    def take(self) -> Connection | None:
        """An idle connection that the provider has not closed meanwhile."""
        while self._idle:
            connection, since = self._idle.pop()
            if not connection.usable:
                continue
            idle = self._now() - since
            # The loop hands out what has arrived before it runs a task, so an end that came earlier than this very
            # moment is known. Looking again is for connections that rested; under load it would be a call a call.
            if idle < FRESH_SECONDS or (idle < IDLE_SECONDS and not _readable(connection.fileno)):
                return connection
            connection.abort()
        return None

    def close(self) -> None:
        for connection, _ in self._idle:
            connection.abort()
        self._idle.clear()


def _readable(fileno: int) -> bool:
    """Whether bytes or an end wait on an idle connection; either way it is of no more use."""
    poll = select.poll()
    poll.register(fileno, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


class HttpUpstream:
    """Implements `api.Upstream` over HTTP/1.1."""

    def __init__(self, connector: Connector, ticker: Ticker) -> None:
        self._connector = connector
        self._ticker = ticker
        self._limits = Limits()
        self._proofs = Proofs(self.send, ticker.clock)
        self._pools: dict[Origin, Pool] = {}
        self._ways: dict[tuple[str, str, str, bool], tuple[Provider, Pool, bytes]] = {}

    async def send(self, request: Request) -> Exchange:
        """Send on an idle connection or a new one and wait for the reply's head. Raises `UpstreamFailure`.

        A pooled connection is looked at before it is written to, so that a call meets a closed one only where the
        provider closes it in that very moment; such a call is not sent again here, for it may have been acted on.
        """
        _, pool, head = self._way(request)
        unproven = request.headers
        if request.provider.auth in _PROVEN:
            request.headers = [*unproven, *await self._proofs.of(request)]
        connection = pool.take()
        if connection is None:
            make = functools.partial(Connection, self._limits, pool.put)
            connection = await self._connector.connect(pool.origin, make, request.clocks.connect)
        head += _own(request) if request.headers else b""
        head += b"content-type: %b\r\ncontent-length: %d\r\n\r\n" % (request.content_type.encode(), len(request.body))
        exchange = connection.start(head, request.body, request.clocks, self._ticker, whole=not request.stream)
        try:
            await exchange.head()
            if 300 <= exchange.status < 400:
                raise UpstreamFailure(
                    FailureKind.REDIRECT, "the provider redirects; redirects are not followed", status=exchange.status
                )
        except BaseException:
            exchange.close()
            raise
        if exchange.status == 403 and self._proofs.learned(request.provider, exchange):
            exchange.close()
            request.headers = unproven
            return await self.send(request)
        return exchange

    async def aclose(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._ways.clear()

    def _way(self, request: Request) -> tuple[Provider, Pool, bytes]:
        """The pool, and what is the same in each request's head: made once for a provider and path."""
        provider = request.provider
        key = (provider.name, request.method, request.path, request.stream)
        known = self._ways.get(key)
        if known is None or known[0] is not provider:
            if len(self._ways) >= _KEPT:
                self._ways.clear()
            origin, base = split_url(provider.base_url)
            origin = replace(origin, private=provider.private_network)
            pool = self._pools.get(origin)
            if pool is None:
                pool = self._pools[origin] = Pool(origin, self._ticker.clock.monotonic)
            known = self._ways[key] = (provider, pool, _render(request, origin, base))
        return known


def _render(request: Request, origin: Origin, base: str) -> bytes:
    # A stream is asked for unpacked: gzip would hold events back until its window fills.
    encoding = "identity" if request.stream else "gzip"
    lines = [
        f"{request.method} {base}{request.path} HTTP/1.1",
        f"host: {origin.authority}",
        f"user-agent: fairlead/{__version__}",
        f"accept-encoding: {encoding}",
        *(f"{name}: {value}" for name, value in request.provider.headers),
    ]
    return "\r\n".join([*lines, ""]).encode("latin-1") + secrets.authorization(request.provider)


def _own(request: Request) -> bytes:
    """The header lines of this very request."""
    return "".join(f"{name}: {value}\r\n" for name, value in request.headers).encode("latin-1", "replace")
