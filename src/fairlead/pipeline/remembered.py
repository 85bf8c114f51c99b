"""What the processes of one machine have had made, in a file that all of them append to: a restart forgets nothing.

A line for each thing, written at once. Where the file has grown too large it becomes the older one, and the one before
that is gone: bounded, and the newest stay. There is nothing in it but digests, names of providers and ids of owners.
"""

import contextlib
import logging
import os
from pathlib import Path
from typing import Any, Final

import msgspec

log = logging.getLogger("fairlead.server")

_MOST: Final = 8 * 1024 * 1024
# As much of its beginning as no two files share: a file's number may be that of one that is gone.
_HEAD: Final = 40
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(list[str]).decode


class Remembered:
    """Lines of texts, appended and read on. Nothing here raises: what the disk does not take is not remembered."""

    __slots__ = ("_file", "_most", "_older", "_path", "_read", "_told")

    def __init__(self, path: Path, most: int = _MOST) -> None:
        """Makes nothing before the first line. `most` (bytes) is what a file may have before another begins."""
        self._path = path
        self._older = path.with_name(path.name + ".older")
        self._most = most
        self._file = -1
        self._told = False
        self._read: dict[bytes, int] = {}

    def append(self, lines: list[list[str]]) -> None:
        """Write them down, in one write."""
        data = b"".join(_encode(line) + b"\n" for line in lines)
        try:
            if self._file < 0:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.write(self._file, data)
            written = os.fstat(self._file)
            if written.st_size > self._most or not written.st_nlink:
                self.close()
                with contextlib.suppress(FileNotFoundError):  # where somebody else has been here first
                    if self._path.stat().st_ino == written.st_ino:
                        self._path.replace(self._older)
        except OSError as error:
            self.close()
            if not self._told:
                self._told = True
                log.warning("%s cannot be written: %s", self._path, error.strerror)

    def close(self) -> None:
        """Let go of the file; another line opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def fresh(self) -> list[list[str]]:
        """What was written since the last time, by whomever, the oldest first."""
        found: list[list[str]] = []
        known, self._read = self._read, {}
        for path in (self._older, self._path):
            with contextlib.suppress(OSError), path.open("rb") as file:
                head = file.read(_HEAD)
                start = file.seek(known.get(head, 0))
                data = file.read()
                whole = data.rfind(b"\n") + 1
                self._read[head] = start + whole
                found += [line for each in data[:whole].splitlines() if (line := _line(each))]
        return found


def _line(data: bytes) -> list[str] | Any:
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return None
