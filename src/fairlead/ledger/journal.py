"""The journal: files that the record of each call is appended to, with one write and no wait for a database.

A process writes to one file at a time, a segment, and holds a lock on it (`flock`) for as long as it does: who gets the
lock of a segment knows that nobody writes to it any more. A write survives `kill -9`, though not a power failure.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import threading
from collections import deque
from pathlib import Path
from typing import Final

from fairlead.clock import Clock
from fairlead.ledger.row import Record, encoded

log = logging.getLogger("fairlead.ledger")

SUFFIX: Final = ".jsonl"
_RETRY_SECONDS = 1.0


class Journal:
    """Appends records. What the disk does not take waits in memory, up to a bound, and is tried again.

    `healthy` is false while the disk does not take records; `spooled` are those that wait, `dropped` those for which
    there was no room. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        segment_bytes: int = 8 * 1024 * 1024,
        segment_seconds: float = 3600.0,
        spool_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        """Makes nothing before the first record."""
        self.folder = folder
        self.healthy = True
        self.dropped = 0
        self._clock = clock
        self._segment_bytes, self._segment_seconds, self._spool_bytes = segment_bytes, segment_seconds, spool_bytes
        self._lock = threading.Lock()
        self._fd = -1
        self._path: Path | None = None
        self._size = 0
        self._opened = self._retry_at = 0.0
        self._torn = False
        self._spool: deque[bytes] = deque()
        self._spooled_bytes = 0

    @property
    def spooled(self) -> int:
        return len(self._spool)

    @property
    def current(self) -> Path | None:
        """The segment that this journal writes to now."""
        return self._path

    def append(self, *records: Record) -> None:
        """Write them down, in one write. Never raises, and never waits for more than the operating system."""
        try:
            data = b"".join(map(encoded, records)) if len(records) > 1 else encoded(records[0])
        except (TypeError, ValueError, OverflowError) as error:
            self.dropped += 1
            log.error("a call could not be recorded: %s", error)  # noqa: TRY400 - its values may be private
            return
        with self._lock:
            if self._spool or not self._write(data):
                self._keep(data)
            elif not self.healthy:
                self._recovered()

    def tick(self) -> None:
        """Try again what waits, and leave a segment that is old or was removed. Called every second or so."""
        with self._lock:
            if self._spool:
                self._drain()
            if self._fd >= 0 and self._is_over():
                self._leave()

    def close(self) -> None:
        """Try once more what waits, and let go of the segment. A later record begins another."""
        with self._lock:
            if self._spool:
                self._drain()
            self._leave()

    def _write(self, data: bytes) -> bool:
        try:
            if self._fd < 0 or self._size >= self._segment_bytes:
                self._open()
            # The rest of a line that broke off must not become part of this one.
            data = b"\n" + data if self._torn else data
            written = os.write(self._fd, data)
        except OSError as error:
            self._failed(str(error))
            return False
        self._size += written
        self._torn = written < len(data)
        if self._torn:
            self._failed("only a part was written")
            return False
        return True

    def _open(self) -> None:
        """Begin a segment. Raises `OSError`."""
        self._leave()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._opened = self._clock.wall()
        name = f"{int(self._opened * 1000):013d}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        # Under another name until it is locked: nobody may take it for one that its process has left.
        path = self.folder / name
        unready = path.with_suffix(".new")
        fd = os.open(unready, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unready.rename(path)
        except OSError:
            os.close(fd)
            with contextlib.suppress(OSError):
                unready.unlink()
            raise
        self._fd, self._path, self._size, self._torn = fd, path, 0, False

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._path = -1, None

    def _is_over(self) -> bool:
        if not os.fstat(self._fd).st_nlink:
            return True
        return self._size > 0 and self._clock.wall() - self._opened >= self._segment_seconds

    def _keep(self, data: bytes) -> None:
        if self._spooled_bytes + len(data) > self._spool_bytes:
            self.dropped += 1
        else:
            self._spool.append(data)
            self._spooled_bytes += len(data)
        if self._clock.monotonic() >= self._retry_at:
            self._drain()

    def _drain(self) -> None:
        """Write what waits, the oldest first, until the disk takes no more."""
        while self._spool:
            if not self._write(self._spool[0]):
                self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
                return
            self._spooled_bytes -= len(self._spool.popleft())
        if not self.healthy:
            self._recovered()

    def _recovered(self) -> None:
        self.healthy = True
        log.info("the journal in %s takes records again; %d were dropped so far", self.folder, self.dropped)

    def _failed(self, why: str) -> None:
        self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
        if self.healthy:
            self.healthy = False
            log.error("the journal in %s takes no records: %s; they wait in memory", self.folder, why)
