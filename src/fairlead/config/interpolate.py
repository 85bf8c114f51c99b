"""`${NAME}`, `${NAME:-default}`, `${file:PATH}`, `${keyring:NAME}` and `$$` in the texts of a configuration."""

import re
from collections.abc import Mapping
from pathlib import Path

from fairlead.config import keychain
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
    if what.startswith("keyring:"):
        return _secret(what.removeprefix("keyring:"), environ)
    parts = _NAME.fullmatch(what)
    if parts is None:
        raise Unfilled(
            "`${…}` holds no variable's name", "use `${NAME}`, `${NAME:-default}`, `${file:PATH}` or `${keyring:NAME}`"
        )
    name, default = parts[1], parts[2]
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise Unfilled(f"the variable {name} is not set", f"set it, or give a default: `${{{name}:-…}}`")
    return value


def _secret(what: str, environ: Mapping[str, str]) -> str:
    """What the variable holds, else what the keyring has under the name; without a comma they are called the same."""
    name, _, variable = (part.strip() for part in what.partition(","))
    variable = variable or name
    if not name:
        raise Unfilled("`${keyring:}` names no secret", "use `${keyring:NAME}` or `${keyring:NAME,VARIABLE}`")
    if held := environ.get(variable, "").strip():
        return held
    try:
        found = keychain.secret(name)
    except keychain.Unasked as unasked:
        raise Unfilled(f"{_missing(name, variable)}; {unasked}", unasked.hint) from None
    if not found:
        keep = f"`keyring set {keychain.SERVICE} {name}` keeps one, or set {variable}"
        raise Unfilled(_missing(name, variable), keep)
    return found


def _missing(name: str, variable: str) -> str:
    return f"Missing secret: {name} (keychain) and {variable} (env)"


def _file(path: str, environ: Mapping[str, str], folder: Path) -> str:
    try:
        return read_text(folder / expand(path, environ), FILE_LIMIT).rstrip("\r\n")
    except Unreadable as exc:
        raise Unfilled(f"the file {path}: {exc.message}", "a path is relative to the file that names it") from None
