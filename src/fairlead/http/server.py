"""Listening: uvicorn with our protocol, our signals and a drain that ends."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from fairlead.clock import Ticker
from fairlead.http.protocol import Bounds, protocol
from fairlead.http.routes import Front

log = logging.getLogger("fairlead.server")

BACKLOG: Final = 2048
# How many connections a worker takes at once, for how long it leaves the socket to the others then, and for how long
# where it has no descriptors left.
_TURN: Final = 4
_TURN_SECONDS: Final = 0.001
_FULL_SECONDS: Final = 1.0
# What calls are cancelled with that are not over in time. One that is cancelled without a word has lost its client.
_CUT = "the gateway stops"
_CUT_SECONDS = 2.0


class Server(uvicorn.Server):
    """TERM or INT drains; the same again stops at once; HUP calls `reload`. A drained server exits with 0.

    One that is `kept` takes its orders from its keeper, who has all signals passed on: what a service manager, too,
    sends to every process of a group must not count twice. So TERM drains it, however often it comes, and no more.
    """

    def __init__(
        self, config: uvicorn.Config, on_drain: Callable[[], None], on_reload: Callable[[], None], *, kept: bool
    ) -> None:
        super().__init__(config)
        self._kept = kept
        self._on_drain = on_drain
        self._on_reload = on_reload
        self.ready: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handled = {signal.SIGTERM: self._stop, signal.SIGINT: self._stop, signal.SIGHUP: self._on_reload}
        if self._kept:
            handled = {signal.SIGTERM: self.drain, signal.SIGINT: _nothing, signal.SIGHUP: _nothing}
        for number, handler in handled.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._kept:
            await super().startup([])
            self.servers = [Door(sock, self._protocol) for sock in sockets or ()]  # type: ignore[misc]
        else:
            await super().startup(sockets)
        if self.started:
            self.ready()

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )
        return made

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain; whoever is not done then is told so, and recorded."""
        await super().shutdown(sockets)
        left = set(self.server_state.tasks)
        for task in left:
            if not task.cancelling():
                task.cancel(_CUT)
        if left:
            await asyncio.wait(left, timeout=_CUT_SECONDS)

    def drain(self) -> None:
        """Take no new calls, and end when the open ones have."""
        if not self.should_exit:
            self.should_exit = True
            self._on_drain()

    def stop(self) -> None:
        """End at once."""
        self.drain()
        self.force_exit = True

    def _stop(self) -> None:
        if self.should_exit:
            log.warning("stopping now")
            self.stop()
            return
        self.drain()
        log.info("draining: open calls end, new ones are refused; the same signal again stops at once")


class Door:
    """Accepts from a socket that other processes accept from too: a few connections, then the others have their turn.

    The loop's own way is to take all that wait, and then one process gets nearly everything that comes at once.
    """

    def __init__(self, sock: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        sock.listen(BACKLOG)
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._make = make
        self._entering: set[asyncio.Task[Any]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._wait = functools.partial(self._loop.add_reader, sock, self._accept)
        self._wait()

    def _accept(self) -> None:
        self._loop.remove_reader(self._sock)
        pause = _TURN_SECONDS
        try:
            for _ in range(_TURN):
                self._enter(self._sock.accept()[0])
        except (BlockingIOError, InterruptedError, ConnectionError):
            pass  # another process was quicker, or the client has left
        except OSError as error:
            pause = _FULL_SECONDS
            log.error("no connection can be accepted for a second: %s", error)  # noqa: TRY400
        self._pause = self._loop.call_later(pause, self._wait)

    def _enter(self, taken: socket.socket) -> None:
        taken.setblocking(False)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._make, taken))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)

    def close(self) -> None:
        """Accept no more."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)

    async def wait_closed(self) -> None:
        """Wait until those who were accepted are connections."""
        await asyncio.gather(*self._entering, return_exceptions=True)


def server(
    front: Front,
    ticker: Ticker,
    bounds: Bounds,
    *,
    drain: float,
    on_drain: Callable[[], None],
    on_reload: Callable[[], None],
    kept: bool = False,
) -> Server:
    """A server for `front`, to be run with sockets that are already bound."""
    config = uvicorn.Config(
        _no_asgi,
        http=protocol(front, ticker, bounds),
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, round(drain)),
    )
    return Server(config, on_drain, on_reload, kept=kept)


def _nothing() -> None:
    return


async def _no_asgi(scope: object, receive: object, send: object) -> None:
    """Uvicorn wants an application; every request has found its handler before it would be asked."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
