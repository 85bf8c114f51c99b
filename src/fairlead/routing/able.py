"""Which targets of a plan can do what a call needs, as far as their providers' `capabilities` say. Pure."""

from collections.abc import Collection
from dataclasses import replace

from fairlead.routing.onward import kept
from fairlead.routing.target import LAST_RESORT, Candidate, Plan


def able(made: Plan, needs: Collection[str]) -> Plan:
    """The plan, with those passed over that lack what is needed, if another is left.

    Where nobody can, all stay: a row may be older than the model, and the provider has the last word. Whoever is the
    last resort answers as it can.
    """
    if made.lacking.isdisjoint(needs):
        return made
    left = kept(made, tuple(_weighed(each, needs) for each in made.candidates))
    return left if any(each.provider.name not in LAST_RESORT for each in left.targets) else made


def _weighed(each: Candidate, needs: Collection[str]) -> Candidate:
    if each.target is None or each.provider in LAST_RESORT:
        return each
    missing = [word for word in needs if word in each.target.provider.cannot]
    if not missing:
        return each
    listed = ", ".join(f"`{word}`" for word in missing)
    return replace(each, target=None, reason=f"providers.{each.provider}.capabilities does not list {listed}")
