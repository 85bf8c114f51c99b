"""Errors in OpenAI's shape: reading an upstream's in the shapes vendors use, writing ours."""

import re
from typing import Any

from fairlead.dialects import lenient
from fairlead.dialects.model import ErrorFacts
from fairlead.errors import FairleadError

_SHOWN = 500
_TITLE = re.compile(r"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
# Where vendors say which status an error stands for, in a body that came under another one.
_STATUS_MEMBERS = ("code", "statusCode", "status_code", "raw_status_code", "status", "type")
_STATUS_OF = {
    "authentication_error": 401,
    "context_length_exceeded": 400,
    "insufficient_quota": 429,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 503,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
}


def read(status: int, body: bytes) -> ErrorFacts:
    """What an error reply says. Text that is no JSON is its own message; nothing said leaves the status alone."""
    try:
        value = lenient.loads(body)
    except ValueError:
        return ErrorFacts(status, _plain(body) or f"HTTP {status}")
    return find(value, status) or ErrorFacts(status, f"HTTP {status}")


def _plain(body: bytes) -> str:
    """The text of a body that is no JSON; of a page of HTML its title."""
    text = body[: 8 * _SHOWN].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return title[1][:_SHOWN] if title else ""
    return text[:_SHOWN]


def find(value: Any, status: int = 200) -> ErrorFacts | None:
    """The error that a decoded reply carries, if it carries one.

    Shapes: OpenAI's `{"error": {…}}` (also with a bare string, or in a list of one, as Google's compatible endpoint
    sends it), vLLM's `{"object": "error", …}`, AI/ML API's `{"message", "statusCode", "requestId", …}`, and under an
    error's status FastAPI's `{"detail": …}`.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if error:
        return _facts(error if isinstance(error, dict) else {**value, "message": error}, status)
    if value.get("object") == "error" or ("message" in value and "choices" not in value and "data" not in value):
        return _facts(value, status)
    return _facts(value, status) if status >= 400 and "detail" in value else None


def _facts(error: dict[str, Any], status: int) -> ErrorFacts:
    code, kind = error.get("code"), error.get("type")
    if status < 400:
        status = next(filter(None, (_status(error.get(name)) for name in _STATUS_MEMBERS)), 502)
    message = error.get("message") or error.get("detail") or f"HTTP {status}"
    return ErrorFacts(
        status,
        _text(message),
        _text(code) if isinstance(code, str | int) else None,
        _text(kind) if isinstance(kind, str) else None,
    )


def _text(value: Any) -> str:
    return lenient.text(value if isinstance(value, str) else lenient.dumps(value).decode())


def _status(said: object) -> int | None:
    if isinstance(said, str):
        said = int(said) if said.isascii() and said.isdigit() and len(said) == 3 else _STATUS_OF.get(said)
    return said if isinstance(said, int) and 400 <= said < 600 else None


def complete(body: bytes) -> bytes | None:
    """A provider's error with the four members that OpenAI's errors have; None where it has another shape.

    The very same bytes where it has them; those that it lacks are added, with nothing in them.
    """
    value = lenient.members(body)
    error = value.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    added = _missing(error)
    return lenient.dumps({**value, "error": {**error, **added}}) if added else body


def _missing(error: dict[str, Any]) -> dict[str, Any]:
    """What makes an error whole. A member of a wrong type stays, under another name."""
    added: dict[str, Any] = {}
    for name, otherwise in (("type", "invalid_request_error"), ("param", None), ("code", None)):
        value = error.get(name)
        if isinstance(value, str) or (value is None and otherwise is None and name in error):
            continue
        added[name] = str(value) if name == "code" and isinstance(value, int) else otherwise
        if value is not None:
            added[f"native_{name}"] = value
    return added


def write_numbered(error: FairleadError) -> dict[str, Any]:
    """The same in OpenRouter's shape, in which `code` is the status; all else is in `metadata`."""
    said = write(error)
    metadata = {name: value for name, value in said["error"].items() if name != "message"}
    return {**said, "error": {"code": error.status, "message": error.message, "metadata": metadata}}


def write(error: FairleadError) -> dict[str, Any]:
    """The body of our own error: OpenAI's four members, and what helps to find and mend the cause."""
    inner: dict[str, Any] = {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code,
        "request_id": error.request_id,
        "retryable": error.retryable,
    }
    if error.hint:
        inner["hint"] = error.hint
    if error.attempts:
        inner["attempts"] = error.attempts
    return {"error": {**inner, **error.facts}, **error.beside}
