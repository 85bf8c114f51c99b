"""Whom a slug of `provider.order`, `only` or `ignore` stands for.

A slug stands for the provider of that name, if that is set up here, and for a provider behind the routers: those that
choose among others themselves, as OpenRouter does.
"""

from fairlead.providers.row import Provider
from fairlead.routing.policy import Policy


def ours(slug: str, policy: Policy) -> frozenset[str]:
    """The providers set up here that a slug names: by their own name, or as OpenRouter calls them or their models."""
    word = _word(slug)
    return frozenset(
        each.name
        for each in policy.providers.values()
        if each.usable and each.configured and word in (_word(each.name), _word(each.slug), _word(each.vendor))
    )


def meant(slug: str, policy: Policy) -> frozenset[str]:
    """The same, and the routers, which may know the slug: they are told."""
    return ours(slug, policy) | {each.name for each in policy.providers.values() if each.routes}


def names(slug: str, provider: Provider) -> bool:
    """Whether a slug is this provider's own."""
    return _word(slug) in (_word(provider.name), _word(provider.slug))


def _word(slug: str) -> str:
    """A slug as it is compared: an endpoint of a provider (`deepinfra/turbo`) as the provider, a title as its slug."""
    return slug.partition("/")[0].strip().casefold().replace(" ", "-")
