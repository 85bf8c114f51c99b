"""Events of a stream as bytes, numbered in the order in which they are said."""

from typing import Any

from fairlead.dialects.responses.wire import encode


class Frames:
    """Collects events until they are taken."""

    __slots__ = ("_said", "_sequence")

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._sequence = 0

    def say(self, kind: str, members: dict[str, Any]) -> None:
        """Adds the event `kind`."""
        event = {"type": kind, "sequence_number": self._sequence, **members}
        self._sequence += 1
        self._said.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), encode(event)))

    def take(self) -> bytes:
        """What was said since the last time."""
        said, self._said = b"".join(self._said), []
        return said
