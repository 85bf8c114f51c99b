"""Canonical messages as Cohere has them: results of tools stand alone, documents beside all messages."""

from collections.abc import Sequence
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.cohere.names import DIALECT
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
from fairlead.dialects.openai.wire import data_url, encode

Block = dict[str, Any]
_DETAILS: Final = ("auto", "low", "high")
_BETWEEN: Final = "\n\n"


class Messages:
    """Writes the messages of one request. `cited` has what the client says about citing each document."""

    __slots__ = ("_losses", "cited", "documents", "written")

    def __init__(self, messages: Sequence[Message], losses: Losses) -> None:
        self._losses = losses
        self.written: list[Block] = []
        self.documents: list[Block] = []
        self.cited: set[bool | None] = set()
        for message in messages:
            if message.name:
                losses.hint("name")
            if message.role == "assistant":
                self._answer(message)
            else:
                self._said("user" if message.role == "user" else "system", message)

    def _said(self, role: str, message: Message) -> None:
        content: list[Block] = []
        for part in message.parts:
            if type(part) is ToolResult:
                self._flush(role, content)
                content = []
                self.written.append(self._result(part))
            else:
                content += self._block(part, images=role == "user")
        self._flush(role, content)

    def _flush(self, role: str, content: list[Block]) -> None:
        if content:
            self.written.append({"role": role, "content": _plain(content)})

    def _result(self, result: ToolResult) -> Block:
        if result.error:
            self._losses.hint("is_error", "Cohere is told of a tool's failure by its words alone")
        self._mark(result)
        content: list[Block] = []
        for part in result.parts:
            if type(part) is Media and part.kind == "document":
                content += [{"type": "document", "document": document} for document in self._document(part)]
            else:
                content += self._block(part)
        return {"role": "tool", "tool_call_id": result.id, "content": _plain(content) if content else ""}

    def _answer(self, message: Message) -> None:
        """What the assistant said. Thoughts before a call are its `tool_plan`, which every model takes."""
        calls = [self._call(part) for part in message.parts if type(part) is ToolCall]
        content: list[Block] = []
        for part in message.parts:
            if type(part) is not ToolCall:
                content += self._block(part)
        written: Block = {"role": "assistant"}
        if calls:
            plan = [block["thinking"] for block in content if "thinking" in block]
            content = [block for block in content if "thinking" not in block and block != {"type": "text", "text": ""}]
            written |= {"tool_plan": _BETWEEN.join(plan)} if plan else {}
        if content:
            written["content"] = _plain(content)
        if calls:
            written["tool_calls"] = calls
        if len(written) > 1:
            self.written.append(written)

    def _call(self, call: ToolCall) -> Block:
        self._mark(call)
        if call.signature:
            self._losses.hint("thinking")
        arguments = encode({"input": call.arguments}).decode() if call.custom else call.arguments or "{}"
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}

    def _block(self, part: Part, *, images: bool = False) -> list[Block]:
        match part:
            case Text():
                self._mark(part)
                if part.citations:
                    self._losses.hint("citations")
                return [{"type": "text", "text": part.text}]
            case Refusal():
                return [{"type": "text", "text": part.text}]
            case Reasoning():
                return self._thought(part)
            case Media():
                return self._media(part, images=images)
            case NativePart() if part.dialect == DIALECT:
                return [part.value]
            case NativePart():
                self._losses.change(part.at or "messages", f"a part of {part.dialect} alone")
            case _:
                self._losses.change("messages", "a part where none of its kind can stand")
        return []

    def _thought(self, thought: Reasoning) -> list[Block]:
        """A thought as text. One that is signed is for its issuer alone."""
        if thought.signature or thought.encrypted or not thought.text:
            self._losses.hint("thinking")
            return []
        return [{"type": "thinking", "thinking": thought.text}]

    def _media(self, media: Media, *, images: bool) -> list[Block]:
        if media.kind == "document":
            self.documents += self._document(media)
            self.cited.add(media.cite)
            return []
        self._mark(media)
        url = data_url(media.mime or "image/png", media.data) if media.data is not None else media.url
        if media.kind != "image" or not images or url is None:
            self._losses.change(media.at or "messages", "Cohere takes images of a user, as data or by URL")
            return []
        image = {"url": url}
        if media.detail in _DETAILS:
            image["detail"] = media.detail
        elif media.detail:
            self._losses.hint("detail")
        return [{"type": "image_url", "image_url": image}]

    def _document(self, media: Media) -> list[Block]:
        """The document, if it is text."""
        self._mark(media)
        text = text_of(media)
        if text is None:
            self._losses.change(media.at or "messages", "Cohere takes documents that are text")
            return []
        members = {"text": text, "title": media.name, "context": media.context}
        return [{"data": {name: value for name, value in members.items() if value is not None}}]

    def _mark(self, part: Text | Media | ToolCall | ToolResult) -> None:
        if part.cache is not None:
            self._losses.hint("cache")


def _plain(content: list[Block]) -> Any:
    """One text as a string, anything else as the list that it is."""
    only = content[0]
    return only["text"] if len(content) == 1 and only.keys() == {"type", "text"} else content
