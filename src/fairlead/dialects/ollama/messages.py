"""Canonical messages as Ollama has them: a text, images beside it, and calls whose arguments are objects."""

from collections.abc import Sequence
from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.codec import Losses
from fairlead.dialects.documents import text_of
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

Said = dict[str, Any]
_BETWEEN: Final = "\n"
_ROLES: Final = {"developer": "system"}


class Messages:
    """Writes the messages of one request."""

    __slots__ = ("_losses", "_names", "written")

    def __init__(self, messages: Sequence[Message], losses: Losses) -> None:
        self._losses = losses
        self._names: dict[str, str] = {}
        self.written: list[Said] = []
        for message in messages:
            if message.name:
                losses.hint("name")
            self._message(_ROLES.get(message.role, message.role), message.parts)

    def _message(self, role: str, parts: Sequence[Part]) -> None:
        held: list[Part] = []
        for part in parts:
            if type(part) is ToolResult:
                self._flush(role, held)
                held = []
                self._result(part)
            else:
                held.append(part)
        self._flush(role, held)

    def _flush(self, role: str, parts: list[Part]) -> None:
        said = self._said(role, parts)
        if parts and (said["content"] or len(said) > 2 or any(type(part) is Text for part in parts)):
            self.written.append(said)

    def _result(self, result: ToolResult) -> None:
        """The result of a tool, by the tool's name, which the model's template may ask for, and by the call's id."""
        if result.error:
            self._losses.hint("is_error", "Ollama is told of a tool's failure by its words alone")
        self._mark(result)
        said = self._said("tool", result.parts)
        if name := result.name or self._names.get(result.id):
            said["tool_name"] = name
        said["tool_call_id"] = result.id
        self.written.append(said)

    def _said(self, role: str, parts: Sequence[Part]) -> Said:
        texts: list[str] = []
        members: dict[str, list[Any]] = {"images": [], "tool_calls": []}
        thoughts: list[str] = []
        for part in parts:
            match part:
                case Text() | Refusal():
                    texts.append(self._text(part))
                case Reasoning():
                    thoughts += self._thought(part)
                case Media(kind="image"):
                    members["images"] += self._image(part)
                case Media():
                    texts += self._document(part)
                case ToolCall():
                    members["tool_calls"].append(self._call(part))
                case NativePart() | ToolResult():
                    self._losses.change(getattr(part, "at", "") or "messages", "a part of another dialect alone")
        said: Said = {"role": role, "content": _BETWEEN.join(texts)}
        if thoughts:
            said["thinking"] = _BETWEEN.join(thoughts)
        return said | {name: values for name, values in members.items() if values}

    def _text(self, part: Text | Refusal) -> str:
        if type(part) is Text:
            self._mark(part)
            if part.citations:
                self._losses.hint("citations")
        return part.text

    def _thought(self, thought: Reasoning) -> list[str]:
        """A thought as text. One that is signed is for its issuer alone."""
        if thought.signature or thought.encrypted or not thought.text:
            self._losses.hint("thinking")
            return []
        return [thought.text]

    def _image(self, media: Media) -> list[str]:
        self._mark(media)
        if media.data is None:
            self._losses.change(media.at or "messages", "Ollama takes images as data alone")
            return []
        if media.detail not in (None, "auto"):
            self._losses.hint("detail")
        return [media.data]

    def _document(self, media: Media) -> list[str]:
        """A document as words of the message, with its title before it."""
        self._mark(media)
        text = text_of(media) if media.kind == "document" else None
        if text is None:
            self._losses.change(media.at or "messages", "Ollama takes text and images")
            return []
        if media.cite:
            self._losses.change("citations")
        return [_BETWEEN.join(each for each in (media.name, media.context, text) if each)]

    def _call(self, call: ToolCall) -> Said:
        self._mark(call)
        self._names[call.id] = call.name
        if call.signature:
            self._losses.hint("thinking")
        return {"id": call.id, "function": {"name": call.name, "arguments": _arguments(call)}}

    def _mark(self, part: Text | Media | ToolCall | ToolResult) -> None:
        if part.cache is not None:
            self._losses.hint("cache")


def _arguments(call: ToolCall) -> dict[str, Any]:
    """The arguments as an object; what is none becomes the member `input` of one."""
    if call.custom:
        return {"input": call.arguments}
    try:
        value = lenient.loads(call.arguments.encode("utf-8", "replace")) if call.arguments.strip() else {}
    except ValueError:
        value = call.arguments
    return value if isinstance(value, dict) else {"input": value}
