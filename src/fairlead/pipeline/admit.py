"""Who calls, and what that one may do: from a presented key to a principal, and from its rights to a plan."""

from dataclasses import replace

from fairlead.errors import Forbidden
from fairlead.ledger.keyring import Keyring, missing
from fairlead.ledger.principal import Principal, Role
from fairlead.pipeline.call import Call
from fairlead.routing.onward import kept
from fairlead.routing.plan import Candidate, Plan

LOCAL = Principal("local")


def admit(keyring: Keyring, presented: bytes | None, now: float) -> Principal:
    """The principal of the presented key. Raises `Unauthorized`, and never says what was presented."""
    if presented is None:
        raise missing()
    return keyring.principal_of(presented, now)


def to_call(principal: Principal, path: str, address: str) -> None:
    """Let a principal through to an operation. Raises `Forbidden` for a key of the other kind, or one without it."""
    if principal.role is not Role.CLIENT:
        raise Forbidden(
            "this is an admin key, and calls take a client key",
            hint="an admin key belongs at /api; `ai keys create` makes a client key (`fl-…`)",
        )
    if principal.rights.limits_entry:
        _entered(principal, path, address)


def to_administer(principal: Principal, least: Role, *, reads: bool) -> None:
    """Let a principal through to what takes the role `least`. Raises `Forbidden`.

    An admin may all; an auditor may read whatever there is to read; a member what members may, which is its own team's.
    """
    role = principal.role
    if role is Role.CLIENT:
        raise Forbidden(
            "this is a client key, and administration takes an admin key",
            hint="a client key belongs at /v1; `ai keys create --admin` makes an admin key (`fla-…`)",
        )
    if not (role is Role.ADMIN or role is least or (role is Role.AUDITOR and reads and least is not Role.ADMIN)):
        raise Forbidden(f"a key of the role `{role}` may not do this", hint=f"it takes the role `{_or_admin(least)}`")


def _or_admin(least: Role) -> str:
    return "admin" if least is Role.ADMIN else f"{least}` or `admin"


def within(principal: Principal, path: str, address: str) -> None:
    """Hold a principal to its paths and addresses. Raises `Forbidden`."""
    if principal.rights.limits_entry:
        _entered(principal, path, address)


def _entered(principal: Principal, path: str, address: str) -> None:
    if not principal.rights.permits_endpoint(path):
        raise Forbidden(f"the key `{principal.name}` may not use {path}", hint=_WIDEN)
    if not principal.rights.permits_address(address):
        raise Forbidden(f"the key `{principal.name}` may not be used from {address or 'there'}", hint=_WIDEN)


_WIDEN = "its `rights` say what it may do, and those of its team and organisation: `ai keys show NAME`"


def unlimited(principal: Principal, what: str) -> None:
    """Raises `Forbidden` for keys that are limited to models or providers, for what cannot be held to that."""
    if principal.rights.limits_targets:
        raise Forbidden(f"the key `{principal.name}` is limited to some models, and may not {what}", hint=_WIDEN)


def permitted(call: Call) -> Plan:
    """The plan less what the key may not use. Raises `Forbidden` where nothing is left."""
    if not call.principal.rights.limits_targets:
        return call.plan
    held = tuple(_held(call, each) for each in call.plan.candidates)
    if not any(each.target for each in held):
        raise Forbidden(
            f"the key `{call.principal.name}` may not use `{call.envelope.model}`", hint=_WIDEN, param="model"
        )
    return call.plan if held == call.plan.candidates else kept(call.plan, held)


def _held(call: Call, each: Candidate) -> Candidate:
    target = each.target
    rights = call.principal.rights
    if target is None or rights.permits(each.asked or call.envelope.model, target.provider.name, target.model):
        return each
    return replace(each, target=None, reason="the key may not use it", barred=True)
