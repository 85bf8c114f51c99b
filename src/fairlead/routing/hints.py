"""What a newcomer is told to do where a call names a provider or a model that cannot serve it."""

from collections.abc import Collection
from difflib import get_close_matches

from fairlead.providers import portkey
from fairlead.routing.policy import Policy

_MOST = 3


def providers(name: str, policy: Policy) -> str:
    """Which providers were perhaps meant by a name that is none, and which there are."""
    near = " or ".join(f"`{each}`" for each in _nearest(name.strip().casefold(), policy))
    meant = f"did you mean {near}? " if near else ""
    return f"{meant}the providers are {', '.join(sorted(policy.providers))}"


def _nearest(name: str, policy: Policy) -> list[str]:
    """By how their names begin, or what their models are called (`claude`); else by the letters."""
    if not name:
        return []
    known = policy.providers
    called = {word: vendor.name for vendor in portkey.VENDORS for word in vendor.spellings if vendor.name in known}
    called |= {each: each for each in known}
    begin = sorted({called[word] for word in called if word.startswith(name) or name.startswith(word)})
    return begin[:_MOST] or [called[word] for word in get_close_matches(name, called, n=1)]


def meant(name: str, known: Collection[str]) -> str:
    """Which name was perhaps meant by one that is none, and which there are."""
    near = get_close_matches(name, known, n=1)
    return f"{f'did you mean `{near[0]}`? ' if near else ''}it is one of {', '.join(known)}"


def portkey_variables(asked: str, there: str, policy: Policy, *, alone: bool) -> str:
    """What to set so that Portkey carries the model that a call asks for, and that is called `there` behind it.

    `alone`: nobody else could serve the call.
    """
    vendor, model = portkey.named(asked.removeprefix("@").removeprefix("portkey/"))
    known = policy.registry.named(model)
    owner = vendor or (known.provider_route if known else None) or portkey.vendor_of(there)
    spelled = next((each.spellings[0] for each in portkey.VENDORS if each.name == owner), owner)
    name = f"PORTKEY_CONFIG_{spelled.upper().replace('-', '_') if spelled else '…'}"
    other = "" if alone else ", or another provider's key"
    return f"for `{asked}` set `{name}` or `PORTKEY_VIRTUAL_KEY`{other}; `ai doctor` tells which are seen"
