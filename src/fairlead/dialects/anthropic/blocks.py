"""A client's content blocks, read into parts. What a block has that we have no word for goes to `extra`."""

from collections.abc import Callable
from typing import Any

from fairlead.dialects.anthropic import citations, media, wire
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Cache, Media, NativePart, Part, Reasoning, Text, ToolCall, ToolResult
from fairlead.dialects.seals import unseal

# A tool call's signature of another dialect comes and goes as a block of its own, before the call that it proves.
CALL_MARK = "call:"


def read(holder: Fields, name: str, extra: dict[str, Any]) -> list[Part]:
    """The parts of a content: one text, or a list of blocks."""
    content = holder.any(name)
    if isinstance(content, str):
        return [Text(content)]
    at = holder.path(name)
    if not isinstance(content, list):
        raise wrong(at, "a string or a list")
    return _signed([_part(block, f"{at}[{index}]", extra) for index, block in enumerate(content)])


def _part(block: Any, at: str, extra: dict[str, Any]) -> Part:
    fields = Fields(dict(block) if isinstance(block, dict) else block, at)
    reader = _READERS.get(fields.needed("type"))
    part = reader(fields, extra) if reader else None
    if part is None:
        return NativePart(NAME, block, at)
    if rest := fields.rest():
        extra.update(rest)
    return part


def cache(holder: Fields) -> Cache | None:
    """The cache mark of a block, a tool or the whole request."""
    control = holder.inner("cache_control")
    return None if control is None else Cache(control.text("ttl"))


def _text(block: Fields, _: dict[str, Any]) -> Text:
    return Text(
        block.needed("text"),
        [citations.read(each) for each in block.items("citations") if isinstance(each, dict)],
        cache(block),
    )


def _image(block: Fields, extra: dict[str, Any]) -> Media | None:
    return _marked(media.read(block, "image", extra), block)


def _document(block: Fields, extra: dict[str, Any]) -> Media | None:
    return _marked(media.read(block, "document", extra), block)


def _marked(found: Media | None, block: Fields) -> Media | None:
    if found is not None:
        found.cache = cache(block)
    return found


def _thinking(block: Fields, _: dict[str, Any]) -> Reasoning:
    text, signature = block.needed("thinking"), block.text("signature")
    if not signature:
        return Reasoning(text)
    issuer, signature = unseal(NAME, signature)
    return Reasoning(text, signature, issuer=issuer)


def _redacted(block: Fields, _: dict[str, Any]) -> Reasoning:
    issuer, data = unseal(NAME, block.needed("data"))
    return Reasoning(encrypted=data, issuer=issuer)


def _tool_use(block: Fields, extra: dict[str, Any]) -> ToolCall:
    caller = block.mapping("caller")
    if caller is not None and caller.get("type") != "direct":
        extra[block.path("caller")] = caller
    given = block.mapping("input")
    return ToolCall(block.needed("id"), block.needed("name"), wire.dumps(given or {}).decode(), cache=cache(block))


def _tool_result(block: Fields, extra: dict[str, Any]) -> ToolResult:
    parts = read(block, "content", extra) if "content" in block else []
    return ToolResult(block.needed("tool_use_id"), parts, error=block.flag("is_error"), cache=cache(block))


_READERS: dict[str, Callable[[Fields, dict[str, Any]], Part | None]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}


def _signed(parts: list[Part]) -> list[Part]:
    """The parts, each tool call with the signature that came before it."""
    found: list[Part] = []
    held: Reasoning | None = None
    for part in parts:
        if isinstance(part, Reasoning) and part.issuer != NAME and (part.encrypted or "").startswith(CALL_MARK):
            held = part
            continue
        if held is not None and isinstance(part, ToolCall):
            part.signature, part.issuer, held = (held.encrypted or "").removeprefix(CALL_MARK), held.issuer, None
        found.append(part)
    return found
