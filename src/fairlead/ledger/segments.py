"""The files of the journal as a reader sees them: which there are, who writes to them, and their lines."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fairlead.ledger.journal import SUFFIX

BATCH: Final = 2500
_CHUNK: Final = 1024 * 1024

# Where some lines begin and end in their file, and the lines.
Piece = tuple[int, int, list[bytes]]


def listed(folder: Path) -> list[Path]:
    """The segments there are, the oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int | None]:
    """A segment, open to read; None where it is gone."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def is_left(fd: int) -> bool:
    """Whether nobody writes to it any more. If so, nobody else takes it for as long as `fd` is open."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def pieces(fd: int, start: int, *, whole: bool) -> Iterator[Piece]:
    """Its lines from `start` on, up to 2,500 at a time.

    What stands after the last end of a line is not whole yet; it is a line too where the file is (`whole`).
    """
    held, at = b"", start
    while data := os.pread(fd, _CHUNK, at + len(held)):
        lines = (held + data).split(b"\n")
        held = lines.pop()
        for place in range(0, len(lines), BATCH):
            batch = lines[place : place + BATCH]
            end = at + sum(map(len, batch)) + len(batch)
            yield at, end, batch
            at = end
    if whole and held:
        yield at, at + len(held), [held]
