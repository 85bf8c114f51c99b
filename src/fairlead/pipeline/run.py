"""The order of a call's life, and nothing else: limit, plan, dispatch, settle. (Who calls was settled by `admit`.)"""

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from fairlead.clock import Clock
from fairlead.dialects.anthropic.count import count_text
from fairlead.dialects.model import Usage
from fairlead.errors import FairleadError, Stopping, UpstreamError, UpstreamFailure
from fairlead.ledger.bodies import MOST_KEPT
from fairlead.ledger.limits.gate import Gate
from fairlead.ledger.row import Outcome
from fairlead.pipeline import costed, headers, tally
from fairlead.pipeline.admit import permitted
from fairlead.pipeline.call import Call, Reply
from fairlead.pipeline.dispatch import Dispatcher, Streamed
from fairlead.pipeline.failures import final, redacted, settled
from fairlead.pipeline.kept import Kept
from fairlead.pipeline.limit import Limiter
from fairlead.pipeline.plan import Planner
from fairlead.pipeline.settle import Settler
from fairlead.routing.plan import Plan

if TYPE_CHECKING:
    from fairlead.pipeline.shadow import Shadows


class Pipeline:
    """The stages, in order."""

    def __init__(  # one parameter for each stage
        self, limiter: Limiter, planner: Planner, dispatcher: Dispatcher, settler: Settler, clock: Clock, kept: Kept
    ) -> None:
        self.kept = kept
        self.shadows: Shadows | None = None
        self._limiter = limiter
        self._planner = planner
        self._dispatcher = dispatcher
        self._settler = settler
        self._clock = clock

    def apart(self, planner: Planner) -> "Pipeline":
        """The same for calls that no client waits for: within no limits, and with figures of their own."""
        gate = Gate((), self._clock)
        limiter, settler = Limiter(lambda: gate), self._settler.apart()
        return Pipeline(limiter, planner, self._dispatcher, settler, self._clock, self.kept)

    async def run(self, call: Call) -> Reply:
        """One call from its plan to its reply. A stream settles when it ends; all else has settled on return.

        Raises `FairleadError` that names the call and its attempts.
        """
        self._settler.begin()
        try:
            await self._limiter.admit(call)
            call.plan = self._planner.plan(call)
            call.plan = permitted(call)
            answer = await self._dispatcher.dispatch(call)
            if call.plan.stays is not None:
                call.plan.stays.at(call.attempts[-1].target)
        except FairleadError as error:
            call.status = error.status
            call.overhead = self._overhead(call)
            error.request_id, error.attempts = call.id, call.shown_attempts()
            if call.ticket is not None:
                error.headers = call.ticket.told
            if call.plan.told is not None:
                error.headers = [*error.headers, *headers.told_of_error(call, call.plan.told)]
            self._settler.settle(call, "failed" if isinstance(error, UpstreamError) else "refused", error)
            raise
        except asyncio.CancelledError:
            self._settler.settle(call, "cancelled")
            raise
        except Exception:
            call.status = 500
            self._settler.settle(call, "failed")
            raise
        call.overhead, call.first_byte = self._overhead(call), self._clock.monotonic()
        if isinstance(answer, Streamed):
            call.status = 200
            return Reply(200, headers.told(call, answer.content_type), events=self._events(call, answer))
        call.status = answer.status
        if call.usage is None and answer.status < 400:
            call.produced = tally.made(call, answer.body)
        call.answer = answer.body if self._settler.keeps_bodies else b""
        self._settler.settle(call, "ok" if answer.status < 400 else "failed")
        body = answer.body
        if call.envelope.wants_cost and call.cost is not None and call.cost.nano is not None:
            body = costed.whole(body, call.cost.nano)
        return Reply(answer.status, headers.told(call, answer.content_type), body)

    def explain(self, call: Call) -> Plan:
        """Where a call would go and why. Raises `FairleadError`."""
        return self._planner.explain(call)

    def _overhead(self, call: Call) -> float:
        """Seconds until now that no upstream took."""
        spent = self._clock.monotonic() - call.started
        for attempt in call.attempts:
            spent -= attempt.ended - attempt.started
        return max(0.0, spent)

    def _shown(self, call: Call, usage: Usage | None, data: bytes) -> bytes:
        """Events as the client gets them: with the cost where their usage is, if it asks for that."""
        if self._settler.keeps_bodies:
            if not call.answer:
                call.answer = bytearray()
            call.answer += data[: max(0, MOST_KEPT - len(call.answer))]
        if usage is None or not call.envelope.wants_cost:
            return data
        call.usage = usage
        nano = self._settler.cost(call)
        return data if nano is None else costed.events(data, nano)

    async def _events(self, call: Call, answer: Streamed) -> AsyncGenerator[bytes, None]:
        """The stream's bytes to its true end: the upstream's, or an error that says what broke."""
        pipe = answer.pipe
        outcome: Outcome = "cancelled"
        error: FairleadError | None = None
        try:
            if answer.first:
                yield self._shown(call, pipe.relay.usage, answer.first)
            looked_at = call.envelope.wants_cost or self._settler.keeps_bodies
            while not pipe.ended:
                if data := await pipe.next():
                    yield self._shown(call, pipe.relay.usage, data) if looked_at else data
            outcome = "ok"
        except UpstreamFailure as failure:
            self._dispatcher.broke(call, failure)
            outcome, error = "cut", _broken(call, failure)
            yield pipe.relay.broken(error)
        except asyncio.CancelledError as cancelled:
            if not cancelled.args:  # the client has left
                raise
            outcome, error = "cut", Stopping()
            error.request_id = call.id
            yield pipe.relay.broken(error)
        finally:
            call.usage, call.produced = pipe.relay.usage, count_text(pipe.relay.produced)
            call.cut = not pipe.relay.finished
            pipe.close()
            self._settler.settle(call, outcome, error)


def _broken(call: Call, caught: UpstreamFailure) -> UpstreamError:
    """What a client is told in a stream that broke after it had begun."""
    attempt = call.attempts[-1]
    failure = redacted(settled(caught), attempt.target)
    if attempt.failure is None:
        attempt.failure = failure
    error = final(failure, "the stream broke")
    error.request_id, error.attempts = call.id, call.shown_attempts()
    return error
