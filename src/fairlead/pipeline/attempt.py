"""One try at one target: what is set aside for it, what is sent, and what its end says of the target's health."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fairlead.clock import Clock
from fairlead.config.reliability import Reliability
from fairlead.dialects import framing, sse
from fairlead.dialects.anthropic.count import count_text
from fairlead.dialects.model import BadReply
from fairlead.errors import (
    BudgetExceeded,
    Failure,
    FailureKind,
    PriceUnknown,
    RequestError,
    StoreUnavailable,
    UpstreamFailure,
)
from fairlead.pipeline import carry_on, edited, passing, ways
from fairlead.pipeline.answers import Answer, Streamed, Whole
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.failures import redacted, refusal, settled
from fairlead.pipeline.guard import guarded
from fairlead.pipeline.relay import ErrorWithin
from fairlead.pipeline.retry import rules_of
from fairlead.pipeline.seam import Seam
from fairlead.pipeline.stream import Pipe
from fairlead.pipeline.till import Till
from fairlead.pipeline.way import Way
from fairlead.routing import notes
from fairlead.routing.how import USUAL, Care
from fairlead.routing.plan import Target
from fairlead.upstream.api import Clocks, Request, Response, Upstream
from fairlead.upstream.paths import full_body, full_path

# Why a target was not asked: there is no money for it; or, in the second, the call itself is wrong there.
UNPAID: Final = (BudgetExceeded, PriceUnknown, StoreUnavailable)
NOT_TRIED: Final = (*UNPAID, RequestError)
# How much of a stream is held back, at most, while it says nothing.
HELD: Final = 64 * 1024


class Attempts:
    """Tries targets, one at a time. Holds no state of a call."""

    def __init__(
        self, upstream: Upstream, clock: Clock, till: Till, said: Reliability, draw: Callable[[], float]
    ) -> None:
        """`draw` gives a number from 0 to 1, at random."""
        self.said = said
        self.draw = draw
        self.clock = clock
        self._rules = rules_of(said.breaker)
        self._upstream = upstream
        self._till = till
        self._first_token = said.first_token_timeout

    async def one(
        self, call: Call, target: Target, left: float | None = None, seam: Seam | None = None
    ) -> Answer | Failure:
        """What a target answers, or how it failed; `left` is how many seconds the call still has, if that matters.

        With a `seam` it goes on from what an answer that broke off has said.

        Raises `RequestError` where the call itself is wrong, and `BudgetExceeded`, `PriceUnknown` or `StoreUnavailable`
        where there is no money for it: then nothing was tried.
        """
        notes.tried(target)
        attempt, standing = Attempt(target, 0.0), target.standing
        if standing.troubled:
            attempt.started = self.clock.monotonic()
            standing.claim(attempt.started)
        call.usage, call.dropped, call.made, call.returned = None, [], [], []  # the last one's answer is the call's
        try:
            if target.how.edits is not None or call.original is not None:
                edited.edit(call, target)
            await self._till.reserve(call, attempt)
        except BaseException:
            standing.let_go(attempt.started)
            raise
        if seam is not None:
            carry_on.bound(call, seam)
        attempt.started = self.clock.monotonic()
        call.attempts.append(attempt)
        standing.flying += 1
        try:
            answer = await self._send(call, target, attempt, left, seam)
        except UpstreamFailure as caught:
            standing.flying -= 1
            return self._failed(call, attempt, caught)
        except RequestError:
            standing.flying -= 1
            standing.let_go(attempt.started)
            call.attempts.remove(attempt)  # nothing was tried
            self._till.release(attempt)
            raise
        except BaseException:
            standing.flying -= 1
            standing.let_go(attempt.started)
            attempt.ended = self.clock.monotonic()
            raise
        if type(answer) is not Streamed:
            standing.flying -= 1  # a stream is under way until it is closed
        return answer

    def _failed(self, call: Call, attempt: Attempt, caught: UpstreamFailure) -> Failure:
        failure = attempt.failure = redacted(settled(caught), attempt.target)
        if call.produced:  # a stream that had begun, of which the client has seen nothing
            self._till.absorb(call, attempt)
            call.usage, call.produced, call.cut = None, 0, False
        else:
            self._till.release(attempt)
        if failure.kind is FailureKind.FIRST_BYTE_TIMEOUT and attempt.target.how.hurried:
            attempt.ended = self.clock.monotonic()
            attempt.target.standing.let_go(attempt.started)
        else:
            self._counts(attempt, failure)
        return failure

    def broke(self, call: Call, caught: UpstreamFailure, *, gone_on: bool = False) -> None:
        """The stream that a call had got broke after it had begun; `gone_on` with, it is paid for as far as it came."""
        attempt = call.attempts[-1]
        if attempt.failure is not None:
            return
        if gone_on:
            self._till.absorb(call, attempt)
            attempt.failure = redacted(settled(caught), attempt.target)
        self._counts(attempt, caught.failure)

    def absorb(self, call: Call, attempt: Attempt) -> None:
        """Charge an attempt that has answered, and whose answer may not be the one that the client gets."""
        self._till.absorb(call, attempt)

    def overtaken(self, call: Call) -> None:
        """Another target was quicker than the call's only attempt, or nobody waits for either any more."""
        attempt = call.attempts[-1]
        if attempt.failure is not None:
            return
        self._till.absorb(call, attempt)
        attempt.ended = self.clock.monotonic()
        attempt.failure = Failure(FailureKind.OVERTAKEN, "another target was quicker")

    def _counts(self, attempt: Attempt, failure: Failure) -> None:
        """The end of an attempt that failed, and what that says of its target's health."""
        target = attempt.target
        attempt.ended = now = self.clock.monotonic()
        care = target.how.care
        rules = care.rules if care is not None and care.rules is not None else self._rules
        target.standing.failed(failure, attempt.started, now, self.draw(), rules)

    async def _send(
        self, call: Call, target: Target, attempt: Attempt, left: float | None, seam: Seam | None
    ) -> Answer:
        envelope, way = call.envelope, ways.way(call, target, self.clock.wall)
        unasked = way.unasked()
        if unasked is not None:
            attempt.ended = self.clock.monotonic()
            return Whole(200, b"application/json", unasked)
        out = way.outgoing()
        clocks = target.streamed if envelope.stream else target.whole
        if left is not None or target.how is not USUAL:
            clocks = _bounded(clocks, target.how.timeout, left)
        path = full_path(target.provider, target.model, out.path, stream=envelope.stream)
        body = full_body(target.provider, out.path, out.body)
        if seam is not None:
            body = carry_on.body(call, target, body, seam)
        headers = passing.there(call, target, out)
        request = Request(target.provider, "POST", path, body, clocks, envelope.stream, headers=headers)
        if envelope.endpoint.form:
            request.content_type = call.request.content_type
        elif out.content_type:
            request.content_type = out.content_type
        response = await self._upstream.send(request)
        call.returned = passing.back(response, target)
        try:
            if not 200 <= response.status < 300:
                said = await response.read()
                raise refusal(way.error(response.status, said), said, response)
            if envelope.stream:
                answer: Answer = await self._stream(call, way, response, attempt, seam)
            else:
                answer = await _whole(way, response)
        except BaseException:
            response.close()
            raise
        attempt.ended = now = self.clock.monotonic()
        target.standing.answered(attempt.started, now, stream=envelope.stream)
        return answer

    async def _stream(self, call: Call, way: Way, response: Response, attempt: Attempt, seam: Seam | None) -> Answer:
        if _is_json(response):
            if seam is not None:
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, "a whole reply came where a stream was to go on")
            return await _whole(way, response, stream=True)
        if seam is not None:
            relay = carry_on.resumed(call, way, seam)
        elif carry_on.wanted(call, attempt.target):
            relay, seam = carry_on.followed(call, way)
        else:
            relay = way.relay()
        pipe = Pipe(response, way.framing.splitter(), relay)
        care = attempt.target.how.care
        if care is None and self._first_token is None:
            first = await begun(pipe)
        else:
            first = await self._guarded(call, pipe, attempt, care or Care())
        if way.framing is framing.SSE:
            first = first.removeprefix(sse.BOM)
        pipe.standing = attempt.target.standing
        return Streamed(pipe, first, way.content_type(response, stream=True), seam)

    async def _guarded(self, call: Call, pipe: Pipe, attempt: Attempt, care: Care) -> bytes:
        """The beginning of a stream that is quick enough, where that is asked for."""
        first_token = care.first_token or self._first_token
        if first_token is None and care.pace is None:
            return await begun(pipe)
        due = None if first_token is None else attempt.started + first_token
        try:
            return await guarded(pipe, due, care.pace, self.clock)
        except UpstreamFailure:
            call.usage, call.produced, call.cut = pipe.relay.usage, count_text(pipe.relay.produced), True
            raise


