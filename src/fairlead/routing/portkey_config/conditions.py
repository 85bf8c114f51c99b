"""Whether a query holds for a call.

Values are compared as JavaScript compares them, for which configs are written: a text is never equal to a number, and
what is greater is told by the numbers that texts begin with. Unlike in Portkey's own evaluator, all that stands side by
side has to hold, and a path may be of any depth.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from fairlead.config.portkey_objects.query import All, Not, Query, Some, Test
from fairlead.routing.facts import Facts

_ABSENT: Final = object()
_LARGEST: Final = 10**308
_PLACE: Final = re.compile(r"[0-9]{1,9}")
_NUMBER: Final = re.compile(r"\s*([+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))")


def holds(query: Query, facts: Facts) -> bool:
    """Whether it holds for the call with these facts, of which only those are read that it asks for."""
    match query:
        case All(of):
            return all(holds(each, facts) for each in of)
        case Some(of):
            return any(holds(each, facts) for each in of)
        case Not(of):
            return not holds(of, facts)
        case Test():
            return _passes(query, _found(query.path, facts))


def told(path: tuple[str, ...], facts: Facts) -> str:
    """The value at a path as text; empty where there is none that a text can tell."""
    return _text(_found(path, facts)) or ""


def _found(path: tuple[str, ...], facts: Facts) -> Any:
    """The value at a path; `_ABSENT` where there is none."""
    root, *steps = path
    if root == "url":
        return facts.path
    return _within(facts.metadata if root == "metadata" else facts.params, steps)


def _within(value: Any, steps: list[str]) -> Any:
    """The value at these steps. A member whose own name has dots is found by that whole name."""
    while steps:
        if isinstance(value, Mapping):
            whole = ".".join(steps)
            if whole in value:
                return value[whole]
            value = value.get(steps[0], _ABSENT)
        elif isinstance(value, list) and _PLACE.fullmatch(steps[0]) and int(steps[0]) < len(value):
            value = value[int(steps[0])]
        else:
            return _ABSENT
        steps = steps[1:]
    return value


def _passes(test: Test, found: Any) -> bool:
    wanted = test.value
    match test.operator:
        case "$eq":
            return _same(found, wanted)
        case "$ne":
            return not _same(found, wanted)
        case "$in":
            return any(_same(found, each) for each in wanted)
        case "$nin":
            return not any(_same(found, each) for each in wanted)
        case "$regex":
            return test.pattern is not None and (text := _text(found)) is not None and test.pattern.search(text)
        case _:
            return _ordered(test.operator, _number(found), _number(wanted))


def _ordered(operator: str, left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return False
    if operator == "$gt":
        return left > right
    if operator == "$gte":
        return left >= right
    return left < right if operator == "$lt" else left <= right


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def _number(value: Any) -> float | None:
    """The number that a value is, or that a text begins with."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (
            float(value)
            if isinstance(value, float) or abs(value) < _LARGEST
            else (math.inf if value > 0 else -math.inf)
        )
    found = _NUMBER.match(value) if isinstance(value, str) else None
    return float(found[1]) if found else None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    return None
