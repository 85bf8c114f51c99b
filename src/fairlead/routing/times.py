"""How long answers took of late."""

from typing import Final

RING: Final = 128
WEIGHT: Final = 0.1
# Fewer answers than that say nothing about the slowest of twenty.
_ENOUGH: Final = 20


class Times:
    """How long the last answers took, in seconds. `Standing.answered` writes into the `ring`, which costs no call."""

    __slots__ = ("_known", "_p95", "average", "count", "ring")

    def __init__(self) -> None:
        self.ring = [0.0] * RING
        self._known = self.count = 0
        self._p95 = 0.0
        self.average = 0.0

    def p95(self) -> float | None:
        """What nineteen of twenty answers took at most; None while there are too few."""
        if self.count < _ENOUGH:
            return None
        if self._known != self.count:
            held = sorted(self.ring[: self.count])
            self._p95, self._known = held[len(held) * 95 // 100], self.count
        return self._p95