def _bounded(clocks: Clocks, timeout: float | None, left: float | None) -> Clocks:
    """The clocks, with a policy's `timeout` until the head, and none beyond what a call has `left`."""
    if timeout is not None:
        clocks = replace(clocks, first_byte=timeout)
    if left is not None and left < clocks.total:
        clocks = replace(clocks, first_byte=min(clocks.first_byte, left), total=left)
    return clocks


def _is_json(response: Response) -> bool:
    """Whether a whole reply came, or an error, where a stream was asked for."""
    kind = (response.header(b"content-type") or b"").lower()
    return kind.startswith(b"application/json") or kind.endswith(b"+json")


async def _whole(way: Way, response: Response, *, stream: bool = False) -> Whole:
    """A reply that came whole; where a `stream` was asked for, its events all at once."""
    body = await response.read()
    try:
        shown = way.streamed(body) if stream else way.whole(body)
    except BadReply as error:
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, str(error), status=200) from None
    except ErrorWithin as error:
        raise refusal(error.facts, body, response) from None
    return Whole(200, way.content_type(response, stream=stream), shown)


async def begun(pipe: Pipe) -> bytes:
    """The beginning of a stream, up to the first event that says something. Raises `UpstreamFailure`."""
    first = await pipe.next()
    while not (pipe.ended or pipe.relay.content or pipe.broken or len(first) > HELD):
        first += await pipe.next()
    if pipe.broken is not None:
        raise pipe.broken
    return first
