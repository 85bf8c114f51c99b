"""From a YAML file to a tree in which every value knows its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fairlead.config.interpolate import Unfilled, fill
from fairlead.config.text import Unreadable, read_text
from fairlead.config.tree import Listing, Node, Place, Plain, Section, Value, child
from fairlead.errors import Problem

MAX_BYTES = 1024 * 1024
MAX_VALUES = 100_000
MAX_DEPTH = 32

_TAG = "tag:yaml.org,2002:"
# Nothing in a configuration is a date, so what looks like one is text; `=` and `<<` as values are text too.
_TEXT = (f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}merge")
_TYPED = (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", f"{_TAG}null")


def read(path: Path, source: str, environ: Mapping[str, str], problems: list[Problem]) -> Section:
    """What the file says. `source` is its name in messages; what is wrong with it is added to `problems`."""
    nothing = Section(Place(source), {}, {})
    try:
        root = _compose(read_text(path, MAX_BYTES))
        tree = nothing if root is None else _Reader(source, path.parent, environ, problems).node(root, nothing.place)
    except Unreadable as exc:
        problems.append(Problem(source, exc.line, exc.column, "", exc.message, exc.hint))
        return nothing
    if isinstance(tree, Section):
        return tree
    if not (isinstance(tree, Value) and tree.value is None):
        problems.append(tree.place.problem("expected names with values (`server:` and so on)"))
    return nothing


def plain(text: str) -> Plain:
    """What an unquoted YAML scalar with this text stands for."""
    tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return text if tag in _TEXT else _typed(yaml.ScalarNode(tag, text))


def _typed(node: yaml.ScalarNode) -> Plain:
    """The value that the node's tag promises; its text where it cannot be that (`!!int ten`)."""
    try:
        value: Plain = yaml.constructor.SafeConstructor().construct_object(node)
    except (ValueError, KeyError, IndexError, yaml.YAMLError):
        return str(node.value)
    return value


def _position(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _compose(text: str) -> yaml.Node | None:
    try:
        _refuse_depth(text)
        loader = yaml.CSafeLoader(text)
        try:
            root: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as exc:
        line, column = _position(exc.problem_mark or exc.context_mark)
        has_mark = "${" in "".join(text.splitlines()[line - 1 : line])
        hint = "within `{…}` or `[…]`, put `${NAME}` in quotes" if has_mark else None
        raise Unreadable(_said(exc), line, column, hint) from None
    except yaml.reader.ReaderError as exc:
        before = text[: exc.position]
        raise Unreadable("a control character", before.count("\n") + 1, len(before) - before.rfind("\n")) from None
    return root


def _said(exc: yaml.MarkedYAMLError) -> str:
    # The parser's own words may quote the text of the file, and so a key that stands in it; these two parts do not.
    return "not YAML: " + ", ".join(part for part in (exc.problem, exc.context) if part)


def _refuse_depth(text: str) -> None:
    """The C parser builds nested values by recursion, which a hostile file could drive through the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(f"nested more than {MAX_DEPTH} deep", *_position(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    """Turns YAML's nodes into ours. Aliases are expanded here, and counted, so that a tree is finite."""

    def __init__(self, source: str, folder: Path, environ: Mapping[str, str], problems: list[Problem]) -> None:
        self.source = source
        self.folder = folder
        self.environ = environ
        self.problems = problems
        self.left = MAX_VALUES

    def node(self, node: yaml.Node, place: Place, depth: int = 0) -> Node:
        """The tree of `node`; `place` is where it was announced, which for a mapping tells more than its first key."""
        self.left -= 1
        if self.left < 0:
            raise Unreadable(f"more than {MAX_VALUES} values, aliases expanded", *_position(node.start_mark))
        if depth > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} deep, aliases expanded", *_position(node.start_mark))
        own = self.at(node, place.path)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self.mapping(node, place if place.line else own, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            items = enumerate(node.value)
            return Listing(own, [self.node(item, self.at(item, f"{own.path}[{i}]"), depth + 1) for i, item in items])
        if isinstance(node, yaml.ScalarNode) and node.tag in (*_TEXT, *_TYPED):
            return self.scalar(node, own)
        self.problems.append(own.problem("a tag (`!…`) that means nothing here", "leave it out"))
        return Value(own, None, broken=True)

    def at(self, node: yaml.Node, path: str) -> Place:
        return Place(self.source, *_position(node.start_mark), path)

    def mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> Section:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        inherited: list[Section] = []
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                inherited += self.inherited(value, place, depth)
            elif isinstance(key, yaml.ScalarNode):
                here = self.at(key, child(place.path, key.value))
                if key.value in keys:
                    first = keys[key.value].line
                    self.problems.append(here.problem(f"written twice; first on line {first}", "keep one of them"))
                    continue
                keys[key.value] = here
                entries[key.value] = self.node(value, here, depth + 1)
            else:
                self.problems.append(self.at(key, place.path).problem("a name has to be text"))
        for other in inherited:
            entries = {**other.entries, **entries}
            keys = {**other.keys, **keys}
        return Section(place, entries, keys)

    def inherited(self, node: yaml.Node, place: Place, depth: int) -> list[Section]:
        """What `<<:` brings in. Of several mappings the first wins, so they come in that order."""
        found = node.value if isinstance(node, yaml.SequenceNode) else [node]
        trees = [self.node(item, place, depth + 1) for item in found]
        mappings = [tree for tree in trees if isinstance(tree, Section)]
        if len(mappings) < len(trees):
            self.problems.append(self.at(node, place.path).problem("`<<` takes a mapping, or a list of them"))
        return mappings

    def scalar(self, node: yaml.ScalarNode, place: Place) -> Value:
        if node.tag not in _TEXT:
            return Value(place, _typed(node))
        if "$" not in node.value:
            return Value(place, node.value)
        try:
            text, outside = fill(node.value, self.environ, self.folder)
        except Unfilled as exc:
            self.problems.append(place.problem(exc.message, exc.hint))
            return Value(place, None, broken=True)
        value = text if node.style else plain(text)
        return Value(place, value, text if outside else None)
