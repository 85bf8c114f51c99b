"""What happened within the last so many milliseconds, exactly: no bucket empties at once, and no window jumps."""

from collections import deque
from typing import Final

_A_WHILE: Final = 1000


class Sliding:
    """Amounts and when they came, in milliseconds that do not go back; those older than `span` no longer count."""

    __slots__ = ("_came", "span", "total")

    def __init__(self, span: int) -> None:
        self.span = span
        self.total = 0
        self._came: deque[list[int]] = deque()

    def at(self, now: int) -> int:
        """What counts at a moment."""
        came, since = self._came, now - self.span
        while came and came[0][0] <= since:
            self.total -= came.popleft()[1]
        return self.total

    def add(self, now: int, amount: int) -> None:
        """So much came now."""
        if self._came and self._came[-1][0] == now:
            self._came[-1][1] += amount
        elif amount:
            self._came.append([now, amount])
        self.total += amount

    def change(self, when: int, by: int) -> None:
        """What came at `when` was more, or less, than was said then. Too late where that no longer counts."""
        for came in reversed(self._came):
            if came[0] <= when:
                if came[0] == when:
                    came[1] += by
                    self.total += by
                return

    def wait(self, now: int, amount: int, limit: int) -> int | None:
        """Milliseconds until `amount` more fits under `limit`; None where it never does."""
        over = self.at(now) + amount - limit
        if over <= 0:
            return 0
        for when, came in self._came:
            over -= came
            if over <= 0:
                return when + self.span - now
        return None

    def empty(self, now: int) -> int:
        """Milliseconds until nothing counts any more."""
        self.at(now)
        return self._came[-1][0] + self.span - now if self._came else 0


class UnderWay:
    """What is going on at this time: it counts until it ends, however long that takes."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0

    def at(self, now: int) -> int:  # noqa: ARG002 - there is but now
        return self.total

    def add(self, now: int, amount: int) -> None:  # noqa: ARG002
        self.total += amount

    def change(self, when: int, by: int) -> None:  # noqa: ARG002
        self.total += by

    def wait(self, now: int, amount: int, limit: int) -> int | None:  # noqa: ARG002
        """A while: until one of them ends, nobody knows."""
        return _A_WHILE if limit >= amount else None

    def empty(self, now: int) -> int:  # noqa: ARG002
        return _A_WHILE if self.total else 0
