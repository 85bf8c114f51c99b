"""The plan of a call that is in an experiment: that of the arm which its subject has. Pure."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from fairlead.errors import FairleadError
from fairlead.routing.experiments import Arm, Experiment, assigned, of_call, subject
from fairlead.routing.facts import NO_FACTS
from fairlead.routing.moment import Choose, Moment
from fairlead.routing.policy import Model, Policy
from fairlead.routing.target import Candidate, Plan, Target, Wanted

# Callers come again, and their arms need not be worked out anew. Names of theirs are held within these bounds.
_KEPT: Final = 4096
_LONGEST: Final = 200
Planned: TypeAlias = Callable[[Wanted, Policy], Plan]


def in_experiment(usual: Plan, wanted: Wanted, policy: Policy, planned: Planned, most: int) -> Plan:
    """The plan by which each call gets its arm's; `usual` itself where no experiment is for it.

    `planned` makes the plans of arms, when the first call gets one, and `most` bounds their targets. Whoever says by
    other words than a model or an intent where a call goes, or which provider serves it, is in no experiment.
    """
    if wanted.facts is not NO_FACTS or wanted.provider is not None or wanted.model.startswith("@"):
        return usual
    found = of_call(policy.experiments, names_of(wanted.model, policy), usual.intent)
    if found is None:
        return usual
    return replace(usual, choose=_Chooser(found, usual, wanted, policy, planned, most))


def names_of(asked: str, policy: Policy) -> tuple[str, ...]:
    """The name that a call asks for, and the other names of that model."""
    configured, known = policy.model_named(asked), policy.registry.named(asked)
    also = (configured.name, *configured.aliases) if configured else known.names if known else ()
    return (asked.strip(), *also)


class _Chooser:
    """Gives each call the plan of its arm, which is made once. Remembers the arms of those who called last."""

    def __init__(  # all that planning takes
        self, experiment: Experiment, usual: Plan, wanted: Wanted, policy: Policy, planned: Planned, most: int
    ) -> None:
        self._experiment = experiment
        self._usual = usual
        self._wanted = wanted
        self._policy = replace(policy, experiments=())
        self._planned = planned
        self._most = most
        self._plans: dict[str, Plan] = {}
        self._held: dict[str, Plan] = {}

    def __call__(self, _: Plan, moment: Moment) -> Plan:
        who = subject(self._experiment.by, moment.facts)
        held = self._held.get(who)
        if held is not None:
            return held
        arm = assigned(self._experiment, who, moment.draw)
        plan = self._plans.get(arm.name)
        if plan is None:
            plan = self._plans[arm.name] = self._of(arm)
        if who and len(who) <= _LONGEST:
            if len(self._held) >= _KEPT:
                self._held.clear()
            self._held[who] = plan
        return plan

    def _of(self, arm: Arm) -> Plan:
        label = f"{self._experiment.name}/{arm.name}"
        why = f"{self._usual.reason}, arm `{arm.name}` of the experiment `{self._experiment.name}`"
        made, behind = (self._usual, ()) if arm.usual else self._own(arm, label)
        made = replace(made, reason=why, intent=made.intent or self._usual.intent)
        return _finished(made, label, behind, self._most)

    def _own(self, arm: Arm, label: str) -> tuple[Plan, tuple[Candidate, ...]]:
        """The plan of an arm's own targets, and who is to rescue it."""
        wanted, policy = self._wanted, self._policy
        if arm.targets or arm.config:
            own = Model(label, arm.targets, config=arm.config or "")
            models: Mapping[str, Model] = {**policy.models, label: own}
            wanted, policy = replace(wanted, model=label, intent=None), replace(policy, models=models)
        else:
            wanted = self._elsewhere(arm)
        try:
            made = self._planned(wanted, policy)
        except FairleadError as error:
            if not self._experiment.rescue:
                raise
            note = (logging.WARNING, f"the arm {label} goes as usual: {error.message}")
            return replace(self._usual, notes=(*self._usual.notes, note)), ()
        # Who says which target follows which says so by their places, which must stay what they are.
        fixed = any(each.how.onward is not None for each in self._usual.targets)
        return made, self._usual.candidates if self._experiment.rescue and not fixed else ()

    def _elsewhere(self, arm: Arm) -> Wanted:
        """What is wanted in an arm. A provider alone is asked for the first model of the intent, where it is that."""
        intent = self._policy.intents.get(self._usual.intent or "")
        if arm.model is not None:
            return replace(self._wanted, model=arm.model, intent=None, provider=arm.provider)
        if intent is not None:
            return replace(self._wanted, model=intent.primary, intent=None, provider=arm.provider)
        return replace(self._wanted, provider=arm.provider)


def _finished(made: Plan, label: str, behind: tuple[Candidate, ...], most: int) -> Plan:
    """The plan with its arm's label, and with who rescues it behind its own targets, once those are in their order."""
    if made.choose is not None:
        return replace(made, choose=_Finishing(made.choose, label, behind, most))
    kept = _with(made.candidates, behind, most)
    return replace(made, candidates=tuple(labelled(each, label) for each in kept))


class _Finishing:
    """A choice among an arm's targets, after which the plan is finished."""

    def __init__(self, choose: Choose, label: str, behind: tuple[Candidate, ...], most: int) -> None:
        self._choose = choose
        self._rest = (label, behind, most)

    def __call__(self, plan: Plan, moment: Moment) -> Plan:
        return _finished(self._choose(plan, moment), *self._rest)


def _with(own: tuple[Candidate, ...], usual: tuple[Candidate, ...], most: int) -> tuple[Candidate, ...]:
    """An arm's candidates, and behind them those of the usual ones that it does not have itself."""
    there = {_at(each.target) for each in own if each.target}
    room = most - len(there)
    more = [each for each in usual if each.target is not None and _at(each.target) not in there]
    return (*own, *(replace(each, reason=f"{each.reason}, to rescue") for each in more[: max(0, room)]))


def _at(target: Target) -> tuple[str, str]:
    return target.provider.name, target.model


def labelled(each: Candidate, label: str) -> Candidate:
    """The candidate, of that arm."""
    target = each.target
    if target is None or target.how.arm == label:
        return each
    return replace(each, target=replace(target, how=replace(target.how, arm=label)))
