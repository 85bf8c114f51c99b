"""What a config changes in a call's body: members that it lacks, members that are replaced, members that go.

The rest stays as it was sent, byte for byte. Pure.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from fairlead.errors import RequestError
from fairlead.routing.how import Edits

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+|\*)\]")
_NEVER: Final = "model"  # which the target has its own name for
_encode = msgspec.json.Encoder().encode

Steps: TypeAlias = tuple[str | int, ...]
Changes: TypeAlias = dict[str, bytes | None]
ALL: Final = -1
"""The step `[*]`."""


def changes(members: Mapping[str, bytes], edits: Edits) -> Changes:
    """The new values of a body's members, and None for those that go. `members` are those that it has, as JSON.

    Raises `RequestError` where one of them has to be read and cannot be.
    """
    made: Changes = {name: _encode(value) for name, value in edits.defaults.items() if name not in members}
    made |= {name: _encode(value) for name, value in edits.overrides.items()}
    for name, paths in _by_member(edits.drops).items():
        value = made[name] if name in made else members.get(name)
        if value is not None:
            made |= _dropped(name, value, paths)
    made.pop(_NEVER, None)
    return made


@lru_cache(maxsize=256)
def _by_member(drops: tuple[str, ...]) -> Mapping[str, list[Steps]]:
    """The paths by the member that they begin with, without it."""
    found: dict[str, list[Steps]] = {}
    for name, *steps in map(steps_of, drops):
        if isinstance(name, str):
            found.setdefault(name, []).append(tuple(steps))
    return found


def _dropped(name: str, value: bytes, paths: list[Steps]) -> Changes:
    """The member without what stands at the paths; nothing where nothing does. Raises `RequestError`."""
    if () in paths:
        return {name: None}
    try:
        whole = msgspec.json.decode(value)
        found = [_without(whole, steps) for steps in paths]
        return {name: _encode(whole)} if any(found) else {}
    except (ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"`{name}` cannot be read: {error}", param=name) from None


def steps_of(path: str) -> Steps:
    """The steps of a path such as `tools[*].function.strict`."""
    found = _STEP.findall(path)
    return tuple(name or (ALL if place == "*" else int(place)) for name, place in found)


def _without(value: Any, steps: Steps) -> bool:
    """Take out of the value what stands at these steps; whether anything did."""
    step, rest = steps[0], steps[1:]
    found = _places(value, step)
    if rest:
        return sum(_without(value[place], rest) for place in found) > 0
    for place in reversed(found):
        del value[place]
    return bool(found)


def _places(value: Any, step: str | int) -> list[Any]:
    """Where in the value a step leads: names of an object, or places in a list."""
    if isinstance(value, dict):
        return list(value) if step == ALL else [step] if step in value else []
    if isinstance(value, list) and isinstance(step, int):
        return list(range(len(value))) if step == ALL else [step] if step < len(value) else []
    return []
