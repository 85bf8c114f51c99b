"""Which model answers a call that names none: the best of the registry that somebody serves."""

from collections.abc import Iterator
from dataclasses import replace

from fairlead.providers.registry import Known, Registry
from fairlead.routing.by_name import LACKS, having
from fairlead.routing.policy import Policy
from fairlead.routing.target import Candidate, Plan

LAST = "gemini-2.5-flash"
"""Who is asked although nothing is left, not even of what is known to serve it no more."""
_ENDED = "it has ended there"
_UNKNOWN = 10
_MOST = 100


def rank(model: Known) -> int:
    """How good a model is, from 0 to 100."""
    return max(0, min(_MOST, _sum(model)))


def told(model: Known) -> str:
    """The rank and what it is made of."""
    parts = ", ".join(f"{what} {points}" for what, points in _points(model).items() if points)
    return f"rank {rank(model)} ({parts})"


def ranked(registry: Registry) -> list[Known]:
    """The models that answer calls, the best first. Among equals the more intelligent, then as in the registry."""
    able = (model for model in registry.models if model.max_output_tokens)
    return sorted(able, key=lambda model: (-rank(model), -_sum(model)))


def of_best(policy: Policy) -> Plan:
    """Every model of the registry by its rank, at the providers that have it."""
    found = [each for model in ranked(policy.registry) for each in _of(model, policy)]
    last = policy.registry.named(LAST)
    if last is not None and not any(each.target for each in found):
        found += [replace(each, reason="the last resort") for each in having(last, policy) if each.target]
    return Plan(tuple(found), "the best model of the registry that can be had, by its rank", ranked=True)


def _sum(model: Known) -> int:
    return sum(_points(model).values())


def _points(model: Known) -> dict[str, int]:
    score = _UNKNOWN if model.intelligence_score is None else model.intelligence_score
    digits = len(str(max(0, model.context_window)))
    return {
        "intelligence": 5 * score,
        "context": max(0, min(5, digits - 4)),
        "output": (model.max_output_tokens >= 32_000) + (model.max_output_tokens >= 65_000),
        "thinking": 3 * model.supports_extended_thinking,
        "tools": int(model.supports_function_calling),
        "JSON": int(model.supports_json_mode),
        "images": int(model.supports_images),
    }


def _of(model: Known, policy: Policy) -> Iterator[Candidate]:
    """Where a model can be had; else one line of why it cannot."""
    had = [_living(each, model, policy.registry.date) for each in having(model, policy) if each.target or _tells(each)]
    served = [each for each in had if each.target]
    for each in served or sorted(had, key=_nearness)[:1]:
        yield replace(each, reason=told(model) if each.target else f"{told(model)}, but {each.reason}")


def _nearness(candidate: Candidate) -> tuple[bool, bool]:
    return not candidate.barred, not candidate.reason.startswith(_ENDED)


def _tells(candidate: Candidate) -> bool:
    return candidate.reason != LACKS


def _living(candidate: Candidate, model: Known, day: str) -> Candidate:
    if candidate.target is None or not model.ended(candidate.provider, day):
        return candidate
    return replace(candidate, target=None, reason=f"{_ENDED} ({model.until[candidate.provider]})")
