"""How a call says that it goes by a config: a header that brings one or names one, its key's default, the gateway's."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

from fairlead.config.portkey_objects.inline import SOURCE, inline
from fairlead.errors import Forbidden, InvalidConfig, Problem
from fairlead.ledger.rights import Granted
from fairlead.routing.how import USUAL
from fairlead.routing.moment import Moment, settled
from fairlead.routing.policy import Policy
from fairlead.routing.portkey_config import names
from fairlead.routing.portkey_config.asked import CONFIG, HEADERS, PROVIDER, VIRTUAL_KEY, laid_over
from fairlead.routing.portkey_config.compile import compiled
from fairlead.routing.portkey_config.prepared import Leaf, Prepared, prepared
from fairlead.routing.target import Plan, Wanted

__all__ = ["HEADERS", "by_default", "named", "of_model", "patient", "said"]

_EMPTY = Prepared("", Leaf("config", USUAL))
_NEAR = 3
_LONGEST = 200
_REMEMBERED = 512
_SHOWN = 80


def said(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan of the config that a call brings or names, or its key goes by; None where there is none.

    A call that names its provider in a header of Portkey's goes by an empty one.

    Raises `InvalidConfig`, `Forbidden`, and what planning may.
    """
    facts = wanted.facts
    header, own = facts.header(CONFIG), facts.rights.config
    if header is not None:
        ready = _of_header(header, facts.rights, policy)
    elif own is not None:
        ready = _of_name(own, policy)
    elif any(facts.header(name) is not None for name in (PROVIDER, VIRTUAL_KEY)):
        ready = _EMPTY
    else:
        return None
    return _made(_with_provider(ready, wanted, policy), wanted, policy)


def patient(wanted: Wanted, policy: Policy, usual: Callable[[], Plan | None]) -> Plan | None:
    """The `usual` plan of a call that has another header of Portkey's: its timeout, for one, holds for all targets.

    Where there is none, that of an empty config; None where the call has no such header. Raises what planning may.
    """
    if all(wanted.facts.header(name) is None for name in HEADERS):
        return None
    made = usual()
    return _made(_EMPTY, wanted, policy) if made is None else replace(made, choose=_Patient(made))


@dataclass(frozen=True, slots=True)
class _Patient:
    """Makes the plan of one call, with what its headers say of all targets."""

    usual: Plan

    def __call__(self, _made: Plan, moment: Moment) -> Plan:
        return laid_over(settled(self.usual, moment), moment.facts)


def by_default(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan of the gateway's default config; None where it has none. Raises what planning may."""
    return None if policy.default_config is None else named(policy.default_config, wanted, policy)


def of_model(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan of the config that the model's entry names; None where it names none. Raises what planning may.

    Within the config that model's name means what it would without the entry.
    """
    asked = policy.default_model if wanted.model == "auto" and wanted.intent is None else wanted.model
    model = policy.model_named(asked) if asked and wanted.provider is None else None
    if model is None or not model.config:
        return None
    others = {name: each for name, each in policy.models.items() if name != model.name}
    return named(model.config, replace(wanted, model=asked or ""), replace(policy, models=others, made={}))


def named(name: str, wanted: Wanted, policy: Policy) -> Plan:
    """The plan of the config of that name. Raises `InvalidConfig`, and what planning may."""
    return _made(_of_name(name, policy), wanted, policy)


def _made(ready: Prepared, wanted: Wanted, policy: Policy) -> Plan:
    """The plan of a config for what a call names, remembered where it is the same for all such calls."""
    key = (ready, wanted.model, wanted.provider, wanted.intent)
    known = policy.made.get(key)
    if known is None:
        known = compiled(ready, wanted, policy).base
        if not known.inferred and len(wanted.model) <= _LONGEST:
            if len(policy.made) >= _REMEMBERED:
                policy.made.clear()
            policy.made[key] = known
    return known


def _of_header(text: str, rights: Granted, policy: Policy) -> Prepared:
    brought = text.startswith("{")
    if not rights.overrides_config and (brought or rights.config is not None):
        raise Forbidden(
            "the key may not bring a config of its own" if brought else "the key's calls go by a config of its own",
            hint="its right `config_override` allows that: `ai keys update NAME --config-override`",
            param=SOURCE,
        )
    return _inline(text) if brought else _of_name(text, policy)


@lru_cache(maxsize=256)
def _inline(text: str) -> Prepared:
    found = inline(text)
    if found.object is None:
        raise InvalidConfig(found.problems)
    return prepared(found.object, "")


def _of_name(name: str, policy: Policy) -> Prepared:
    found = policy.configs.get(name)
    if found is None:
        near = get_close_matches(name, policy.configs, n=_NEAR)
        meant = f"did you mean {', '.join(f'`{each}`' for each in near)}? " if near else ""
        raise InvalidConfig(
            (Problem(SOURCE, 0, 0, "", f"there is no config `{name[:_SHOWN]}` here", f"{meant}`configs` has them"),)
        )
    return found


def _with_provider(ready: Prepared, wanted: Wanted, policy: Policy) -> Prepared:
    """The config with the provider of the headers, where it is a lone target that names none.

    One that is not set up here may be a slug of Portkey's own: the call then goes where it usually goes, and its client
    is told that the header was not acted on.
    """
    root, header = ready.root, wanted.facts.header
    if not isinstance(root, Leaf) or root.provider is not None or root.virtual_key is not None:
        return ready
    provider, key = header(PROVIDER), header(VIRTUAL_KEY)
    if wanted.provider is not None or (provider is None and key is None):
        return ready
    here = provider is not None and names.is_here(provider, policy)
    held = not here and key is not None and names.is_held(key, policy)
    return _at(ready, provider if here else None, key if held else None)


@lru_cache(maxsize=256)
def _at(ready: Prepared, provider: str | None, key: str | None) -> Prepared:
    assert isinstance(ready.root, Leaf)  # noqa: S101 - only those are asked for
    if provider is None and key is None:
        return replace(ready, unused=(*ready.unused, PROVIDER.decode()))
    return replace(ready, root=replace(ready.root, provider=provider, virtual_key=key))
