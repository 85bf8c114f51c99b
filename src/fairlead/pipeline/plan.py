"""The stage that turns a call into its plan."""

from dataclasses import replace

from fairlead.dialects.endpoints import RESPONSES
from fairlead.dialects.forms import FormEnvelope
from fairlead.dialects.needs import needs
from fairlead.pipeline.call import Call
from fairlead.pipeline.moments import Moments, facts_of
from fairlead.pipeline.pins import Pins
from fairlead.routing import intent, notes, onward
from fairlead.routing.able import able
from fairlead.routing.facts import NO_FACTS, Facts
from fairlead.routing.plan import Plan, Wanted, chosen, explain, nobody, plan
from fairlead.routing.policy import Policy
from fairlead.routing.sayings import signs

_KEPT = 4096
_LONGEST = 1024


class Planner:
    """Plans calls by one policy, and remembers plans: the same words make the same plan until the policy changes.

    What a plan leaves open (draws, health, what else the call says) is settled for each call.
    """

    def __init__(self, policy: Policy, pins: Pins, moments: Moments) -> None:
        self.policy = policy
        self._pins = pins
        self._moments = moments
        self._members, self._headers = signs(policy)
        self._plans: dict[tuple[str, str | None, str | None], Plan] = {}

    def plan(self, call: Call) -> Plan:
        """The call's plan. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        made = self._plan(call)
        if made.lacking:
            made = able(made, needs(call.envelope, sorted(made.lacking)))
        if made.choose is not None:
            made = self._chosen(made, call)
        if call.envelope.endpoint is not RESPONSES:
            return made
        maker = self._pins.maker_of_previous(call)
        if maker is not None:
            return _only(made, maker)
        maker = self._pins.maker_of_thoughts(call)
        return made if maker is None else _first(made, maker)

    def explain(self, call: Call) -> Plan:
        """What the call's plan would be, with every candidate and what its place hangs on. Nothing is remembered."""
        facts = facts_of(call)
        wanted = self._wanted(call, facts if self._says(call) else NO_FACTS)
        made = explain(wanted, self.policy, self._moments.of(facts, explains=True))
        return able(made, needs(call.envelope, sorted(made.lacking)))

    def _chosen(self, made: Plan, call: Call) -> Plan:
        """The plan of this one call. Raises `NoTarget` where it leaves nobody."""
        left = chosen(made, self._moments.of(facts_of(call)), self.policy)
        if not left.targets:
            raise nobody(self._wanted(call), left, self.policy)
        if left.lacking and left.lacking is not made.lacking:
            return able(left, needs(call.envelope, sorted(left.lacking)))
        return left

    def _says(self, call: Call) -> bool:
        """Whether the call says where it goes by more than its model, provider and intent."""
        if not self._headers.isdisjoint(call.request.names) or call.principal.rights.config is not None:
            return True
        envelope = call.envelope
        return not isinstance(envelope, FormEnvelope) and not self._members.isdisjoint(envelope.members.names)

    def _wanted(self, call: Call, facts: Facts = NO_FACTS) -> Wanted:
        envelope, request = call.envelope, call.request
        return Wanted(
            envelope.model,
            request.provider,
            request.intent,
            lambda: intent.infer(envelope.last_user_text()),
            facts=facts,
        )

    def _plan(self, call: Call) -> Plan:
        if (self._members or self._headers) and self._says(call):
            made = plan(self._wanted(call, facts_of(call)), self.policy)
            notes.planned(made)
            return made
        model, request = call.envelope.model, call.request
        key = (model, request.provider, request.intent)
        known = self._plans.get(key)
        if known is not None:
            notes.planned(known, new=False)
            return known
        made = plan(self._wanted(call), self.policy)
        notes.planned(made)
        if not made.inferred and sum(len(word or "") for word in key) <= _LONGEST:
            if len(self._plans) >= _KEPT:
                self._plans.clear()
            self._plans[key] = made
        return made


def _first(made: Plan, maker: str) -> Plan:
    """The plan with the provider first that made what the call brings back, where it is free to change."""
    if onward.ordered(made):
        return made
    ordered = tuple(sorted(made.candidates, key=lambda candidate: candidate.provider != maker))
    return made if ordered == made.candidates else replace(made, candidates=ordered)


def _only(made: Plan, maker: str) -> Plan:
    """The plan with the one provider that can go on; the whole of it where that one is not in it."""
    if not any(each.target for each in made.candidates if each.provider == maker):
        return made
    own = (each if each.provider == maker else replace(each, target=None) for each in made.candidates)
    return onward.kept(made, tuple(own))
