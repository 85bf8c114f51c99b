"""What Fairlead promises to cost at most, and whether it did in a run."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.figures import Figures
from bench.subjects import TRANSLATED

US = "Fairlead"


@dataclass(frozen=True)
class Bar:
    """A promise: its figure may be at most `must`, and is hoped to be at most `aim`."""

    what: str
    part: str  # of the bench, which measures it
    must: float | None
    aim: float | None
    unit: str
    measured: Callable[[Figures], float | None]
    who: str = US

    def limit(self, value: float | None) -> str:
        return "-" if value is None else f"≤ {_number(value)}{self.unit}"

    def row(self, figures: Figures) -> list[str]:
        """What the table says of it."""
        value = self.measured(figures)
        said = "-" if value is None else f"{_number(value)}{self.unit}"
        return [self.what, self.limit(self.must), self.limit(self.aim), said, self.verdict(figures, value)]

    def of(self, figures: Figures) -> bool:
        """Whether the run had the part that measures it."""
        return self.part.split()[0] in figures.about["parts"]

    def verdict(self, figures: Figures, value: float | None) -> str:
        if value is None:
            return "not measured, see below" if self._explained(figures) else "not measured"
        if self.aim is not None and value <= self.aim:
            return "ok, aim met"
        if self.must is None:
            return "aim missed"
        return "ok" if value <= self.must else "**missed**"

    def _explained(self, figures: Figures) -> bool:
        whys = figures.why_not
        return bool({"all", self.part} & set(whys.get(US, {}))) or (self.who != US and self.who in whys)


def _number(value: float) -> str:
    if value and abs(value) < 10:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:,.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:,.0f}"


def _gained(figures: Figures) -> float | None:
    idle, loaded = figures.get(US, "rss_idle"), figures.get(US, "rss_loaded")
    return None if idle is None or loaded is None else loaded - idle


def _translated(dialect: str) -> tuple[Bar, ...]:
    who, part, unit = f"{US} to {dialect}", "translated", "x nginx"

    def ratio(figure: str) -> Callable[[Figures], float | None]:
        return lambda figures: figures.ratio(who, figure)

    return (
        Bar(f"translated to `{dialect}`: CPU-µs per call, ~1 KB", part, 8, 5, unit, ratio("cpu_us"), who),
        Bar(f"translated to `{dialect}`: 100 KB body", part, 6, None, unit, ratio("big_us"), who),
        Bar(f"translated to `{dialect}`: CPU-µs per streamed event", part, 3, 1.6, unit, ratio("event_us"), who),
    )


BARS = (
    Bar("CPU-µs per call, c=64, ~1 KB", "cpu", 3.2, 2.5, "x nginx", lambda f: f.ratio(US, "cpu_us")),
    Bar("CPU-µs per call, c=64, 100 KB body", "big", 2.5, 1.4, "x nginx", lambda f: f.ratio(US, "big_us")),
    Bar("CPU-µs per streamed event", "events", 2, 1.3, "x nginx", lambda f: f.ratio(US, "event_us")),
    *(bar for dialect in TRANSLATED for bar in _translated(dialect)),
    Bar("p50 over nginx's at 100 calls/s", "latency", 150, 30, " µs", lambda f: f.over(US, "p50_us", "nginx")),
    Bar("p99 over nginx's at 100 calls/s", "latency", 500, 150, " µs", lambda f: f.over(US, "p99_us", "nginx")),
    Bar("longest stall, 500 streams", "streams 500", 100, None, " ms", lambda f: f.worst(US, "crowd_500_gap_ms")),
    Bar("longest stall, 2,000 streams", "streams 2000", None, 100, " ms", lambda f: f.worst(US, "crowd_2000_gap_ms")),
    Bar("RSS idle, without the local model", "memory", 60, 45, " MiB", lambda f: f.get(US, "rss_idle")),
    Bar("RSS gained by 100k calls and 150 KB bodies", "memory", 15, None, " MiB", _gained),
    Bar("start to first 200", "start", 1.0, 0.2, " s", lambda f: f.get(US, "first_200")),
    Bar("planning a call: 10 targets, health, weights", "plan", 8, None, " µs", lambda f: f.get(US, "plan_us")),
    Bar("`ai --help`", "help", 0.25, 0.12, " s", lambda f: f.get(US, "help_s")),
)
