"""What keeps a target from a call that says what it wants of providers. What nobody knows is taken for a no.

A router is not held to what it can see to by itself: it is told.
"""

from collections.abc import Iterator
from typing import Final

from fairlead.ledger.rates import Price, Rates
from fairlead.providers.row import Provider
from fairlead.routing.openrouter import slugs, variants
from fairlead.routing.openrouter.asked import Asked, Named
from fairlead.routing.openrouter.preferences import Preferences
from fairlead.routing.policy import Policy

# The rate that each price of `max_price` bounds.
_BOUNDED: Final = {
    "prompt": "input", "completion": "output", "request": "request", "image": "image", "audio": "audio_input",
}  # fmt: skip


def shut(provider: Provider, named: Named, asked: Asked, policy: Policy) -> str | None:
    """Why a provider may not serve the call, whatever the moment; None where it may."""
    return next(_reasons(provider, named, asked, policy), None)


def _reasons(provider: Provider, named: Named, asked: Asked, policy: Policy) -> Iterator[str]:
    wants = asked.wants
    if wants.only and not any(provider.name in slugs.meant(slug, policy) for slug in wants.only):
        yield "`provider.only` does not name it"
    if any(provider.name in slugs.ours(slug, policy) for slug in wants.ignore):
        yield "`provider.ignore` names it"
    if provider.routes:
        return
    yield from _untrusted(provider, wants)
    if named.variant in variants.ONLY_THERE:
        yield f"only OpenRouter knows `:{named.variant}`"
    if named.variant == variants.THINKING and not _thinks(provider, named, policy):
        yield "it is not known to think"
    for name, capability in asked.needs:
        if capability in provider.cannot:
            yield f"`provider.require_parameters` is set, and it takes no `{name}`"


def _untrusted(provider: Provider, wants: Preferences) -> Iterator[str]:
    """What the operator has not said of a provider, and the call asks for."""
    entry = f"providers.{provider.name}"
    if wants.denies_collection and provider.data_collection != "deny":
        yield f"`provider.data_collection` is `deny`, and `{entry}.data_collection` is not"
    if wants.zdr and not provider.zdr:
        yield f"`provider.zdr` is set, and `{entry}.zdr` is not"
    if wants.distillable:
        yield "`provider.enforce_distillable_text` is set, and nobody here knows of that"
    if wants.quantizations and not _precise(provider, wants):
        yield f"`{entry}.quantizations` is not within `provider.quantizations`"


def _precise(provider: Provider, wants: Preferences) -> bool:
    held = provider.quantizations or ("unknown",)
    return all(level in wants.quantizations for level in held)


def _thinks(provider: Provider, named: Named, policy: Policy) -> bool:
    known = policy.registry.named(named.name)
    return "reasoning" not in provider.cannot and (known is None or known.supports_extended_thinking)


def dear(price: Price, named: Named, asked: Asked) -> str | None:
    """Why what a target costs keeps it from the call; None where it does not."""
    rates = list(_reached(price, asked)) if price.kind == "priced" else []
    if named.variant == variants.FREE and not _free(price, rates):
        return "it is not known to be free"
    if not asked.wants.max_price or price.kind == "free":
        return None
    if not rates:
        return "`provider.max_price` is set, and nobody knows what it costs"
    for name, most in asked.wants.max_price.items():
        if any((getattr(each, _BOUNDED[name]) or 0) > most for each in rates):
            return f"it costs more than `provider.max_price.{name}`"
    return None


def _reached(price: Price, asked: Asked) -> Iterator[Rates]:
    """The rates that a prompt can come to which has no more tokens than the body has bytes."""
    for tokens in (0, asked.size):
        rates = price.rates(tokens, asked.tier)
        if rates is not None:
            yield rates


def _free(price: Price, rates: list[Rates]) -> bool:
    if price.kind != "priced":
        return price.kind == "free"
    return bool(rates) and not any(each.input or each.output or each.request for each in rates)
