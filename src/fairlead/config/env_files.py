"""The env files of Fairlead's predecessor: what a shell would have set from them, where the environment sets nothing.

`~/.config/payready` has `env.core`, `env.services`, `env.llm` and others of such names, in which `export NAME=value`
stands as a shell reads it. They are read and not run: a line that would run something sets nothing, and is told of.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fairlead.config.find import expand
from fairlead.config.text import Unreadable, read_text

FOLDER: Final = "~/.config/payready"
FIRST: Final = ("env.core", "env.services", "env.llm")
LIMIT: Final = 64 * 1024
"""Bytes that an env file may have."""

_LEFT: Final = (".bak", ".dist", ".example", ".orig", ".sample", ".swp", ".template")
_START = re.compile(r"(?:[ \t\n;]|#[^\n]*)*")
_NAME = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=")
_HARMLESS = re.compile(r"(?:set [-+]a|export(?:[ \t]+[A-Za-z_][A-Za-z0-9_]*)+)[ \t]*(?=[\n;#]|$)")
_PIECE = re.compile(
    r"""'(?P<literal>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)" | \\(?P<escaped>.)
    | (?P<plain>(?:[^\s'"\\;&|<>()`$]|\$(?=[A-Za-z_{])(?:\{[^}\n]*\})?|\$(?=[\s;]|$))+)""",
    re.VERBOSE | re.DOTALL,
)
_MARK = re.compile(
    r"\\(?P<escaped>[\"\\$`\n])|\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<held>[A-Za-z_]\w*)(?::?-(?P<else>[^}]*))?\})"
)


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What one file sets, by the line that does; `warnings` has what it says that was not understood."""

    path: Path
    name: str
    sets: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Environ(dict[str, str]):
    """Variables: those of the process, and under them those of `files`. Its text shows no value."""

    def __init__(self, own: Mapping[str, str], found: Mapping[str, str] | None = None) -> None:
        super().__init__({**(found or {}), **own})
        self.own = frozenset(own)
        self.files: tuple[EnvFile, ...] = ()

    def __repr__(self) -> str:
        return f"Environ({', '.join(sorted(self))})"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the files."""
        return tuple(warning for file in self.files for warning in file.warnings)


def origin(environ: Mapping[str, str], name: str) -> str:
    """What set a variable: `environment NAME`, or `FILE:LINE`."""
    if isinstance(environ, Environ) and name not in environ.own:
        for file in reversed(environ.files):
            if name in file.sets:
                return f"{file.name}:{file.sets[name]}"
    return f"environment {name}"


def gathered(environ: Mapping[str, str]) -> Environ:
    """The variables of the process, and those that only the env files set. Where several do, the last one wins."""
    found: dict[str, str] = {}
    files = tuple(_read(path, environ, found) for path in _paths(environ))
    made = Environ(environ, found)
    made.files = files
    return made


def _paths(environ: Mapping[str, str]) -> Iterator[Path]:
    folder = expand(FOLDER, environ)
    if not folder.is_absolute() or not folder.is_dir():
        return
    there = {path.name: path for path in folder.glob("env.*") if path.is_file()}
    kept = {name: path for name, path in there.items() if not name.endswith(("~", *_LEFT))}
    for name in (*(name for name in FIRST if name in kept), *sorted(kept.keys() - set(FIRST))):
        yield kept[name]


def _read(path: Path, environ: Mapping[str, str], found: dict[str, str]) -> EnvFile:
    """Add what a file sets to `found`."""
    name = f"{FOLDER}/{path.name}"
    try:
        text = read_text(path, LIMIT).replace("\r\n", "\n")
    except Unreadable as exc:
        return EnvFile(path, name, warnings=(f"{name} sets nothing: {exc.message}",))
    sets: dict[str, int] = {}
    warnings: list[str] = []
    for line, said in _statements(text, environ, found):
        if isinstance(said, str):
            warnings.append(f"{name}:{line}: {said}")
        else:
            variable, value = said
            found[variable], sets[variable] = value, line
    return EnvFile(path, name, sets, tuple(warnings))


def _statements(
    text: str, environ: Mapping[str, str], found: Mapping[str, str]
) -> Iterator[tuple[int, tuple[str, str] | str]]:
    """Each assignment's line, and its name and value, or what is wrong with it."""
    at = 0
    while (at := _end(_START, text, at)) < len(text):
        line = text.count("\n", 0, at) + 1
        named = _NAME.match(text, at)
        if named is None:
            if (end := _end(_HARMLESS, text, at)) == at:
                yield line, "not read, for it does not say NAME=value"
                end = _line_end(text, at)
            at = end
            continue
        try:
            value, at = _value(text, named.end(), {**found, **environ})
        except ValueError as exc:
            yield line, f"{named[1]} is not set: {exc}"
            at = _line_end(text, named.end())
        else:
            yield line, (named[1], value)


def _value(text: str, at: int, known: Mapping[str, str]) -> tuple[str, int]:
    """A shell's word that begins at `at`, and where it ends. Raises `ValueError`."""
    parts: list[str] = []
    while piece := _PIECE.match(text, at):
        parts.append(_filled(piece, known))
        at = piece.end()
    if at < len(text) and text[at] not in " \t\n;":
        raise ValueError(_why(text[at]))
    return "".join(parts), at


def _filled(piece: re.Match[str], known: Mapping[str, str]) -> str:
    if piece["literal"] is not None:
        return piece["literal"]
    if piece["escaped"] is not None:
        return piece["escaped"].strip("\n")
    text: str = piece["quoted"] if piece["quoted"] is not None else piece["plain"]

    def one(mark: re.Match[str]) -> str:
        if mark["escaped"] is not None:
            return mark["escaped"].strip("\n")
        return known.get(mark["bare"] or mark["held"], "") or mark["else"] or ""

    left = _MARK.sub("", text)
    if "$(" in left or "${" in left or "`" in left:
        raise ValueError(_RUNS)
    return _MARK.sub(one, text)


_RUNS: Final = "its value takes a shell to work out; write the value itself"


def _why(character: str) -> str:
    return "a quote is not closed" if character in "'\"" else _RUNS


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def open_to_others(file: EnvFile) -> bool:
    """Whether others on this machine may read it."""
    try:
        return bool(file.path.stat().st_mode & 0o077)
    except OSError:
        return False
