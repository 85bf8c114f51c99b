"""What the places of candidates were chosen by, for whoever wants to know. Nothing of it is on the path of a call."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fairlead.routing.analysis import Analysis
from fairlead.routing.moment import Moment
from fairlead.routing.score import health, least_known, score
from fairlead.routing.target import Candidate, Plan, Scores, Target


def scored(made: Plan, moment: Moment) -> Plan:
    """The plan, of which every target tells how it is doing, and what else it was or may be chosen by."""
    unknown = least_known(tuple(target.standing for target in made.targets))
    return replace(made, candidates=tuple(_scored(each, moment, unknown) for each in made.candidates))


def _scored(each: Candidate, moment: Moment, unknown: float) -> Candidate:
    if each.target is None:
        return each
    known = {name for name, _ in each.scores}
    found = (pair for pair in _of(each.target, moment, unknown) if pair[0] not in known)
    return replace(each, scores=(*each.scores, *found))


def _of(target: Target, moment: Moment, unknown: float) -> Iterable[tuple[str, float | str]]:
    standing, now, price = target.standing, moment.now, moment.price(target)
    yield "state", standing.state(now)
    if cause := standing.cause(now):
        yield "cause", cause
        yield "rests", round(max(0.0, standing.until() - now), 3)
    yield "health", round(health(standing, now), 3)
    if standing.latency:
        yield "latency_ms", round(standing.latency * 1000, 1)
    if standing.p95 is not None:
        yield "p95_ms", round(standing.p95 * 1000, 1)
    yield "in_flight", standing.flying
    yield "score", round(score(standing, now, unknown), 4)
    if price is not None:
        yield "input_per_million", price.read
        yield "output_per_million", price.written


def explanation(made: Plan) -> dict[str, Any]:
    """A plan for programs."""
    first = made.targets[0] if made.targets else None
    row: dict[str, Any] = {
        "intent": made.intent,
        "reason": made.reason,
        "serves": {"provider": first.provider.name, "model": first.model} if first else None,
        "candidates": [_row(each) for each in made.candidates],
    }
    row |= {"role": made.role} if made.role else {}
    return row | ({"analysis": _heard(made.analysis)} if made.analysis is not None else {})


def _heard(found: Analysis) -> dict[str, Any]:
    """What was read into what a call says."""
    return {
        "requires_vision": found.requires_vision,
        "requires_web_search": found.requires_web_search,
        "complexity": found.complexity,
        "score": found.score,
        "task_type": found.task_type,
        "reasons": dict(found.reasons),
    }


def _row(each: Candidate) -> dict[str, Any]:
    row = {"provider": each.provider, "model": each.model, "used": each.target is not None, "reason": each.reason}
    if each.target is not None and each.target.how.path:
        row["path"] = each.target.how.path
    return row | {"scores": dict(each.scores)} if each.scores else row


def shown(scores: Scores) -> str:
    """Scores in a line, for people."""
    return ", ".join(f"{name} {value}" for name, value in scores)
