"""The bytes of a provider's reply as what they must be at least: a JSON object."""

from typing import Any

from fairlead.dialects import lenient
from fairlead.dialects.model import BadReply


def members(data: bytes) -> dict[str, Any]:
    """The JSON object that `data` is. Raises `BadReply`."""
    try:
        value = lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    return value
