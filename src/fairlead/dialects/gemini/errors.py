"""Errors in Google's shape: `{"error": {"code", "message", "status", "details"}}`, also in a list of one."""

from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.gemini.words import encode
from fairlead.dialects.model import ErrorFacts
from fairlead.dialects.openai import errors as shapes
from fairlead.errors import FairleadError

_WORDS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_STATUSES: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_TOO_LONG: Final = "exceeds the maximum number of tokens"


def read(status: int, body: bytes) -> ErrorFacts:
    """What an error reply says, in Google's shape or another."""
    try:
        value = lenient.loads(body)
    except ValueError:
        return shapes.read(status, body)
    return find(value, status) or shapes.find(value, status) or ErrorFacts(status, f"HTTP {status}")


def find(value: Any, status: int = 200) -> ErrorFacts | None:
    """The error that a decoded reply carries, if it carries one."""
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    if not error:
        return None
    if not isinstance(error, dict):
        return shapes.find(value, status)
    kind = lenient.word(error, "status")
    status = status if status >= 400 else _status(error, kind)
    message = lenient.text(lenient.word(error, "message") or kind or f"HTTP {status}")
    code = _reason(error) or ("context_length_exceeded" if _TOO_LONG in message else kind)
    return ErrorFacts(_meant(status, code, kind), message, code, kind)


def _status(error: dict[str, Any], kind: str | None) -> int:
    code = lenient.count(error, "code")
    return code if 400 <= code < 600 else _STATUSES.get(kind or "", 502)


def _reason(error: dict[str, Any]) -> str | None:
    return next(filter(None, (lenient.word(each, "reason") for each in lenient.objects(error, "details"))), None)


def _meant(status: int, code: str | None, kind: str | None) -> int:
    """Google says 400 of a wrong key, and of an account that may not: https://ai.google.dev/gemini-api/docs/troubleshooting."""
    if status != 400:
        return status
    return 401 if code == "API_KEY_INVALID" else 403 if kind == "FAILED_PRECONDITION" else 400


def write(error: FairleadError) -> bytes:
    """Our own error; what helps to find and mend the cause stands in `details`."""
    return encode({"error": body(error)})


def body(error: FairleadError) -> dict[str, Any]:
    word = _WORDS.get(error.status, "INVALID_ARGUMENT" if error.status < 500 else "INTERNAL")
    facts = {
        "type": error.type,
        "retryable": "true" if error.retryable else "false",
        "request_id": error.request_id,
        "param": error.param,
        "hint": error.hint,
        "attempts": encode(error.attempts).decode() if error.attempts else None,
        **{name: str(value) for name, value in error.facts.items() if value is not None},
    }
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.code.upper(),
        "domain": "fairlead",
        "metadata": {name: value for name, value in facts.items() if value},
    }
    return {"code": error.status, "message": lenient.text(error.message), "status": word, "details": [info]}
