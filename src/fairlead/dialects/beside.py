"""What a provider says beside its answer and no other dialect has a word for: ratings, sources, what it charged.

It is carried under the provider's own names, as members that a client's dialect does not have; official clients keep
such members or pass over them. Those of a choice stand on the choice, where the dialect has choices, the others on the
reply. What an answer costs stands in its usage.
"""

from collections.abc import Mapping
from typing import Any, Final

from fairlead.dialects.model import Usage

Names = frozenset[str]
# OpenRouter's `cost`, `cost_details` and `is_byok`; Perplexity's `cost`; xAI's `cost_in_usd_ticks`.
_COSTS: Final = frozenset({"cost", "cost_details", "cost_in_usd_ticks", "is_byok"})


def of(value: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Those members of an object that have such a name and say something."""
    if names.isdisjoint(value):
        return {}
    return {name: held for name, held in value.items() if name in names and held is not None and held != []}


def charged(usage: Usage | None) -> dict[str, Any]:
    """What the provider says that it charges, under its own names."""
    said = usage.own if usage is not None else None
    return of(said, _COSTS) if said else {}


class Told:
    """What a stream has said beside its answer; providers say it again and again."""

    __slots__ = ("_names", "_told")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._told: dict[str, Any] = {}

    def new(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The members of one event that were not told so far, or otherwise."""
        if self._names.isdisjoint(value):
            return {}
        found = {name: held for name, held in of(value, self._names).items() if self._told.get(name) != held}
        self._told.update(found)
        return found
