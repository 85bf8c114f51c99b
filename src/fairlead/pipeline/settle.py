"""The end of a call: what it was and what it cost, counted once and recorded once."""

import logging
from typing import Protocol

from fairlead.clock import Clock
from fairlead.dialects.endpoints import CHAT, RESPONSES
from fairlead.errors import FairleadError
from fairlead.ledger.bodies import kept
from fairlead.ledger.row import Bodies, Outcome, Row
from fairlead.observe.metrics import Metrics
from fairlead.pipeline.call import Call
from fairlead.pipeline.limit import used
from fairlead.pipeline.pins import Pins, owner
from fairlead.pipeline.record import recorded
from fairlead.pipeline.till import Till

log = logging.getLogger("fairlead.calls")


class Record(Protocol):
    """Writes down the row of a call, and its texts where they are kept."""

    def __call__(self, row: Row, *texts: Bodies) -> None: ...


class Settler:
    """Records ended calls."""

    def __init__(  # one parameter for each thing that has to know
        self, metrics: Metrics, clock: Clock, pins: Pins, till: Till, record: Record, *, keeps_bodies: bool = False
    ) -> None:
        """`keeps_bodies`: `answer` of a call is wanted too, and recorded with what it asked."""
        self.keeps_bodies = keeps_bodies
        self._metrics = metrics
        self._pins = pins
        self._clock = clock
        self._till = till
        self._record = record

    def apart(self) -> "Settler":
        """The same with figures of its own, and without texts."""
        return Settler(Metrics(), self._clock, self._pins, self._till, self._record)

    def begin(self) -> None:
        self._metrics.open += 1

    def _note(self, call: Call, row: Row) -> None:
        if self.keeps_bodies:
            row.bodies = True
            self._record(row, kept(row, call.request.body, bytes(call.answer)))
        else:
            self._record(row)

    def cost(self, call: Call) -> int | None:
        """What the call costs as far as it has come, in nano-dollars; None where that is not known."""
        return self._till.cost(call, call.attempts[-1]).nano

    def settle(self, call: Call, outcome: Outcome, error: FairleadError | None = None) -> None:
        """Count a call that has ended, whatever its end; `error` is what its client got instead of an answer."""
        metrics, usage, now = self._metrics, call.usage, self._clock.monotonic()
        self._till.settle(call)
        if call.ticket is not None:
            call.ticket.settle(used(call))
        self._note(call, recorded(call, outcome, now, error))
        provider = call.attempts[-1].target.provider.name if call.attempts else ""
        metrics.open -= 1
        row = metrics.row(call.envelope.endpoint.name, provider, call.status, outcome)
        row.calls += 1
        row.seconds.observe(now - call.started)
        row.overhead.observe(call.overhead)
        if usage is not None:
            row.input_tokens += usage.input_tokens
            row.output_tokens += usage.output_tokens
            if call.first_byte is not None and call.envelope.stream:
                call.attempts[-1].target.standing.flowed(usage.output_tokens, now - call.first_byte)
        for attempt in call.attempts:
            metrics.attempts[attempt.target.provider.name, attempt.failure.kind if attempt.failure else "ok"] += 1
        if call.made and _keeps(call):
            self._pins.note(call.made, provider, call.attempts[-1].target.headers, owner(call.principal))
        if outcome != "ok" or len(call.attempts) > 1:
            _tell(call, outcome)


def _keeps(call: Call) -> bool:
    """Whether what was made can be asked for again by what the client was told of it."""
    endpoint = call.envelope.endpoint
    return endpoint is RESPONSES or (endpoint is CHAT and call.attempts[-1].target.provider.speaks(CHAT.dialect))


def _tell(call: Call, outcome: str) -> None:
    """One line for a call that failed or had to be rescued; prompts and replies are never in it."""
    level = logging.INFO if outcome in ("ok", "cancelled") else logging.WARNING
    tried = ", ".join(
        f"{a.target.provider.name}/{a.target.model}: {a.failure.kind if a.failure else 'ok'}" for a in call.attempts
    )
    log.log(level, "call %s: outcome=%s status=%s tried=[%s]", call.id, outcome, call.status, tried)
