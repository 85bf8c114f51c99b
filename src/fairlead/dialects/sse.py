"""Server-sent events as bytes (HTML Living Standard, section 9.2): cut a stream into events, read their data."""

import re

LINE_LIMIT = 16 * 1024 * 1024

BOM = b"\xef\xbb\xbf"
# Two line ends in a row, where CR LF is one of them and a CR that an LF may still follow is not two.
_BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventTooLarge(Exception):
    """An event grew past the limit without ending."""


class EventSplitter:
    """Cuts a byte stream into whole events, wherever the network cut it.

    The events, joined, are the stream: nothing is added, dropped or rewritten. Holds at most `limit` bytes.
    """

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The events that `data` completes, each with the blank line that ends it."""
        if not self._rest and data.endswith(b"\n\n") and b"\r" not in data:
            if data.find(b"\n\n") == len(data) - 2:
                return [data]
            events = data.split(b"\n\n")
            self._rest += events.pop()
            return [event + b"\n\n" for event in events]
        seen = max(0, len(self._rest) - 3)
        self._rest += data
        return self._take(seen)

    def _take(self, seen: int) -> list[bytes]:
        rest, events, start = self._rest, [], 0
        for end in _BLANK.finditer(rest, seen):
            events.append(bytes(rest[start : end.end()]))
            start = end.end()
        del rest[:start]
        if len(rest) > self._limit:
            raise EventTooLarge(f"an event is longer than {self._limit} bytes")
        return events

    def end(self) -> bytes:
        """What came after the last whole event."""
        rest, self._rest = bytes(self._rest), bytearray()
        return rest


def data_of(event: bytes) -> bytes | None:
    """The event's data, lines joined by LF; None where it has none (a comment, an empty line)."""
    if event.startswith(b"data: ") and event.endswith(b"\n\n") and event.find(b"\n", 0, -2) < 0 and b"\r" not in event:
        return event[6:-2]
    lines = [_field(line) for line in _LINE_END.split(event.removeprefix(BOM))]
    data = [line for line in lines if line is not None]
    return b"\n".join(data) if data else None


def _field(line: bytes) -> bytes | None:
    name, _, value = line.partition(b":")
    return value.removeprefix(b" ") if name == b"data" else None


def event(data: bytes) -> bytes:
    """One event that carries `data`."""
    return b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
