"""The dialect's name, and its words for why an answer ended."""

from typing import Final

from fairlead.dialects.model import ErrorFacts, Finish

DIALECT: Final = "cohere"
FINISHES: Final[dict[str, Finish]] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
    "ERROR_LIMIT": "context",
}
_FAILED: Final = {"ERROR": (502, "the generation failed"), "TIMEOUT": (504, "the generation took too long")}


def failure(reason: str | None, said: str | None = None) -> ErrorFacts | None:
    """The error that an answer is which ended for this reason; None where it is an answer."""
    if reason not in _FAILED and said is None:
        return None
    status, message = _FAILED.get(reason or "", _FAILED["ERROR"])
    return ErrorFacts(status, said or message, reason)
