"""A directory of keys on a database of its own, at a time that the test sets."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from fairlead.clock import Clock
from fairlead.ledger.directory import Directory
from fairlead.ledger.principal import Principal, Role
from fairlead.state.database import Database
from tests.support.databases import fresh

ADMIN = Principal("ada", "key_of_ada", Role.ADMIN)
AUDITOR = Principal("otto", "key_of_otto", Role.AUDITOR)
PEPPER = b"p" * 32
DAY = 86400


class Held(Clock):
    """Wall time that stands still until the test moves it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.wall = lambda: self.now


@contextlib.contextmanager
def directory(kind: str, folder: Path, clock: Clock | None = None) -> Iterator[Directory]:
    """An empty one, of a kind of database."""
    with fresh(kind, folder) as url, contextlib.closing(Directory(Database(url), PEPPER, clock or Held())) as made:
        made.open()
        yield made
