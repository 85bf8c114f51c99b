"""Every error a caller can meet.

    FairleadError
    ├── ConfigError            the configuration is wrong; lists every problem
    ├── RequestError           the client's call is wrong
    │   ├── Unauthorized, Forbidden
    │   ├── NotFound, MethodNotAllowed, Misdirected, Conflict
    │   ├── HeadersTooLarge, HeadersTooSlow, BodyTooLarge, BodyTooSlow
    │   ├── UnknownModel
    │   ├── InvalidConfig      the config that the call brings or names is wrong; told as Portkey tells it
    │   ├── CannotCarry        the targets' dialects have no words for what the call asks
    │   └── CannotServe        the named provider, intent or model cannot be had together
    │       └── NoneAllowed    what the call says of its providers leaves none of them
    ├── NoTarget               nothing is configured that could serve the call
    ├── RateLimited            a limit has no room for the call; says when it has
    ├── PriceUnknown           a budget applies, and nobody knows what the target costs
    ├── BudgetExceeded         a budget would be passed; says which, what remains, and when it begins anew
    ├── StoreUnavailable       the database does not answer
    └── UpstreamError          every target was tried and none answered; `failure` says how the last one failed

An upstream's own failure is a value while targets remain: `Failure`, raised inside as `UpstreamFailure`.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum


class FairleadError(Exception):
    """What went wrong, with what a client, a log and a shell each need of it.

    `status` is the HTTP status, `type` and `code` are stable and machine-readable, `hint` says what to do, `param`
    which member of the request is at fault, `retryable` whether the same call may work later; `exit_code` is for the
    command line.
    """

    status = 500
    type = "internal_error"
    code = "internal_error"
    retryable = False
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.param = param
        # Filled in by the gateway once there is a call to speak of.
        self.request_id = ""
        self.attempts: list[dict[str, object]] = []
        # What a client may want to read by program: beside the message, and in headers of the reply.
        self.facts: dict[str, object] = {}
        self.headers: list[tuple[str, str]] = []
        # Members of the body beside `error`, for clients that ask for them.
        self.beside: dict[str, object] = {}
        # The body of the reply, where that is not the dialect's own.
        self.told = b""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration, and where it stands."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f" {self.path}:" if self.path else ""
        return f"{place}:{where} {self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")


class ConfigError(FairleadError):
    """The configuration is wrong. `problems` has all that is, not just the first."""

    type = "config_error"
    code = "config_invalid"
    exit_code = 2

    def __init__(self, message: str, *, problems: tuple[Problem, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([self.message, *map(str, self.problems)])


class RequestError(FairleadError):
    """The call itself is wrong; sending it again unchanged will not help."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class Unauthorized(RequestError):
    status = 401
    type = "authentication_error"
    code = "invalid_api_key"
    exit_code = 4


class Forbidden(RequestError):
    """The key is known, and may not do this."""

    status = 403
    type = "permission_error"
    code = "forbidden"
    exit_code = 4


class NotFound(RequestError):
    status = 404
    code = "not_found"


class MethodNotAllowed(RequestError):
    status = 405
    code = "method_not_allowed"


class Misdirected(RequestError):
    """The request's `Host` is not a name of this gateway."""

    status = 421
    code = "misdirected"


class Conflict(RequestError):
    """What is there already stands against it."""

    status = 409
    code = "conflict"


class BodyTooLarge(RequestError):
    status = 413
    code = "body_too_large"


class HeadersTooLarge(RequestError):
    status = 431
    code = "headers_too_large"


class HeadersTooSlow(RequestError):
    status = 408
    code = "headers_too_slow"
    retryable = True


class BodyTooSlow(RequestError):
    status = 408
    code = "body_too_slow"
    retryable = True


class UnknownModel(RequestError):
    status = 404
    code = "model_not_found"
    exit_code = 2


class CannotServe(RequestError):
    code = "provider_cannot_serve"
    exit_code = 2


class NoneAllowed(CannotServe):
    """What a call says of its providers leaves none of them. The status is OpenRouter's."""

    status = 404
    code = "no_allowed_provider"


