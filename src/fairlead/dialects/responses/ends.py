"""How a reply ended."""

from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.model import ErrorFacts, Finish
from fairlead.dialects.openai import errors

_INCOMPLETE: Final[dict[Finish, str]] = {
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "content_filter": "content_filter",
}
_REASONS: Final[dict[str | None, Finish]] = {"content_filter": "content_filter", "steered": "stop"}
_SILENT: Final = "the provider says that the response failed"
# The codes of a failed response that are about the request; others are known to `errors`.
_CLIENTS: Final = ("invalid_", "image_", "empty_image", "unsupported_image", "failed_to_download_image", "bio_policy")


def finish(response: dict[str, Any], *, called: bool, refused: bool) -> tuple[Finish, str]:
    """Why it ended, in our word and in the provider's. A response that does not say is a whole one."""
    status = lenient.word(response, "status") or "completed"
    if status == "incomplete":
        reason = lenient.word(lenient.inner(response, "incomplete_details"), "reason")
        return _REASONS.get(reason, "length"), reason or status
    if called:
        return "tool_calls", status
    return ("refusal" if refused else "stop"), status


def outcome(finish: Finish | None, completed: int, *, refused: bool) -> dict[str, Any]:
    """The members of a `response` that say how it ended, and where it is whole when (Unix seconds).

    `refused`: its message has the words of a refusal.
    """
    reason = _INCOMPLETE.get(finish) if finish else None
    if finish == "refusal" and not refused:
        reason = "content_filter"  # a refusal without words must not look like an answer
    if reason is not None:
        return {"status": "incomplete", "incomplete_details": {"reason": reason}}
    if finish == "error":
        error = {"code": "server_error", "message": "the provider ended the reply with an error"}
        return {"status": "failed", "error": error}
    return {"status": "completed", "completed_at": completed}


def failure(value: dict[str, Any]) -> ErrorFacts:
    """The error of a failed response, or of an `error` event, whose members may stand in it or in its `error`."""
    said = value.get("error")
    if not said and value.get("message"):
        said = {name: value[name] for name in ("message", "code", "status") if name in value}
    facts = errors.find({"error": said or _SILENT}) or ErrorFacts(502, _SILENT)
    if facts.status == 502 and facts.code and facts.code.startswith(_CLIENTS):
        return ErrorFacts(400, facts.message, facts.code, facts.type)
    return facts
