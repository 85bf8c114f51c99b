"""A client's messages, read into canonical ones: results of tools in a row become one user's message."""

from typing import Any, Final

from msgspec.structs import replace

from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import (
    Cache,
    Media,
    Message,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from fairlead.dialects.openai import parts, thoughts, tools
from fairlead.dialects.openai.wire import DIALECT

_ROLES: Final[dict[str, Role]] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
}
_NOTHING: Final = Text("")  # how many clients write that the assistant said nothing, only called tools
_THOUGHTS: Final = ("reasoning_content", "reasoning", "reasoning_details")


class Messages:
    """Reads the messages of one request; what has no word here goes to `extra`."""

    __slots__ = ("_extra", "_legacy", "_results", "read")

    def __init__(self, values: list[Any], extra: dict[str, Any]) -> None:
        self._extra = extra
        self._legacy = ""
        self._results: ToolResults | None = None
        self.read: list[Message] = []
        for index, value in enumerate(values):
            self._message(Fields(value, f"messages[{index}]"))

    def _message(self, fields: Fields) -> None:
        role = fields.needed("role")
        known = _ROLES.get(role)
        if known is not None:
            self._results = None
            self._said(known, fields)
        elif role in ("tool", "function"):
            self._result(fields, legacy=role == "function")
        else:
            raise wrong(fields.path("role"), "one of system, developer, user, assistant, tool")
        self._extra.update(fields.rest())

    def _said(self, role: Role, fields: Fields) -> None:
        held = parts.read(fields.any("content"), fields.path("content"), self._extra)
        if role == "assistant":
            held = self._answer(fields, held)
        mark = parts.cache(fields)
        if mark is not None:
            _mark(held, mark)
        self.read.append(Message(role, held, fields.text("name")))

    def _answer(self, fields: Fields, held: list[Part]) -> list[Part]:
        """The parts of what the assistant said: thoughts before the text, calls after it."""
        told: list[Part] = [*_thoughts(fields)]
        held = told + [part for part in held if part != _NOTHING]
        if refusal := fields.text("refusal"):
            held.append(Refusal(refusal))
        if audio := fields.mapping("audio"):
            held.append(NativePart(DIALECT, {"audio": audio}, fields.path("audio")))
        held += tools.read_calls(fields, self._extra)
        call = fields.inner("function_call")
        if call is not None:
            self._legacy = f"call_{len(self.read)}"
            held.append(ToolCall(self._legacy, call.needed("name"), call.text("arguments") or ""))
        return held

    def _result(self, fields: Fields, *, legacy: bool) -> None:
        call = (self._legacy or "call_0") if legacy else fields.needed("tool_call_id")
        held = parts.read(fields.any("content"), fields.path("content"), self._extra)
        result = ToolResult(call, held, fields.text("name"), cache=parts.cache(fields))
        if self._results is None:
            self._results = []
            self.read.append(Message("user", self._results))
        self._results.append(result)


ToolResults = list[Part]


def _thoughts(fields: Fields) -> list[Reasoning]:
    """The thoughts that a client gives back."""
    if not any(name in fields for name in _THOUGHTS):
        return []
    told = {name: fields.text(name) for name in _THOUGHTS[:2]}
    return thoughts.read({**told, "reasoning_details": fields.items("reasoning_details")}, back=True)


def _mark(held: list[Part], mark: Cache) -> None:
    """Marks the end of a message as what may be cached."""
    if held and isinstance(held[-1], Text | Media | ToolCall | ToolResult) and held[-1].cache is None:
        held[-1] = replace(held[-1], cache=mark)
