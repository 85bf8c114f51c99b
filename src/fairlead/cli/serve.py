"""`ai serve`: the gateway as a server."""

import asyncio
import functools
import gc
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from errno import EACCES, EADDRINUSE
from pathlib import Path
from typing import TypeVar

import click
import uvloop

from fairlead import app, home, ids
from fairlead.cli import banner, say, worker
from fairlead.cli.pull import pull_if_needed
from fairlead.cli.worker import Post
from fairlead.cli.workers import Crew
from fairlead.clock import Clock
from fairlead.config.env_files import Environ, gathered
from fairlead.config.load import Loaded, load
from fairlead.config.tree import Plain
from fairlead.errors import ConfigError
from fairlead.http.server import bind, server
from fairlead.ledger.keyring import Own
from fairlead.ledger.principal import Principal
from fairlead.observe.beside import SECONDS, Beside
from fairlead.observe.logs import configure
from fairlead.secret import Secret

log = logging.getLogger("fairlead.server")

T = TypeVar("T")


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, metavar="PORT", help="Port to listen on (8787); 0 takes a free one.")
@click.option("--config", metavar="FILE", help="Configuration file.")
@click.option("--workers", type=int, metavar="N", help="Processes that serve, on one socket (1).")
@click.option("--pull", is_flag=True, help="Fetch the local model first where no provider has a key.")
def serve(host: str | None, port: int | None, config: str | None, workers: int | None, pull: bool) -> None:
    """Serve the gateway over HTTP.

    Prints its address, the models it can serve and from whom, and a call that works when pasted. Where no client key
    is stored and FAIRLEAD_KEY is not set, it makes one, stores its hash, and shows it once. TERM drains, a second TERM
    stops at once, HUP reads the configuration again.
    """
    said = {"server.host": host, "server.port": port, "server.workers": workers}
    flags = {name: value for name, value in said.items() if value is not None}
    post = worker.post(os.environ)
    read = functools.partial(_read, config, dict(os.environ), flags)
    loaded, environ = read()
    if post is not None:
        configure(loaded.config.log_level, post.place.number)
        with socket.socket(fileno=post.listening) as sock:
            _run(Serving(read, loaded, environ, post).run(sock))
        return
    configure(loaded.config.log_level)
    for warning in (*environ.warnings, *loaded.warnings):
        say.warning(warning)
    settings = loaded.config.server
    with _bound(settings.host, settings.port) as sock:
        if pull:
            pull_if_needed(loaded.config, environ)
        if settings.workers == 1:
            _run(Serving(read, loaded, environ).run(sock))
            return
        with tempfile.TemporaryDirectory(prefix="fairlead-") as numbers:
            crew = Crew(settings.workers, sock.detach(), numbers, settings.drain, Clock(), say.data)
            status = _run(crew.run())
    sys.exit(status)


def _read(config: str | None, own: Mapping[str, str], flags: Mapping[str, Plain]) -> tuple[Loaded, Environ]:
    environ = gathered(own)
    return load(config, environ, Path.cwd(), flags), environ


def _run(serving: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serving)


