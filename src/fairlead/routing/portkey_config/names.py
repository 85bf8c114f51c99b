"""Which of our providers an object means by a name of Portkey's."""

from typing import Final

from fairlead.config.portkey_objects.inline import SOURCE
from fairlead.errors import InvalidConfig, Problem
from fairlead.providers.row import Provider
from fairlead.routing import hints
from fairlead.routing.policy import Policy

_OURS: Final = {
    "azure-openai": "azure",
    "mistral-ai": "mistral",
    "perplexity-ai": "perplexity",
    "stability-ai": "stability",
    "together-ai": "together",
    "vertex-ai": "vertex",
    "x-ai": "xai",
}
"""What Portkey calls providers that have another name here."""


def ours(name: str) -> str:
    """Our name for a provider, which Portkey writes as it is, or with an at sign before it."""
    bare = name.strip().removeprefix("@")
    return _OURS.get(bare, bare)


def is_here(name: str, policy: Policy) -> bool:
    """Whether a provider of that name is set up."""
    found = policy.providers.get(ours(name))
    return found is not None and found.usable


def is_held(virtual_key: str, policy: Policy) -> bool:
    """Whether somebody is meant by a virtual key."""
    return is_here(virtual_key, policy) or _vendor(virtual_key, policy) is not None


def provider(name: str, path: str, policy: Policy) -> Provider:
    """The provider of that name, which stands at `path`. Raises `InvalidConfig`."""
    wanted = ours(name)
    found = policy.providers.get(name.strip().removeprefix("@")) or policy.providers.get(wanted)
    if found is None:
        raise _wrong(path, "provider", f"there is no provider `{wanted}`", hints.providers(wanted, policy))
    return found


def behind(virtual_key: str, path: str, policy: Policy) -> tuple[Provider, str | None]:
    """Who is meant by a virtual key: the provider of that name, else Portkey with the vendor that it has the key for.

    Raises `InvalidConfig`.
    """
    name = ours(virtual_key)
    if name in policy.providers:
        return policy.providers[name], None
    vendor = _vendor(virtual_key, policy)
    if vendor is None or "portkey" not in policy.providers:
        said = "it is neither a provider here nor a virtual key that is set up for Portkey"
        raise _wrong(path, "virtual_key", said, "set `portkey.virtual_keys`, or name a provider")
    return policy.providers["portkey"], vendor


def _vendor(virtual_key: str, policy: Policy) -> str | None:
    """The vendor that Portkey has the virtual key for."""
    name, keys = ours(virtual_key), policy.portkey.keys
    return next((vendor for vendor in keys if name == vendor or _among(virtual_key, keys[vendor])), None)


def _wrong(path: str, member: str, message: str, hint: str) -> InvalidConfig:
    place = ".".join(step for step in (path.removeprefix("config").removeprefix("."), member) if step)
    return InvalidConfig((Problem(SOURCE, 0, 0, place, message, hint),))


def _among(value: str, keys: tuple[object, ...]) -> bool:
    return any(getattr(key, "value", None) == value.strip() for key in keys)
