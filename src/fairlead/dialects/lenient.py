"""JSON as vendors really send it."""

import json
import math
from typing import Any

import msgspec

MOST = 2**53
_decode = msgspec.json.Decoder().decode


def loads(data: bytes) -> Any:
    """The value of a JSON text, read even where a string has half a surrogate pair, as a delta cut in two has.

    Raises `ValueError` for what is no JSON in UTF-8.
    """
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(data.decode(), parse_float=finite, parse_constant=finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def members(data: bytes) -> dict[str, Any]:
    """The members of a JSON object; none where `data` is anything else."""
    try:
        value = loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list `name`; none where it is anything else."""
    held = value.get(name)
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def inner(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object `name`; an empty one where it is anything else."""
    held = value.get(name)
    return held if isinstance(held, dict) else {}


def word(value: dict[str, Any], name: str) -> str | None:
    """The text `name`; None where it is anything else."""
    held = value.get(name)
    return held if isinstance(held, str) else None


def count(value: dict[str, Any], name: str) -> int:
    """The number `name`, no less than 0 and no more than JSON can say exactly; 0 where it is anything else."""
    held = value.get(name)
    if type(held) is int:
        return held if 0 < held < MOST else 0
    return int(held) if type(held) is float and 0 < held < MOST else 0


def finite(number: str) -> float:
    """The number, if JSON can say it again."""
    if not math.isfinite(value := float(number)):
        raise ValueError(f"no JSON number: {number[:20]}")
    return value


def dumps(value: Any) -> bytes:
    """The JSON of what `loads` read."""
    return json.dumps(value, separators=(",", ":")).encode()


def text(value: str) -> str:
    """A text that can be written as UTF-8: half a surrogate pair becomes `?`."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
