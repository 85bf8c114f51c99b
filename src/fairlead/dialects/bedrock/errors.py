"""What Bedrock's errors say, and which status they stand for."""

from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.model import ErrorFacts

_SHOWN: Final = 500
_STATUS_OF: Final = {
    "validationexception": 400,
    "servicequotaexceededexception": 429,
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "resourcenotfoundexception": 404,
    "throttlingexception": 429,
    "modelnotreadyexception": 503,
    "modeltimeoutexception": 504,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
    "modelerrorexception": 502,
    "modelstreamerrorexception": 502,
}
# A failed model answers under 424, one that took too long under 408: neither is the client's doing.
_STANDS_FOR: Final = {424: 502, 408: 504}
# A model that cannot be called by this name is a 400 at Bedrock, and one that the account has not asked for a 403.
_NO_MODEL: Final = (
    "model identifier is invalid",
    "on-demand throughput isn",
    "have access to the model",
    "model access is denied",
)
_TOO_LONG: Final = ("input is too long", "prompt is too long", "too many input tokens", "maximum context length")


def read(status: int, body: bytes) -> ErrorFacts:
    """What an error reply says. Its type is in a header, which a codec does not see, and seldom in the body too."""
    said = lenient.members(body)
    if not said:
        text = "" if body.lstrip().startswith(b"<") else body[: 4 * _SHOWN].decode("utf-8", "replace").strip()
        return ErrorFacts(_STANDS_FOR.get(status, status), text[:_SHOWN] or f"HTTP {status}")
    return facts(said, kind(said), status)


def kind(said: dict[str, Any]) -> str | None:
    """The type in an error's body, without the namespace before it."""
    found = lenient.word(said, "__type") or lenient.word(said, "type")
    return found.rpartition("#")[2].partition(":")[0] if found else None


def facts(said: dict[str, Any], named: str | None, status: int = 0) -> ErrorFacts:
    """The facts of an error: `status` is the one it came under, 0 where it came within a reply."""
    message = lenient.word(said, "message") or lenient.word(said, "Message") or ""
    status = _STANDS_FOR.get(status, status) if status >= 400 else _STATUS_OF.get((named or "").lower(), 502)
    original = lenient.count(said, "originalStatusCode")
    if status == 502 and 400 <= original < 600:
        status = _STANDS_FOR.get(original, original)
    code = None
    if status in (400, 403):
        status, code = _meant(message.lower(), status)
    shown = lenient.text(message)[:_SHOWN] or lenient.text(named or "") or f"HTTP {status}"
    return ErrorFacts(status, shown, code, lenient.text(named) if named else None)


def _meant(message: str, status: int) -> tuple[int, str | None]:
    if any(words in message for words in _NO_MODEL):
        return 404, "model_not_found"
    return status, "context_length_exceeded" if any(words in message for words in _TOO_LONG) else None
