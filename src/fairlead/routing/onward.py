"""Who takes over after which failure, where a policy says that; and what becomes of that where targets are lost."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fairlead.errors import Failure
from fairlead.routing.disposition import Cause, Then, disposition
from fairlead.routing.how import Onward
from fairlead.routing.target import Candidate, Plan, Target

# What Portkey and its configs say of a reply that did not come in time.
_TIMEOUT: Final = 408


def ordered(plan: Plan) -> bool:
    """Whether a policy says what follows what, so that the targets cannot change places."""
    return any(target.how.onward for target in plan.targets)


def kept(plan: Plan, candidates: tuple[Candidate, ...]) -> Plan:
    """The plan with its candidates, in their places, some of which have lost their target.

    Whoever led to a lost target leads to where that one led after the same failure.
    """
    if not ordered(plan):
        return replace(plan, candidates=candidates)
    before = [(each, now) for each, now in zip(plan.candidates, candidates, strict=True) if each.target is not None]
    left = [now.target is not None for _, now in before]
    places = [sum(left[:at]) for at in range(len(left))]
    rules = [_rule(each.target, at, len(before)) for at, (each, _) in enumerate(before) if each.target is not None]
    renumbered = iter([_renumbered(rules, at, left, places) for at in range(len(rules)) if left[at]])
    return replace(plan, candidates=tuple(_with(each, renumbered) for each in candidates))


def _rule(target: Target, at: int, count: int) -> Onward:
    """What is said of a target; where that is left to the table of dispositions, the next one, whatever went wrong."""
    if target.how.onward is not None:
        return target.how.onward
    return ((None, at + 1),) if at + 1 < count else ()


def _with(each: Candidate, rules: Iterator[Onward]) -> Candidate:
    target: Target | None = each.target
    if target is None:
        return each
    onward = next(rules)
    if target.how.onward is None:
        return each
    return replace(each, target=replace(target, how=replace(target.how, onward=onward)))


def _renumbered(rules: list[Onward], at: int, left: list[bool], places: list[int]) -> Onward:
    found: list[tuple[frozenset[int] | None, int]] = []
    for statuses, to in rules[at]:
        if left[to]:
            found.append((statuses, places[to]))
            continue
        for further, place in _renumbered(rules, to, left, places):
            both = _both(statuses, further)
            if both is None or both:
                found.append((both, place))
    return tuple(found)


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def larger(target: Target, than: Target) -> bool:
    """Whether a target may take a longer call; of one that nobody knows, another model may."""
    if target.window and than.window:
        return target.window > than.window
    return target.model != than.model


def _seen(failure: Failure) -> set[int | None]:
    """The statuses that a failure goes by: the provider's own, what a client would see, and a timeout's usual one."""
    rule = disposition(failure.kind)
    return {failure.status, rule.status, _TIMEOUT if rule.cause is Cause.TIMEOUT else None}


def matching(onward: Onward, failure: Failure) -> int | None:
    """Which target a policy has take over after this failure; None where it says that nobody does."""
    seen = _seen(failure)
    return next((there for statuses, there in onward if statuses is None or statuses & seen), None)


def again(statuses: frozenset[int] | None, failure: Failure) -> bool:
    """Whether a policy has a failure tried again on the same target."""
    if statuses is None:
        return disposition(failure.kind).then is Then.AGAIN
    return bool(statuses & _seen(failure))
