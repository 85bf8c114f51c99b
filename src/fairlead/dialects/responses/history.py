"""A client's `input`, item by item, as messages.

All that the model said in a row is one message, and so are the results of tools in a row. An item's `id` and `status`
say where a provider keeps it: no other one can look there, so they are left out.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final, get_args

from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Message, NativePart, Part, Role, Text, ToolCall, ToolResult
from fairlead.dialects.responses import content, thoughts
from fairlead.dialects.responses.thoughts import Proof
from fairlead.dialects.responses.wire import NAME, PARAGRAPH
from fairlead.errors import RequestError

_ROLES: Final = frozenset(get_args(Role))


def read(value: Any, extra: dict[str, Any]) -> list[Message]:
    """The messages in `input`; what has no word in them goes to `extra`."""
    if value is None:
        return []
    if isinstance(value, str):
        return [Message("user", [Text(value)])]
    if not isinstance(value, list):
        raise wrong("input", "a string or a list")
    history = _History(extra)
    for index, item in enumerate(value):
        history.add(item, f"input[{index}]")
    return history.messages


class _History:
    __slots__ = ("_extra", "_of_call", "_results", "messages")

    def __init__(self, extra: dict[str, Any]) -> None:
        self.messages: list[Message] = []
        self._extra = extra
        self._results: Message | None = None
        self._of_call: Proof | None = None

    def add(self, item: Any, at: str) -> None:
        if not isinstance(item, dict):
            raise wrong(at, "an object")
        kind = _kind(item, at)
        reader = self._readers.get(kind)
        if reader is None:
            self._native(item, at)
            return
        fields = Fields(item, at)
        reader(self, fields)
        if kind != "reasoning":
            self._of_call = None
        for name in ("type", "id", "status"):
            fields.any(name)
        self._extra.update(fields.rest())

    def _said(self, *parts: Part) -> None:
        """Adds to what the model is saying."""
        last = self.messages[-1] if self.messages else None
        if last is None or last.role != "assistant":
            self.messages.append(last := Message("assistant", []))
        last.parts += parts

    def _given(self, part: Part) -> None:
        """Adds to the results of tools."""
        if self._results is None or self._results is not self.messages[-1]:
            self._results = Message("user", [])
            self.messages.append(self._results)
        self._results.parts.append(part)

    def _message(self, fields: Fields) -> None:
        role: Any = fields.needed("role")
        if role not in _ROLES:
            raise RequestError(f"`{fields.path('role')}` is `{role}`, not a role", param=fields.path("role"))
        parts = content.read(fields.any("content"), fields.path("content"), self._extra)
        if role == "assistant":
            self._said(*parts)
        else:
            self.messages.append(Message(role, parts))

    def _reasoning(self, fields: Fields) -> None:
        item = fields.text("id")
        proof = thoughts.opened(fields.text("encrypted_content"))
        summary, inner = _texts(fields, "summary"), _texts(fields, "content")
        if proof.of_call is not None:
            self._of_call = proof
        else:
            self._said(*thoughts.thoughts(summary, inner, proof, item))

    def _call(self, fields: Fields) -> None:
        self._called(fields, fields.needed("arguments"), custom=False)

    def _custom_call(self, fields: Fields) -> None:
        self._called(fields, fields.needed("input"), custom=True)

    def _called(self, fields: Fields, arguments: str, *, custom: bool) -> None:
        call = ToolCall(fields.needed("call_id"), fields.needed("name"), arguments, custom)
        if self._of_call is not None:
            call.signature, call.issuer = self._of_call.of_call, self._of_call.issuer
        self._said(call)

    def _result(self, fields: Fields) -> None:
        self._resulted(fields, custom=False)

    def _custom_result(self, fields: Fields) -> None:
        self._resulted(fields, custom=True)

    def _resulted(self, fields: Fields, *, custom: bool) -> None:
        parts = content.read(fields.any("output"), fields.path("output"), self._extra)
        self._given(ToolResult(fields.needed("call_id"), parts, name=fields.text("name"), custom=custom))

    def _native(self, item: dict[str, Any], at: str) -> None:
        part = NativePart(NAME, item, at)
        if item["type"].endswith(("_output", "_approval_response")):
            self._given(part)
        else:
            self._said(part)

    _readers: ClassVar[dict[str, Callable[["_History", Fields], None]]] = {
        "message": _message,
        "reasoning": _reasoning,
        "function_call": _call,
        "custom_tool_call": _custom_call,
        "function_call_output": _result,
        "custom_tool_call_output": _custom_result,
    }


def _kind(item: dict[str, Any], at: str) -> str:
    """The item's type. A message may leave it out, and so may a reference to an item."""
    kind = item.get("type")
    if kind is None and ("role" in item or "id" in item):
        kind = item["type"] = "message" if "role" in item else "item_reference"
    if not isinstance(kind, str):
        raise wrong(f"{at}.type", "a string")
    return kind


def _texts(fields: Fields, name: str) -> str:
    texts = [each.needed("text") for each in fields.each(name)]
    return PARAGRAPH.join(text for text in texts if text)
