"""Whether an experiment's arms got the shares they were to get: Pearson's chi-square test of a sample ratio.

Where they did not, something but chance chose who is in which arm, and what the arms did cannot be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, gamma, sqrt
from typing import Final

ALARM: Final = 0.001
"""How unlikely a ratio must be for an alarm. It is low because one looks often."""
_FEWEST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Ratio:
    """How far counts are from the shares, and how likely chance alone brings them as far or further.

    `p` is None where there are too few to tell: the test wants 5 expected in every arm.
    """

    chi_square: float
    degrees: int
    p: float | None

    @property
    def alarm(self) -> bool:
        return self.p is not None and self.p < ALARM


def ratio(counts: Sequence[int], weights: Sequence[float]) -> Ratio:
    """The test of these counts against these shares. What has no share is no arm, unless it has counts."""
    pairs = [(count, weight) for count, weight in zip(counts, weights, strict=True) if weight > 0 or count]
    total, shares = sum(count for count, _ in pairs), sum(weight for _, weight in pairs)
    if len(pairs) < 2 or not total or not shares:
        return Ratio(0.0, max(0, len(pairs) - 1), None)
    if any(not weight for _, weight in pairs):
        return Ratio(float("inf"), len(pairs) - 1, 0.0)
    expected = [total * weight / shares for _, weight in pairs]
    found = sum((count - wanted) ** 2 / wanted for (count, _), wanted in zip(pairs, expected, strict=True))
    degrees = len(pairs) - 1
    return Ratio(found, degrees, beyond(found, degrees) if min(expected) >= _FEWEST else None)


def beyond(value: float, degrees: int) -> float:
    """The probability that a chi-square of so many degrees of freedom is at least `value`.

    By its recurrence from one degree (or two) to two more: Abramowitz and Stegun, 26.4.8.
    """
    if value <= 0:
        return 1.0
    half = value / 2
    found, at = (erfc(sqrt(half)), 1) if degrees % 2 else (exp(-half), 2)
    while at < degrees:
        found += half ** (at / 2) * exp(-half) / gamma(at / 2 + 1)
        at += 2
    return min(1.0, found)
