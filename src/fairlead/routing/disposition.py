"""What a failure does: the one table that decides it. `ARCHITECTURE.md` has the rules behind it.

A row says what happens to the call (`then`), against whom the failure counts (`blame`), by which of the configured
counts it is tried again (`cause`), and what the client is told where nobody is left to ask.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from fairlead.errors import FailureKind as Kind


class Then(StrEnum):
    """What happens to the call."""

    AGAIN = "the next target; without one, here again"
    NEXT = "the next target"
    LARGER = "the next target that may take more"
    STOP = "nothing: the client is told"


class Blame(StrEnum):
    """Whom a failure counts against."""

    NOBODY = "nobody"
    CLIENT = "client"
    CREDENTIAL_RESTS = "credential, which rests"
    CREDENTIAL_REFUSED = "credential, which is refused"
    MODEL_REFUSED = "target, which is refused"
    TARGET = "target"
    PROVIDER = "provider"


class Cause(StrEnum):
    """Under which name a configuration counts how often it is tried again."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"
    BAD_REPLY = "bad_reply"
    NEVER = ""


@dataclass(frozen=True, slots=True)
class Disposition:
    """One row of the table."""

    then: Then
    blame: Blame
    cause: Cause
    status: int
    code: str
    hint: str
    retryable: bool = False

    @property
    def next(self) -> bool:
        """Whether another target is asked."""
        return self.then is not Then.STOP


_UNREACHABLE: Final = Disposition(
    Then.AGAIN,
    Blame.PROVIDER,
    Cause.CONNECT,
    status=503,
    code="upstream_unavailable",
    hint="check that the provider is up and its base URL is right: `ai doctor`",
    retryable=True,
)
_RESET: Final = Disposition(
    Then.AGAIN,
    Blame.TARGET,
    Cause.CONNECT,
    status=503,
    code="upstream_unavailable",
    hint=_UNREACHABLE.hint,
    retryable=True,
)
_STARTING: Final = Disposition(
    Then.NEXT,
    Blame.NOBODY,
    Cause.NEVER,
    status=503,
    code="upstream_unavailable",
    hint=_UNREACHABLE.hint,
    retryable=True,
)
_SLOW: Final = Disposition(
    Then.AGAIN,
    Blame.TARGET,
    Cause.TIMEOUT,
    status=504,
    code="upstream_timeout",
    hint="raise the provider's `timeouts`, or add a target to fall back to",
    retryable=True,
)
_BROKEN: Final = Disposition(
    Then.AGAIN,
    Blame.TARGET,
    Cause.BAD_REPLY,
    status=502,
    code="upstream_bad_response",
    hint="the provider sent something that is not a reply; `base_url` may point at the wrong place",
)
_REDIRECT: Final = Disposition(
    Then.NEXT, Blame.PROVIDER, Cause.NEVER, status=502, code="upstream_bad_response", hint=_BROKEN.hint
)
_CUT: Final = Disposition(
    Then.AGAIN,
    Blame.TARGET,
    Cause.BAD_REPLY,
    status=502,
    code="upstream_cut",
    hint="the provider broke off; send the call again",
    retryable=True,
)
_ADDRESS: Final = Disposition(
    Then.NEXT,
    Blame.PROVIDER,
    Cause.NEVER,
    status=502,
    code="upstream_address",
    hint="where the provider is meant to be in a private network, say `private_network: true` in its entry",
)
_TLS: Final = Disposition(
    Then.NEXT,
    Blame.PROVIDER,
    Cause.NEVER,
    status=502,
    code="upstream_tls",
    hint="the provider's certificate is not trusted here; check `base_url` and this machine's certificates",
)
_PROXY: Final = Disposition(
    Then.NEXT,
    Blame.PROVIDER,
    Cause.NEVER,
    status=502,
    code="upstream_proxy",
    hint="check HTTPS_PROXY and NO_PROXY",
)
_AUTH: Final = Disposition(
    Then.NEXT,
    Blame.CREDENTIAL_REFUSED,
    Cause.NEVER,
    status=502,
    code="upstream_auth",
    hint="the provider refuses the gateway's key for it; the operator finds out more with `ai doctor`",
)
_CREDIT: Final = Disposition(
    Then.NEXT,
    Blame.CREDENTIAL_REFUSED,
    Cause.NEVER,
    status=502,
    code="upstream_credit",
    hint="the gateway's account at the provider is out of credit",
)
_NO_MODEL: Final = Disposition(
    Then.NEXT,
    Blame.MODEL_REFUSED,
    Cause.NEVER,
    status=502,
    code="upstream_model_not_found",
    hint="the provider does not have this model; see `ai models list`",
)
_RATE: Final = Disposition(
    Then.AGAIN,
    Blame.CREDENTIAL_RESTS,
    Cause.RATE_LIMIT,
    status=429,
    code="upstream_rate_limited",
    hint="wait as long as `retry-after` says, or add a target to fall back to",
    retryable=True,
)
_SERVER: Final = Disposition(
    Then.AGAIN,
    Blame.TARGET,
    Cause.SERVER,
    status=502,
    code="upstream_error",
    hint="the provider failed; send the call again or add a target to fall back to",
    retryable=True,
)
_UNSUPPORTED: Final = Disposition(
    Then.NEXT,
    Blame.NOBODY,
    Cause.NEVER,
    status=400,
    code="not_carried",
    hint="name a model whose provider has it, or leave it out",
)
_CLIENT: Final = Disposition(
    Then.STOP,
    Blame.CLIENT,
    Cause.NEVER,
    status=400,
    code="upstream_refused",
    hint="the provider refuses the call as it is; its message says why",
)
_CONTEXT: Final = Disposition(
    Then.LARGER,
    Blame.CLIENT,
    Cause.NEVER,
    status=400,
    code="context_length_exceeded",
    hint="shorten the call, or add a target with a larger context window",
)
_POLICY: Final = Disposition(
    Then.STOP,
    Blame.CLIENT,
    Cause.NEVER,
    status=400,
    code="content_policy",
    hint="the provider's policy refuses the text; `on_refusal: next` of a model asks the next target",
)
_OVERTAKEN: Final = Disposition(
    Then.NEXT,
    Blame.NOBODY,
    Cause.NEVER,
    status=504,
    code="upstream_timeout",
    hint="another target was quicker",
    retryable=True,
)


