"""Whether what a model says of its equal targets makes sense."""

from collections.abc import Iterator
from typing import Literal

from fairlead.config.tree import Listing, Section, Value
from fairlead.errors import Problem

Balancing = Literal["weighted", "cheapest", "fastest", "least-busy", "best"]


def check_equals(models: Section, problems: list[Problem]) -> None:
    """Note weights that nothing looks at, weights that leave nobody, and sessions that could not go elsewhere."""
    for _name, model in models.sections():
        targets = model.entries.get("targets")
        held = [each for each in targets.items if isinstance(each, Section)] if isinstance(targets, Listing) else []
        if "balance" not in model.entries:
            said = "a weight, and the targets are tried in order"
            problems += [each.place.problem(said, _HINT) for each in _said(held)]
            if "sticky" in model.entries:
                problems.append(model.keys["sticky"].problem("the targets are tried in order anyway", _HINT))
        elif held and [each.value for each in _said(held) if each.value == 0] == [0] * len(held):
            place = held[0].entries["weight"].place
            problems.append(place.problem("every target has the weight 0, so nobody would serve", "raise one of them"))


def _said(targets: list[Section]) -> Iterator[Value]:
    for each in targets:
        weight = each.entries.get("weight")
        if isinstance(weight, Value):
            yield weight


_HINT = "say `balance: weighted`, or another way to choose, at the model; or leave it out"
