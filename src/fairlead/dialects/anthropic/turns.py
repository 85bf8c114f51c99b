"""The conversation as Anthropic wants it: a system text beside turns that alternate, a tool's results first in theirs.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls#formatting-requirements
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from fairlead.dialects.anthropic import media
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.anthropic.wire import cached, tool_input
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

Block = dict[str, Any]
_SYSTEM: Final = ("system", "developer")
_BAD_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")


def system(messages: Iterable[Message], losses: Losses) -> list[Block]:
    """All system and developer texts in order, wherever they stood."""
    said = [message for message in messages if message.role in _SYSTEM]
    if any(message.name is not None for message in said):
        losses.hint("messages.name")
    parts = [part for message in said for part in message.parts]
    return [block for part in parts if (block := _system_block(part, losses)) is not None]


def _system_block(part: Part, losses: Losses) -> Block | None:
    if isinstance(part, Text):
        return _text(part, "system", losses)
    losses.change(getattr(part, "at", "") or "system", "a system text is words alone")
    return None


def turns(messages: Iterable[Message], losses: Losses) -> list[Block]:
    """The turns. Neighbors of one role become one; a message that says nothing is none."""
    found: list[Block] = []
    for message in messages:
        if message.role in _SYSTEM:
            continue
        if message.name is not None:
            losses.hint("messages.name")
        blocks = [block for part in message.parts if (block := _block(part, message.role, losses)) is not None]
        if found and found[-1]["role"] == message.role:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": message.role, "content": blocks})
    for turn in found:
        if turn["role"] == "user":
            turn["content"].sort(key=_after_results)
    return found


def _after_results(block: Block) -> bool:
    return block.get("type") != "tool_result"


def _block(part: Part, role: str, losses: Losses) -> Block | None:
    return _WRITERS[type(part)](part, role, losses)


def _text(part: Text, role: str, losses: Losses) -> Block | None:
    """A text; Anthropic refuses one that is empty or blank, and it says nothing."""
    if not part.text.strip():
        return None
    block: Block = {"type": "text", "text": part.text}
    if part.citations and role == "assistant":
        own = [each.native for each in part.citations if each.dialect == NAME]
        if len(own) < len(part.citations):
            losses.hint("messages.citations")
        if own:
            block["citations"] = own
    return cached(block, part.cache)


def _media(part: Media, role: str, losses: Losses) -> Block | None:
    block = media.write(part) if role != "assistant" else None
    if block is None:
        why = "an assistant's turn takes none" if role == "assistant" else "images and documents alone are taken"
        losses.change(part.at or "messages", why)
    return block


def _reasoning(part: Reasoning, _: str, losses: Losses) -> Block | None:
    """A thought that Anthropic signed; any other it would refuse."""
    if part.issuer == NAME and part.encrypted is not None:
        return {"type": "redacted_thinking", "data": part.encrypted}
    if part.issuer == NAME and part.signature is not None:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    losses.hint("thinking", "a thought that Anthropic has not signed is not sent to it")
    return None


def _refusal(part: Refusal, _: str, __: Losses) -> Block | None:
    return {"type": "text", "text": part.text} if part.text.strip() else None


def _tool_call(part: ToolCall, _: str, __: Losses) -> Block:
    given = tool_input(part.arguments, custom=part.custom)
    return cached({"type": "tool_use", "id": _id(part.id), "name": part.name, "input": given}, part.cache)


def _tool_result(part: ToolResult, _: str, losses: Losses) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": _id(part.id)}
    content = [inner for each in part.parts if (inner := _block(each, "user", losses)) is not None]
    if content:
        block["content"] = content
    if part.error is not None:
        block["is_error"] = part.error
    return cached(block, part.cache)


def _id(value: str) -> str:
    """An id that Anthropic takes: letters, digits, `_` and `-`."""
    return _BAD_ID.sub("_", value) or "call"


def _native(part: NativePart, _: str, losses: Losses) -> Block | None:
    if part.dialect == NAME:
        return part.value
    losses.change(part.at or "messages", f"only {part.dialect} knows it")
    return None


_WRITERS: Final[dict[type, Callable[[Any, str, Losses], Block | None]]] = {
    Text: _text,
    Media: _media,
    Reasoning: _reasoning,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    Refusal: _refusal,
    NativePart: _native,
}
