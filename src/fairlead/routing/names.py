"""The names a client may ask for."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from fairlead.errors import FairleadError
from fairlead.routing.plan import Wanted, plan
from fairlead.routing.policy import Model, Policy


@dataclass(frozen=True, slots=True)
class Offered:
    """A name that would be served now: `provider` and `model` are the first target of its plan."""

    name: str
    provider: str
    model: str
    about: str


def offered(policy: Policy) -> list[Offered]:
    """Models and aliases of the configuration, intents, each usable provider's own default model, then the registry.

    Only names that some usable provider stands behind: what is listed can be called.
    """
    found = []
    for name, about in _names(policy):
        with suppress(FairleadError):
            found.append(offer(name, policy, about))
    return found


def offer(name: str, policy: Policy, about: str = "") -> Offered:
    """Who would serve this name now. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
    first = plan(Wanted(name), policy).targets[0]
    return Offered(name, first.provider.name, first.model, about)


def _model(model: Model) -> str:
    if model.tiers is not None:
        return f"{model.tiers.cheap}, or {model.tiers.strong} where a call is hard"
    return f"model with {len(model.targets)} target{'s' * (len(model.targets) != 1)}"


def _names(policy: Policy) -> Iterator[tuple[str, str]]:
    for model in policy.models.values():
        yield model.name, _model(model)
        for alias in model.aliases:
            yield alias, f"alias of {model.name}"
    yield "auto", _auto(policy)
    for name in policy.intents:
        yield f"intent:{name}", "intent"
    for task in policy.tables.tasks:
        yield f"task:{task}", "task"
    for role in policy.tables.roles.values():
        yield f"role:{role.name}", f"role; {', then '.join(step.provider for step in role.steps)}"
    for provider in policy.providers.values():
        if provider.usable and provider.configured and provider.default_model:
            yield f"{provider.name}/{provider.default_model}", "the provider's default model"
    for known in policy.registry.models:
        if policy.model_named(known.name) is None:
            yield (
                known.name,
                f"of the registry; also {', '.join(known.aliases)}" if known.aliases else "of the registry",
            )


def _auto(policy: Policy) -> str:
    if policy.default_model == "auto" and policy.registry:
        return "the best model that can be had"
    named = policy.default_model not in (None, "auto")
    return f"stands for {policy.default_model}" if named else "the intent is read from the text"
