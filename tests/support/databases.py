"""Databases for tests, each empty and gone afterwards."""

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


@contextlib.contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind. Skips where no PostgreSQL answers, but not under CI=true."""
    if kind == "sqlite":
        yield str(folder / "fairlead.db")
        return
    name = f"fairlead_test_{secrets.token_hex(6)}"
    server = create_engine(SERVER.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL answers at {SERVER}: {error.orig}")
    try:
        yield SERVER.rpartition("/")[0] + f"/{name}"
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@contextlib.contextmanager
def opened(kind: str, folder: Path) -> Iterator[Database]:
    """The same, with the newest schema."""
    with fresh(kind, folder) as url, contextlib.closing(Database(url)) as database:
        schema.ensure(database)
        yield database
