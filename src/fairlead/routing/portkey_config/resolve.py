"""Which way a call takes through a config object: what is left has a choice in it no more, but only order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from fairlead.errors import CannotServe
from fairlead.routing.facts import Facts
from fairlead.routing.moment import Moment
from fairlead.routing.portkey_config import conditions
from fairlead.routing.portkey_config.prepared import Group, Leaf, Node
from fairlead.routing.sticky import Stay, place
from fairlead.routing.target import Candidate, Plan, Stays, Target


@dataclass(frozen=True, slots=True)
class Chain:
    """Ways that are taken one after the other, after failures with these statuses; None: after any."""

    statuses: frozenset[int] | None
    ways: tuple["Way", ...]


Way: TypeAlias = Chain | tuple[Candidate, ...]


class Resolver:
    """Resolves one object for one call: `leaves` has the plan of each leaf, `under` all targets of a node, by its path.

    `taken` has the choices that were made, in the order of the nodes.
    """

    def __init__(self, leaves: Mapping[str, Plan], under: Mapping[str, tuple[Target, ...]], moment: Moment) -> None:
        self._leaves = leaves
        self._under = under
        self._moment = moment
        self._stays: list[Stay] = []
        self.taken: list[int] = []

    @property
    def stays(self) -> Stays | None:
        """Who is to be told which target answered."""
        return _Together(tuple(self._stays)) if self._stays else None

    def way(self, node: Node) -> Way | None:
        """The way through a node; None where none of its targets can serve. Raises `CannotServe`."""
        if isinstance(node, Leaf):
            plan = self._leaves[node.path]
            plan = plan if plan.choose is None else plan.choose(plan, self._moment)
            return tuple(each for each in plan.candidates if each.target is not None) or None
        if node.mode == "fallback":
            ways = tuple(way for child in node.children if (way := self.way(child)) is not None)
            return Chain(node.statuses, ways) if ways else None
        if node.mode == "conditional":
            at = self._decided(node)
            self.taken.append(at)
            return self.way(node.children[at])
        if node.mode == "loadbalance":
            return self._balanced(node)
        return self.way(node.children[0])

    def _decided(self, node: Group) -> int:
        facts = self._moment.facts
        found = next((at for query, at in node.rules if conditions.holds(query, facts)), node.default)
        if found is None:
            raise CannotServe(
                f"no condition of `{node.path}` holds for the call, and it has no default",
                hint="give the strategy a `default`, or a condition that holds",
                param="x-portkey-config",
            )
        return found

    def _balanced(self, node: Group) -> Way | None:
        """One of the targets, by their weights. One that rests is left out, unless all do."""
        left = [at for at, weight in enumerate(node.weights) if weight > 0 and self._under[node.children[at].path]]
        ready = [at for at in left if self._admits(node.children[at])] or left
        while ready:
            at = self._chosen(node, ready)
            made = len(self.taken)
            self.taken.append(at)
            way = self.way(node.children[at])
            if way is not None:
                return way
            del self.taken[made:]
            ready.remove(at)
        return None

    def _chosen(self, node: Group, ready: list[int]) -> int:
        """The one where the call's kind was answered last, where the node is sticky; else one that is drawn."""
        key = _key(node, self._moment.facts) if node.sticky is not None else None
        if key is not None:
            moment = self._moment
            if not moment.explains:
                self._stays.append(Stay(moment.sessions, key, moment.now + node.ttl))
            where = moment.sessions.where(key, moment.now)
            kept = (at for at in ready if any(place(each) == where for each in self._under[node.children[at].path]))
            if where is not None and (at := next(kept, None)) is not None:
                return at
        return _drawn(ready, node.weights, self._moment.draw())

    def _admits(self, node: Node) -> bool:
        """Whether one of its targets takes calls now."""
        now = self._moment.now
        return any(not each.standing.troubled or each.standing.admits(now) for each in self._under[node.path])


@dataclass(frozen=True, slots=True)
class _Together:
    """Tells several."""

    of: tuple[Stay, ...]

    def at(self, target: Target) -> None:
        for each in self.of:
            each.at(target)


def _drawn(ready: Sequence[int], weights: Sequence[float], draw: float) -> int:
    left = draw * sum(weights[at] for at in ready)
    for at in ready:
        if left < weights[at]:
            return at
        left -= weights[at]
    return ready[-1]  # what rounding leaves over


def _key(node: Group, facts: Facts) -> bytes | None:
    """What calls that stay together have in common; None where a call has nothing of it."""
    values = [_value(name, facts) for name in node.sticky or ()] or [facts.session or facts.user]
    if not any(values):
        return None
    said = repr((node.path, values)).encode("utf-8", "replace")
    key = facts.key.encode("utf-8", "replace")[:64]
    return blake2b(said, digest_size=12, key=key, person=b"p").digest()


def _value(name: str, facts: Facts) -> str:
    root, _, rest = name.partition(".")
    if root == "headers":
        return facts.header(rest.lower().encode("utf-8", "replace")) or ""
    return conditions.told(tuple(name.split(".")), facts)
