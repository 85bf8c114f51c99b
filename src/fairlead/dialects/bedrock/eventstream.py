"""Amazon's event streams: a stream of binary messages, cut, checked and handed on as JSON.

Source: the specification in Smithy, https://smithy.io/2.0/aws/amazon-eventstream.html. A message is

    total length (4) · length of the headers (4) · CRC-32 of those (4) · headers · payload · CRC-32 of all before (4)

with numbers in network order. What fails a check is an error and never a shorter answer: a CRC that does not match
says that a byte on the way was changed, and no later byte can be trusted to begin a message.
"""

import struct
from functools import lru_cache
from typing import Final
from zlib import crc32

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.model import BadReply
from fairlead.dialects.sse import LINE_LIMIT, EventTooLarge

_PRELUDE = struct.Struct("!III")
_WORD = struct.Struct("!I")
_SHORT = struct.Struct("!H")
_LEAST: Final = _PRELUDE.size + _WORD.size
_MOST_HEADERS: Final = 128 * 1024
# What each type of a header's value takes; those with a length of their own say it in two bytes.
_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_COUNTED: Final = (6, 7)
_TEXT: Final = 7
_encode = msgspec.json.Encoder().encode


class BadFrame(BadReply):
    """A message of an event stream is broken, or no message at all."""


class EventStreamSplitter:
    """Cuts a byte stream into whole messages, wherever the network cut it, and checks each.

    A frame is the JSON object `{"<event-type>": payload}`, or `{":exception": {"type": …, "message": …}}` for an
    exception. Holds at most `limit` bytes. What is broken stays broken: it raises again, whatever comes after.
    """

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes. Raises `BadFrame`, `EventTooLarge`."""
        rest, frames, start = self._rest, [], 0
        rest += data
        while length := self._length(start):
            if len(rest) - start < length:
                break
            frames.append(_frame(bytes(rest[start : start + length])))
            start += length
        del rest[:start]
        return frames

    def _length(self, start: int) -> int:
        """How long the message at `start` is; 0 while its prelude is not there."""
        if len(self._rest) - start < _PRELUDE.size:
            return 0
        total, headers, crc = _PRELUDE.unpack_from(self._rest, start)
        if crc32(self._rest[start : start + 8]) != crc:
            raise BadFrame("the CRC of a message's prelude does not match")
        if headers > min(total - _LEAST, _MOST_HEADERS):
            raise BadFrame(f"a message of {total} bytes cannot have {headers} bytes of headers")
        if total > self._limit:
            raise EventTooLarge(f"a message is longer than {self._limit} bytes")
        return int(total)

    def end(self) -> bytes:
        """Nothing: a message either is whole or was cut. Raises `BadFrame` for one that was cut."""
        if self._rest:
            raise BadFrame(f"the stream ended {len(self._rest)} bytes into a message")
        return b""


def _frame(message: bytes) -> bytes:
    """The JSON of one whole message whose prelude is right."""
    if crc32(message[:-4]) != _WORD.unpack_from(message, len(message) - 4)[0]:
        raise BadFrame("the CRC of a message does not match")
    end = _PRELUDE.size + _WORD.unpack_from(message, 4)[0]
    opening, failure = _kind(message[_PRELUDE.size : end])
    payload = message[end:-4]
    return opening + (payload.strip() or b"{}") + b"}" if opening else _exception(failure, payload)


@lru_cache(maxsize=64)
def _kind(headers: bytes) -> tuple[bytes, tuple[str, str]]:
    """What a message is, of its headers: how its JSON opens, or (type, message) of an exception.

    A stream has few kinds of messages, and those of one kind have the very same headers.
    """
    said = _texts(headers)
    kind = said.get(":message-type", "event")
    if kind == "event" and said.get(":event-type"):
        return b"{" + _encode(said[":event-type"]) + b":", ("", "")
    if kind == "exception":
        return b"", (said.get(":exception-type", ""), "")
    if kind == "error":
        return b"", (said.get(":error-code", ""), said.get(":error-message", ""))
    raise BadFrame("a message does not say what it is")


def _texts(headers: bytes) -> dict[str, str]:
    """The headers that are text, by name."""
    said: dict[str, str] = {}
    at = 0
    try:
        while at < len(headers):
            start = at + 1 + headers[at]
            name, kind, at = headers[at + 1 : start], headers[start], start + 1
            length = _SIZES.get(kind, -1)
            if kind in _COUNTED:
                length, at = _SHORT.unpack_from(headers, at)[0], at + 2
            if length < 0 or at + length > len(headers):
                raise BadFrame("a message's headers cannot be read")
            if kind == _TEXT:
                said[name.decode()] = headers[at : at + length].decode()
            at += length
    except (IndexError, ValueError, struct.error):
        raise BadFrame("a message's headers cannot be read") from None
    return said


def _exception(failure: tuple[str, str], payload: bytes) -> bytes:
    kind, message = failure
    said = lenient.members(payload)
    if not said and payload.strip() not in (b"", b"{}"):
        message = message or payload.decode("utf-8", "replace")
    return lenient.dumps({":exception": {"message": message, **said, "type": kind}})
