"""The targets that a call may go to alike, and ways of putting them in an order. Pure: draws are handed in."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import inf
from typing import Final

from fairlead.routing.moment import Moment, Prices
from fairlead.routing.score import Leads, expected, least_known, score
from fairlead.routing.sticky import Place, place
from fairlead.routing.target import Plan, Stays

Draw = Callable[[], float]
# How often a target is tried whatever its score: what nobody asks, nobody measures.
EXPLORED: Final = 0.01
# How many orders are held as plans: two drawn of ten make 90.
_MOST: Final = 256
_DRAINED: Final = "its weight is 0, so it takes no new call"
# How long prices are held, in seconds: they change by the day.
_HELD: Final = 60.0


class Equals:
    """The targets of one plan, and what is known of each; `live` are those that take new calls.

    An order is the indexes of targets, the first to try first. Every method that gives one takes those that `fit`.
    """

    __slots__ = ("_costs", "_held_until", "_leads", "_made", "_prices", "_sums", "live", "passed", "places", "plan",
                 "served", "standings", "weights")  # fmt: skip

    def __init__(self, plan: Plan, leads: Leads) -> None:
        self.plan = plan
        self.served = tuple(each for each in plan.candidates if each.target is not None)
        self.passed = tuple(each for each in plan.candidates if each.target is None)
        self.standings = tuple(target.standing for target in plan.targets)
        self.weights = tuple(target.weight for target in plan.targets)
        self.live = [at for at, weight in enumerate(self.weights) if weight > 0]
        self.places: dict[Place, int] = {place(target): at for at, target in enumerate(plan.targets)}
        self._leads = leads
        self._sums = list(accumulate(self.weights[at] for at in self.live))
        self._made: dict[bytes, Plan] = {}
        self._prices: list[Prices | None] = []
        self._costs: list[float] = []
        self._held_until = -inf

    def fit(self, now: float) -> list[int]:
        """Those that take a call now; all of them where none does, since one of them must."""
        for each in self.standings:
            if each.troubled:
                return [at for at in self.live if self.standings[at].admits(now)] or self.live
        return self.live

    def due(self, fit: list[int]) -> int | None:
        """One that has been left alone long enough: somebody has to try it, or it would never be taken again."""
        if fit is self.live:
            return None
        return next((at for at in fit if any(breaker.until for breaker in self.standings[at].breakers)), None)

    def weighted(self, fit: list[int], draw: Draw) -> list[int]:
        """Drawn by weight, the first as the second; then the rest, from the second on."""
        return _from_two(fit, *self._two(fit, draw)) if len(fit) > 1 else fit

    def best(self, fit: list[int], draw: Draw, now: float, *, explore: bool = True) -> list[int]:
        """The better of two that are drawn, then the other, then the rest from there on."""
        if len(fit) == 1:
            return fit
        if explore and (luck := draw()) < EXPLORED:
            return _from(fit, int(luck / EXPLORED * len(fit)))
        first, second = self._two(fit, draw)
        if not self._keeps(fit[first], fit[second], now):
            first, second = second, first
        return _from_two(fit, first, second)

    def fastest(self, fit: list[int], draw: Draw, now: float, *, explore: bool = True) -> list[int]:
        """By the time to an answer. Whoever was the fastest stays so until another is by a margin."""
        if explore and (luck := draw()) < EXPLORED:
            return _from(fit, int(luck / EXPLORED * len(fit)))
        standings, unknown = self.standings, self.unknown()
        took = {standings[at]: expected(standings[at], now, unknown) for at in fit}
        order = sorted(fit, key=lambda at: took[standings[at]])
        led = self._leads.of_all(standings[order[0]], took)
        if led is not standings[order[0]]:
            order.sort(key=lambda at: standings[at] is not led)
        return order

    def cheapest(self, fit: list[int], draw: Draw, moment: Moment, *, explore: bool = True) -> list[int]:
        """By price; what has no known one comes last. Of those that take the same, as `best` has them."""
        self._look_up(moment)
        cost = self._costs
        order = sorted(fit, key=cost.__getitem__)
        least = cost[order[0]]
        if cost[order[-1]] != least and cost[order[1]] != least:
            return order
        alike = [at for at in order if cost[at] == least]
        return [*self.best(alike, draw, moment.now, explore=explore), *order[len(alike) :]]

    def least_busy(self, fit: list[int], draw: Draw) -> list[int]:
        """By the work in flight, for its weight; of those that have as much, one is drawn."""
        standings, weights = self.standings, self.weights
        busy = {at: standings[at].flying / weights[at] for at in fit}
        order = sorted(fit, key=busy.__getitem__)
        alike = [at for at in order if busy[at] == busy[order[0]]]
        if len(alike) == 1:
            return order
        first = alike[drawn(list(accumulate([self.weights[at] for at in alike])), draw())]
        return [first, *(at for at in order if at != first)]

    def price(self, at: int, moment: Moment) -> Prices | None:
        """What a target takes."""
        self._look_up(moment)
        return self._prices[at]

    def _look_up(self, moment: Moment) -> None:
        if moment.now >= self._held_until:
            self._prices = [moment.price(target) for target in self.plan.targets]
            self._costs = [usual(price) for price in self._prices]
            self._held_until = moment.now + _HELD

    def unknown(self) -> float:
        """What is expected of a target that nobody has measured, in seconds."""
        return least_known(self.standings)

    def ordered(self, order: Sequence[int], stays: Stays | None = None) -> Plan:
        """The plan in that order; what is not in it takes no new call, and is passed over."""
        key = bytes(order)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= _MOST:
                self._made.clear()
            served = self.served
            left = [
                replace(each, target=None, reason=f"{each.reason}; {_DRAINED}")
                for at, each in enumerate(served)
                if at not in order
            ]
            made = self._made[key] = self.plan.reordered((*[served[at] for at in order], *left, *self.passed))
        return made if stays is None else made.reordered(made.candidates, stays)

    def _keeps(self, drawn: int, other: int, now: float) -> bool:
        """Whether the first of two that were drawn is taken."""
        mine, theirs = self.standings[drawn], self.standings[other]
        unknown = 1.0 if mine.latency and theirs.latency else self.unknown()
        return self._leads.of_two(mine, theirs, score(mine, now, unknown), score(theirs, now, unknown)) is mine

    def _two(self, fit: list[int], draw: Draw) -> tuple[int, int]:
        """Two different ones of them, drawn by weight."""
        sums = self._sums if fit is self.live else list(accumulate([self.weights[at] for at in fit]))
        first = drawn(sums, draw())
        begins = sums[first - 1] if first else 0.0
        width = sums[first] - begins
        # The second is drawn from what is left when the first's share is cut out.
        point = draw() * (sums[-1] - width)
        second = bisect_right(sums, point if point < begins else point + width)
        if second >= len(sums) or second == first:  # where sums were rounded
            second = first - 1 if first else 1
        return first, second


def drawn(sums: list[float], draw: float) -> int:
    """The index whose share a number from 0 up to 1 falls on, by the sums of all shares up to each."""
    return min(bisect_right(sums, draw * sums[-1]), len(sums) - 1)


def _from(fit: list[int], start: int) -> list[int]:
    """All of them, around from there."""
    return fit[start:] + fit[:start]


def _from_two(fit: list[int], first: int, second: int) -> list[int]:
    """The first, then all others, around from the second."""
    order = fit[second:] + fit[:second]
    taken = fit[first]
    order.remove(taken)
    order.insert(0, taken)
    return order


def usual(price: Prices | None) -> float:
    """What a million tokens take, three of four of them read and one written; the most where nobody knows it."""
    return inf if price is None else (3 * price.read + price.written) / 4
