"""Why a choice ended: this dialect's words and the canonical ones."""

from typing import Any, Final

from fairlead.dialects.lenient import word
from fairlead.dialects.model import Finish

_READ: Final[dict[str, Finish]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "error": "error",
    # Words of servers whose quirks nobody has named yet.
    "end_turn": "stop",
    "eos": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "safety": "content_filter",
}
_WRITTEN: Final[dict[Finish, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "stop",
    "context": "length",
    "error": "error",
}


def read(choice: dict[str, Any]) -> tuple[Finish | None, str | None]:
    """(finish, the provider's own word for it where that is another) of a choice; None for one that has not ended.

    A word that nobody knows is `stop`: the choice has ended, and the word itself is kept.
    """
    reason, native = word(choice, "finish_reason"), word(choice, "native_finish_reason")
    if not reason:
        return None, native
    finish = _READ.get(reason) or _READ.get(reason.lower(), "stop")
    own = native or reason
    return finish, None if own == _WRITTEN[finish] else own


def write(finish: Finish, native: str | None) -> dict[str, str]:
    """The members `finish_reason` and, where it says something else, `native_finish_reason`."""
    reason = _WRITTEN[finish]
    own = native or (finish if finish in ("pause", "context", "refusal") else None)
    return (
        {"finish_reason": reason} if own in (None, reason) else {"finish_reason": reason, "native_finish_reason": own}
    )
