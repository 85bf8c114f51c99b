"""Text files, read with a bound and without surprises."""

from pathlib import Path


class Unreadable(Exception):
    """Why a file says nothing, where that shows, and what to do."""

    def __init__(self, message: str, line: int = 0, column: int = 0, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


def read_text(path: Path, limit: int) -> str:
    """The file's text. Raises `Unreadable` if it is not there, is longer than `limit` bytes, or is not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as exc:
        raise Unreadable((exc.strerror or "cannot be read").lower()) from None
    except ValueError:
        raise Unreadable("no such file or directory") from None
    if len(data) > limit:
        raise Unreadable(f"longer than {limit} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = data[: exc.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        raise Unreadable("not UTF-8", before.count(b"\n") + 1, column) from None
