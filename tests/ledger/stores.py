"""Databases for tests of the record: SQLite in a file, and PostgreSQL where one answers."""

from collections.abc import Iterator
from pathlib import Path

from fairlead.state.database import Database
from tests.support.databases import KINDS, opened

__all__ = ["KINDS", "made"]


def made(kind: str, folder: Path) -> Iterator[Database]:
    """A database with empty tables, for as long as it is needed."""
    with opened(kind, folder) as database:
        yield database
