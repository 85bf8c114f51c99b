"""Why an answer ended, in Anthropic's words and in ours.

https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""

from typing import Final

from fairlead.dialects.model import Finish

_READ: Final[dict[str, Finish]] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
    "compaction": "pause",
}
# Anthropic has no word for an answer that broke off; `max_tokens` says at least that it is not whole.
_WRITTEN: Final[dict[Finish, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "context": "model_context_window_exceeded",
    "error": "max_tokens",
}


def read(reason: str) -> Finish:
    """Our word for a `stop_reason`; one that is new counts as a plain stop."""
    return _READ.get(reason, "stop")


def write(finish: Finish | None, stop_sequence: str | None, *, called: bool) -> str:
    """The `stop_reason`. `called` says that the answer calls a tool, which some providers forget to give as reason."""
    if finish in (None, "stop"):
        if called:
            return "tool_use"
        return "stop_sequence" if stop_sequence is not None else "end_turn"
    return _WRITTEN[finish]
