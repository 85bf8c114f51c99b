"""Vectors as numbers, and as base64 of float32."""

import base64
import struct
from typing import Any

import msgspec

from fairlead.dialects.embeddings.shape import Vector
from fairlead.dialects.model import BadReply


def numbers(vector: Vector) -> list[float]:
    """The numbers of a vector. Raises `BadReply` where its base64 has none."""
    if not isinstance(vector, str):
        return vector
    try:
        data = base64.b64decode(vector, validate=True)
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    except (ValueError, struct.error) as error:
        raise BadReply(f"a vector cannot be read: {error}") from None


def packed(vector: Vector) -> str:
    """The vector as base64 of float32, little-endian, as OpenAI's `base64` has it."""
    if isinstance(vector, str):
        return vector
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except OverflowError:
        raise BadReply("a vector has a number that is no float32") from None


def read(raw: Any) -> list[Vector]:
    """The vectors of a reply. Raises `BadReply` where one is none."""
    try:
        return msgspec.convert(raw, list[Vector])
    except msgspec.ValidationError as error:
        raise BadReply(f"the reply has no vectors: {error}") from None
