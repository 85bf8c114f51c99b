"""Which providers serve a model that a call names, in the policy's order of providers."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat

from fairlead.errors import UnknownModel
from fairlead.providers import portkey
from fairlead.providers.registry import Known
from fairlead.providers.row import Provider
from fairlead.routing.policy import Policy
from fairlead.routing.target import LAST_RESORT, Candidate, Notes, Plan, called, placed, tagged, untagged

NOT_FOUND = "Model not found in registry"
LACKS = "does not have it"
SLUG_PROVIDERS = ("openrouter", "aimlapi")
"""Who takes slugs where the policy has no order of providers."""


def of_registry(asked: str, known: Known, policy: Policy) -> Plan:
    """Every provider that has a model of the registry. One that a slug begins with goes first."""
    vendor = asked.rpartition("/")[0]
    found = sorted(having(known, policy), key=lambda each: each.provider != vendor)
    notes: Notes = ()
    reason = f"model `{known.name}` of the registry"
    if asked.casefold() != known.name.casefold():
        notes = ((logging.DEBUG, f"Resolved model alias '{asked}' to '{known.name}'"),)
        reason = f"`{asked}` is an alias of `{known.name}`"
    return Plan(_ranked(found), f"{reason}, for which providers are tried in order", notes=notes)


def having(known: Known, policy: Policy) -> Iterator[Candidate]:
    """Each provider of the order with the model, or with why it does not serve it."""
    for provider in policy.by_name():
        there = called(known, provider)
        if there is not None:
            ends = known.until.get(provider.name)
            reason = f"has it, until {ends}" if ends else "has it"
            yield placed(policy, provider, there, reason, names=known.names, known=known)
        elif provider.usable and provider.configured:
            yield Candidate(provider.name, known.name, None, LACKS)


def _ranked(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates; those that serve tell their place."""
    places = chain(("first",), repeat("next"))
    return tuple(
        each if each.target is None else replace(each, reason=f"the {next(places)} in the order that {each.reason}")
        for each in found
    )


def of_slug(slug: str, policy: Policy) -> Plan:
    """Whoever serves models of many vendors, for a slug (`VENDOR/MODEL`) that the registry does not know."""
    vendor, _, model = slug.partition("/")
    named = policy.providers.get(vendor)
    found = [placed(policy, named, model, "the model's name begins with this provider")] if named else []
    found += _relayed(slug, model, portkey.vendor_of(slug), policy)
    return Plan((*found, *_by_slug(slug, policy)), "a vendor's slug", notes=_unknown(slug, policy))


def _relayed(asked: str, model: str, vendor: str | None, policy: Policy) -> Iterator[Candidate]:
    """Portkey, for a model that the registry does not know, but whose vendor is clear."""
    for provider in policy.by_name():
        if provider.serves == "relayed" and provider.usable and vendor:
            yield placed(policy, provider, model, "relays it to its vendor", names=(asked,), vendor=vendor)


def _by_slug(slug: str, policy: Policy) -> Iterator[Candidate]:
    bare = slug.partition("/")[2]
    for provider in policy.slug_providers(SLUG_PROVIDERS):
        yield placed(policy, provider, slug, "serves models of many vendors by slug", names=(bare,))


def of_bare_name(model: str, policy: Policy) -> Plan:
    """Whoever claims a name that the registry does not know; else whoever passes any name on. Raises `UnknownModel`."""
    for name in LAST_RESORT:
        last = policy.providers.get(name)
        if last is not None and model == last.default_model:
            return Plan((placed(policy, last, model, "its own model"),), "the name is this provider's")
    owners = _owners(model, policy)
    known = None if owners else policy.registry.named(untagged(model))
    if known is not None:
        return of_registry(model, known, policy)
    if owners:
        own = [_of_owner(owner, model, policy) for owner in owners]
        relayed = _relayed(model, model, portkey.vendor_of(model) or owners[0].name, policy)
        nobodys = owners[0].serves == "any"
        slugs = () if nobodys else _by_slug(f"{owners[0].vendor or owners[0].name}/{model}", policy)
        return Plan((*own, *relayed, *slugs), f"a name of `{owners[0].name}`", notes=_unknown(model, policy))
    passed = tuple(_passed_through(model, policy))
    if not passed:
        raise nobody_has(model, policy)
    warning = f"model {model!r} is not in the registry, and is passed through as it is"
    return Plan(passed, "a name that nobody knows, passed through as it is", notes=((logging.WARNING, warning),))


def _of_owner(owner: Provider, model: str, policy: Policy) -> Candidate:
    reason = "the name is one of this provider's"
    return (tagged if owner.serves == "any" else placed)(policy, owner, model, reason)


def _owners(model: str, policy: Policy) -> list[Provider]:
    listed = [provider for provider in policy.by_name() if _claims(provider, model)]
    owner = policy.owner_of(model)
    return listed or ([owner] if owner else [])


def _claims(provider: Provider, model: str) -> bool:
    return provider.claims(model) or (provider.serves == "any" and provider.claims(untagged(model)))


def _passed_through(model: str, policy: Policy) -> Iterator[Candidate]:
    for provider in policy.by_name():
        if provider.serves in ("any", "relayed") and provider.usable and provider.configured:
            at = tagged if provider.serves == "any" else placed
            yield at(policy, provider, model, "takes any name")


def _unknown(model: str, policy: Policy) -> Notes:
    return ((logging.INFO, f"model {model!r} is not in the registry"),) if policy.registry else ()


def nobody_has(model: str, policy: Policy) -> UnknownModel:
    """The error for a name that leads nowhere."""
    near = policy.nearest_model(model)
    meant = f"did you mean {', '.join(f'`{name}`' for name in near)}? " if near else ""
    return UnknownModel(
        f"{NOT_FOUND}: `{model}`" if policy.strict else f"there is no model `{model}` here",
        hint=f"{meant}`ai models list` shows what there is; "
        + ("others are refused (`strict_models`)" if policy.strict else "`PROVIDER/MODEL` names any other"),
        param="model",
    )


def refuse_unknown(model: str, policy: Policy) -> None:
    """Under `strict_models`, refuse a name that neither the registry nor the configuration has. `UnknownModel`."""
    _, model = portkey.named(model)
    if not policy.strict or policy.registry.named(model) or policy.model_named(model):
        return
    if "/" not in model and policy.registry.named(untagged(model)):
        return
    if any(model == p.default_model for p in policy.providers.values() if p.name in LAST_RESORT):
        return
    raise nobody_has(model, policy)