class InvalidConfig(RequestError):
    """The config that a call brings or names is wrong. `problems` has all that is; the reply is in Portkey's words."""

    code = "invalid_config"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = [
            f"path: {each.path}, message: {each.message}" + (f" ({each.hint})" if each.hint else "")
            for each in problems
        ]
        super().__init__(f"Invalid config passed: {'; '.join(errors)}", param="x-portkey-config")
        self.problems = problems
        self.told = json.dumps({"status": "failure", "message": "Invalid config passed", "errors": errors}).encode()


class CannotCarry(RequestError):
    """No target of the plan has words for what the call asks."""

    code = "not_carried"


class NoTarget(FairleadError):
    """No provider that could serve this call has a key."""

    status = 503
    type = "configuration_error"
    code = "no_target"
    exit_code = 2


class RateLimited(FairleadError):
    """A limit has no room. `retry_after` is in whole seconds; None where the call alone is more than the limit."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"
    exit_code = 4

    def __init__(self, message: str, *, hint: str, retry_after: int | None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.retryable = retry_after is not None


class BudgetExceeded(FairleadError):
    """What the call might cost is more than a budget has left. Amounts are nano-dollars, `resets_at` Unix ms."""

    status = 402
    type = "budget_exceeded"
    code = "budget_exceeded"
    exit_code = 4

    def __init__(self, message: str, *, hint: str, budget: str, left: int, resets_at: int | None) -> None:
        super().__init__(message, hint=hint)
        self.budget, self.left, self.resets_at = budget, left, resets_at


class PriceUnknown(FairleadError):
    """A budget applies, and nobody knows what the target costs."""

    status = 402
    type = "price_unknown"
    code = "price_unknown"
    exit_code = 4


class StoreUnavailable(FairleadError):
    """The database does not answer, or not in time."""

    status = 503
    type = "store_error"
    code = "store_unavailable"
    retryable = True
    exit_code = 3


class Stopping(FairleadError):
    """The gateway ends, and could not wait any longer for this call."""

    status = 503
    type = "server_error"
    code = "gateway_stopping"
    retryable = True
    exit_code = 3

    def __init__(self) -> None:
        super().__init__("the gateway stops, and the call was not over in time", hint="send it again")


class FailureKind(StrEnum):
    """How an attempt failed. `routing/disposition.py` alone decides what follows from it."""

    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    ADDRESS = "address"
    TLS = "tls"
    PROXY = "proxy"
    RESET = "reset"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    BAD_RESPONSE = "bad_response"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    CUT = "cut"
    STARTING = "starting"
    UNSUPPORTED = "unsupported"
    BAD_REQUEST = "bad_request"
    AUTH = "auth"
    CREDIT = "credit"
    NO_MODEL = "no_model"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"
    CONTEXT = "context"
    POLICY = "policy"
    FIRST_TOKEN_TIMEOUT = "first_token_timeout"  # noqa: S105 - no secret
    TOO_SLOW = "too_slow"
    OVERTAKEN = "overtaken"


@dataclass(slots=True)
class Failure:
    """One failed attempt. `detail` is safe to show; `status` and `retry_after` (seconds) are the upstream's.

    `param` is the member of the client's request that a target could not take.
    """

    kind: FailureKind
    detail: str
    status: int | None = None
    retry_after: float | None = None
    body: bytes = field(default=b"", repr=False)
    param: str | None = None


class UpstreamFailure(Exception):
    """Carries a `Failure` from where it happens to where it is decided on."""

    def __init__(self, kind: FailureKind, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.failure = Failure(kind, detail, status)


class UpstreamError(FairleadError):
    """No target answered. The last failure settles `status` and `code`."""

    type = "upstream_error"
    exit_code = 3

    def __init__(self, failure: Failure, message: str, *, status: int, code: str, hint: str, retryable: bool) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure
        self.status = status
        self.code = code
        self.retryable = retryable
        self.type = "rate_limit_error" if status == 429 else type(self).type
