"""One database, by its URL. Calls here block: a server asks from a thread, never on the path of a call."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from fairlead.errors import ConfigError, StoreUnavailable

_BUSY_SECONDS = 5.0
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}
# What stays so however often one asks again, and what to do about it.
_LASTING = {
    sqlite3.SQLITE_NOTADB: "it is left as it is; name another as `database`, or move it away and a new one is made",
    sqlite3.SQLITE_CORRUPT: "it is left as it is; `ai db check` tells what is damaged, a copy from before replaces it",
    sqlite3.SQLITE_READONLY: "let the user that Fairlead runs as write to the file and to its folder",
}
_HINT = "`database` is the path of a file, sqlite:///PATH, or postgresql://USER:PASSWORD@HOST/NAME"


class Broken(StoreUnavailable):
    """The database's file is none, is damaged, or may not be used: asking again will not help."""


class Database:
    """Transactions on one database. Nothing is opened before the first."""

    def __init__(self, url: str) -> None:
        """`url` as in the configuration, or the path of a SQLite file. Raises `ConfigError`."""
        self.url = _url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._engine()
        self._closed = False

    def __str__(self) -> str:
        """Which one, without its password."""
        return str(self.url.database) if self.sqlite else self.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state, and locks nobody out. Raises `StoreUnavailable`."""
        with self._told(), self._kept(), self.engine.connect() as connection:
            yield connection.execution_options(reading=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of the block's changes, or none. Raises `StoreUnavailable`."""
        with self._told(), self._kept(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection; one that is in use goes when its block ends."""
        self._closed = True
        self.engine.dispose()

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """A connection goes back to the pool that it is from, which nobody closes who has closed the database."""
        pool = self.engine.pool
        try:
            yield
        finally:
            if self._closed:
                pool.dispose()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if self.file is not None and self.file.is_dir():
                raise Broken(f"the database {self} is a folder", hint=_HINT) from None
            if hint := _LASTING.get(_code(error)):
                raise Broken(f"the database {self} cannot be used: {_said(error)}", hint=hint) from None
            if error.connection_invalidated or _is_outage(error):
                raise StoreUnavailable(f"the database {self} does not answer: {_said(error)}") from None
            raise

    @property
    def file(self) -> Path | None:
        """The file that it is, where it is one."""
        path = self.url.database if self.sqlite else None
        return Path(path) if path and path != ":memory:" and not path.startswith("file:") else None

    def _engine(self) -> Engine:
        if not self.sqlite:
            return _postgres(self.url)
        made = create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        if (file := self.file) is not None:
            event.listen(made, "do_connect", lambda *_: _keep_to_owner(file))
        event.listen(made, "connect", _prepare)
        event.listen(made, "begin", _begin)
        return made


def _url(said: str) -> URL:
    if "://" not in said:
        return URL.create("sqlite+pysqlite", database=str(Path(said).expanduser()))
    try:
        url = make_url(said)
    except ArgumentError:
        raise ConfigError("`database` is no URL", hint=_HINT) from None
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise ConfigError(f"`database` cannot be {url.drivername}", hint=_HINT)
    return url.set(drivername=driver)


def _postgres(url: URL) -> Engine:
    try:
        return create_engine(
            url, pool_size=4, max_overflow=4, pool_timeout=_BUSY_SECONDS, pool_pre_ping=True, connect_args=_PATIENCE
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise ConfigError("PostgreSQL needs a driver", hint="pip install 'fairlead[postgres]'") from None


_PATIENCE: dict[str, Any] = {
    "connect_timeout": 3,
    "application_name": "fairlead",
    "options": "-c statement_timeout=30000 -c lock_timeout=5000 -c timezone=UTC",
}


def _keep_to_owner(path: Path) -> None:
    """Make the file, for its owner alone, where there is none yet.

    One that is there is not opened: to close it would take SQLite's locks from this process's other connections
    (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    """A new connection to SQLite: readers and one writer side by side; the driver begins no transaction of its own."""
    connection.isolation_level = None
    for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA foreign_keys=ON"):
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A write lock at once: a transaction that reads first and writes then could find that another wrote between.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _is_outage(error: DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError | sqlite3.DatabaseError):
        return not isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError)
    return type(cause).__name__ in ("OperationalError", "QueryCanceled", "LockNotAvailable", "AdminShutdown")


def _code(error: DBAPIError) -> int:
    """SQLite's number for what went wrong, without its finer part."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def _said(error: DBAPIError) -> str:
    """The driver's reason, in one line."""
    return " ".join(str(error.orig).split())[:200]
