"""Models that gateways serve: which gateway is asked first, and what it calls the model. Pure."""

from collections.abc import Iterator

from fairlead.routing.policy import Model, Policy
from fairlead.routing.tables import Gateway
from fairlead.routing.target import Candidate, Plan, called, placed
from fairlead.routing.tasks import workloads

_LAST = 1_000_000


def hosted(model: Model, policy: Policy, task: str | None = None) -> Plan:
    """The model at its gateways, then at every other one: whichever fails, another takes over."""
    found = tuple(_candidates(model, policy, task))
    return Plan(found, f"model `{model.name}`, served by gateways", on_loss=model.on_loss)


def at_gateway(model: Model, name: str, policy: Policy) -> Plan:
    """The model at the one gateway that a call insists on."""
    found = _at(model, name, policy, "the call names this gateway")
    return Plan((found,), f"model `{model.name}` at the gateway that is named", on_loss=model.on_loss)


def _candidates(model: Model, policy: Policy, task: str | None) -> Iterator[Candidate]:
    known, fit = policy.tables.gateways, frozenset(workloads(task)) if task else frozenset[str]()

    def rank(name: str) -> tuple[bool, int]:
        gateway = known.get(name) or Gateway(name, _LAST)
        return fit.isdisjoint(gateway.use_for), gateway.priority

    for place, name in enumerate(sorted(model.gateways, key=rank)):
        yield _at(model, name, policy, _why(model, known.get(name), fit, first=place == 0))
    others = [name for name in known if name not in model.gateways]
    for name in sorted(others, key=rank):
        yield _at(model, name, policy, f"another gateway, should those of `{model.name}` fail")


def _why(model: Model, gateway: Gateway | None, fit: frozenset[str], *, first: bool) -> str:
    if gateway is None or len(model.gateways) == 1:
        return f"gateway of `{model.name}`"
    meant = [word for word in gateway.use_for if word in fit]
    if first and meant:
        return f"gateway of `{model.name}`, for `{meant[0]}` work"
    return f"gateway of `{model.name}`, with priority {gateway.priority}"


def _at(model: Model, name: str, policy: Policy, why: str) -> Candidate:
    provider, known = policy.providers[name], policy.registry.named(model.name)
    names = (model.name, *model.aliases, *(known.names if known else ()))
    there, vendor = model_id(model, name, policy), model.vendor or None
    route = None if known is None or (vendor and known.provider_route != vendor) else known
    return placed(
        policy, provider, there, why, names=names, known=route, vendor=vendor, timeouts=model.timeouts, care=model.care
    )


def model_id(model: Model, gateway: str, policy: Policy) -> str:
    """What a gateway calls a model: as the registry says, else by its vendor's slug, else by its name."""
    provider, known = policy.providers[gateway], policy.registry.named(model.name)
    there = called(known, provider) if known is not None else None
    if there:
        return there
    return f"{model.vendor}/{model.name}" if provider.serves == "slugs" and model.vendor else model.name
