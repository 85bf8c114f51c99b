"""A tree from JSON that stands in no file: a config object that came with a call."""

from typing import Any, Final

import msgspec

from fairlead.config.tree import Listing, Node, Place, Section, Value, child

MAX_BYTES: Final = 32 * 1024
MAX_DEPTH: Final = 32
MAX_VALUES: Final = 5_000
# A place is told with each problem: of a longer name its beginning.
_SHOWN: Final = 60


class NotReadable(ValueError):
    """Why there is no tree."""


def tree(text: str, source: str) -> Section:
    """The tree of a JSON object. Raises `NotReadable`."""
    if len(text) > MAX_BYTES:
        raise NotReadable(f"it has more than {MAX_BYTES} bytes")
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        raise NotReadable("it is not JSON") from None
    if not isinstance(value, dict):
        raise NotReadable("it is not a JSON object")
    return of(value, source)


def of(value: dict[str, Any], source: str = "") -> Section:
    """The tree of plain values. Raises `NotReadable` where they are too many, or too deep."""
    grower = _Grower(source)
    return grower.section(value, "", 0)


class _Grower:
    def __init__(self, source: str) -> None:
        self.source = source
        self.left = MAX_VALUES

    def node(self, value: Any, path: str, depth: int) -> Node:
        self.left -= 1
        if self.left < 0:
            raise NotReadable(f"it has more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise NotReadable(f"it is nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            return self.section(value, path, depth)
        place = Place(self.source, path=path)
        if isinstance(value, list):
            return Listing(place, [self.node(each, f"{path}[{at}]", depth + 1) for at, each in enumerate(value)])
        return Value(place, value)

    def section(self, value: dict[str, Any], path: str, depth: int) -> Section:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for name, inner in value.items():
            here = child(path, name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
            keys[name] = Place(self.source, path=here)
            entries[name] = self.node(inner, here, depth + 1)
        return Section(Place(self.source, path=path), entries, keys)
