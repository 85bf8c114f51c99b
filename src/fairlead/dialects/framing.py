"""How a stream is cut into events, and where an event has its data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from fairlead.dialects import sse


class Splitter(Protocol):
    """Cuts a byte stream into whole events, wherever the network cut it."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that `data` completes. Raises `EventTooLarge`, `BadReply`."""

    def end(self) -> bytes:
        """What came after the last whole event. Raises `BadReply` where that cannot be."""


@dataclass(frozen=True, slots=True)
class Framing:
    """A way to cut a stream, made anew for each, and to find an event's data; None where it has none."""

    splitter: Callable[[], Splitter]
    data_of: Callable[[bytes], bytes | None]


class LineSplitter:
    """Cuts a stream of one JSON text a line. Holds at most `limit` bytes."""

    def __init__(self, limit: int = sse.LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """As `Splitter`. What came before is looked at once, however many pieces a line comes in."""
        head, end, tail = data.rpartition(b"\n")
        if not end:
            self._rest += data
        else:
            self._rest += head
            lines = bytes(self._rest).split(b"\n")
            self._rest = bytearray(tail)
        if len(self._rest) > self._limit:
            raise sse.EventTooLarge(f"a line is longer than {self._limit} bytes")
        return lines if end else []

    def end(self) -> bytes:
        rest, self._rest = bytes(self._rest), bytearray()
        return rest


class Unsplit:
    """Bytes as they come."""

    def feed(self, data: bytes) -> list[bytes]:
        return [data]

    def end(self) -> bytes:
        return b""


def itself(event: bytes) -> bytes | None:
    """An event that is nothing but its data."""
    return event if event.strip() else None


RAW: Final = Framing(Unsplit, itself)
LINES: Final = Framing(LineSplitter, itself)
SSE: Final = Framing(sse.EventSplitter, sse.data_of)
