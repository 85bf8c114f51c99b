"""What an order of prompts earns: the curve of quality over cost as the strong model gets more and more of them. Pure.

Both ends are the same for every order: all to the cheap model, and all to the strong one. Choosing at random leads, in
the mean, along the straight line between them. Costs are told as shares of the way from one end to the other.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from random import Random
from typing import Final

from bench.routes.table import Pair

STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """Quality by spend: `spent` from 0 to 1, and `gained` in right answers per prompt over the cheap model alone."""

    spent: tuple[float, ...]
    gained: tuple[float, ...]

    @property
    def whole(self) -> float:
        """What the strong model alone gains."""
        return self.gained[-1]

    def at(self, spend: float) -> float:
        """What is gained at a share of the spend."""
        place = max(1, bisect_left(self.spent, spend))
        before, after = self.spent[place - 1], self.spent[place]
        part = 1.0 if after == before else (spend - before) / (after - before)
        return self.gained[place - 1] + part * (self.gained[place] - self.gained[place - 1])

    def needed(self, share: float) -> float:
        """The smallest share of the spend from which that share of the gain is had; 1 where none less does."""
        wanted = share * self.whole
        for place in range(1, len(self.spent)):
            before, after = self.gained[place - 1], self.gained[place]
            if after >= wanted:
                part = 0.0 if after <= before else max(0.0, (wanted - before) / (after - before))
                return self.spent[place - 1] + part * (self.spent[place] - self.spent[place - 1])
        return 1.0

    @property
    def area(self) -> float:
        """The mean of the gain over all shares of the spend, as a share of the whole gain: 0.5 is random."""
        widths = (after - before for before, after in pairwise(self.spent))
        heights = ((low + high) / 2 for low, high in pairwise(self.gained))
        surface = sum(width * height for width, height in zip(widths, heights, strict=True))
        return surface / self.whole if self.whole else 0.5

    def over_random(self) -> list[float]:
        """How much more is gained than at random, in right answers per prompt, at each hundredth of the spend."""
        return [self.at(step / STEPS) - self.whole * step / STEPS for step in range(1, STEPS)]


def ordered(scores: Sequence[float | None]) -> list[list[int]]:
    """The places of the scores, the highest first, those alike together. A score of None is in none of them."""
    known = [(score, place) for place, score in enumerate(scores) if score is not None]
    known.sort(key=lambda pair: -pair[0])
    return [[place for _, place in alike] for _, alike in groupby(known, key=lambda pair: pair[0])]


def curve(pairs: Sequence[Pair], levels: Sequence[Sequence[int]], times: Sequence[int] | None = None) -> Curve:
    """The curve of an order; `times` says how often each pair counts.

    Those alike are drawn at random. So are those without a score, at each threshold as many as of the others.
    """
    counts = times or [1] * len(pairs)
    ranked = {place for level in levels for place in level}
    left = [place for place in range(len(pairs)) if place not in ranked]
    number = sum(counts) or 1
    left_cost = sum(counts[place] * pairs[place].extra for place in left)
    left_gain = sum(counts[place] * pairs[place].gain for place in left)
    known = sum(counts[place] for place in ranked) or 1
    passed, cost, gain = 0, 0.0, 0.0
    spent, gained = [0.0], [0.0]
    for level in levels:
        for place in level:
            passed += counts[place]
            cost += counts[place] * pairs[place].extra
            gain += counts[place] * pairs[place].gain
        spent.append(cost + left_cost * passed / known)
        gained.append((gain + left_gain * passed / known) / number)
    if not ranked:
        spent, gained = [0.0, left_cost], [0.0, left_gain / number]
    total = spent[-1] or 1.0
    return Curve(tuple(value / total for value in spent), tuple(gained))


def resampled(pairs: Sequence[Pair], levels: Sequence[Sequence[int]], resamples: int, seed: int) -> list[Curve]:
    """The curve of as many samples of as many prompts, drawn with replacement."""
    random, places = Random(seed), range(len(pairs))
    found = []
    for _ in range(resamples):
        times = [0] * len(pairs)
        for place in random.choices(places, k=len(pairs)):
            times[place] += 1
        found.append(curve(pairs, levels, times))
    return found


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The middle 95 of 100 values."""
    ranked = sorted(values)
    last = len(ranked) - 1
    return ranked[round(last * 0.025)], ranked[round(last * 0.975)]
