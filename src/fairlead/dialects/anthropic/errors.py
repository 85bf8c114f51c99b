"""Errors in Anthropic's shape, read and written.

https://platform.claude.com/docs/en/api/errors
"""

from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.anthropic import wire
from fairlead.dialects.model import ErrorFacts
from fairlead.errors import FairleadError

_SHOWN = 500
_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STATUSES: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def read(status: int, body: bytes) -> ErrorFacts:
    """What an error reply says. Text that is no JSON is its own message; nothing said leaves the status alone."""
    try:
        value = lenient.loads(body)
    except ValueError:
        return ErrorFacts(status, _plain(body) or f"HTTP {status}")
    return find(value, status) or ErrorFacts(status, f"HTTP {status}")


def _plain(body: bytes) -> str:
    text = body[: 4 * _SHOWN].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text[:_SHOWN]


def find(value: Any, status: int = 200) -> ErrorFacts | None:
    """The error that a decoded reply is, if it is one: Anthropic's own shape, or the bare ones of those who copy it."""
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if isinstance(error, dict):
        return _facts(error, status)
    if isinstance(error, str) and error:
        return _facts({**value, "message": error}, status)
    return _facts(value, status) if value.get("type") == "error" or status >= 400 else None


def _facts(error: dict[str, Any], status: int) -> ErrorFacts:
    kind = lenient.word(error, "type")
    if status < 400:
        status = _STATUSES.get(kind or "", 502)
    code = lenient.word(lenient.inner(error, "details"), "error_code") or lenient.word(error, "code")
    message = lenient.word(error, "message") or lenient.word(error, "detail") or f"HTTP {status}"
    return ErrorFacts(status, lenient.text(message), code and lenient.text(code), kind and lenient.text(kind))


def write(error: FairleadError) -> dict[str, Any]:
    """The body of our own error: Anthropic's members, and beside them what helps to find and mend the cause."""
    # A client tries an overloaded provider again: that is no use where the operator has something to set up.
    type_ = "api_error" if error.type == "configuration_error" else kind(error.status)
    inner: dict[str, Any] = {"type": type_, "message": error.message, "code": error.code}
    if error.param:
        inner["param"] = error.param
    if error.hint:
        inner["hint"] = error.hint
    if error.attempts:
        inner["attempts"] = error.attempts
    return {"type": "error", "error": {**inner, **error.facts}, "request_id": error.request_id or None}


def kind(status: int) -> str:
    """Anthropic's type for a status."""
    return _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")


def body(error: FairleadError) -> bytes:
    """The body of an error."""
    return wire.dumps(write(error))
