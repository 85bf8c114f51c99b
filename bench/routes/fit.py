"""The scales by which a text's signs are weighed, from a table; and scores of prompts that no scale has seen.

    python -m bench.routes.fit [TABLE]      write src/fairlead/routing/difficulty_weights.json

What each sign counts for is a matter of judgment (`PRIOR`), and only what is usual of it comes from the table. A
regression that starts from there (`pull` says how strongly it is held there) earns less on subjects that it has not
seen; `python -m bench.routes --pulls` shows that.
"""

import json
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from statistics import fmean, pstdev
from typing import Final

from bench.routes.table import Pair, paired, read
from fairlead.routing import difficulty
from fairlead.routing.difficulty import SIGNS, Scale, counted, deviations, squashed

REPO: Final = Path(__file__).resolve().parents[2]
SHARED: Final = REPO.parent / "shared" / "data" / "routing_dev.jsonl.gz"
WEIGHTS: Final = Path(difficulty.__file__).with_name("difficulty_weights.json")
# How a text argues says more of its difficulty, whatever it is about, than that it has numbers or code in it.
PRIOR: Final = {sign: 1.0 if sign in ("steps", "exceptions", "conditions", "comparisons") else 0.5 for sign in SIGNS}
_LEAST: Final = 0.02  # what a sign counts for at least, in deviations, however seldom it is in the table

_LEAST_GAIN: Final = 0.001  # what is never expected to be less

Signs = list[list[float] | None]


def signs(pairs: Sequence[Pair]) -> Signs:
    """The signs of each prompt; None where there are none."""
    return [counted(pair.text) for pair in pairs]


def scales(found: Signs, gains: Sequence[float], pull: float = inf) -> tuple[Scale, ...]:
    """What is usual of each sign, and what it counts for: `PRIOR`, or what a regression makes of it."""
    known = [(amounts, gain) for amounts, gain in zip(found, gains, strict=True) if amounts is not None]
    columns = list(zip(*(amounts for amounts, _ in known), strict=True))
    usual = tuple(
        Scale(fmean(column), max(pstdev(column), _LEAST), weight)
        for column, weight in zip(columns, PRIOR.values(), strict=True)
    )
    return usual if pull == inf else _regressed(usual, [a for a, _ in known], [g for _, g in known], pull)


def spread(found: Signs, by: Sequence[Scale]) -> float:
    """The deviation of the prompts' sums, by which they are squashed."""
    return pstdev(sum(deviations(amounts, tuple(by))) for amounts in found if amounts is not None)


def held_out(pairs: Sequence[Pair], found: Signs, pull: float = inf) -> list[float | None]:
    """The score of each prompt by scales that were made without any prompt of its group."""
    scores: list[float | None] = [None] * len(pairs)
    for group in dict.fromkeys(pair.group for pair in pairs):
        rest = [place for place, pair in enumerate(pairs) if pair.group != group]
        made = scales([found[place] for place in rest], [pairs[place].gain for place in rest], pull)
        width = spread([found[place] for place in rest], made)
        for place, pair in enumerate(pairs):
            amounts = found[place]
            if pair.group == group and amounts is not None:
                scores[place] = squashed(sum(deviations(amounts, made)), width)
    return scores


def held_out_gains(pairs: Sequence[Pair], scores: Sequence[float | None]) -> list[float | None]:
    """What each prompt is expected to gain, by the line through the prompts of all other groups."""
    gains: list[float | None] = [None] * len(pairs)
    for group in dict.fromkeys(pair.group for pair in pairs):
        rest = [place for place, pair in enumerate(pairs) if pair.group != group]
        low, high = line([scores[place] for place in rest], [pairs[place].gain for place in rest])
        for place, pair in enumerate(pairs):
            score = scores[place]
            if pair.group == group and score is not None:
                gains[place] = max(low + (high - low) * score, _LEAST_GAIN)
    return gains


