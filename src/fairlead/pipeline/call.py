"""One call on its way through the gateway."""

from collections.abc import AsyncGenerator, Callable, Iterable

from msgspec import Struct, field

from fairlead.dialects.envelope import Endpoint, Envelope
from fairlead.dialects.forms import FormEnvelope
from fairlead.dialects.model import Request, Usage
from fairlead.errors import Failure
from fairlead.ledger.budgets.book import Reservation
from fairlead.ledger.costs import Cost
from fairlead.ledger.limits.gate import Ticket
from fairlead.ledger.principal import Principal
from fairlead.routing.plan import Plan, Target

__all__ = ["UNPLANNED", "Attempt", "Call", "CallRequest", "Headers", "Principal", "Reply"]

Headers = list[tuple[bytes, bytes]]
UNPLANNED = Plan((), "not planned yet")


def _no_header(_: bytes) -> str | None:
    return None


class CallRequest(Struct, eq=False):
    """What a front hands to the gateway: the body as the client sent it, and what its headers ask of routing.

    `model` is given where the path names it. `content_type` is the body's, where that is a form; `header` gives the
    value of any header of the client's, of which `names` has the names.
    """

    endpoint: Endpoint
    body: bytes
    provider: str | None = None
    intent: str | None = None
    model: str | None = None
    content_type: str = ""
    header: Callable[[bytes], str | None] = _no_header
    names: Iterable[bytes] = ()


class Attempt(Struct, eq=False):
    """One try at one target. `failure` is None for the one that answered; times are monotonic seconds.

    `cost` is what it cost in nano-dollars although another answered, or went on; None where that is not known.
    """

    target: Target
    started: float
    ended: float = 0.0
    failure: Failure | None = None
    reservation: Reservation | None = None
    cost: int | None = 0

    def shown(self) -> dict[str, object]:
        """What a client may know of it."""
        row: dict[str, object] = {"provider": self.target.provider.name, "model": self.target.model}
        if self.failure is not None:
            row |= {"failure": str(self.failure.kind), "detail": self.failure.detail}
            if self.failure.status is not None:
                row["status"] = self.failure.status
        row["ms"] = round((self.ended - self.started) * 1000)
        return row


class Noted(Struct, frozen=True):
    """Whom a client says it calls for, and what else it notes of the call."""

    end_user: str
    metadata: dict[str, str]


class Call(Struct, eq=False):
    """A call's state, from its first byte to its record.

    `original` is what the client sent, where a policy changes that for a target; `canonical` is the call in the
    canonical model, once a target needs it; `dropped` has what that target could not carry of it, in the client's
    words. `made` has what only the provider that answered can use again, `returned` those headers of its reply that the
    client gets too. `most` is what a budget lowered the tokens asked for to, `produced` about how many tokens came of a
    reply that nobody counted, and `cut` says that it ended too soon; `charges` is what it spent by account, `absorbed`
    what of its cost was for attempts that another took over from. `answer` is the reply, without its cost, where that
    is kept.
    """

    id: str
    request: CallRequest
    principal: Principal
    started: float
    envelope: Envelope | FormEnvelope
    plan: Plan = UNPLANNED
    attempts: list[Attempt] = field(default_factory=list)
    usage: Usage | None = None
    status: int = 0
    overhead: float = 0.0
    original: tuple[CallRequest, Envelope | FormEnvelope] | None = None
    canonical: Request | None = None
    most: int | None = None
    produced: int = 0
    cut: bool = False
    cost: Cost | None = None
    reserved: int | None = None
    charges: dict[str, int] = field(default_factory=dict)
    absorbed: int | None = 0
    ticket: Ticket | None = None
    first_byte: float | None = None
    noted: Noted | None = None
    dropped: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    returned: Headers = field(default_factory=list)
    answer: bytes | bytearray = b""

    def shown_attempts(self) -> list[dict[str, object]]:
        return [attempt.shown() for attempt in self.attempts]


class Reply(Struct, eq=False):
    """What goes back: whole, or as a stream of events whose first is already there."""

    status: int
    headers: Headers
    body: bytes = b""
    events: AsyncGenerator[bytes, None] | None = None
