"""From what a provider did wrong to what the client is told of it."""

from fairlead.dialects import hub, lenient
from fairlead.dialects.model import ErrorFacts
from fairlead.errors import CannotCarry, Failure, FailureKind, UpstreamError, UpstreamFailure
from fairlead.pipeline.answers import Whole
from fairlead.pipeline.call import Call
from fairlead.pipeline.causes import kind_of
from fairlead.providers import portkey
from fairlead.routing.disposition import Blame, disposition
from fairlead.routing.plan import Target
from fairlead.upstream import retry_after, secrets
from fairlead.upstream.api import Response

_SHOWN = 300
_SAYS_LITTLE = (FailureKind.UNSUPPORTED, FailureKind.OVERTAKEN)


def refusal(facts: ErrorFacts, body: bytes, response: Response) -> UpstreamFailure:
    """The failure that a provider's own error is, under whatever status it came."""
    caught = UpstreamFailure(kind_of(facts), facts.message, status=facts.status)
    caught.failure.body = body
    caught.failure.retry_after = retry_after.seconds(response)
    return caught


def _of_portkey(failure: Failure) -> FailureKind:
    """What Portkey means: where it refuses, and no vendor behind it, that is the operator's matter.

    It does so of a config that is wrong, and of a budget that is spent (412).
    """
    if failure.kind is not FailureKind.BAD_REQUEST:
        return failure.kind
    if failure.status == 412:
        return FailureKind.CREDIT
    said = lenient.members(failure.body)
    return FailureKind.AUTH if said.get("status") == "failure" and "error" not in said else failure.kind


def settled(caught: UpstreamFailure) -> Failure:
    """What was raised, as a value.

    Whatever broke still holds the exception, whose traceback holds the call: a ring that would keep the call's body.
    """
    caught.__traceback__ = None
    return caught.failure


def redacted(failure: Failure, target: Target) -> Failure:
    """The failure as that target means it, without our key in it: some providers echo a key that they refuse."""
    if portkey.stands_at(target.provider):
        failure.kind = _of_portkey(failure)
    if failure.status == 401:
        failure.detail = "the provider refused the gateway's key (HTTP 401)"
    detail = cleaned(failure.detail.encode("utf-8", "replace"), target).decode("utf-8", "replace")
    # Cut only now: of a key that is cut in two, a half would be found by nobody.
    failure.detail = detail if failure.status is None else detail[:_SHOWN]
    failure.body = cleaned(failure.body, target)
    return failure


def cleaned(said: bytes, target: Target) -> bytes:
    """What a provider said, without our key."""
    return secrets.hide(secrets.redact(target.provider, said), target.hidden)


def final(failure: Failure, what: str) -> UpstreamError:
    """The client's error for a failure after which nothing more is tried."""
    rule = disposition(failure.kind)
    return UpstreamError(
        failure,
        f"{what}: {failure.detail}",
        status=503 if failure.status in (503, 529) else rule.status,
        code=rule.code,
        hint=rule.hint,
        retryable=rule.retryable,
    )


def resting(seconds: float) -> UpstreamError:
    """The client's error where every target has asked for no call, the first of them for so many seconds more."""
    return final(Failure(FailureKind.RATE_LIMIT, "it is full", 429, seconds), "no target may be asked yet")


def forwarded(failure: Failure, call: Call, target: Target) -> bytes:
    """A provider's refusal as the client gets it: untouched where its shape is the client's, else put into that."""
    dialect = call.envelope.endpoint.dialect
    whole = hub.whole_error(dialect, failure.body) if target.provider.speaks(dialect) else None
    if whole is not None:
        return whole
    error = final(failure, "the provider refused the call")
    error.type = "invalid_request_error"
    error.request_id, error.attempts = call.id, call.shown_attempts()
    return hub.error_body(dialect, error)


def given_up(call: Call) -> Whole:
    """What the client is told when no target answered: the provider's own refusal, or our error, which is raised."""
    tried = [attempt for attempt in call.attempts if attempt.failure and attempt.failure.kind not in _SAYS_LITTLE]
    last = (tried or call.attempts)[-1]
    failure = last.failure
    assert failure is not None  # noqa: S101 - an attempt without a failure has returned
    if disposition(failure.kind).blame is Blame.CLIENT:
        return Whole(failure.status or 400, b"application/json", forwarded(failure, call, last.target))
    name = f"{last.target.provider.name}/{last.target.model}"
    if failure.kind is FailureKind.UNSUPPORTED:
        raise CannotCarry(
            f"`{name}` cannot serve this call: {failure.detail}",
            hint=disposition(FailureKind.UNSUPPORTED).hint,
            param=failure.param,
        )
    raise final(failure, f"no target answered; the last, `{name}`, failed")
