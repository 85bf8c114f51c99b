"""Files of other programs: YAML, of which JSON is a part."""

from pathlib import Path
from typing import Any, Final

import yaml

from fairlead.config.text import Unreadable, read_text
from fairlead.errors import ConfigError, Problem

_MOST_BYTES: Final = 4 * 1024 * 1024


def read(path: Path) -> Any:
    """What the file says. Raises `ConfigError`, with its place, where it cannot be read."""
    try:
        text = read_text(path, _MOST_BYTES)
    except Unreadable as error:
        raise _bad(path, error.line, error.column, error.message) from None
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # Not the library's own words: they may quote the file, and a key that stands in it.
        said = ", ".join(part for part in (error.problem, error.context) if part)
        raise _bad(path, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, f"not YAML: {said}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise _bad(path, 0, 0, "not YAML") from None


def _bad(path: Path, line: int, column: int, message: str) -> ConfigError:
    problem = Problem(str(path), line, column, "", message, "name the file that the other gateway reads")
    return ConfigError("the file cannot be imported", problems=(problem,))
