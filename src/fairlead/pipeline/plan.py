"""The stage that turns a call into its plan."""

from dataclasses import replace

from fairlead.dialects.endpoints import RESPONSES
from fairlead.dialects.needs import needs
from fairlead.pipeline.call import Call
from fairlead.pipeline.pins import Pins
from fairlead.routing import intent, notes
from fairlead.routing.able import able
from fairlead.routing.plan import Plan, Wanted, plan
from fairlead.routing.policy import Policy

_KEPT = 4096
_LONGEST = 1024


class Planner:
    """Plans calls by one policy, and remembers plans: the same words make the same plan until the policy changes."""

    def __init__(self, policy: Policy, pins: Pins) -> None:
        self.policy = policy
        self._pins = pins
        self._plans: dict[tuple[str, str | None, str | None], Plan] = {}

    def plan(self, call: Call) -> Plan:
        """The call's plan. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        made = self._plan(call)
        if made.lacking:
            made = able(made, needs(call.envelope, sorted(made.lacking)))
        if call.envelope.endpoint is not RESPONSES:
            return made
        maker = self._pins.maker_of_previous(call)
        if maker is not None:
            return _only(made, maker)
        maker = self._pins.maker_of_thoughts(call)
        return made if maker is None else _first(made, maker)

    def _plan(self, call: Call) -> Plan:
        model, request = call.envelope.model, call.request
        key = (model, request.provider, request.intent)
        known = self._plans.get(key)
        if known is not None:
            notes.planned(known, new=False)
            return known
        wanted = Wanted(model, request.provider, request.intent, lambda: intent.infer(call.envelope.last_user_text()))
        made = plan(wanted, self.policy)
        notes.planned(made)
        if not made.inferred and sum(len(word or "") for word in key) <= _LONGEST:
            if len(self._plans) >= _KEPT:
                self._plans.clear()
            self._plans[key] = made
        return made


def _first(made: Plan, maker: str) -> Plan:
    """The plan with the provider first that made what the call brings back."""
    ordered = tuple(sorted(made.candidates, key=lambda candidate: candidate.provider != maker))
    return made if ordered == made.candidates else replace(made, candidates=ordered)


def _only(made: Plan, maker: str) -> Plan:
    """The plan with the one provider that can go on; the whole of it where that one is not in it."""
    kept = tuple(candidate for candidate in made.candidates if candidate.provider == maker)
    return replace(made, candidates=kept) if any(candidate.target for candidate in kept) else made
