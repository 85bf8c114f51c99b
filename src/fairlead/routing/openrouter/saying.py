"""The plan of a call that asks in OpenRouter's words.

Each model that it names is read as any other call's would be. What the call wants of providers then bars some of their
targets and orders the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fairlead.errors import CannotServe, NoneAllowed, UnknownModel
from fairlead.routing import by_name
from fairlead.routing.how import Onward
from fairlead.routing.moment import Moment, settled
from fairlead.routing.named import named
from fairlead.routing.openrouter import gates, variants
from fairlead.routing.openrouter.asked import HEADERS, MEMBERS, MODELS, Asked, Named, asked
from fairlead.routing.openrouter.order import Found, ordered
from fairlead.routing.openrouter.sent import THOUGHT, called, edits
from fairlead.routing.policy import OnLoss, Policy
from fairlead.routing.portkey_config.asked import laid_over
from fairlead.routing.sticky import Stay, thread
from fairlead.routing.target import Candidate, Plan, Target, Wanted

__all__ = ["HEADERS", "MEMBERS", "compiled"]

MOST: Final = 10
# Seconds that a session stays where it was answered.
_STAYS: Final = 600.0
_FULL: Final = f"a plan has at most {MOST} targets"
_NO_FALLBACK: Final = "`provider.allow_fallbacks` is false"
# What the client would otherwise be told at once; the next model may take it.
_REFUSALS: Final = frozenset({400, 413, 415, 422})
_STRICT: Final = OnLoss(refuse_meaning=True, refuse_hints=True)


def compiled(wanted: Wanted, policy: Policy) -> Plan | None:
    """The call's plan; None where it says nothing in OpenRouter's words. Raises what planning may, or `NoneAllowed`."""
    said = asked(wanted, policy)
    if said is None:
        return None
    parts = tuple(_gated(_part(place, wanted, said, policy), said, policy) for place in range(len(said.models)))
    candidates = tuple(_told(each, part.named) for part in parts for each in part.plan.candidates)
    first = parts[0].plan
    reason = first.reason if len(parts) == 1 else f"{len(parts)} models named, in their order: {first.reason}"
    loss = _STRICT if said.wants.require_parameters else first.on_loss
    notes = tuple(dict.fromkeys(note for part in parts for note in part.plan.notes))
    made = Plan(candidates, reason, first.intent, first.inferred, notes, loss, choose=_Choice(parts, said, policy))
    if not made.targets and any(part.usable for part in parts):
        raise none_allowed(wanted.model, candidates)
    return made


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the models that a call names, and the plan for it alone. `usable`: it had targets before that."""

    named: Named
    plan: Plan
    usable: bool


def _part(place: int, wanted: Wanted, said: Asked, policy: Policy) -> _Part:
    named = said.models[place]
    try:
        plan = _read(replace(wanted, model=named.name), said, policy)
    except (UnknownModel, CannotServe) as error:
        if place:
            error.param = f"{MODELS}[{place}]"
        raise
    return _Part(named, plan, bool(plan.targets))


def _read(wanted: Wanted, said: Asked, policy: Policy) -> Plan:
    """The usual plan; but a vendor's slug is the model at whoever has it, where the call says what it wants of them."""
    vendor, slash, model = wanted.model.strip().partition("/")
    owner = policy.providers.get(vendor)
    usual = wanted.provider is not None or policy.model_named(wanted.model) or policy.registry.named(wanted.model)
    if usual or owner is None or owner.serves != "own" or not slash or "/" in model or not said.chooses:
        return named(wanted, policy)
    by_name.refuse_unknown(model, policy)
    return by_name.of_slug(wanted.model.strip(), policy)


def _gated(part: _Part, said: Asked, policy: Policy) -> _Part:
    candidates = tuple(_weighed(each, part.named, said, policy) for each in part.plan.candidates)
    return replace(part, plan=replace(part.plan, candidates=candidates))


def _weighed(each: Candidate, named: Named, said: Asked, policy: Policy) -> Candidate:
    if each.target is None:
        return each
    why = gates.shut(each.target.provider, named, said, policy)
    return each if why is None else replace(each, target=None, reason=why)


