"""From a prepared config object to the flat list of targets that one executor walks.

What is the same for all calls for a model is done once: which targets each leaf has. What hangs on a call (conditions,
draws, who rests) is done as it is planned: one way is taken wherever there is a choice, and what is left are targets in
a row, each of which says where the call goes on after which failure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fairlead.routing.moment import Moment
from fairlead.routing.policy import Policy
from fairlead.routing.portkey_config import names
from fairlead.routing.portkey_config.asked import NOTHING, Asked
from fairlead.routing.portkey_config.laid import laid
from fairlead.routing.portkey_config.prepared import Leaf, Node, Prepared
from fairlead.routing.portkey_config.resolve import Resolver
from fairlead.routing.read import read
from fairlead.routing.target import Candidate, Plan, Stays, Target, Wanted, placed
from fairlead.routing.told import Told

_REMEMBERED: Final = 256


class Compiled:
    """An object with the plan of each leaf, by its path, for all calls that ask for the same.

    The plans that come of it are remembered by the choices that lead to them, of which there are few.
    """

    __slots__ = ("_laid", "_only", "_under", "base", "fixed", "leaves", "object", "reason")

    def __init__(self, ready: Prepared, leaves: Mapping[str, Plan]) -> None:
        self.object = ready
        self.leaves = leaves
        self.reason = f"config `{ready.name}`" if ready.name else "the call's own config"
        self.fixed = all(each.choose is None for each in leaves.values())
        self._under: dict[str, tuple[Target, ...]] = {}
        self._gather(ready.root)
        self._only: Plan | None = None
        self._laid: dict[tuple[int, ...], Plan] = {}
        every = tuple(each for plan in leaves.values() for each in plan.candidates)
        inferred = any(each.inferred for each in leaves.values())
        self.base = Plan(every, self.reason, choose=self.choose, inferred=inferred)

    def _gather(self, node: Node) -> tuple[Target, ...]:
        if isinstance(node, Leaf):
            found = self.leaves[node.path].targets
        else:
            found = tuple(target for child in node.children for target in self._gather(child))
        self._under[node.path] = found
        return found

    def choose(self, _plan: Plan, moment: Moment) -> Plan:
        """The plan for a call, without targets where nobody is left. Raises `CannotServe` where no condition holds."""
        if self._only is not None:
            return self._for(self._only, None, moment)
        resolver = Resolver(self.leaves, self._under, moment)
        way = resolver.way(self.object.root)
        if way is None:
            return replace(self.base, choose=None)
        taken = tuple(resolver.taken)
        made = self._laid.get(taken) if self.fixed else None
        if made is None:
            made = Plan(tuple(laid(way)), self.reason, told=Told("", self.object.unused))
            if self.fixed and len(self._laid) < _REMEMBERED:
                self._laid[taken] = made
                self._only = None if taken else made  # where nothing was chosen, nothing ever is
        return self._for(made, resolver.stays, moment)

    def _for(self, made: Plan, stays: Stays | None, moment: Moment) -> Plan:
        """The plan with what one call alone asks for."""
        asked = Asked.of(moment.facts)
        if asked is NOTHING and stays is None and not moment.explains:
            return made
        found = tuple(asked.over(each) for each in made.candidates)
        if moment.explains:
            found += self._others(found)
        return replace(made, candidates=found, stays=stays, told=Told(asked.trace, (*self.object.unused, *asked.kept)))

    def _others(self, found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """The candidates that were not chosen this time."""
        taken = {each.target.how.path for each in found if each.target is not None}
        return tuple(
            each if each.target is None else replace(each, target=None, reason=f"not chosen; {each.reason}")
            for path, plan in self.leaves.items()
            if path not in taken
            for each in plan.candidates
        )


def compiled(ready: Prepared, wanted: Wanted, policy: Policy) -> Compiled:
    """The object for what a call names. Raises `InvalidConfig`, `UnknownModel`, `CannotServe`."""
    leaves: dict[str, Plan] = {}
    for leaf in _leaves(ready.root):
        made = _plan(leaf, wanted, policy)
        asked = _model(leaf, wanted) or ""
        leaves[leaf.path] = replace(made, candidates=tuple(_said(each, leaf, asked) for each in made.candidates))
    return Compiled(ready, leaves)


def _leaves(node: Node) -> list[Leaf]:
    return [node] if isinstance(node, Leaf) else [leaf for child in node.children for leaf in _leaves(child)]


def _plan(leaf: Leaf, wanted: Wanted, policy: Policy) -> Plan:
    model = _model(leaf, wanted) or wanted.model
    if leaf.virtual_key is not None:
        provider, vendor = names.behind(leaf.virtual_key, leaf.path, policy)
        if vendor is not None:
            found = placed(policy, provider, model, "its virtual key", vendor=vendor)
            return Plan((found,), "a virtual key")
        return read(replace(wanted, model=model, provider=provider.name), policy)
    named = names.provider(leaf.provider, leaf.path, policy).name if leaf.provider is not None else wanted.provider
    return read(replace(wanted, model=model, provider=named), policy)


def _model(leaf: Leaf, wanted: Wanted) -> str | None:
    """The model that stands in for the one that the call names; None where that stands."""
    return leaf.model or (leaf.default_model if wanted.model == "auto" else None)


def _said(each: Candidate, leaf: Leaf, asked: str) -> Candidate:
    """The candidate with what the leaf says of it, which is `asked` for in place of the call's model, if any is."""
    asked = asked or each.asked
    if each.target is None:
        return replace(each, asked=asked)
    how = replace(leaf.how, care=leaf.how.care or each.target.how.care)
    return replace(each, target=replace(each.target, how=how), reason=f"{leaf.path}: {each.reason}", asked=asked)
