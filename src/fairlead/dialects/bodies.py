"""A client's body, read whole because it will be written anew."""

import json
from typing import Any

import msgspec

from fairlead.dialects.lenient import finite
from fairlead.errors import RequestError

_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


def read(body: bytes) -> Any:
    """The value of a JSON text. Raises `RequestError` for what is none, or where an object has a member twice.

    Which of the two counts is up to the reader (RFC 8259, section 4), so another reader may see another call. Ours
    keeps one: what it read then has fewer colons than what was sent. Only colons sent as escapes make up for that.
    """
    try:
        value = _decode(body)
        if b"\\u003" not in body and body.count(b":") == _encode(value).count(b":"):
            return value
    except (ValueError, RecursionError):
        pass
    return _with_care(body)


def _with_care(body: bytes) -> Any:
    """The same, slower: it finds the member, and takes half a surrogate pair, as a text cut in two has."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_once, parse_float=finite, parse_constant=finite)
    except RecursionError:
        raise RequestError("the body is not JSON: nested too deep") from None
    except ValueError as error:
        raise RequestError(f"the body is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = name[:64]
            raise RequestError(f"`{shown}` stands twice in one object", param=shown, hint="send it once")
        found[name] = value
    return found
