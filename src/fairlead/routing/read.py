"""What a call says by its model, provider and intent, as candidates in their order. Pure.

A client may name

    NAME                 a model or alias of the configuration
    auto, intent:NAME    what the call is for, said or inferred; `auto` may stand for the default model
    @PROVIDER/MODEL      that model at that provider and nowhere else; @portkey/@VENDOR/MODEL for a vendor behind it
    PROVIDER/MODEL       the same, where the provider has a key; else a vendor's slug, as OpenRouter writes it
    MODEL                a bare name that a vendor's row claims
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fairlead.errors import CannotServe
from fairlead.routing import balance, by_difficulty, by_name, by_rank, hints
from fairlead.routing.hosted import hosted
from fairlead.routing.intent import DEFAULT, Inference
from fairlead.routing.policy import Intent, Model, Policy
from fairlead.routing.target import LAST_RESORT, Candidate, Plan, Wanted, candidate, placed

OTHERS = "no provider of the intent has a key; this one has"


def read(wanted: Wanted, policy: Policy) -> Plan:
    """Every candidate for what the call names, bounded by nothing yet. Raises `UnknownModel`, `CannotServe`."""
    provider, model = _pinned(wanted, policy)
    if wanted.intent and model == "auto":
        model = f"intent:{wanted.intent}"
    if model == "auto" and provider is None and policy.default_model:
        if policy.default_model != "auto":
            return _for_default(policy.default_model, wanted, policy)
        if policy.registry:
            return _for_best(policy)
    if model == "auto":
        heard = wanted.infer() if wanted.infer else Inference(DEFAULT, "nothing says what the call is for", ())
        return replace(_for_inferred(policy.intent_named(heard.intent), heard.reason, provider, policy), inferred=True)
    if model.startswith("intent:"):
        return _for_named_intent(model.removeprefix("intent:"), provider, policy)
    if provider is not None:
        by_name.refuse_unknown(model, policy)
        found = candidate(policy, policy.providers[provider], model, "the call names this provider", pinned=True)
        return Plan((found,), "provider named")
    return _for_model(model, policy)


def _pinned(wanted: Wanted, policy: Policy) -> tuple[str | None, str]:
    """The provider that the call insists on, if it does, and the model it asks for there."""
    provider, model = wanted.provider, wanted.model.strip()
    if model.startswith("@"):
        provider, _, model = model[1:].partition("/")
    if provider is None:
        return None, model
    if provider not in policy.providers:
        hint = hints.providers(provider, policy)
        raise CannotServe(f"there is no provider `{provider}`", hint=hint, param="provider")
    return provider, model.removeprefix(provider + "/") or "auto"


def _for_default(name: str, wanted: Wanted, policy: Policy) -> Plan:
    made = read(replace(wanted, model=name), replace(policy, default_model=None))
    return replace(made, reason=f"the default model `{name}`: {made.reason}")


def _for_best(policy: Policy) -> Plan:
    made = by_rank.of_best(policy)
    if made.targets:
        return made
    barred = any(each.barred for each in made.candidates)
    others = _instead(policy, (), barred=barred, why="no model of the registry can be had; this provider has its own")
    return replace(made, candidates=(*made.candidates, *others))


def _for_inferred(intent: Intent, reason: str, provider: str | None, policy: Policy) -> Plan:
    """What we read into a call gives way to the provider that it names."""
    named = policy.providers[provider] if provider is not None else None
    if named is None or named.name in intent.providers:
        return _for_intent(intent, reason, provider, policy)
    if not named.default_model:
        raise CannotServe(
            f"provider `{named.name}` has no default model, and the call names none",
            hint=f"name one with it: `@{named.name}/MODEL`",
            param="model",
        )
    why = f"does not serve `{intent.name}`; its default model does for all"
    served = candidate(policy, named, named.default_model, why, default=True)
    return Plan((served,), f"{reason}, but the call names its provider")


def _for_named_intent(name: str, provider: str | None, policy: Policy) -> Plan:
    intent = policy.intent_named(name)
    known = name.strip().lower() in policy.intents
    reason = f"intent `{intent.name}` named" if known else f"`{name}` is no intent here, so `{intent.name}` serves"
    return _for_intent(intent, reason, provider, policy)


def _for_intent(intent: Intent, reason: str, provider: str | None, policy: Policy) -> Plan:
    if provider is not None and provider not in intent.providers:
        able = ", ".join(f"`{name}`" for name in intent.providers)
        raise CannotServe(
            f"provider `{provider}` does not serve intent `{intent.name}`; {able} can",
            hint=f"name one of {able}, another intent, or a model with the provider",
            param="provider",
        )
    names = (provider,) if provider else policy.in_order(intent.providers)
    found = [
        candidate(policy, policy.providers[name], model, f"{role} of intent `{intent.name}`")
        for role, model in (("primary", intent.primary), ("fallback", intent.fallback))
        for name in names
    ]
    if provider is None and not any(c.target for c in found):
        found += _instead(policy, intent.providers, barred=any(c.barred for c in found))
    return Plan(tuple(found), reason, intent.name)


def _instead(policy: Policy, skip: Iterable[str], *, barred: bool, why: str = OTHERS) -> Iterator[Candidate]:
    """Who answers when no provider of the intent can: whoever has a key, else the local model, else the echo.

    Where the intent's models are `barred`, the small model does not stand in for them.
    """
    others = [p for p in policy.providers.values() if p.default_model and p.name not in (*skip, *LAST_RESORT)]
    usable = [p for p in others if p.usable and p.configured]
    for provider in usable:
        yield candidate(policy, provider, provider.default_model or "", why, default=True)
    for name in LAST_RESORT:
        last = policy.providers.get(name)
        if last is not None and last.default_model and not usable and not barred:
            yield candidate(policy, last, last.default_model, "no provider has a key", default=True)


def _for_model(model: str, policy: Policy) -> Plan:
    configured = policy.model_named(model)
    if configured is not None and configured.tiers is not None:
        return by_difficulty.compiled(configured, configured.tiers, lambda name: _for_model(name, policy))
    if configured is not None and configured.gateways:
        return hosted(configured, policy)
    if configured is not None and configured.config:
        raise CannotServe(
            f"model `{configured.name}` goes by the config `{configured.config}`, which has an order of its own",
            hint="ask for it by its name alone: it can be no part of another order",
            param="model",
        )
    if configured is not None:
        return _for_configured(configured, policy)
    known = policy.registry.named(model)
    if known is not None:
        return by_name.of_registry(model, known, policy)
    vendor, slash, rest = model.partition("/")
    named = policy.providers.get(vendor) if slash and rest else None
    if named is not None and (named.usable or named.configured or "/" in rest):
        by_name.refuse_unknown(rest, policy)
        found = candidate(policy, named, rest, "the model's name begins with this provider", pinned=True)
        return Plan((found,), "provider in the name")
    by_name.refuse_unknown(model, policy)
    return by_name.of_slug(model, policy) if slash and rest else by_name.of_bare_name(model, policy)


def _for_configured(model: Model, policy: Policy) -> Plan:
    names, why = (model.name, *model.aliases), f"of `{model.name}`"
    found = []
    for place, (name, there) in enumerate(model.targets, 1):
        known = policy.registry.named(there)
        also = (*names, *(known.names if known else ()))
        provider, reason = policy.providers[name], f"target {place} {why}"
        found.append(
            placed(policy, provider, there, reason, names=also, known=known, timeouts=model.timeouts, care=model.care)
        )
    said = f"model `{model.name}` of the configuration"
    if model.equal is None:
        return Plan(tuple(found), said, on_loss=model.on_loss)
    return Plan(balance.weighed(found, model.equal), said, on_loss=model.on_loss, choose=balance.of(model.equal))
