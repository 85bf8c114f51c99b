"""Databases for tests, each empty: a file of SQLite's, or one of PostgreSQL's that is emptied and used again.

To make a database and to drop it waits for the disk each time, which with hundreds of tests takes minutes.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from fairlead.state import schema
from fairlead.state.database import Database

KINDS = ("sqlite", "postgresql")
SERVER = os.environ.get("FAIRLEAD_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")
_EMPTIED = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC")
_made: set[str] = set()
_free: list[str] = []


@contextlib.contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind. Skips where no PostgreSQL answers, but not under CI=true."""
    if kind == "sqlite":
        yield str(folder / "fairlead.db")
        return
    name = _free.pop() if _free else _create()
    try:
        yield _url(name)
    finally:
        _said(SERVER, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        _said(
            _url(name), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC"
        )
        _free.append(name)


@contextlib.contextmanager
def opened(kind: str, folder: Path) -> Iterator[Database]:
    """The same, with the newest schema."""
    with fresh(kind, folder) as url, contextlib.closing(Database(url)) as database:
        schema.ensure(database)
        yield database


def drop() -> None:
    """Leave nothing on the server."""
    while _made:
        _said(SERVER, f"DROP DATABASE {_made.pop()} WITH (FORCE)")


def _url(name: str) -> str:
    return SERVER.rpartition("/")[0] + f"/{name}"


def _create() -> str:
    name = f"fairlead_test_{secrets.token_hex(6)}"
    try:
        _said(SERVER, f"CREATE DATABASE {name}")
    except OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL answers at {SERVER}: {error.orig}")
    _made.add(name)
    return name


def _said(url: str, *statements: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
