"""From what a provider did wrong to what the client is told of it."""

from fairlead.dialects import hub, lenient
from fairlead.dialects.model import ErrorFacts
from fairlead.errors import Failure, FailureKind, UpstreamError, UpstreamFailure
from fairlead.pipeline.call import Call
from fairlead.providers import portkey
from fairlead.routing.disposition import disposition, kind_of_status
from fairlead.routing.plan import Target
from fairlead.upstream import retry_after, secrets
from fairlead.upstream.api import Response

_SHOWN = 300
# Groq's code, OpenAI's, Mistral's type, DeepSeek's message.
_NO_MODEL = {"model_decommissioned", "model_not_found", "invalid_model", "Model Not Exist"}


def refusal(facts: ErrorFacts, body: bytes, response: Response) -> UpstreamFailure:
    """The failure that a provider's own error is, under whatever status it came."""
    kind = FailureKind.NO_MODEL if _lacks_model(facts) else kind_of_status(facts.status)
    caught = UpstreamFailure(kind, facts.message, status=facts.status)
    caught.failure.body = body
    caught.failure.retry_after = retry_after.seconds(response)
    return caught


def _lacks_model(facts: ErrorFacts) -> bool:
    """Whether a refusal means the model and not the call: some say 400 of a name that they no longer have."""
    return facts.status == 400 and ({facts.code, facts.type} & _NO_MODEL != set() or facts.message in _NO_MODEL)


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
