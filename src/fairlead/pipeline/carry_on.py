"""An answer that breaks off is gone on with: another target, or the same, is given the text so far as its own.

Only where a model's entry says `continue`, only for chats, and never in the midst of a tool call.
"""

from fairlead.dialects import hub, most
from fairlead.dialects.anthropic.count import count_text
from fairlead.dialects.codec import ClientStream
from fairlead.dialects.prefill import STRIPS, prefilled
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import Relay, TranslatingRelay
from fairlead.pipeline.seam import Seam
from fairlead.pipeline.translated import canonical
from fairlead.pipeline.way import Base, Way
from fairlead.routing.plan import Target


def wanted(call: Call, target: Target) -> bool:
    """Whether an answer of this target is to be gone on with where it breaks off."""
    care, endpoint = target.how.care, call.envelope.endpoint
    if care is None or not care.carry_on or not endpoint.chat or endpoint.array:
        return False
    output = canonical(call).output
    return most.choices(call.envelope) == 1 and (output is None or output.kind == "text")


def followed(call: Call, way: Way) -> tuple[Relay, Seam]:
    """What carries a stream of the way, and what follows it. The client's dialect is written anew, event by event."""
    assert isinstance(way, Base)  # noqa: S101 - all are
    writer = hub.client_of(call.envelope.endpoint).stream(canonical(call), way.facts())
    seam = Seam(writer)
    return _relay(call, way, seam), seam


def resumed(call: Call, way: Way, seam: Seam) -> Relay:
    """What carries the stream that goes on."""
    assert isinstance(way, Base)  # noqa: S101 - all are
    target = way.target
    stripped = _spoken(call, target) in STRIPS
    seam.cut(target.provider.name, target.model, stripped=stripped)
    return _relay(call, way, seam)


def _relay(call: Call, way: Base, writer: ClientStream) -> Relay:
    dialect = _spoken(call, way.target)
    framing = hub.framing_of(dialect)
    way.framing = framing
    reader = hub.PROVIDERS[dialect].stream(1)
    return TranslatingRelay(reader, writer, framing.data_of, way.mend(), call.made)


def bound(call: Call, seam: Seam) -> None:
    """Ask for as many tokens as are left of those that the client asks for."""
    asked = most.asked(call.envelope)
    if asked is not None:
        left = max(1, asked - count_text(len(seam.text.encode("utf-8", "replace"))))
        call.most = left if call.most is None else min(call.most, left)


def body(call: Call, target: Target, out: bytes, seam: Seam) -> bytes:
    """A request that goes on from what was said. Raises `UpstreamFailure` where the target has no words for that."""
    written = prefilled(_spoken(call, target), out, seam.text, target.provider.flavor.prefill)
    if written is None:
        raise UpstreamFailure(FailureKind.UNSUPPORTED, "it does not go on from the beginning of an answer")
    return written


def _spoken(call: Call, target: Target) -> str:
    """The dialect that a call goes to a target in."""
    own = call.envelope.endpoint.dialect
    return own if target.provider.speaks(own) else target.provider.dialect
