"""Counters of what the gateway does, kept as plain numbers and written in Prometheus' format when asked for.

A call finds its row with one look-up and adds to it; the library's own counters, with their locks and labels, cost
more than routing does.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
OVERHEAD = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25)


class Histogram:
    """Observations in seconds, by bucket."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def add(self, other: "Histogram") -> None:
        """What another has observed, too."""
        self.counts = [own + more for own, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class Ended:
    """The calls that ended alike: same endpoint, provider, status and outcome."""

    __slots__ = ("calls", "input_tokens", "output_tokens", "overhead", "seconds")

    def __init__(self) -> None:
        self.calls = self.input_tokens = self.output_tokens = 0
        self.seconds = Histogram(SECONDS)
        self.overhead = Histogram(OVERHEAD)

    def add(self, other: "Ended") -> None:
        """Calls that ended like these, elsewhere."""
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.seconds.add(other.seconds)
        self.overhead.add(other.overhead)


class Metrics:
    """Every number; `docs/reference/metrics.md` says what each is called outside."""

    def __init__(self) -> None:
        self.open = 0
        self.ended: dict[tuple[str, str, int, str], Ended] = {}
        self.attempts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.refused: defaultdict[str, int] = defaultdict(int)
        self.alerts: defaultdict[tuple[str, int], int] = defaultdict(int)
        # The numbers of other workers of the same server, which are told together with these.
        self.beside: Callable[[], Iterable[Metrics]] = tuple
        # How each target fares: provider, model, 0 closed to 1 open, attempts under way, seconds to an answer.
        self.targets: Callable[[], Iterable[tuple[str, str, float, int, float]]] = tuple

    def row(self, endpoint: str, provider: str, status: int, outcome: str) -> Ended:
        """Where calls that ended so are counted."""
        key = (endpoint, provider, status, outcome)
        found = self.ended.get(key)
        if found is None:
            found = self.ended[key] = Ended()
        return found

    def exposition(self) -> bytes:
        """All of them in Prometheus' text format, version 0.0.4."""
        # Loaded here: only a scrape needs the library.
        from fairlead.observe.prometheus import exposition  # noqa: PLC0415

        return exposition(_sum([self, *self.beside()]))


def _sum(several: list[Metrics]) -> Metrics:
    if len(several) == 1:
        return several[0]
    made = Metrics()
    made.targets = several[0].targets
    for each in several:
        made.open += each.open
        for key, row in each.ended.items():
            made.row(*key).add(row)
        for attempt, count in each.attempts.items():
            made.attempts[attempt] += count
        for code, count in each.refused.items():
            made.refused[code] += count
        for alert, count in each.alerts.items():
            made.alerts[alert] += count
    return made
