"""From what a call asks for to the ordered, bounded list of targets that may serve it, each with its reason.

Pure: the same facts and the same policy make the same plan. `sayings.py` lists the ways of saying where a call goes;
`read.py` reads what none of them does.
"""

from collections.abc import Iterable
from dataclasses import replace

from fairlead.errors import NoTarget
from fairlead.providers import portkey
from fairlead.routing import hints
from fairlead.routing.able import able
from fairlead.routing.last import with_last
from fairlead.routing.moment import Moment
from fairlead.routing.policy import Policy
from fairlead.routing.read import read
from fairlead.routing.sayings import said
from fairlead.routing.scores import scored
from fairlead.routing.target import LAST_RESORT, Candidate, Plan, Target, Wanted
from fairlead.routing.trial import in_experiment

__all__ = [
    "LAST_RESORT",
    "MAX_TARGETS",
    "Candidate",
    "Plan",
    "Target",
    "Wanted",
    "chosen",
    "explain",
    "keyed",
    "nobody",
    "plan",
]

MAX_TARGETS = 10
# How many choices can hang on one another: a condition, an experiment, then one among equals.
_DEEPEST = 8
NONE_LEFT = (
    "No models available for auto mode due to restrictions. "
    "Please adjust your allowed model settings or disable auto mode."
)


def keyed(policy: Policy) -> bool:
    """Whether a provider is set up and can be called, besides those of last resort."""
    return any(p.usable and p.configured for p in policy.providers.values() if p.name not in LAST_RESORT)


def _made(wanted: Wanted, policy: Policy) -> Plan:
    found = said(wanted, policy)
    made = read(wanted, policy) if found is None else found
    return made if policy.last is None else with_last(made, wanted, policy)


def plan(wanted: Wanted, policy: Policy) -> Plan:
    """The plan for a call. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
    made = _made(wanted, policy)
    if made.targets:
        made = replace(_bounded(able(made, wanted.needs)), on_loss=made.on_loss or policy.on_loss)
        return in_experiment(made, wanted, policy, plan, MAX_TARGETS) if policy.experiments else made
    raise nobody(wanted, made, policy)


def chosen(made: Plan, moment: Moment, policy: Policy) -> Plan:
    """The plan of one call, of which nothing is left open; it may leave nobody. Raises what planning may."""
    left = made if made.choose is None else made.choose(made, moment)
    deep = 1
    while left.choose is not None and deep < _DEEPEST:
        left, deep = left.choose(left, moment), deep + 1
    if len(left.targets) > MAX_TARGETS:
        left = _bounded(left)
    return left if left.on_loss is not None else replace(left, on_loss=made.on_loss or policy.on_loss)


def nobody(wanted: Wanted, made: Plan, policy: Policy) -> NoTarget:
    """The error for a call that no candidate can serve, with what each lacks."""
    missing = "; ".join(dict.fromkeys(f"{c.provider}: {c.reason}" for c in made.candidates))
    reason = f"no provider can serve `{wanted.model}` ({missing or 'none is configured'})"
    hint = "set a provider's key in the environment, or see `ai route explain`"
    barred = [c for c in made.candidates if c.barred]
    if (made.intent is not None or made.ranked) and barred:
        return NoTarget(NONE_LEFT, hint=f"see {_settings(barred, policy)} ({missing})", param="model")
    if barred:
        return NoTarget(f"No models available: {reason}", hint=f"see {_settings(barred, policy)}", param="model")
    lacking = [c.reason == portkey.NOTHING for c in made.candidates]
    if any(lacking):
        there = next(c.model for c in made.candidates if c.reason == portkey.NOTHING)
        hint = hints.portkey_variables(wanted.model, there, policy, alone=all(lacking))
    if lacking and all(lacking):
        return NoTarget(portkey.NOTHING, hint=hint, param="model")
    return NoTarget(f"No models available: {reason}" if policy.registry else reason, hint=hint, param="model")


def _settings(barred: Iterable[Candidate], policy: Policy) -> str:
    """The settings that leave a model out."""
    return ", ".join(dict.fromkeys(f"`{policy.providers[c.provider].allowed_by}`" for c in barred))


def explain(wanted: Wanted, policy: Policy, moment: Moment | None = None) -> Plan:
    """The plan with every candidate, served or passed over; raises only where the call itself is wrong.

    At a `moment` it is that of one call, with what its targets' places hang on.
    """
    made = _bounded(able(_made(wanted, policy), wanted.needs))
    made = in_experiment(made, wanted, policy, explain, MAX_TARGETS) if policy.experiments else made
    return made if moment is None else scored(able(chosen(made, moment, policy), wanted.needs), moment)


def _bounded(made: Plan) -> Plan:
    room = MAX_TARGETS
    kept: list[Candidate] = []
    for each in made.candidates:
        if each.target is not None and room == 0:
            kept.append(replace(each, target=None, reason=f"a plan has at most {MAX_TARGETS} targets"))
            continue
        room -= each.target is not None
        kept.append(each)
    return replace(made, candidates=tuple(kept))
