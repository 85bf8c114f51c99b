"""What a configuration says, with where it says it: the form between text and `Config`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fairlead.errors import Problem

Plain: TypeAlias = str | int | float | bool | None

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written, and its path as written there. A place without a line is not in a file."""

    source: str
    line: int = 0
    column: int = 0
    path: str = ""

    @property
    def origin(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source

    def problem(self, message: str, hint: str | None = None) -> Problem:
        return Problem(self.source, self.line, self.column, self.path, message, hint)

    def inside(self, name: str) -> "Place":
        """The same place, said of something that should have been within it."""
        return Place(self.source, self.line, self.column, child(self.path, name))


@dataclass(frozen=True, slots=True)
class Value:
    """One value.

    `outside` is its text where that came from a variable or a file: it may be secret, and it is text wherever text is
    wanted, even if it looks like a number. `broken` says that a problem was reported and there is no value.
    """

    place: Place
    value: Plain
    outside: str | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    place: Place
    items: Sequence["Node"]


@dataclass(frozen=True, slots=True)
class Section:
    """Names with what they hold; `keys` has the place of each name itself."""

    place: Place
    entries: Mapping[str, "Node"]
    keys: Mapping[str, Place]

    def under(self, name: str) -> "Section":
        """What stands under `name`; nothing where that is absent or no mapping."""
        found = self.entries.get(name)
        return found if isinstance(found, Section) else Section(self.place.inside(name), {}, {})

    def text(self, name: str) -> Value | None:
        """The text under `name`, if it is text."""
        found = self.entries.get(name)
        return found if isinstance(found, Value) and isinstance(found.value, str) else None

    def sections(self) -> Iterator[tuple[str, "Section"]]:
        """Every name with a section under it, be it an empty one (`ollama:` and nothing more)."""
        for name, node in self.entries.items():
            if isinstance(node, Section):
                yield name, node
            elif isinstance(node, Value) and node.value is None and not node.broken:
                yield name, Section(self.keys[name], {}, {})


Node: TypeAlias = Value | Listing | Section


def child(path: str, name: str) -> str:
    """The path of `name` under `path`. A name that could be misread is quoted: `models."gpt-4.1".targets`."""
    step = name if _BARE.fullmatch(name) else '"' + name.replace('"', '\\"') + '"'
    return f"{path}.{step}" if path else step


def texts(node: Node | None) -> Iterator[Value]:
    """The texts of a list, each with its place; of a lone text, that one."""
    for item in node.items if isinstance(node, Listing) else (node,):
        if isinstance(item, Value) and isinstance(item.value, str):
            yield item


def merge(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings key by key, anything else replaced. A section left empty changes nothing."""
    if not isinstance(base, Section):
        return over
    if isinstance(over, Value) and over.value is None:
        return base
    return merged(base, over) if isinstance(over, Section) else over


def merged(base: Section, over: Section) -> Section:
    """`merge` of two mappings. It stands where the later one does that is in a file."""
    entries = dict(base.entries)
    for name, node in over.entries.items():
        entries[name] = merge(entries[name], node) if name in entries else node
    return Section(over.place if over.place.line else base.place, entries, {**base.keys, **over.keys})


def without(tree: Section, name: str) -> Section:
    """The mapping less one of its names."""
    return Section(tree.place, {key: node for key, node in tree.entries.items() if key != name}, tree.keys)


def planted(path: str, value: Plain, source: str, *, outside: str | None = None, under: str = "") -> Section:
    """A tree that says only `value`, at a dotted path."""
    name, _, rest = path.partition(".")
    place = Place(source, path=child(under, name))
    node = planted(rest, value, source, outside=outside, under=place.path) if rest else Value(place, value, outside)
    return Section(Place(source, path=under), {name: node}, {name: place})
