"""Which rules a call falls under, and on whose account."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Values = Sequence[str]
_NONE: Values = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call before an attempt. A dimension with no value is not there.

    `also` has other names of a value, which conditions know and accounts are not kept by.
    """

    held: Mapping[str, Values]
    metadata: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, Values] = field(default_factory=dict)

    def of(self, dimension: str) -> Values:
        """The values of a dimension: several where a call has several tags, none where it has none."""
        if dimension.startswith("metadata."):
            value = self.metadata.get(dimension[9:])
            return _NONE if value is None else (value,)
        return self.held.get(dimension, _NONE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a rule is for: calls that meet every condition, on one account for each group."""

    conditions: tuple[tuple[str, re.Pattern[str]], ...]
    group_by: tuple[str, ...]

    def groups(self, facts: Facts) -> list[tuple[str, ...]]:
        """The accounts that a call is on; none where the rule is not for it, several where it has several tags."""
        for dimension, wanted in self.conditions:
            values = (*facts.of(dimension), *facts.also.get(dimension, _NONE))
            if not any(wanted.fullmatch(value) for value in values):
                return []
        groups: list[tuple[str, ...]] = [()]
        for dimension in self.group_by:
            groups = [(*group, value) for group in groups for value in facts.of(dimension)]
        return groups


# The scope of a rule that is asked of nobody but those whom it is for.
EVERY_CALL = Scope((), ())


def scope(conditions: Mapping[str, str | list[str]], group_by: Sequence[str]) -> Scope:
    """The scope that a configuration writes. `*` stands for any text; all else is meant as it stands."""
    return Scope(
        tuple(
            (dimension, _pattern([said] if isinstance(said, str) else said)) for dimension, said in conditions.items()
        ),
        tuple(group_by),
    )


def _pattern(said: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each).replace(r"\*", ".*") for each in said) or r"(?!)", re.DOTALL)
