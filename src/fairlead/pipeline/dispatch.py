"""Walk the plan: one target after the other until one answers, or until a failure says to stop."""

from msgspec import Struct

from fairlead.clock import Clock
from fairlead.dialects import framing, sse
from fairlead.dialects.model import BadReply
from fairlead.errors import (
    BudgetExceeded,
    CannotCarry,
    FailureKind,
    FairleadError,
    PriceUnknown,
    RequestError,
    StoreUnavailable,
    UpstreamFailure,
)
from fairlead.pipeline import passing, ways
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.failures import final, forwarded, redacted, refusal, settled
from fairlead.pipeline.relay import ErrorWithin
from fairlead.pipeline.stream import Pipe
from fairlead.pipeline.till import Till
from fairlead.pipeline.way import Way
from fairlead.routing import notes
from fairlead.routing.disposition import disposition
from fairlead.routing.plan import Target
from fairlead.upstream.api import Request, Response, Upstream
from fairlead.upstream.paths import full_body, full_path

_UNSUPPORTED = FailureKind.UNSUPPORTED
# How much of a stream is held back, at most, while it says nothing.
_HELD = 64 * 1024


class Whole(Struct, eq=False):
    """A whole reply: `body` as the client gets it."""

    status: int
    content_type: bytes
    body: bytes


class Streamed(Struct, eq=False):
    """A stream that has begun to say something: `first` is what has come so far."""

    pipe: Pipe
    first: bytes
    content_type: bytes


Answer = Whole | Streamed


class Dispatcher:
    """Carries calls to targets. Holds no state of a call."""

    def __init__(self, upstream: Upstream, clock: Clock, till: Till) -> None:
        self._upstream = upstream
        self._clock = clock
        self._till = till

    async def dispatch(self, call: Call) -> Answer:
        """The first answer that a target of the plan gives. Raises `UpstreamError` when none does.

        A target that no budget has room for is passed over. Where that leaves none, the last such refusal is raised.
        """
        unpaid: FairleadError | None = None
        for target in call.plan.targets:
            notes.tried(target)
            attempt = Attempt(target, 0.0)
            call.usage, call.dropped, call.made, call.returned = None, [], [], []  # the last one's answer is the call's
            try:
                await self._till.reserve(call, attempt)
            except (BudgetExceeded, PriceUnknown, StoreUnavailable) as refused:
                unpaid = refused
                continue
            attempt.started = self._clock.monotonic()
            call.attempts.append(attempt)
            try:
                return await self._attempt(call, target)
            except RequestError:
                call.attempts.remove(attempt)  # nothing was tried
                self._till.release(attempt)
                raise
            except UpstreamFailure as caught:
                attempt.failure = redacted(settled(caught), target)
                self._till.release(attempt)
                if not disposition(attempt.failure.kind).next:
                    break
            finally:
                attempt.ended = self._clock.monotonic()
        if unpaid is not None and not call.attempts:
            raise unpaid
        return _given_up(call)

    async def _attempt(self, call: Call, target: Target) -> Answer:
        envelope, way = call.envelope, ways.way(call, target, self._clock.wall)
        unasked = way.unasked()
        if unasked is not None:
            return Whole(200, b"application/json", unasked)
        out = way.outgoing()
        clocks = target.streamed if envelope.stream else target.whole
        path = full_path(target.provider, target.model, out.path, stream=envelope.stream)
        body = full_body(target.provider, out.path, out.body)
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
                body = await response.read()
                raise refusal(way.error(response.status, body), body, response)
            if not envelope.stream:
                return await _whole(way, response)
            if _is_json(response):
                return await _whole(way, response, stream=True)
            return await _stream(way, response)
        except BaseException:
            response.close()
            raise


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


async def _stream(way: Way, response: Response) -> Streamed:
    pipe = Pipe(response, way.framing.splitter(), way.relay())
    first = await pipe.next()
    while not (pipe.ended or pipe.relay.content or pipe.broken or len(first) > _HELD):
        first += await pipe.next()
    if pipe.broken is not None:
        raise pipe.broken
    if way.framing is framing.SSE:
        first = first.removeprefix(sse.BOM)
    return Streamed(pipe, first, way.content_type(response, stream=True))


def _given_up(call: Call) -> Answer:
    """What the client is told when no target answered: the provider's own refusal, or our error."""
    tried = [attempt for attempt in call.attempts if attempt.failure and attempt.failure.kind is not _UNSUPPORTED]
    last = (tried or call.attempts)[-1]
    failure = last.failure
    assert failure is not None  # noqa: S101 - an attempt without a failure has returned
    if failure.kind is FailureKind.BAD_REQUEST:
        return Whole(failure.status or 400, b"application/json", forwarded(failure, call, last.target))
    name = f"{last.target.provider.name}/{last.target.model}"
    if failure.kind is _UNSUPPORTED:
        raise CannotCarry(
            f"`{name}` cannot serve this call: {failure.detail}",
            hint=disposition(_UNSUPPORTED).hint,
            param=failure.param,
        )
    raise final(failure, f"no target answered; the last, `{name}`, failed")