def disposition(kind: Kind) -> Disposition:  # noqa: C901, PLR0911, PLR0912 - a table
    """What follows from a failure of this kind."""
    match kind:
        case Kind.CONNECT | Kind.CONNECT_TIMEOUT:
            return _UNREACHABLE
        case Kind.RESET:
            return _RESET
        case Kind.STARTING:
            return _STARTING
        case Kind.FIRST_BYTE_TIMEOUT | Kind.IDLE_TIMEOUT | Kind.TOTAL_TIMEOUT:
            return _SLOW
        case Kind.FIRST_TOKEN_TIMEOUT | Kind.TOO_SLOW:
            return _SLOW
        case Kind.BAD_RESPONSE | Kind.TOO_LARGE:
            return _BROKEN
        case Kind.REDIRECT:
            return _REDIRECT
        case Kind.CUT:
            return _CUT
        case Kind.ADDRESS:
            return _ADDRESS
        case Kind.TLS:
            return _TLS
        case Kind.PROXY:
            return _PROXY
        case Kind.AUTH:
            return _AUTH
        case Kind.CREDIT:
            return _CREDIT
        case Kind.NO_MODEL:
            return _NO_MODEL
        case Kind.RATE_LIMIT:
            return _RATE
        case Kind.SERVER:
            return _SERVER
        case Kind.UNSUPPORTED:
            return _UNSUPPORTED
        case Kind.BAD_REQUEST:
            return _CLIENT
        case Kind.CONTEXT:
            return _CONTEXT
        case Kind.POLICY:
            return _POLICY
        case Kind.OVERTAKEN:
            return _OVERTAKEN
        case _:
            assert_never(kind)


def kind_of_status(status: int) -> Kind:
    """What kind of failure an upstream's status is."""
    known = {401: Kind.AUTH, 403: Kind.AUTH, 402: Kind.CREDIT, 404: Kind.NO_MODEL, 429: Kind.RATE_LIMIT}
    if status in known:
        return known[status]
    if status >= 500 or status in (408, 409, 425):
        return Kind.SERVER
    return Kind.BAD_REQUEST if status >= 400 else Kind.BAD_RESPONSE
