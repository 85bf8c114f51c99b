"""What many calls came to then, and would come to now: money, targets, and the time to the first byte."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random

from msgspec import Struct, field

from fairlead.ledger.row import Row
from fairlead.replay.again import Outcome

# Of each target's times; of more, a part that chance picks says as much.
_MOST = 20_000


class Money(Struct):
    """An amount in nano-dollars, and how many calls have no known cost and are not in it."""

    nano: int = 0
    unknown: int = 0

    def add(self, cost: int | None) -> None:
        if cost is None:
            self.unknown += 1
        else:
            self.nano += cost


class Line(Struct):
    """The calls that have something in common: how many then and now, what they cost, how many have another target."""

    then: int = 0
    now: int = 0
    cost_then: Money = field(default_factory=Money)
    cost_now: Money = field(default_factory=Money)
    moved: int = 0


class Times:
    """Times to the first byte, in microseconds, by target and by whether the reply was a stream.

    A call that stays where it was keeps its own; one that moves takes one of its new target's, as chance has it.
    """

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311 - a draw, not a secret
        self._seen: defaultdict[tuple[str, bool], array[int]] = defaultdict(lambda: array("q"))
        self._stayed: defaultdict[tuple[str, bool], array[int]] = defaultdict(lambda: array("q"))
        self._came: Counter[tuple[str, bool]] = Counter()

    def add(self, row: Row, outcome: Outcome) -> None:
        """Note a call that was replayed."""
        took = _first_byte(row)
        if outcome.then and took is not None:
            self._note(self._seen[outcome.then, row.stream], took)
        if outcome.now and outcome.moved:
            self._came[outcome.now, row.stream] += 1
        elif outcome.now and took is not None:
            self._note(self._stayed[outcome.now, row.stream], took)

    def then(self) -> list[int]:
        """Every time, the shortest first."""
        return sorted(took for held in self._seen.values() for took in held)

    def now(self) -> tuple[list[int], int]:
        """Every time as it is estimated, the shortest first, and for how many calls nobody can tell one."""
        found, unknown = [took for held in self._stayed.values() for took in held], 0
        for place, calls in sorted(self._came.items()):
            seen = self._seen.get(place)
            if seen:
                found += self._random.choices(seen, k=min(calls, _MOST))
            else:
                unknown += calls
        return sorted(found), unknown

    def _note(self, held: "array[int]", took: int) -> None:
        if len(held) < _MOST:
            held.append(took)
        else:
            held[self._random.randrange(_MOST)] = took


class Sums:
    """Adds up outcomes. `both` has the calls whose cost is known then and now, less those that nobody would answer."""

    def __init__(self, seed: int = 1) -> None:
        self.whole = Line()
        self.both = Line()
        self.models: defaultdict[str, Line] = defaultdict(Line)
        self.targets: defaultdict[str, Line] = defaultdict(Line)
        self.unreplayed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.times = Times(seed)

    def add(self, row: Row, outcome: Outcome) -> None:
        """Add one call."""
        if not outcome.replayed:
            self.unreplayed[outcome.why] += 1
            return
        if not outcome.now:
            self.refused[outcome.why] += 1
        self.times.add(row, outcome)
        for line in (self.whole, self.models[outcome.asked]):
            _then(line, outcome)
            _now(line, outcome)
        answers = outcome.now or not outcome.then
        if answers and outcome.cost_then is not None and outcome.cost_now is not None:
            _then(self.both, outcome)
            _now(self.both, outcome)
        _then(self.targets[outcome.then], outcome)
        _now(self.targets[outcome.now], outcome)


def percentile(ranked: list[int], part: float) -> int | None:
    """The value below which so much of a ranked list is; None where the list is empty."""
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))] if ranked else None


def summed(pairs: Iterable[tuple[Row, Outcome]], seed: int = 1) -> Sums:
    """The sums of calls and of what became of each."""
    sums = Sums(seed)
    for row, outcome in pairs:
        sums.add(row, outcome)
    return sums


def _then(line: Line, outcome: Outcome) -> None:
    line.then += 1
    line.cost_then.add(outcome.cost_then)


def _now(line: Line, outcome: Outcome) -> None:
    line.now += 1
    line.cost_now.add(outcome.cost_now)
    line.moved += outcome.moved


def _first_byte(row: Row) -> int | None:
    """How long the attempt that answered took to its first byte."""
    answered = next((each for each in row.attempts if each.result == "ok"), None)
    return None if row.first_us is None or answered is None else max(0, row.first_us - answered.after_us)
