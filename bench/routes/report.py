"""What a router earns, as a table and a chart of text."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import Final

from bench.routes.curve import STEPS, Curve, curve, interval, ordered, resampled
from bench.routes.table import Pair

SPENDS: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
SHARES: Final = (0.25, 0.5, 0.75, 0.9)
_WIDE, _HIGH = 60, 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and where 95 of 100 resamples have it."""

    value: float
    low: float
    high: float

    def shown(self, form: str) -> str:
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


@dataclass(frozen=True, slots=True)
class Earned:
    """What a router earns over a table. Quality is the mean mark of all prompts, cost that of a call in its own unit.

    `better` is by how much its quality is above random at a share of the spend, `saved` which part of the cost that
    random needs for a share of the gain is not needed; `least` is the worst of `better` at all hundredths of the spend.
    """

    router: str
    prompts: int
    declined: int
    cheap: tuple[float, float]
    strong: tuple[float, float]
    area: Figure
    least: Figure
    better: dict[float, Figure]
    saved: dict[float, Figure]
    points: tuple[tuple[float, float], ...]


def earned(router: str, pairs: Sequence[Pair], scores: Sequence[float | None], resamples: int, seed: int) -> Earned:
    """What the router earns that gives the prompts these scores; None where it declines."""
    levels = ordered(scores)
    whole = curve(pairs, levels)
    others = resampled(pairs, levels, resamples, seed)

    def figure(of: Callable[[Curve], float]) -> Figure:
        return Figure(of(whole), *interval([of(other) for other in others]))

    low = fmean(pair.cheap for pair in pairs)
    return Earned(
        router,
        len(pairs),
        sum(score is None for score in scores),
        (low, fmean(pair.cheap_cost for pair in pairs)),
        (fmean(pair.strong for pair in pairs), fmean(pair.cheap_cost + pair.extra for pair in pairs)),
        figure(lambda each: each.area),
        figure(lambda each: min(each.over_random())),
        {spend: figure(lambda each, at=spend: each.at(at) - at * each.whole) for spend in SPENDS},  # type: ignore[misc]
        {share: figure(lambda each, of=share: 1 - each.needed(of) / of) for share in SHARES},  # type: ignore[misc]
        tuple((step / STEPS, low + whole.at(step / STEPS)) for step in range(0, STEPS + 1, 5)),
    )


def text(found: Earned, cheap: str, strong: str) -> str:
    """The figures and the chart."""
    (low, low_cost), (high, high_cost) = found.cheap, found.strong
    declined = f"; it declines {found.declined}" if found.declined else ""
    lines = [
        f"{found.router}: {found.prompts} prompts{declined}",
        f"  always-cheapest  {cheap}: quality {low:.4f}, cost {low_cost:.6g} a call",
        f"  always-best      {strong}: quality {high:.4f}, cost {high_cost:.6g} a call",
        f"  area under the curve (random 0.5): {found.area.shown('.3f')}",
        f"  over random at its worst hundredth of the spend: {found.least.shown('+.4f')}",
        "",
        "  share of the spend  random  router  better by (95 %)",
    ]
    for spend, figure in found.better.items():
        at_random = low + spend * (high - low)
        lines.append(f"  {spend:18.0%}  {at_random:.4f}  {at_random + figure.value:.4f}  {figure.shown('+.4f')}")
    lines += ["", "  share of the gain   cost random needs for it, of which the router saves (95 %)"]
    lines += [
        f"  {share:17.0%}   {share:.0%} of the way; {figure.shown('.1%')}" for share, figure in found.saved.items()
    ]
    return "\n".join([*lines, "", *chart(found)])


def chart(found: Earned) -> list[str]:
    """The curve in text: `*` is the router, `.` random."""
    (low, _), (high, _) = found.cheap, found.strong
    top, bottom = max([high, *(y for _, y in found.points)]), min([low, *(y for _, y in found.points)])
    span = (top - bottom) or 1.0
    grid = [[" "] * (_WIDE + 1) for _ in range(_HIGH + 1)]

    def put(spend: float, quality: float, mark: str) -> None:
        grid[_HIGH - round((quality - bottom) / span * _HIGH)][round(spend * _WIDE)] = mark

    for column in range(_WIDE + 1):
        put(column / _WIDE, low + (high - low) * column / _WIDE, ".")
    for column in range(_WIDE + 1):
        put(column / _WIDE, _between(found.points, column / _WIDE), "*")
    lines = [f"  {bottom + span * (_HIGH - row) / _HIGH:.3f} |{''.join(cells)}" for row, cells in enumerate(grid)]
    return [
        *lines,
        "        +" + "-" * (_WIDE + 1),
        "         0 %  share of what always-best costs more".ljust(66) + "100 %",
    ]


def data(found: Earned) -> dict[str, object]:
    """The same for programs."""
    return asdict(found)


def _between(points: Sequence[tuple[float, float]], at: float) -> float:
    for (x, y), (after, above) in pairwise(points):
        if at <= after:
            return y + (above - y) * (at - x) / (after - x)
    return points[-1][1]
