"""A call as one target gets it, where a config changes its body."""

from collections.abc import Iterator, Mapping

import msgspec

from fairlead.dialects.envelope import AUTO, Envelope
from fairlead.dialects.members import Members
from fairlead.pipeline.call import Call
from fairlead.routing.how import Edits
from fairlead.routing.plan import Target
from fairlead.routing.portkey_config.edits import changes


def edit(call: Call, target: Target) -> None:
    """Put on the call the request that the target is to get: the client's own, with the changes of the target's policy.

    Raises `RequestError` where what a policy puts in makes no sense.
    """
    if call.original is None:
        call.original = call.request, call.envelope
    request, envelope = call.original
    edits = target.how.edits
    if edits is not None and not isinstance(envelope, Envelope):
        call.dropped.append(f"{target.how.path}.override_params")  # a form has no members to change
    elif edits is not None and isinstance(envelope, Envelope):
        request = msgspec.structs.replace(request, body=_body(envelope, edits))
        model = envelope.model  # which the body may have named in `models` alone
        envelope = Envelope(envelope.endpoint, request.body, request.model, unnamed=AUTO)
        envelope.model = model
    if request is not call.request:
        call.request, call.envelope, call.canonical = request, envelope, None


def _body(envelope: Envelope, edits: Edits) -> bytes:
    members = envelope.members
    return members.splice(changes(_Held(members), edits))


class _Held(Mapping[str, bytes]):
    """The members of a body, of which only those are read that are asked for."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def __getitem__(self, name: str) -> bytes:
        found = self._members.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._members.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._members.names)

    def __len__(self) -> int:
        return len(self._members.names)