class Serving:
    """One server, from its socket to its last call."""

    def __init__(
        self,
        read: Callable[[], tuple[Loaded, Environ]],
        loaded: Loaded,
        environ: Mapping[str, str],
        post: Post | None = None,
    ) -> None:
        """`read` gives the configuration anew. One that has a `post` is a worker among others."""
        self._post = post
        self._read = read
        self._loaded = loaded
        self._environ = environ
        own = environ.get("FAIRLEAD_KEY", "").strip()
        self._own = bool(own)
        self._keys = banner.Keys()
        self._engine = app.engine(loaded, environ, Secret(own) if own else None)
        self._service = app.service(self._engine, loaded.config)
        self._asking: asyncio.Future[None] | None = None
        self._telling: asyncio.Future[None] | None = None

    async def run(self, sock: socket.socket) -> None:
        """Serve until a signal ends it. Raises `ConfigError`."""
        host, port = sock.getsockname()[:2]
        self._check = functools.partial(app.check_loop, host=host, port=port)
        self._check(self._engine.gateway.policy)
        await self._discover()
        await self._open_keys()
        _keep_what_is_loaded()
        running = server(
            self._service.front,
            self._engine.ticker,
            self._service.bounds,
            drain=self._loaded.config.server.drain,
            on_drain=self._drain,
            on_reload=self._reload,
            kept=self._post is not None,
        )
        running.ready = functools.partial(self._greet, sock.getsockname()[1])
        if self._post is not None:
            await self._post.follow({"drain": running.drain, "stop": running.stop, "reload": self._reload})
            place = self._post.place
            beside = Beside(Path(place.numbers), place.number, self._engine.metrics)
            self._telling = asyncio.create_task(_tell(beside))
        if self._first and self._engine.local is not None and app.needs_local(self._engine.gateway.policy):
            await self._engine.local.start()
        try:
            await running.serve(sockets=[sock])
        finally:
            await self._engine.aclose()

    @property
    def _first(self) -> bool:
        """Whether what is done once for all workers is done here. The others start a local model when one is called."""
        return self._post is None or self._post.place.first

    async def _open_keys(self) -> None:
        """Know the stored keys; where there is no client key at all, make one to be shown once."""
        config, keyring = self._loaded.config, self._engine.keyring
        directory = await app.open_directory(self._engine, self._service, config, self._environ)
        if self._post is not None and self._post.place.key:
            keyring.add(Own(Secret(self._post.place.key), Principal("default")))
        if not self._first:
            return
        stored = 0 if keyring.troubled else await asyncio.to_thread(directory.count_keys)
        app.check_exposure(config, self._environ, stored)
        self._keys = banner.Keys(stored)
        if self._own or stored:
            return
        if keyring.troubled:
            minted = ids.new_key()
            keyring.add(Own(Secret(minted), Principal("default")))
            self._keys = banner.Keys(0, minted, lasts=False)
            return
        made = await asyncio.to_thread(directory.first_key, home.OPERATOR, "first")
        self._keys = banner.Keys(1, made.key) if made else banner.Keys(1)
        await keyring.look()

    async def _discover(self) -> None:
        """Serve by what Portkey has as well, where it is to be asked. Calls do not wait for it."""
        loaded = self._loaded
        if not loaded.config.portkey.discover:
            return
        news = await self._engine.portkey.look(loaded.config, self._environ)
        if news and loaded is self._loaded:
            self._engine.reconfigure(loaded, self._environ, self._check)

    def _greet(self, port: int) -> None:
        text = banner.text(self._engine.gateway.policy, self._loaded.config.server.host, port, self._keys)
        if self._post is None:
            say.data(text)
        else:
            self._post.up(text, "" if self._keys.lasts else self._keys.minted)

    def _drain(self) -> None:
        self._service.pages.draining = True

    def _reload(self) -> None:
        """Read the configuration again; a bad one changes nothing."""
        try:
            loaded, environ = self._read()
            self._engine.reconfigure(loaded, environ, self._check)
        except ConfigError as error:
            self._service.pages.reload_failed = True
            log.error("the new configuration is not used, the old one stays: %s", error)  # noqa: TRY400
            return
        configure(loaded.config.log_level, self._post.place.number if self._post else None)
        if loaded.config.server != self._loaded.config.server:
            log.warning("what changed under `server` is in force from the next start on")
        self._loaded, self._environ = loaded, environ
        self._asking = asyncio.ensure_future(self._discover())
        self._service.pages.reload_failed = False
        for warning in environ.warnings:
            log.warning("%s", warning)
        log.info("the configuration was read again")


async def _tell(beside: Beside) -> None:
    while True:
        await asyncio.sleep(SECONDS)
        beside.write()


def _keep_what_is_loaded() -> None:
    """Tell the collector that what is there now stays, and that a call's few objects are not worth a look each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", hint=_elsewhere(error)
        ) from None


def _elsewhere(error: OSError) -> str:
    if error.errno == EACCES:
        return "ports below 1024 are kept for the system; choose another with `--port`"
    if error.errno == EADDRINUSE:
        return "another program may listen there; choose one with `--port`, or `--port 0` for any that is free"
    return "give `--host` an address of this machine, such as 127.0.0.1"
