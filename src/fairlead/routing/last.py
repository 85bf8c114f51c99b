"""A provider that is asked after all others: what one has moved away from, and keeps for a while. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from fairlead.providers import portkey
from fairlead.routing.policy import Policy
from fairlead.routing.target import Candidate, Plan, Wanted, placed, untagged


def with_last(made: Plan, wanted: Wanted, policy: Policy) -> Plan:
    """The plan with the policy's last resort behind it.

    A plan stays as it is that says which targets it has (a model of the configuration, a call that names its provider),
    and one that has it already.
    """
    name = policy.last
    if name is None or name not in policy.providers or wanted.provider is not None or wanted.model.startswith("@"):
        return made
    if made.choose is not None or policy.model_named(wanted.model) or any(c.provider == name for c in made.candidates):
        return made
    return replace(made, candidates=(*made.candidates, *_of(name, made, wanted, policy)))


def _of(name: str, made: Plan, wanted: Wanted, policy: Policy) -> Iterator[Candidate]:
    intent = policy.intents.get(made.intent or "")
    for asked in (intent.primary, intent.fallback) if intent else (wanted.model,):
        bare = untagged(asked.rpartition("/")[2])
        vendor = portkey.vendor_of(asked)
        reason = "asked after all others (`legacy_portkey`)"
        yield placed(policy, policy.providers[name], bare, reason, names=(asked,), vendor=vendor)
