"""The words that came before tools: `functions`, `function_call`, the role `function`.

https://platform.openai.com/docs/api-reference/chat/create calls them deprecated. A request in them is read as one with
tools, and its answer written as it was asked. Each of several answers has room for one call: of more, the first is
told, and the model says the others again once it has that one's result.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.members import Members
from fairlead.dialects.model import Reply, Request, Tool, ToolCall, ToolChoice, ToolDelta, ToolStart
from fairlead.dialects.openai.stream_out import StreamOut

Json = dict[str, Any]
_OLD: Final = ("functions", "function_call")
_NEW: Final = ("tools", "tool_choice")


class OldRequest(Request):
    """A request in the old words, to be answered in them."""


def kind(asked: Fields | Members) -> type[Request]:
    """What a body with these members is read into. The old words beside the new ones are none: nobody reads both."""
    old = any(name in asked for name in _OLD) and not any(name in asked for name in _NEW)
    return OldRequest if old else Request


def read(request: OldRequest, fields: Fields, extra: Json) -> None:
    """Reads the functions and the choice among them as tools; what has no word here goes to `extra`."""
    for held in fields.each("functions"):
        request.tools.append(Tool(held.needed("name"), held.text("description"), held.mapping("parameters")))
        extra.update(held.rest())
    request.tool_choice = _choice(fields.any("function_call"))


def _choice(said: Any) -> ToolChoice | None:
    if said is None or said in ("auto", "none"):
        return said and ToolChoice(said)
    if not isinstance(said, dict):
        raise wrong("function_call", "`auto`, `none`, or an object that names a function")
    return ToolChoice("required", [Fields(said, "function_call").needed("name")])


def write(body: Json) -> Json:
    """A reply in the new words, put into the old ones."""
    for choice in body["choices"]:
        calls = choice["message"].pop("tool_calls", None)
        if calls:
            first = calls[0][calls[0]["type"]]
            arguments = first.get("arguments") or first.get("input") or ""
            choice["message"]["function_call"] = {"name": first["name"], "arguments": arguments}
        choice.update(_reason(choice))
    return body


def unsaid(reply: Reply) -> list[str]:
    """Whether an answer has more calls than `write` tells: their name as tools."""
    calls = (sum(type(part) is ToolCall for part in choice.parts) for choice in reply.choices)
    return ["tool_calls"] if any(count > 1 for count in calls) else []


def _reason(said: Json) -> Json:
    return {**said, "finish_reason": "function_call"} if said["finish_reason"] == "tool_calls" else said


class OldStreamOut(StreamOut):
    """Writes one stream in the old words."""

    __slots__ = ()

    def _called(self, event: ToolStart) -> bytes:
        return self._first(event, {"name": event.name, "arguments": ""})

    def _more(self, event: ToolDelta) -> bytes:
        return self._first(event, {"arguments": event.text})

    def _first(self, event: ToolStart | ToolDelta, said: Json) -> bytes:
        start = self._start(event.choice)
        return start if event.index else start + self._delta(event.choice, {"function_call": said})

    def _whole(self, choice: int, delta: Json, likely: Json | None, reason: Json | None = None) -> bytes:
        return super()._whole(choice, delta, likely, reason and _reason(reason))

    _writers: ClassVar[dict[type, Callable[[Any, Any], bytes]]] = {
        **StreamOut._writers,  # noqa: SLF001 - its parent's
        ToolStart: _called,
        ToolDelta: _more,
    }
