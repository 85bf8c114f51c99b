"""Whether a tree says what a `Struct` asks for. Nothing here knows which settings there are."""

import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from fairlead.config.tree import Listing, Node, Plain, Section, Value
from fairlead.errors import Problem

_LARGEST = sys.float_info.max
_SECRET = re.compile(
    r"(^|\.)(api_key$|base_url$|headers\b|virtual_keys\b|portkey\.configs\b|admin_key$|database$|redis$)"
)
_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DictType: "names with values",
    inspect.FloatType: "a number",
    inspect.IntType: "a whole number",
    inspect.ListType: "a list",
    inspect.StrType: "text",
    inspect.StructType: "names with values",
}
_info = cache(inspect.type_info)  # which takes longer than all the rest


def check(tree: Section, kind: type[msgspec.Struct], problems: list[Problem]) -> dict[str, Any]:
    """The plain values of `tree`, fit for `msgspec.convert`. What does not fit `kind` is added to `problems`."""
    checked: dict[str, Any] = _Checker(problems).value(tree, _info(kind))
    return checked


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint with the known name that was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    folded = {other.casefold(): other for other in known}
    found = get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean `{folded[found[0]]}`?" if found else None


def plain(node: Node) -> Any:
    """What a tree says, without its places."""
    if isinstance(node, Section):
        return {name: plain(inner) for name, inner in node.entries.items()}
    if isinstance(node, Listing):
        return [plain(inner) for inner in node.items]
    return node.value


class _Checker:
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def value(self, node: Node, kind: inspect.Type) -> Any:
        """The plain value of `node`; None, with a problem noted, where it is not of that kind."""
        kind = _bare(kind)
        if isinstance(kind, inspect.AnyType) or (isinstance(node, Value) and node.broken):
            return plain(node)
        if isinstance(kind, inspect.UnionType):
            return self.union(node, kind)
        if isinstance(kind, inspect.StructType | inspect.DictType) and isinstance(node, Value) and node.value is None:
            node = Section(node.place, {}, {})
        if isinstance(kind, inspect.StructType) and isinstance(node, Section):
            return self.struct(node, kind)
        if isinstance(kind, inspect.DictType) and isinstance(node, Section):
            return {name: self.value(item, kind.value_type) for name, item in node.entries.items()}
        if isinstance(kind, inspect.ListType) and isinstance(node, Listing):
            return self.kept(node, [self.value(item, kind.item_type) for item in node.items], kind)
        return self.plain(node, kind)

    def union(self, node: Node, kind: inspect.UnionType) -> Any:
        members = _members(kind)
        if isinstance(node, Value) and node.value is None and len(members) < len(kind.types):
            return None
        shaped = [member for member in members if _has_shape(node, member)]
        if len(shaped) > 1 and isinstance(node, Value) and node.outside is None:
            shaped = [member for member in shaped if _is_of(node.value, member)]
        return self.value(node, shaped[0]) if shaped else self.plain(node, kind)

    def struct(self, node: Section, kind: inspect.StructType) -> dict[str, Any]:
        fields = {field.encode_name: field for field in kind.fields}
        for name in node.entries:
            if name not in fields:
                self.problems.append(node.keys[name].problem("unknown name", nearest(name, fields)))
        for name, field in fields.items():
            if field.required and name not in node.entries:
                self.problems.append(node.place.inside(name).problem(f"missing; expected {_expected(field.type)}"))
        return {name: self.value(node.entries[name], fields[name].type) for name in fields if name in node.entries}

    def plain(self, node: Node, kind: inspect.Type) -> Plain:
        value = node.value if isinstance(node, Value) else None
        if isinstance(node, Value) and isinstance(kind, inspect.StrType) and node.outside is not None:
            value = node.outside
        if _is_of(value, kind):
            kept: Plain = self.kept(node, value, kind)
            return kept
        hint = _hint(node, kind)
        self.problems.append(node.place.problem(f"expected {_expected(kind)}, got {_got(node)}", hint))
        return None

    def kept(self, node: Node, value: Any, kind: inspect.Type) -> Any:
        """`value`, with a problem noted where it is outside the limits of its kind."""
        broken = _breaks(value, kind)
        if broken:
            got = f"; got {_got(node)}" if value else ""
            self.problems.append(node.place.problem(f"{broken}{got}"))
        return value


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _members(kind: inspect.UnionType) -> list[inspect.Type]:
    return [_bare(member) for member in kind.types if not isinstance(_bare(member), inspect.NoneType)]


def _has_shape(node: Node, kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.StructType | inspect.DictType):
        return isinstance(node, Section)
    return isinstance(node, Listing if isinstance(kind, inspect.ListType) else Value)


def _is_of(value: Plain, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.LiteralType():
            return value in kind.values
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
    return False


def _breaks(value: Any, kind: inspect.Type) -> str | None:
    """The limit that `value` does not keep, in words."""
    if isinstance(kind, inspect.StrType | inspect.ListType):
        if len(value) < (kind.min_length or 0):
            return "it must not be empty"
        pattern = kind.pattern if isinstance(kind, inspect.StrType) else None
        return f"it must match `{pattern}`" if pattern and not re.search(pattern, value) else None
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        limits = (
            (kind.ge, "at least", kind.ge is None or value >= kind.ge),
            (kind.gt, "more than", kind.gt is None or value > kind.gt),
            (kind.le, "at most", kind.le is None or value <= kind.le),
            (kind.lt, "less than", kind.lt is None or value < kind.lt),
        )
        return next((f"it must be {words} {limit}" for limit, words, kept in limits if not kept), None)
    return None


def _expected(kind: inspect.Type) -> str:
    kind = _bare(kind)
    if isinstance(kind, inspect.LiteralType):
        return "one of " * (len(kind.values) > 1) + ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_expected(member) for member in _members(kind))
    return _WORDS.get(type(kind), "something else")


def _got(node: Node) -> str:
    """What stands there instead, without the value where that may be secret."""
    if not isinstance(node, Value):
        return "a list" if isinstance(node, Listing) else "names with values"
    if node.outside is not None:
        return "what the variable or file holds"
    if node.value is None:
        return "nothing"
    kind = "text" if isinstance(node.value, str) else "true or false" if isinstance(node.value, bool) else "a number"
    if _SECRET.search(node.place.path):
        return kind
    shown = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
    return f"`{shown[:40]}…`" if len(shown) > 40 else f"`{shown}`"


def _hint(node: Node, kind: inspect.Type) -> str | None:
    if not isinstance(node, Value) or node.value is None or node.outside is not None:
        return None
    if isinstance(kind, inspect.LiteralType):
        return nearest(str(node.value), map(str, kind.values))
    return "write it in quotes" if isinstance(kind, inspect.StrType) else None
