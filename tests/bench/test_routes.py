"""The harness that scores routing between two models: on tables whose answer is known, and on the shared data."""

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bench.routes import fit, page
from bench.routes.__main__ import shipped
from bench.routes.curve import Curve, curve, ordered, resampled
from bench.routes.report import earned, text
from bench.routes.table import BadTable, Pair, by_length, paired, read

from fairlead.routing import difficulty

ROOT = Path(__file__).resolve().parents[2]


def pair(gain: float = 0.0, extra: float = 1.0, words: str = "x", group: str = "") -> Pair:
    """A prompt at which the strong model is better, worse or the same."""
    return Pair(words, group, float(gain < 0), float(gain > 0), 1.0, 1.0 + extra)


# Ten prompts, of which the strong model is needed for four.
TEN = [pair(gain) for gain in (1, 1, 1, 1, 0, 0, 0, 0, 0, 0)]


def of(scores: Sequence[float | None], pairs: Sequence[Pair] = TEN) -> Curve:
    return curve(pairs, ordered(scores))


def test_the_best_order_gains_everything_first() -> None:
    found = of([10 - place for place in range(10)])
    assert found.whole == pytest.approx(0.4)
    assert found.at(0.4) == pytest.approx(0.4)
    assert found.at(0.2) == pytest.approx(0.2)
    assert found.needed(1) == pytest.approx(0.4)
    assert found.area == pytest.approx(0.8)
    assert min(found.over_random()) > 0


def test_the_worst_order_gains_everything_last() -> None:
    found = of([float(place) for place in range(10)])
    assert found.at(0.6) == pytest.approx(0)
    assert found.area == pytest.approx(0.2)
    assert min(found.over_random()) == pytest.approx(-0.24)


@pytest.mark.parametrize("scores", [[0.5] * 10, [None] * 10], ids=["all alike", "all declined"])
def test_who_cannot_tell_is_as_good_as_random(scores: list[float | None]) -> None:
    found = of(scores)
    assert found.area == pytest.approx(0.5)
    assert found.over_random() == pytest.approx([0.0] * 99)
    assert found.needed(0.5) == pytest.approx(0.5)


def test_what_is_declined_is_shared_out_as_the_rest_is() -> None:
    found = of([4, 3, 2, 1, *[None] * 6])
    assert found.at(0.5) == pytest.approx(0.2)


def test_costs_are_shares_of_the_way_from_one_end_to_the_other() -> None:
    pairs = [pair(1, extra=9.0), pair(0, extra=1.0)]
    assert of([2, 1], pairs).spent == (0.0, 0.9, 1.0)
    assert of([1, 2], pairs).spent == (0.0, 0.1, 1.0)


