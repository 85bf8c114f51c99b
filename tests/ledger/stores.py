"""Databases for tests of the record: SQLite in a file, and PostgreSQL where one answers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from fairlead.state import schema
from fairlead.state.database import Database

SERVER = os.environ.get("FAIRLEAD_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
KINDS = ("sqlite", "postgresql")


def made(kind: str, folder: Path) -> Iterator[Database]:
    """A database with empty tables, for as long as it is needed."""
    if kind == "sqlite":
        database = Database(str(folder / "fairlead.db"))
        schema.ensure(database)
        yield database
        database.close()
        return
    name = f"fairlead_{secrets.token_hex(6)}"
    _on_server(f"CREATE DATABASE {name}")
    try:
        database = Database(SERVER.rpartition("/")[0] + f"/{name}")
        schema.ensure(database)
        yield database
        database.close()
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(statement: str) -> None:
    engine = create_engine(SERVER.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL answers at {SERVER}: {error.orig}")
    finally:
        engine.dispose()
