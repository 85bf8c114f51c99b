"""How many tokens a request has, about: an estimate for clients that ask before they send, to models of others.

It needs no tokenizer, so it can only be near. A token of running text has about 4 bytes, of code and other scripts
fewer: 3.5 bytes keep it on the high side, where a client that trims its context to fit errs safely.
"""

from math import ceil
from typing import Any, Final

from fairlead.dialects.anthropic import wire
from fairlead.dialects.model import (
    Media,
    Message,
    NativePart,
    NativeTool,
    Reasoning,
    Request,
    Tool,
    ToolCall,
    ToolResult,
)

_BYTES_PER_TOKEN: Final = 3.5
_PER_REQUEST: Final = 8
_PER_MESSAGE: Final = 4
_PER_CALL: Final = 12
_PER_TOOL: Final = 40
# What Anthropic tells its models about tools before any is named.
_TOOLS_AT_ALL: Final = 480
# What it tells them about an answer of a schema, and about documents that are to be cited (recorded in 2026).
_SHAPED: Final = 140
_CITED: Final = 540
# The most that an image comes to once it is scaled down, about 1.15 megapixels.
_IMAGE: Final = 1600
_PAGE: Final = 2500
_PAGE_BYTES: Final = 64 * 1024
_MOST_PAGES: Final = 600


def count_tokens(request: Request) -> int:
    """About how many input tokens the request has. Never off by what a document's bytes weigh."""
    tokens = _PER_REQUEST + sum(map(_message, request.messages)) + sum(map(_tool, request.tools))
    if request.tools:
        tokens += _TOOLS_AT_ALL
    if request.output is not None and request.output.schema is not None:
        tokens += _SHAPED + _json(request.output.schema)
    if any(type(part) is Media and part.cite for message in request.messages for part in message.parts):
        tokens += _CITED
    return round(tokens)


def count_text(size: int) -> int:
    """About how many tokens a text of so many bytes has."""
    return ceil(size / _BYTES_PER_TOKEN)


def _words(text: str) -> float:
    return len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN


def _json(value: Any) -> float:
    return len(wire.dumps(value)) / _BYTES_PER_TOKEN


def _message(message: Message) -> float:
    return _PER_MESSAGE + sum(map(_part, message.parts))


def _part(part: Any) -> float:
    match part:
        case Media():
            return _media(part)
        case Reasoning():
            return _words(part.text)
        case ToolCall():
            return _PER_CALL + _words(part.name) + _words(part.arguments)
        case ToolResult():
            return _PER_CALL + sum(map(_part, part.parts))
        case NativePart():
            return _json(part.value)
    return _words(part.text)


def _media(media: Media) -> float:
    """An image at its largest; a document by its text, or by the pages that its bytes may be."""
    if media.text is not None:
        return _words(media.text)
    if media.kind == "image":
        return _IMAGE
    return _PAGE * min(1 + len(media.data or "") // _PAGE_BYTES, _MOST_PAGES)


def _tool(tool: Tool | NativeTool) -> float:
    if isinstance(tool, NativeTool):
        return _PER_TOOL + _json(tool.value)
    schema = _json(tool.parameters) if tool.parameters else 0
    return _PER_TOOL + _words(tool.name) + _words(tool.description or "") + schema