def line(scores: Sequence[float | None], gains: Sequence[float]) -> tuple[float, float]:
    """What is gained at a score of 0 and of 1, by the straight line that is nearest."""
    known = [(score, gain) for score, gain in zip(scores, gains, strict=True) if score is not None]
    mid, mean = fmean(score for score, _ in known), fmean(gain for _, gain in known)
    slope = sum((score - mid) * (gain - mean) for score, gain in known) / sum((score - mid) ** 2 for score, _ in known)
    return mean - slope * mid, mean + slope * (1 - mid)


def expected_extra(pairs: Sequence[Pair]) -> list[float]:
    """What the strong model is expected to cost more for each prompt, by its length alone: prices are known beforehand,
    answers are not.
    """
    lengths, extras = [len(pair.text) for pair in pairs], [pair.extra for pair in pairs]
    mid, mean = fmean(lengths), fmean(extras)
    across = sum((length - mid) ** 2 for length in lengths) or 1.0
    slope = sum((length - mid) * (extra - mean) for length, extra in zip(lengths, extras, strict=True)) / across
    return [max(mean + slope * (length - mid), 0.05 * mean) for length in lengths]


def _regressed(
    usual: Sequence[Scale], amounts: list[list[float]], gains: list[float], pull: float
) -> tuple[Scale, ...]:
    """Weights that explain the gains, held near the prior ones, none of them below 0."""
    rows = [deviations(each, tuple(scale._replace(weight=1.0) for scale in usual)) for each in amounts]
    means = [fmean(column) for column in zip(*rows, strict=True)]
    rows = [[value - mean for value, mean in zip(row, means, strict=True)] for row in rows]
    mean = fmean(gains)
    prior = [scale.weight for scale in usual]
    sums = [sum(weight * value for weight, value in zip(prior, row, strict=True)) for row in rows]
    unit = sum(total * (gain - mean) for total, gain in zip(sums, gains, strict=True)) / sum(t * t for t in sums)
    rest = [gain - mean - unit * total for total, gain in zip(sums, gains, strict=True)]
    size = range(len(prior))
    left = [[sum(row[i] * row[j] for row in rows) + (pull if i == j else 0.0) for j in size] for i in size]
    right = [sum(row[i] * each for row, each in zip(rows, rest, strict=True)) for i in size]
    moved = [max(0.0, unit * weight + step) for weight, step in zip(prior, _solved(left, right), strict=True)]
    return tuple(scale._replace(weight=weight) for scale, weight in zip(usual, moved, strict=True))


def _solved(left: list[list[float]], right: list[float]) -> list[float]:
    """The solution of linear equations whose matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(left, right, strict=True)]
    for place, pivot in enumerate(rows):
        for other in rows[:place] + rows[place + 1 :]:
            part = other[place] / pivot[place]
            for column in range(place, len(pivot)):
                other[column] -= part * pivot[column]
    return [row[-1] / row[place] for place, row in enumerate(rows)]


def weights(pairs: Sequence[Pair], source: str) -> dict[str, object]:
    """What `difficulty_weights.json` holds, from all prompts of a table."""
    found, gains = signs(pairs), [pair.gain for pair in pairs]
    made = scales(found, gains)
    width = spread(found, made)
    scores = [squashed(sum(deviations(a, made)), width) if a is not None else None for a in found]
    return {
        "about": f"Made by `python -m bench.routes.fit` from {len(pairs)} prompts of {source}. For each sign its mean, "
        "its deviation, what a deviation counts for. The last is judgment; the rest is measured, without the answers. "
        "`gain`: what the strong model gained at a score of 0 and of 1.",
        **{sign: [round(value, 4) for value in scale] for sign, scale in zip(SIGNS, made, strict=True)},
        "spread": [round(width, 4)],
        "gain": [max(round(value, 4), _LEAST_GAIN) for value in line(scores, gains)],
    }


def main(argv: list[str]) -> int:
    """Write the weights."""
    path = Path(argv[0]) if argv else SHARED
    pairs, _, _ = paired(read(path))
    WEIGHTS.write_text(json.dumps(weights(pairs, f"`{path.name}`"), indent=1) + "\n", encoding="utf-8")
    print(f"written: {WEIGHTS.relative_to(REPO)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
