"""Values of a file that somebody else's program reads: what they are, whatever stands there."""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

from fairlead.config.tree import child

__all__ = ["child", "entries", "escaped", "listed", "mapping", "named", "number", "slug", "text", "variable_name"]


def mapping(value: Any) -> dict[str, Any]:
    """The names and values that it has; none where it is something else."""
    return {str(name): held for name, held in value.items()} if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def entries(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What a list has, each with its path."""
    for at, each in enumerate(listed(value)):
        yield f"{path}[{at}]", each


def text(value: Any) -> str:
    """The text that it is; empty where it is none."""
    return value.strip() if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """The number that it is or spells, as a whole one where it is that."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    if not isfinite(found):
        return None
    return int(found) if found.is_integer() else found


def named(value: Any) -> list[str]:
    """The names that it has: one, or a list of them."""
    return [each for each in ([value] if isinstance(value, str) else listed(value)) if isinstance(each, str)]


def escaped(value: str) -> str:
    """The text as a configuration of ours has to say it, in which `${` and `$$` mean something."""
    return re.sub(r"\$(?=[{$])", "$$$$", value)


def slug(value: str) -> str:
    """A name in lower case, of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


def variable_name(*words: str) -> str:
    """A name for an environment variable."""
    return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")
