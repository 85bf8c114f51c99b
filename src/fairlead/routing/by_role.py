"""Calls by role: the role's chain of providers, each once. Pure.

A role is named by the header `x-fairlead-role` of a call that names no model, or as the model `role:NAME`. It goes
before what the call says of its task.
"""

from dataclasses import replace
from typing import Final

from fairlead.errors import CannotServe
from fairlead.routing import hints
from fairlead.routing.how import How, Retry
from fairlead.routing.policy import Policy
from fairlead.routing.tables import Role, Step, plain
from fairlead.routing.target import Candidate, Plan, Wanted, candidate

HEADER: Final = b"x-fairlead-role"
PREFIX: Final = "role:"
_ONCE: Final = How(retry=Retry(0))


def compile_role(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan for a call that names a role; None where it names none. Raises `CannotServe`."""
    model = wanted.model.strip()
    said = wanted.facts.header(HEADER)
    if model.startswith(PREFIX):
        role = _named(model.removeprefix(PREFIX), policy)
    elif said is None:
        return None
    else:
        role = _named(said, policy)
        if model != "auto":
            return None
    return Plan(_chain(role, wanted.provider, policy), _told(role, wanted), role=role.name)


def _named(name: str, policy: Policy) -> Role:
    roles = policy.tables.roles
    found = roles.get(plain(name))
    if found is not None:
        return found
    if not roles:
        hint = "the profile `agents` ships eight; or give it a chain of providers under `roles`"
        raise CannotServe(f"there is no role `{name}`: no roles are set up", hint=hint, param="role")
    known = [role.name for role in roles.values()]
    raise CannotServe(f"there is no role `{name}`", hint=hints.meant(plain(name).upper(), known), param="role")


def _told(role: Role, wanted: Wanted) -> str:
    over = f", which goes before the task `{wanted.intent}`" if wanted.intent else ""
    return f"role `{role.name}`{over}"


def _chain(role: Role, provider: str | None, policy: Policy) -> tuple[Candidate, ...]:
    steps = role.steps
    if provider is not None:
        steps = _at(role, provider, policy)
    return tuple(_step(place, step, role, policy) for place, step in enumerate(steps, 1))


def _at(role: Role, provider: str, policy: Policy) -> tuple[Step, ...]:
    """The steps at the one provider that the call insists on, or by way of it. Raises `CannotServe`."""
    if provider not in policy.providers:
        hint = hints.providers(provider, policy)
        raise CannotServe(f"there is no provider `{provider}`", hint=hint, param="provider")
    steps = tuple(step for step in role.steps if provider in (step.provider, role.through))
    if not steps:
        listed = ", ".join(f"`{step.provider}`" for step in role.steps)
        raise CannotServe(
            f"provider `{provider}` does not serve the role `{role.name}`; {listed} do",
            hint=f"name one of {listed}, or no provider",
            param="provider",
        )
    return steps


def _step(place: int, step: Step, role: Role, policy: Policy) -> Candidate:
    """The one target of a step: by way of who carries the role's calls, else the provider itself."""
    provider = policy.providers[step.provider]
    model = step.model or provider.default_model
    why = f"no. {place} of role `{role.name}`"
    if not model:
        return Candidate(
            provider.name, "?", None, f"{why}: it has no default model; name one as `{provider.name}/MODEL`"
        )
    default = step.model is None
    own = candidate(policy, provider, model, why, pinned=True, default=default)
    if role.through is None or role.through == step.provider:
        return _once(own)
    carrier = policy.providers[role.through]
    carried = candidate(policy, carrier, f"@{step.provider}/{model}", f"{why}, at `{step.provider}`")
    # A virtual key for whatever vendor is nobody's own: the provider's own key goes before it.
    meant = replace(policy.portkey, fallback=None).way(model, step.provider) is not None
    found = next((each for each in ((carried, own) if meant else (own, carried)) if each.target is not None), None)
    if found is not None:
        return _once(found)
    return replace(own, reason=f"{own.reason}; and by `{carrier.name}`: {carried.reason}")


def _once(found: Candidate) -> Candidate:
    """Each provider of a chain is asked once; the next is the fallback."""
    return found if found.target is None else replace(found, target=replace(found.target, how=_ONCE))
