"""Messages as the `input` that a provider gets."""

from typing import Any

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    Media,
    Message,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from fairlead.dialects.responses import media, notes, thoughts
from fairlead.dialects.responses.wire import NAME, PARAGRAPH


def instructions(messages: list[Message], losses: Losses) -> str | None:
    """The `instructions`: the first message's words, if it is the system's and has nothing else."""
    first = messages[0] if messages else None
    if first is None or first.role != "system" or first.name is not None or not first.parts:
        return None
    texts = [part for part in first.parts if isinstance(part, Text)]
    if len(texts) != len(first.parts):
        return None
    if any(part.cache is not None for part in texts):
        losses.hint("cache")
    return PARAGRAPH.join(part.text for part in texts)


def write(messages: list[Message], losses: Losses) -> list[dict[str, Any]]:
    """The items of `input`."""
    turns = _Turns(losses)
    for message in messages:
        turns.add(message)
    return turns.items


class _Turns:
    __slots__ = ("_content", "_custom", "_losses", "_thought", "items")

    def __init__(self, losses: Losses) -> None:
        self.items: list[dict[str, Any]] = []
        self._losses = losses
        self._custom: set[str] = set()
        self._content: list[dict[str, Any]] | None = None
        self._thought: list[Reasoning] = []

    def add(self, message: Message) -> None:
        if message.name is not None:
            self._losses.hint("name", "a message has no name here")
        self._content = None
        for part in message.parts:
            self._part(message.role, part)
        self._think()

    def _part(self, role: str, part: Part) -> None:
        if not isinstance(part, Reasoning):
            self._think()
        match part:
            case Text() | Refusal() | Media():
                content = self._written(role, part)
                if content is not None:
                    self._say(role, content)
            case Reasoning():
                self._thought_of(part)
            case ToolCall():
                self._call(part)
            case ToolResult():
                self._result(part)
            case NativePart():
                self._native(role, part)

    def _put(self, item: dict[str, Any]) -> None:
        self._content = None
        self.items.append(item)

    def _say(self, role: str, content: dict[str, Any]) -> None:
        if self._content is None:
            held: list[dict[str, Any]] = []
            self._put({"type": "message", "role": role, "content": held})
            self._content = held
        self._content.append(content)

    def _written(self, role: str, part: Text | Refusal | Media) -> dict[str, Any] | None:
        if isinstance(part, Media):
            if role != "assistant":
                return media.write(part, self._losses)
            self._losses.change(part.at or "messages", f"the model cannot be given {part.kind} as its own words")
            return None
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        return self._text(part, "output_text" if role == "assistant" else "input_text")

    def _text(self, part: Text, kind: str) -> dict[str, Any]:
        if part.cache is not None:
            self._losses.hint("cache")
        written: dict[str, Any] = {"type": kind, "text": part.text}
        if part.citations and kind == "output_text":
            written["annotations"] = [notes.annotation(each, len(part.text)) for each in part.citations]
        return written

    def _thought_of(self, part: Reasoning) -> None:
        """Holds a thought of ours, until all of its item are there; nobody else's is believed."""
        if part.issuer != NAME:
            self._losses.hint("thinking", "a thought proves something to its own provider alone")
            return
        if self._thought and (part.id is None or part.id != self._thought[-1].id):
            self._think()
        self._thought.append(part)

    def _think(self) -> None:
        if not self._thought:
            return
        said, self._thought = self._thought, []
        encrypted = next((each.encrypted or each.signature for each in said if each.encrypted or each.signature), None)
        item = thoughts.joined(said, encrypted)
        self._put({"id": said[0].id, **item} if said[0].id else item)

    def _call(self, part: ToolCall) -> None:
        if part.signature:
            self._losses.hint("thinking", "a tool call has no signature here")
        if part.cache is not None:
            self._losses.hint("cache")
        call = {"call_id": part.id, "name": part.name}
        if part.custom:
            self._custom.add(part.id)
            self._put({"type": "custom_tool_call", **call, "input": part.arguments})
        else:
            self._put({"type": "function_call", **call, "arguments": part.arguments or "{}"})

    def _result(self, part: ToolResult) -> None:
        if part.error:
            self._losses.hint("is_error", "a result does not say that its tool failed")
        if part.cache is not None:
            self._losses.hint("cache")
        custom = part.custom or part.id in self._custom
        kind = "custom_tool_call_output" if custom else "function_call_output"
        self._put({"type": kind, "call_id": part.id, "output": self._output(part.parts)})

    def _output(self, parts: list[Part]) -> str | list[dict[str, Any]]:
        if not parts:
            return ""
        if len(parts) == 1 and isinstance(parts[0], Text) and parts[0].cache is None:
            return parts[0].text
        written = [self._in_result(part) for part in parts]
        return [each for each in written if each is not None]

    def _in_result(self, part: Part) -> dict[str, Any] | None:
        match part:
            case Text():
                return self._text(part, "input_text")
            case Media():
                return media.write(part, self._losses)
            case NativePart() if part.dialect == NAME:
                return part.value
            case NativePart():
                self._losses.change(part.at or "messages", f"a part of {part.dialect}")
            case _:
                self._losses.change("messages", "a tool's result cannot hold it")
        return None

    def _native(self, role: str, part: NativePart) -> None:
        if part.dialect != NAME:
            self._losses.change(part.at or "messages", f"a part of {part.dialect}")
        elif ".content[" in part.at:
            self._say(role, part.value)
        else:
            self._put(part.value)
