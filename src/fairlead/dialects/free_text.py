"""Tools that take free text, for targets whose tools take JSON alone: there each becomes a function with one text.

Codex edits files by such a tool. The text's grammar, where the client gave one, goes into the description: nobody else
can hold a model to it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.codec import ProviderStream, Reading
from fairlead.dialects.model import (
    Choice,
    Event,
    Finished,
    NativeTool,
    Part,
    Reply,
    Request,
    Tool,
    ToolCall,
    ToolDelta,
    ToolResult,
    ToolStart,
)

_INPUT = "input"
_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {_INPUT: {"type": "string", "description": "the text that the tool takes, as it is"}},
    "required": [_INPUT],
}
_encode = msgspec.json.Encoder().encode


def names(request: Request) -> frozenset[str]:
    """The tools of a request that take free text."""
    return frozenset(tool.name for tool in request.tools if isinstance(tool, Tool) and tool.custom)


def has_grammar(request: Request) -> bool:
    """Whether one of them has a grammar."""
    return any(isinstance(tool, Tool) and tool.custom and tool.format is not None for tool in request.tools)


def as_functions(request: Request) -> Request:
    """The request with functions in their place, those in its history too. The request itself stays as it is."""
    messages = [
        msgspec.structs.replace(message, parts=[_part(part) for part in message.parts]) for message in request.messages
    ]
    return msgspec.structs.replace(request, tools=[_tool(tool) for tool in request.tools], messages=messages)


def _tool(tool: Tool | NativeTool) -> Tool | NativeTool:
    if not isinstance(tool, Tool) or not tool.custom:
        return tool
    return Tool(tool.name, _described(tool), _PARAMETERS, cache=tool.cache)


def _described(tool: Tool) -> str | None:
    grammar = lenient.word(tool.format or {}, "definition")
    if grammar is None:
        return tool.description
    return "\n\n".join(filter(None, (tool.description, f"The text must follow this grammar:\n{grammar}")))


def _part(part: Part) -> Part:
    if isinstance(part, ToolCall) and part.custom:
        return msgspec.structs.replace(part, custom=False, arguments=_encode({_INPUT: part.arguments}).decode())
    if isinstance(part, ToolResult) and part.custom:
        return msgspec.structs.replace(part, custom=False)
    return part


def back(reply: Reply, tools: frozenset[str]) -> Reply:
    """The reply with calls of those tools as the client knows them."""
    return msgspec.structs.replace(reply, choices=[_choice(choice, tools) for choice in reply.choices])


def _choice(choice: Choice, tools: frozenset[str]) -> Choice:
    return msgspec.structs.replace(choice, parts=[_called(part, tools) for part in choice.parts])


def _called(part: Part, tools: frozenset[str]) -> Part:
    if not isinstance(part, ToolCall) or part.name not in tools:
        return part
    return msgspec.structs.replace(part, custom=True, arguments=_text(part.arguments))


def _text(arguments: str) -> str:
    """The text in a function's arguments; all of them where a model did not write what it was told to."""
    text = lenient.word(lenient.members(arguments.encode("utf-8", "replace")), _INPUT)
    return arguments if text is None else text


class Stream(Reading):
    """Reads a stream in which functions stand for such tools. The text of a call is given when it has ended."""

    __slots__ = ("_held", "_tools")
    _reader: ProviderStream

    def __init__(self, reader: ProviderStream, tools: frozenset[str]) -> None:
        super().__init__(reader)
        self._tools = tools
        self._held: dict[tuple[int, int], list[str]] = {}

    def read(self, data: bytes) -> list[Event]:
        """As `ProviderStream`."""
        return list(self._turned(self._reader.read(data)))

    def _turned(self, events: Sequence[Event]) -> Iterator[Event]:
        for event in events:
            if type(event) is ToolStart and event.name in self._tools:
                self._held[event.choice, event.index] = []
                yield msgspec.structs.replace(event, custom=True)
            elif type(event) is ToolDelta and (event.choice, event.index) in self._held:
                self._held[event.choice, event.index].append(event.text)
            else:
                if type(event) is Finished:
                    yield from self._ended(event.choice)
                yield event

    def _ended(self, choice: int) -> Iterator[Event]:
        for key in [key for key in self._held if key[0] == choice]:
            yield ToolDelta(key[1], _text("".join(self._held.pop(key))), choice)
