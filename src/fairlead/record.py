"""JSON as an OpenAI SDK shows it: members are attributes."""

import json
from typing import Any, Final

# What OpenAI's schema lets an answer leave out; their SDK shows None for it.
_OPTIONAL: Final = frozenset(
    {
        "annotations", "audio", "code", "completion_tokens_details", "content", "finish_reason", "function_call", "id",
        "logprobs", "name", "param", "prompt_tokens_details", "reasoning", "reasoning_content", "refusal", "role",
        "service_tier", "system_fingerprint", "tool_calls", "type", "usage",
    }
)  # fmt: skip


class Record:
    """A JSON object with its members as attributes. `model_dump()` gives it as it came."""

    __slots__ = ("_members",)

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if name in self._members:
                return _shown(self._members[name])
            if name in _OPTIONAL:
                return None
        raise AttributeError(f"the answer has no member `{name}`")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._members]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and other._members == self._members

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Record({self._members!r})"

    def __reduce__(self) -> tuple[type["Record"], tuple[dict[str, Any]]]:
        return Record, (self._members,)

    def model_dump(self) -> dict[str, Any]:
        """The whole of it as plain values."""
        return self._members

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """The whole of it as JSON."""
        return json.dumps(self._members, indent=indent, ensure_ascii=False)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return Record(value)
    return [_shown(item) for item in value] if isinstance(value, list) else value
