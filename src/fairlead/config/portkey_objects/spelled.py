"""Every spelling of a config object in one: Portkey's own is `snake_case`, and its libraries send `camelCase` too."""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from fairlead.config.tree import Listing, Node, Section
from fairlead.errors import Problem

_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Portkey's pages spell it one way, its program the other.
_TWINS: Final = {"use_retry_after_headers": "use_retry_after_header"}

Within: TypeAlias = Mapping[str, "Within"]
_LEAF: Final[Within] = {}
_STRATEGY: Final[Within] = {"conditions": _LEAF, "cb_config": _LEAF, "sticky": _LEAF}
# The members whose own members are Portkey's words. What stands in `params` and queries is the user's, as it is.
_OBJECT: Final[Within] = {"strategy": _STRATEGY, "retry": _LEAF, "cb_config": _LEAF}


def spelled(node: Section, problems: list[Problem]) -> Section:
    """The object with its members' names in `snake_case`. A name in two spellings is added to the problems."""
    named = _named(node, _OBJECT, problems)
    targets = named.entries.get("targets")
    if not isinstance(targets, Listing):
        return named
    inner = [spelled(each, problems) if isinstance(each, Section) else each for each in targets.items]
    return Section(named.place, {**named.entries, "targets": Listing(targets.place, inner)}, named.keys)


def _named(node: Section, within: Within, problems: list[Problem]) -> Section:
    entries, keys = {}, {}
    for name, inner in node.entries.items():
        plain = _CAPITAL.sub("_", name).lower()
        plain = _TWINS.get(plain, plain)
        if plain in entries:
            problems.append(node.keys[name].problem(f"`{plain}` is there in two spellings", "keep one of them"))
            continue
        entries[plain], keys[plain] = _inner(inner, within.get(plain), problems), node.keys[name]
    return Section(node.place, entries, keys)


def _inner(node: Node, within: Within | None, problems: list[Problem]) -> Node:
    if within is None:
        return node
    if isinstance(node, Listing):
        return Listing(node.place, [_inner(each, within, problems) for each in node.items])
    return _named(node, within, problems) if isinstance(node, Section) else node