def _told(each: Candidate, named: Named) -> Candidate:
    """The candidate with the model as it is called there."""
    if each.target is None or not named.variant:
        return each
    there = called(each.target, named)
    return replace(each, target=replace(each.target, model=there), model=there)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Makes the plan of one call, by what targets cost and how they fare."""

    parts: tuple[_Part, ...]
    said: Asked
    policy: Policy

    def __call__(self, made: Plan, moment: Moment) -> Plan:
        found: list[Found] = []
        barred: list[Candidate] = []
        stays = None
        for model, part in enumerate(self.parts):
            plan = settled(part.plan, moment)
            stays = stays or plan.stays
            for each in plan.candidates:
                self._sort_out(each, model, moment, found, barred)
        stay = _stay(self.said, moment)
        if stay is not None:
            found = _at(stay, found, moment)
        kept = ordered(found, self.said.wants, self.policy, moment)
        passed = (each for each in found if each not in kept)
        barred += [replace(each.candidate, target=None, reason=_NO_FALLBACK) for each in passed]
        barred += [replace(each.candidate, target=None, reason=_FULL) for each in kept[MOST:]]
        if not kept and not moment.explains:
            raise none_allowed(self.said.models[0].written, barred)
        linked = self._linked(kept[:MOST], moment)
        left = replace(made, candidates=(*linked, *barred), stays=stays or stay, choose=None)
        return laid_over(left, moment.facts)

    def _sort_out(
        self, each: Candidate, model: int, moment: Moment, found: list[Found], barred: list[Candidate]
    ) -> None:
        if each.target is None:
            barred.append(each)
            return
        named = self.parts[model].named
        why = self._why_not(each.target, named, moment)
        if why is not None:
            barred.append(replace(each, target=None, reason=why))
            return
        found.append(Found(each, each.target, model, called(each.target, named)))

    def _why_not(self, target: Target, named: Named, moment: Moment) -> str | None:
        if target.provider.routes:
            return None
        if named.variant == variants.THINKING and moment.facts.path not in THOUGHT:
            return "nobody here puts `:thinking` into the words of this operation"
        return gates.dear(moment.rates(target), named, self.said)

    def _linked(self, found: Sequence[Found], moment: Moment) -> Iterator[Candidate]:
        """The candidates in their order, each as this call goes there."""
        for at, each in enumerate(found):
            named, how = self.said.models[each.model], each.target.how
            changes, follows = edits(each.target, named, self.said, moment.facts), _onward(at, found)
            if changes is not how.edits or follows is not None:
                how = replace(how, edits=changes, onward=how.onward if follows is None else follows)
            target = replace(each.target, model=each.called, how=how)
            yield replace(each.candidate, target=target, model=each.called, asked=named.name)


def _stay(said: Asked, moment: Moment) -> Stay | None:
    """Where the call's session is noted, if it names one and leaves the order to us."""
    if said.wants.order or said.wants.sort is not None or not moment.facts.session:
        return None
    mine = thread(moment.facts)
    return None if mine is None else Stay(moment.sessions, mine.key, moment.now + _STAYS)


def _at(stay: Stay, found: Sequence[Found], moment: Moment) -> list[Found]:
    """Each model's targets with the one first at which the session is, unless that is left alone now."""
    where = stay.sessions.where(stay.key, moment.now)

    def elsewhere(each: Found) -> bool:
        return (each.candidate.provider, each.called) != where or not each.target.standing.admits(moment.now)

    return sorted(found, key=lambda each: (each.model, elsewhere(each)))


def _onward(at: int, found: Sequence[Found]) -> Onward | None:
    """Whoever refuses the call as it is hands it to the next model, if there is one; else the usual table decides."""
    later = (other for other in range(at + 1, len(found)) if found[other].model != found[at].model)
    other = next(later, None)
    return None if other is None else ((_REFUSALS, other), (None, at + 1))


def none_allowed(model: str, candidates: Sequence[Candidate]) -> NoneAllowed:
    """The error for a call whose own wishes leave nobody to serve it."""
    why = "; ".join(dict.fromkeys(f"{each.provider}: {each.reason}" for each in candidates))
    return NoneAllowed(
        f"what the call says of its providers leaves none that may serve `{model}` ({why})",
        hint="ask for less in `provider`; `ai route explain` shows what bars whom",
        param="provider",
    )
