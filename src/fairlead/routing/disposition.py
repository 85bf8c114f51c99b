"""What a failure does: the one table that decides it. `ARCHITECTURE.md` has the rules behind it."""

from dataclasses import dataclass
from typing import assert_never

from fairlead.errors import FailureKind as Kind


@dataclass(frozen=True, slots=True)
class Disposition:
    """Whether the next target is tried, and what the client is told if no target is left."""

    next: bool
    status: int
    code: str
    hint: str
    retryable: bool = False


_UNREACHABLE = Disposition(
    next=True,
    status=503,
    code="upstream_unavailable",
    hint="check that the provider is up and its base URL is right: `ai doctor`",
    retryable=True,
)
_SLOW = Disposition(
    next=True,
    status=504,
    code="upstream_timeout",
    hint="raise the provider's `timeouts`, or add a target to fall back to",
    retryable=True,
)
_BROKEN = Disposition(
    next=True,
    status=502,
    code="upstream_bad_response",
    hint="the provider sent something that is not a reply; `base_url` may point at the wrong place",
)
_CUT = Disposition(
    next=True,
    status=502,
    code="upstream_cut",
    hint="the provider broke off; send the call again",
    retryable=True,
)
_ADDRESS = Disposition(
    next=True,
    status=502,
    code="upstream_address",
    hint="where the provider is meant to be in a private network, say `private_network: true` in its entry",
)
_TLS = Disposition(
    next=True,
    status=502,
    code="upstream_tls",
    hint="the provider's certificate is not trusted here; check `base_url` and this machine's certificates",
)
_PROXY = Disposition(next=True, status=502, code="upstream_proxy", hint="check HTTPS_PROXY and NO_PROXY")
_AUTH = Disposition(
    next=True,
    status=502,
    code="upstream_auth",
    hint="the provider refuses the gateway's key for it; the operator finds out more with `ai doctor`",
)
_CREDIT = Disposition(
    next=True,
    status=502,
    code="upstream_credit",
    hint="the gateway's account at the provider is out of credit",
)
_NO_MODEL = Disposition(
    next=True,
    status=502,
    code="upstream_model_not_found",
    hint="the provider does not have this model; see `ai models list`",
)
_RATE = Disposition(
    next=True,
    status=429,
    code="upstream_rate_limited",
    hint="wait as long as `retry-after` says, or add a target to fall back to",
    retryable=True,
)
_SERVER = Disposition(
    next=True,
    status=502,
    code="upstream_error",
    hint="the provider failed; send the call again or add a target to fall back to",
    retryable=True,
)
_UNSUPPORTED = Disposition(
    next=True,
    status=400,
    code="not_carried",
    hint="name a model whose provider has it, or leave it out",
)
_CLIENT = Disposition(
    next=False,
    status=400,
    code="upstream_refused",
    hint="the provider refuses the call as it is; its message says why",
)


def disposition(kind: Kind) -> Disposition:  # noqa: C901, PLR0911, PLR0912 - a table
    """What follows from a failure of this kind."""
    match kind:
        case Kind.CONNECT | Kind.CONNECT_TIMEOUT | Kind.RESET | Kind.STARTING:
            return _UNREACHABLE
        case Kind.FIRST_BYTE_TIMEOUT | Kind.IDLE_TIMEOUT | Kind.TOTAL_TIMEOUT:
            return _SLOW
        case Kind.BAD_RESPONSE | Kind.TOO_LARGE | Kind.REDIRECT:
            return _BROKEN
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
