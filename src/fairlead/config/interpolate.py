"""`${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$$` in the texts of a configuration."""

import re
from collections.abc import Mapping
from pathlib import Path

from fairlead.config.find import expand
from fairlead.config.text import Unreadable, read_text

FILE_LIMIT = 64 * 1024
"""Bytes that a file named in `${file:PATH}` may have."""

_MARK = re.compile(r"\$(?:\$|\{([^}]*)(\}?))")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class Unfilled(Exception):
    """Why a text cannot be filled in, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def fill(text: str, environ: Mapping[str, str], folder: Path) -> tuple[str, bool]:
    """`text` with its marks filled in, and whether any of it came from outside the file.

    A path is relative to `folder`. A `$` that begins no mark stays as it is. Raises `Unfilled`.
    """
    outside = False

    def one(mark: re.Match[str]) -> str:
        nonlocal outside
        if mark[0] == "$$":
            return "$"
        outside = True
        if not mark[2]:
            raise Unfilled("`${` is not closed", "close it with `}`, or write `$${` for the characters themselves")
        return _lookup(mark[1], environ, folder)

    return _MARK.sub(one, text), outside


def _lookup(what: str, environ: Mapping[str, str], folder: Path) -> str:
    if what.startswith("file:"):
        return _file(what.removeprefix("file:").strip(), environ, folder)
    parts = _NAME.fullmatch(what)
    if parts is None:
        raise Unfilled("`${…}` holds no variable's name", "use `${NAME}`, `${NAME:-default}` or `${file:PATH}`")
    name, default = parts[1], parts[2]
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise Unfilled(f"the variable {name} is not set", f"set it, or give a default: `${{{name}:-…}}`")
    return value


def _file(path: str, environ: Mapping[str, str], folder: Path) -> str:
    try:
        return read_text(folder / expand(path, environ), FILE_LIMIT).rstrip("\r\n")
    except Unreadable as exc:
        raise Unfilled(f"the file {path}: {exc.message}", "a path is relative to the file that names it") from None
