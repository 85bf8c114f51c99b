"""JSON and server-sent events as this dialect writes them."""

from typing import Any

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.model import Cache

_encode = msgspec.json.Encoder().encode


def dumps(value: Any) -> bytes:
    """The JSON of a value, even where a text has half a surrogate pair or a number is huge."""
    try:
        return _encode(value)
    except (ValueError, OverflowError):
        return lenient.dumps(value)


def event(value: dict[str, Any]) -> bytes:
    """One event; its name is its type."""
    name: str = value["type"]
    return b"event: " + name.encode() + b"\ndata: " + dumps(value) + b"\n\n"


def tool_input(arguments: str, *, custom: bool = False) -> dict[str, Any]:
    """The object that Anthropic wants for a tool call's arguments; what is no object stands in its member `input`."""
    if not arguments.strip():
        return {}
    if custom:
        return {"input": arguments}
    try:
        value = lenient.loads(arguments.encode())
    except ValueError:
        value = arguments
    return value if isinstance(value, dict) else {"input": value}


def cached(block: dict[str, Any], cache: Cache | None) -> dict[str, Any]:
    """The block, marked as far as it is to be cached."""
    if cache is not None:
        block["cache_control"] = mark(cache)
    return block


def mark(cache: Cache) -> dict[str, Any]:
    """A cache mark. Anthropic knows two lifetimes; any other one becomes its default, five minutes."""
    return {"type": "ephemeral", "ttl": cache.ttl} if cache.ttl in ("5m", "1h") else {"type": "ephemeral"}
