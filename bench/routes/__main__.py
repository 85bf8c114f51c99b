"""Score the choice between a cheap and a strong model on a table of prompts. `make route-eval` runs it.

A table is CSV or JSON lines, gzipped or not. Long: `prompt`, `model`, `correct`, and if known `cost` in each record.
Wide: `prompt`, and `correct` with a value for each model; in CSV a column for each model, and `MODEL cost` if known.
Without costs a call of the strong model costs 40 times what one of the cheap model costs.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Final

from bench.routes import fit, page, report
from bench.routes.table import BadTable, Pair, by_length, paired, read
from fairlead.routing import said
from fairlead.routing.analysis.query import analyze
from fairlead.routing.difficulty import difficulty, gain

_LEVELS: Final = {"simple": 0.0, "medium": 0.5, "high": 1.0}


def main(argv: Sequence[str] | None = None) -> int:
    """Print what the router earns."""
    args = _arguments(argv)
    try:
        pairs, cheap, strong = paired(read(args.table, args.hold_out or "set"), args.cheap, args.strong)
        pairs = pairs if args.by_length is None else [by_length(pair, args.by_length) for pair in pairs]
    except BadTable as error:
        sys.exit(f"route-eval: {error}")
    found = [report.earned(name, pairs, scores, args.resamples, args.seed) for name, scores in _routers(pairs, args)]
    if args.write:
        page.write(args.write, "\n\n".join(report.text(each, cheap, strong) for each in found))
    if args.json:
        print(json.dumps({"cheap": cheap, "strong": strong, "routers": [report.data(each) for each in found]}))
    else:
        print("\n\n".join(report.text(each, cheap, strong) for each in found))
    return 0


def _routers(pairs: Sequence[Pair], args: argparse.Namespace) -> list[tuple[str, list[float | None]]]:
    """Each router's name and its scores of the prompts."""
    if not args.hold_out:
        scores = [shipped(pair.text) for pair in pairs]
        gains = [None if score is None else gain(score) for score in scores]
        return [("by threshold", scores), *_by_worth(pairs, gains), *_levels(pairs)]
    groups = len({pair.group for pair in pairs})
    if groups < 2:
        sys.exit(f"route-eval: all prompts have the same `{args.hold_out}`, so that none can be held out")
    signs = fit.signs(pairs)
    unseen = f"each of {groups} groups by `{args.hold_out}` scored without having seen it"
    scores = fit.held_out(pairs, signs)
    routers = [(f"by threshold, {unseen}", scores)]
    routers += [(f"{name}, {unseen}", each) for name, each in _by_worth(pairs, fit.held_out_gains(pairs, scores))]
    routers += _levels(pairs)
    for pull in args.pulls:
        routers += [(f"by threshold, held with {pull:g}, {unseen}", fit.held_out(pairs, signs, pull))]
    return routers


def _by_worth(pairs: Sequence[Pair], gains: Sequence[float | None]) -> list[tuple[str, list[float | None]]]:
    """What is gained for what is spent; none where each call costs as much more as every other."""
    costs = fit.expected_extra(pairs)
    if max(costs) - min(costs) < 1e-9 * max(costs):
        return []
    weighed = zip(gains, costs, strict=True)
    return [("by worth", [None if gained is None else gained / more for gained, more in weighed])]


def _levels(pairs: Sequence[Pair]) -> list[tuple[str, list[float | None]]]:
    """What `routing` goes by: a level of complexity, as it is shipped."""
    return [
        ("by the level of complexity that `routing` reads", [_LEVELS[analyze(pair.text).complexity] for pair in pairs])
    ]


def shipped(text: str) -> float | None:
    """The score that the gateway gives a text."""
    found = difficulty(said.stripped(text))
    return found.score if found else None


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m bench.routes", description=__doc__, formatter_class=form)
    parser.add_argument("table", nargs="?", type=Path, default=fit.SHARED, help="the shared data, if it is left out")
    parser.add_argument("--cheap", metavar="MODEL", help="the cheapest, if it is left out")
    parser.add_argument("--strong", metavar="MODEL", help="the one that is right most often, if it is left out")
    parser.add_argument(
        "--hold-out", metavar="COLUMN", help="score each group of this column by scales made without it"
    )
    parser.add_argument(
        "--by-length", type=float, metavar="N", help="price calls by the prompt, and N tokens of answer"
    )
    parser.add_argument("--pulls", type=_pulls, default=[], metavar="N,...", help="and by weights of regressions")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--write", metavar="PART", choices=page.PARTS, help="put it into the documentation too")
    parser.add_argument("--json", action="store_true", help="print JSON, with the points of the curve")
    return parser.parse_args(argv)


def _pulls(text: str) -> list[float]:
    return [pull for pull in map(float, text.split(",")) if 0 < pull < inf]


if __name__ == "__main__":
    sys.exit(main())