def test_the_bootstrap_is_the_same_for_the_same_seed() -> None:
    levels = ordered([10 - place for place in range(10)])
    first, again, other = ([each.area for each in resampled(TEN, levels, 20, seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_the_interval_holds_the_truth_of_random() -> None:
    random = Random(5)
    pairs = [pair(random.choice((1, 0, 0, 0, -1))) for _ in range(2000)]
    found = earned("chance", pairs, [random.random() for _ in pairs], 200, 1)
    assert found.area.low < 0.5 < found.area.high
    assert found.better[0.5].low < 0 < found.better[0.5].high


LONG = [
    {"prompt": "a", "model": "small", "correct": "false", "cost": "0.1"},
    {"prompt": "a", "model": "big", "correct": "true", "cost": "0.4"},
    {"prompt": "b", "model": "small", "correct": "true", "cost": "0.2"},
    {"prompt": "b", "model": "big", "correct": "true", "cost": "0.8"},
]
WIDE = [
    {"prompt": "a", "small": "False", "big": "True", "small cost": "0.1", "big cost": "0.4"},
    {"prompt": "b", "small": "True", "big": "True", "small cost": "0.2", "big cost": "0.8"},
]
NESTED = [
    {"prompt": "a", "correct": {"small": False, "big": True}, "cost": {"small": 0.1, "big": 0.4}},
    {"prompt": "b", "correct": {"small": 1, "big": 1.0}, "cost": {"small": 0.2, "big": 0.8}},
]


def written(path: Path, records: list[dict[str, Any]]) -> Path:
    if ".csv" in path.name:
        made = io.StringIO()
        writer = csv.DictWriter(made, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
        said = made.getvalue()
    else:
        said = "\n".join(map(json.dumps, records))
    data = said.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("records", [LONG, WIDE, NESTED], ids=["long", "wide", "nested"])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.gz"])
def test_a_table_in_any_form_is_the_same(records: list[dict[str, Any]], name: str, tmp_path: Path) -> None:
    if records is NESTED and "csv" in name:
        pytest.skip("CSV has no objects")
    pairs, cheap, strong = paired(read(written(tmp_path / name, records)))
    assert (cheap, strong) == ("small", "big")
    assert [(each.text, each.gain, round(each.extra, 6)) for each in pairs] == [("a", 1.0, 0.3), ("b", 0.0, 0.6)]


def test_without_costs_the_strong_model_is_forty_times_as_dear(tmp_path: Path) -> None:
    records = [{"prompt": "a", "correct": {"small": False, "big": True}}]
    pairs, _, _ = paired(read(written(tmp_path / "t.jsonl", records)))
    assert (pairs[0].cheap_cost, pairs[0].strong_cost) == (1.0, 40.0)


@pytest.mark.parametrize(
    ("name", "records", "told"),
    [
        ("t.jsonl", [{"text": "a"}], "there is no `prompt`"),
        ("t.jsonl", [{"prompt": "a", "model": "m"}], "there is no `correct`"),
        ("t.jsonl", [{"prompt": "a", "model": "m", "correct": 7}], "no mark from 0 to 1"),
        ("t.jsonl", [{"prompt": "a", "model": "m", "correct": 1}], "two models are needed"),
        ("t.txt", [{"prompt": "a"}], "not a table"),
    ],
)
def test_a_table_that_is_none_is_refused(name: str, records: list[dict[str, Any]], told: str, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=told):
        paired(read(written(tmp_path / name, records)))


def test_weights_are_those_that_the_shared_data_makes() -> None:
    pairs, _, _ = paired(read(fit.SHARED))
    made = json.dumps(fit.weights(pairs, f"`{fit.SHARED.name}`"), indent=1) + "\n"
    assert made == fit.WEIGHTS.read_text(encoding="utf-8"), "run `python -m bench.routes.fit`"


def test_held_out_groups_are_not_seen() -> None:
    """A group of one's own cannot change its own scales, and does change those of the others."""
    random = Random(3)
    texts = ["if not, why", "all of them. none.", "3 + 4 = 7", "hello there", "which is least? why?"]
    pairs = [pair(random.choice((0, 1)), words=random.choice(texts), group=str(n % 3)) for n in range(60)]
    first = fit.held_out(pairs, fit.signs(pairs))
    odd = [Pair("9 9 9 9 {[;", "0", 1.0, 0.0, 1.0, 40.0) if each.group == "0" else each for each in pairs]
    second = fit.held_out(odd, fit.signs(odd))
    assert [first[n] for n in range(0, 60, 3)] != [second[n] for n in range(0, 60, 3)]
    third = fit.held_out([*pairs, *[pair(0, words="0 0 0 0 0 0", group="0")] * 30],
                         [*fit.signs(pairs), *fit.signs([pair(0, words="0 0 0 0 0 0")]) * 30])  # fmt: skip
    assert [first[n] for n in range(0, 60, 3)] == [third[n] for n in range(0, 60, 3)]
    assert [first[n] for n in range(1, 60, 3)] != [third[n] for n in range(1, 60, 3)]


def test_on_held_out_subjects_the_router_beats_random_at_every_cost() -> None:
    """The promise of the page: never below random, and above it by more than chance."""
    pairs, _, _ = paired(read(fit.SHARED))
    found = earned("router", pairs, fit.held_out(pairs, fit.signs(pairs)), 200, 1)
    assert found.area.low > 0.5
    assert found.least.value >= 0
    assert all(figure.low > 0 for figure in found.better.values())
    assert found.saved[0.5].low > 0.1


@pytest.mark.parametrize("answer", [0, 100, 1000])
def test_by_worth_it_does_so_too_where_calls_cost_by_the_token(answer: int) -> None:
    pairs = [by_length(each, answer) for each in paired(read(fit.SHARED))[0]]
    gains = fit.held_out_gains(pairs, fit.held_out(pairs, fit.signs(pairs)))
    weighed = [gain / more for gain, more in zip(gains, fit.expected_extra(pairs), strict=True) if gain]
    found = earned("router", pairs, weighed, 100, 1)
    assert found.area.low > 0.5
    assert found.least.value > -0.001, "a shortfall is a matter of a few prompts"
    assert found.least.high > 0


def test_the_harness_asks_what_the_gateway_asks() -> None:
    hard = "If none of them stops, which is the last? Why?"
    reminded = f"<system-reminder>If not, never.</system-reminder>{hard}"
    found = difficulty.difficulty(hard)
    assert found
    assert shipped(reminded) == shipped(hard) == found.score
    assert shipped("...") is None


def test_the_command_takes_any_table(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", LONG)
    ran = subprocess.run(
        [sys.executable, "-m", "bench.routes", str(table), "--resamples", "20"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "always-cheapest  small: quality 0.5000" in ran.stdout
    assert "always-best      big: quality 1.0000" in ran.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "bench.routes", str(tmp_path / "none.csv")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    assert "none.csv" in wrong.stderr


def test_the_report_shows_the_curve() -> None:
    shown = text(earned("r", TEN, [10.0 - place for place in range(10)], 20, 1), "small", "big")
    assert shown.count("*") >= 40
    assert "area under the curve (random 0.5): 0.800" in shown


@pytest.mark.parametrize("part", page.PARTS)
def test_the_page_shows_what_the_command_prints(part: str) -> None:
    """Its figures, less the intervals, which take longer to draw."""
    pairs, _, _ = paired(read(fit.SHARED))
    pairs = pairs if part == "flat" else [by_length(each, 100) for each in pairs]
    scores = fit.held_out(pairs, fit.signs(pairs))
    found = earned("", pairs, scores, 1, 1)
    shown = page.written(part)
    assert f"area under the curve (random 0.5): {found.area.value:.3f} [" in shown, "run `make route-eval` and write it"
    assert f"at its worst hundredth of the spend: {found.least.value:+.4f} [" in shown
    assert "by the level of complexity" in shown
    assert ("by worth" in shown) == (part == "by-length")
