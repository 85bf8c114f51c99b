"""What a way to a target has to give, and what all ways share."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol, TypeAlias

from fairlead.dialects import most
from fairlead.dialects.codec import Facts, Losses, Outgoing
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.framing import SSE, Framing
from fairlead.dialects.model import BadReply, ErrorFacts, Reasoning, Reply
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.ledger import extras
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import Mend, Relay
from fairlead.providers.quirks import Known, Mender, mender
from fairlead.routing.plan import Target
from fairlead.routing.policy import OnLoss
from fairlead.upstream.api import Response

_JSON = b"application/json"
_EVENTS = b"text/event-stream"
_NOTHING: Mapping[str, bytes | None] = {}
_mender = cache(mender)
# Gives the time, in Unix seconds.
Now: TypeAlias = Callable[[], float]


class Way(Protocol):
    """One call's way to one target. `whole` notes the usage on the call; a relay knows its own."""

    framing: Framing

    def unasked(self) -> bytes | None:
        """The client's reply where nobody has to be asked for it; None where the target has to be."""

    def outgoing(self) -> Outgoing:
        """The request for the provider. Raises `UpstreamFailure` where it cannot be put into words there."""

    def whole(self, body: bytes) -> bytes:
        """The client's reply to a provider's whole one. Raises `BadReply`, `ErrorWithin`."""

    def content_type(self, response: Response, *, stream: bool) -> bytes:
        """What the client's reply is."""

    def relay(self) -> Relay:
        """What carries a stream."""

    def streamed(self, body: bytes) -> bytes:
        """A whole reply as the stream that the client asked for. Raises `BadReply`, `ErrorWithin`."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What a provider's error says."""


class Base:
    """What all ways share: bytes go as they came, and the reply is of the provider's type."""

    __slots__ = ("began", "call", "framing", "now", "target")

    def __init__(self, call: Call, target: Target, now: Now) -> None:
        self.call = call
        self.target = target
        self.now = now
        self.began = int(now())
        self.framing = SSE

    def unasked(self) -> bytes | None:
        return None

    def outgoing(self) -> Outgoing:
        envelope, target = self.call.envelope, self.target
        body = envelope.write(target.model, ask_usage=target.provider.usage == "asked", lowered=self.changed())
        return Outgoing(envelope.endpoint.at(target.model), body)

    def changed(self) -> Mapping[str, bytes | None]:
        """The members that ask for fewer tokens, where a budget has no room for more, and none that ask for the cost
        of a provider that does not tell it.
        """
        call, envelope = self.call, self.call.envelope
        if (call.most is None and not envelope.wants_cost) or not isinstance(envelope, Envelope):
            return _NOTHING
        changes = {} if call.most is None else dict(most.lowered(envelope, call.most, self.target.model))
        if envelope.wants_cost and not extras.reports(self.target.provider.name):
            changes["usage"] = None
        return changes

    def content_type(self, response: Response, *, stream: bool) -> bytes:
        return _EVENTS if stream else response.header(b"content-type") or _JSON

    def relay(self) -> Relay:
        raise UpstreamFailure(FailureKind.UNSUPPORTED, f"`{self.call.envelope.endpoint.name}` is not streamed")

    def streamed(self, body: bytes) -> bytes:  # noqa: ARG002 - most have nothing to make one of
        raise BadReply("a whole reply came where a stream was asked for")

    def facts(self) -> Facts:
        return Facts(self.call.id, self.target.model, self.began, self.now)

    def mender(self) -> Mender | None:
        quirks = self.target.provider.quirks
        return _mender(quirks) if quirks else None

    def known(self) -> Known:
        return Known(f"chatcmpl-{self.call.id}", self.target.model, self.began)

    def mend(self) -> Mend | None:
        by = self.mender()
        return by.stream(self.known()).chunk if by else None

    def settle(self, losses: Losses) -> None:
        """Refuse or note what cannot be carried, as the plan says. Raises `UpstreamFailure`."""
        policy = self.call.plan.on_loss or OnLoss()
        refused = [*losses.meaning] if policy.refuse_meaning else []
        refused += losses.hints if policy.refuse_hints else []
        if refused:
            raise _cannot_carry(refused, losses.why, self.target)
        self.call.dropped = [*losses.meaning, *losses.hints]


class Translated(Base):
    """Two dialects: the provider's reply is written anew, as JSON."""

    __slots__ = ()

    def content_type(self, response: Response, *, stream: bool) -> bytes:  # noqa: ARG002 - whatever the provider's is
        return _EVENTS if stream and not self.call.envelope.endpoint.array else _JSON


def made(reply: Reply) -> list[str]:
    """What of a reply only its provider can use again: its id, and thoughts that nobody else can read."""
    found = [reply.id] if reply.id else []
    parts = (part for choice in reply.choices for part in choice.parts)
    return found + [part.encrypted for part in parts if type(part) is Reasoning and part.encrypted]


def _cannot_carry(refused: list[str], why: Mapping[str, str], target: Target) -> UpstreamFailure:
    """The failure of a target whose dialect has no words for what the client asks."""
    told = ", ".join(f"`{name}`" + (f" ({why[name]})" if name in why else "") for name in refused)
    caught = UpstreamFailure(FailureKind.UNSUPPORTED, f"`{target.provider.dialect}` cannot carry {told}")
    caught.failure.param = refused[0]
    return caught
