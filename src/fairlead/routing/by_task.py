"""Calls by what they are for: a task that is named, or what is read into a call that names nothing. Pure.

A call that names nothing is read in this order: does it need pictures seen, does it need the web, how hard is it, and
what is it for. The first of these that the configuration has models for decides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from fairlead.errors import CannotServe, FairleadError
from fairlead.routing import cost_optimized, hints, thresholds
from fairlead.routing.analysis import Analysis, analyze, heard
from fairlead.routing.hosted import at_gateway, hosted
from fairlead.routing.moment import Moment
from fairlead.routing.policy import Policy
from fairlead.routing.read import read
from fairlead.routing.tables import Routing, plain
from fairlead.routing.target import Candidate, Plan, Wanted
from fairlead.routing.tasks import kin, label_of

PREFIX: Final = "task:"
_INTENT: Final = "intent:"
_PLAIN: Final = Routing()
_NANO: Final = 1_000_000_000


def compile_task(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan for a call that goes by its task; None where it does not. Raises `CannotServe`."""
    model, provider = wanted.model.strip(), wanted.provider
    if provider is not None and provider not in policy.providers:
        return None
    configured = policy.model_named(model) if provider is not None else None
    if configured is not None and configured.gateways and provider is not None:
        return at_gateway(configured, provider, policy)
    if not (policy.tables.by_task or model.startswith(PREFIX)):
        return None
    task = _task(model, wanted.intent, policy)
    if task is not None:
        return _for_task(task, provider, policy)
    if model != "auto" or wanted.intent or policy.default_model or policy.tables.routing is None:
        return None
    return _for_unnamed(policy.tables.routing, provider, policy)


def _task(model: str, intent: str | None, policy: Policy) -> str | None:
    """The task that a call names, if that has models. Raises `CannotServe` for `task:` and a name that is none."""
    if model.startswith(PREFIX):
        task = plain(model.removeprefix(PREFIX))
        if label_of(task, policy) is None:
            raise _no_task(task, policy)
        return task
    said = intent if model == "auto" else model.removeprefix(_INTENT) if model.startswith(_INTENT) else None
    if said is None or said.strip().lower() in policy.intents:
        return None
    return plain(said) if label_of(said, policy) is not None else None


def _no_task(task: str, policy: Policy) -> CannotServe:
    known = list(dict.fromkeys([*policy.tables.tasks, *(each for each in kin() if label_of(each, policy))]))
    if not known:
        hint = "the profile `hybrid` has models for tasks; or list them under `routing.primary_models`"
        return CannotServe(f"no models are set up for the task `{task}`, or for any other", hint=hint, param="model")
    return CannotServe(f"there is no task `{task}`", hint=hints.meant(task, known), param="model")


def _for_task(task: str, provider: str | None, policy: Policy) -> Plan:
    label = label_of(task, policy) or task
    routing = policy.tables.routing or _PLAIN
    names = (*policy.tables.tasks[label], *routing.chain)
    why = f"task `{task}`" if label == task else f"task `{task}`, which has no models of its own and goes as `{label}`"
    found = tuple(_candidates(names, task, provider, policy))
    choose = _Ordering(routing) if routing.cost is not None or routing.latency is not None else None
    return Plan(found, why, task, choose=choose)


def _for_unnamed(routing: Routing, provider: str | None, policy: Policy) -> Plan | None:
    reading = _Reading(routing, provider, policy)
    every = (*routing.levels.values(), *routing.chain, *policy.tables.models)
    found = tuple(_candidates(every, "", provider, policy))
    if not any(each.target for each in found):
        return None
    return Plan(found, "what the call is for is read from what it says", choose=reading)


def _candidates(names: Iterable[str], task: str, provider: str | None, policy: Policy) -> Iterator[Candidate]:
    """Each model where it can be had, in order, every place once."""
    seen: set[tuple[str, str]] = set()
    for name in dict.fromkeys(names):
        for each in _had(name, task, provider, policy):
            if (each.provider, each.model) not in seen:
                seen.add((each.provider, each.model))
                yield replace(each, reason=f"`{name}`: {each.reason}")


def _had(name: str, task: str, provider: str | None, policy: Policy) -> tuple[Candidate, ...]:
    model = policy.model_named(name)
    if model is not None and model.gateways:
        made = at_gateway(model, provider, policy) if provider else hosted(model, policy, task)
        return made.candidates
    try:
        return read(Wanted(name, provider), policy).candidates
    except FairleadError as error:
        return (Candidate("-", name, None, error.message),)


@dataclass(frozen=True, slots=True)
class _Ordering:
    """Puts a task's targets in order by the thresholds."""

    routing: Routing

    def __call__(self, plan: Plan, moment: Moment) -> Plan:
        return plan.reordered(thresholds.ordered(plan.candidates, self.routing, moment))


class _Chosen(NamedTuple):
    names: tuple[str, ...]
    task: str
    why: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads a call that names nothing, and chooses by what it says. What was once looked up is remembered."""

    routing: Routing
    provider: str | None
    policy: Policy
    _found: dict[tuple[tuple[str, ...], str], tuple[Candidate, ...]] = field(default_factory=dict, compare=False)

    def __call__(self, plan: Plan, moment: Moment) -> Plan:
        analysis = analyze(heard(moment.facts.params))
        names, task, why = self._chosen(analysis)
        found = self._had(names, task)
        if not any(each.target for each in found):
            found, why = (*found, *plan.candidates), f"{why}; nobody serves that, so that any model does"
        routing = replace(self.routing, cost=None) if self.routing.strategy == "cost_optimized" else self.routing
        ordered = thresholds.ordered(found, routing, moment)
        return Plan(ordered, why, task, inferred=True, on_loss=plan.on_loss, analysis=analysis)

    def _had(self, names: tuple[str, ...], task: str) -> tuple[Candidate, ...]:
        key = names, task
        if key not in self._found:
            self._found[key] = tuple(_candidates(names, task, self.provider, self.policy))
        return self._found[key]

    def _chosen(self, read: Analysis) -> _Chosen:
        routing, task = self.routing, read.task_type
        if read.requires_vision and routing.vision:
            return _Chosen(routing.vision, task, f"pictures: {read.reasons['vision']}")
        if read.requires_web_search and routing.search:
            return _Chosen(routing.search, task, f"the web: {read.reasons['search']}")
        hard = f"complexity {read.complexity} ({read.reasons['complexity']})"
        if routing.strategy == "cost_optimized":
            budget = routing.cost / _NANO if routing.cost is not None else 0.0
            name = cost_optimized.chosen(read.complexity, budget)
            return _Chosen((name, *routing.chain), task, f"{hard} and a budget of ${budget:g}")
        if read.complexity in routing.levels:
            return _Chosen((routing.levels[read.complexity], *routing.chain), task, hard)
        label = label_of(task, self.policy)
        own = self.policy.tables.tasks[label] if label else ()
        return _Chosen((*own, *routing.chain), task, f"task `{task}`: {read.reasons['task']}")
