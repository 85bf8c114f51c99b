"""What the rules of budgets and limits may ask about a call."""

import msgspec

from fairlead.dialects.envelope import Envelope
from fairlead.ledger.budgets.rules import Facts, Values
from fairlead.pipeline.call import Call, Noted
from fairlead.routing.plan import Target

METADATA = (b"x-fairlead-metadata", b"x-portkey-metadata")
_IN_ORDER = ("safety_identifier", "user")
_WHO = frozenset(_IN_ORDER)
_NOTHING = Noted("", {})
_MOST = 16
_LONGEST = 200


def facts_of(call: Call, target: Target | None = None) -> Facts:
    """The facts of a call, and of the target that it is to be taken to."""
    who, envelope = call.principal, call.envelope
    model = envelope.model if target is None else target.model
    held: dict[str, Values] = {"key": (who.name,), "endpoint": (envelope.endpoint.name,), "model": (model,)}
    also: dict[str, Values] = {kind: (name,) for kind, name in who.names}
    for name in ("organisation", "team", "user"):
        if value := getattr(who, name):
            held[name] = (value,)
    if who.tags:
        held["tag"] = tuple(dict.fromkeys(who.tags))
    said = noted(call)
    if said.end_user:
        held["end_user"] = (said.end_user,)
    if target is not None:
        held["provider"] = (target.provider.name,)
        also["model"] = (envelope.model, f"{target.provider.name}/{target.model}")
    return Facts(held, said.metadata, also)


def noted(call: Call) -> Noted:
    """What the client says of its call for the record alone. It is read once."""
    if call.noted is None:
        metadata = _metadata(call)
        end_user = _end_user(call) or metadata.get("user_id", "") or metadata.get("_user", "")
        call.noted = Noted(end_user, metadata) if end_user or metadata else _NOTHING
    return call.noted


def _end_user(call: Call) -> str:
    envelope = call.envelope
    if isinstance(envelope, Envelope) and envelope.members.has_any(_WHO):
        for name in _IN_ORDER:
            said = envelope.optional(name)
            if isinstance(said, str) and said:
                return said[:_LONGEST]
    return ""


def _metadata(call: Call) -> dict[str, str]:
    """The client's notes, in its body or in a header. What is no text is left out."""
    found: dict[str, str] = {}
    if isinstance(call.envelope, Envelope) and "metadata" in call.envelope.members.names:
        found = _texts(call.envelope.optional("metadata"))
    for name in METADATA:
        if (said := call.request.header(name)) is not None:
            try:
                found |= _texts(msgspec.json.decode(said))
            except (ValueError, RecursionError):
                continue
    return dict(list(found.items())[:_MOST]) if len(found) > _MOST else found


def _texts(said: object) -> dict[str, str]:
    if not isinstance(said, dict):
        return {}
    return {str(name)[:_LONGEST]: str(value)[:_LONGEST] for name, value in said.items() if isinstance(value, str | int)}
