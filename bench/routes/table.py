"""Tables of prompts, and of how each model did: CSV or JSON lines, gzipped or not, long or wide.

    long   a record for each prompt and model: prompt, model, correct, and where it is known cost
    wide   a record for each prompt: prompt, and `correct` with a value for each model (in CSV: a column for each model,
           and where costs are known a column `MODEL cost`)

`correct` is true or false, or a mark from 0 to 1. Costs may be in any unit, as long as it is the same for all.
"""

import csv
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

_TRUE: Final = frozenset({"true", "yes", "t"})
_FALSE: Final = frozenset({"false", "no", "f"})
_COST: Final = " cost"
_RATIO: Final = 40.0  # what the strong model of the shared data costs, with the cheap one at 1


class BadTable(Exception):
    """A table that cannot be read, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: how right each model was, from 0 to 1, and what it cost where the table says so."""

    text: str
    group: str
    marks: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt at two models: what asking the strong one instead of the cheap one gains, and what it costs more."""

    text: str
    group: str
    cheap: float
    strong: float
    cheap_cost: float
    strong_cost: float

    @property
    def gain(self) -> float:
        return self.strong - self.cheap

    @property
    def extra(self) -> float:
        """What the strong model costs more; nothing where it costs less."""
        return max(0.0, self.strong_cost - self.cheap_cost)


def read(path: Path, group: str = "set") -> list[Prompt]:
    """The prompts of a table; `group` is the column that tells what kind each is of. Raises `BadTable`."""
    prompts: dict[str, Prompt] = {}
    try:
        for place, record in enumerate(_records(path)):
            _add(record, str(record.get(group) or ""), prompts, place)
    except (OSError, ValueError, KeyError) as error:
        told = f"there is no `{error.args[0]}`" if isinstance(error, KeyError) else str(error)
        raise BadTable(f"{path}: {told}; `python -m bench.routes --help` says what a table has") from None
    if not prompts:
        raise BadTable(f"{path}: no prompts")
    return list(prompts.values())


def paired(prompts: list[Prompt], cheap: str | None = None, strong: str | None = None) -> tuple[list[Pair], str, str]:
    """Each prompt at the two models, and their names; without them, the cheapest and the one that is right most often.

    Where the table has no costs, a call of the strong one costs 40 and one of the cheap one 1. Raises `BadTable`.
    """
    names = dict.fromkeys(name for prompt in prompts for name in prompt.marks)
    right = {name: _mean(prompt.marks.get(name) for prompt in prompts) for name in names}
    strong = strong or max(right, key=lambda name: right[name])
    others = [name for name in names if name != strong]
    if strong not in names or (cheap is not None and cheap not in names) or not others:
        raise BadTable(f"two models are needed; the table has {', '.join(names)}")
    spent = {name: _mean(prompt.costs.get(name) for prompt in prompts) for name in names}
    cheap = cheap or min(others, key=lambda name: (spent[name], right[name]))
    both = [prompt for prompt in prompts if cheap in prompt.marks and strong in prompt.marks]
    pairs = [
        Pair(p.text, p.group, p.marks[cheap], p.marks[strong], p.costs.get(cheap, 1.0), p.costs.get(strong, _RATIO))
        for p in both
    ]
    if sum(pair.extra for pair in pairs) <= 0:
        raise BadTable(f"`{strong}` costs no more than `{cheap}`, so that there is nothing to choose")
    return pairs, cheap, strong


def by_length(pair: Pair, answer: float) -> Pair:
    """The prompt at a price by the token: a token has four letters. The strong one costs 40 times as much."""
    tokens = len(pair.text) / 4 + answer
    return replace(pair, cheap_cost=tokens, strong_cost=_RATIO * tokens)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        if kind == "csv":
            csv.field_size_limit(sys.maxsize)
            yield from csv.DictReader(file)
        elif kind in ("jsonl", "ndjson"):
            yield from (json.loads(line) for line in file if line.strip())
        else:
            raise ValueError("not a table: its name ends with .csv, .jsonl, .csv.gz or .jsonl.gz")


def _add(record: dict[str, Any], group: str, prompts: dict[str, Prompt], place: int) -> None:
    text = str(record["prompt"])
    if "model" in record:
        prompt = prompts.setdefault(str(record.get("id") or text), Prompt(text, group))
        name = str(record["model"])
        prompt.marks[name] = _mark(record["correct"])
        if record.get("cost") not in (None, ""):
            prompt.costs[name] = float(record["cost"])
        return
    prompt = prompts[str(place)] = Prompt(text, group)
    said = record.get("correct")
    held = record.get("cost")
    if isinstance(said, dict):
        prompt.marks.update({str(name): _mark(value) for name, value in said.items()})
        prompt.costs.update({str(name): float(value) for name, value in (held or {}).items()})
        return
    for name, value in record.items():
        if name.endswith(_COST) and value not in (None, ""):
            prompt.costs[name.removesuffix(_COST)] = float(value)
        elif isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE):
            prompt.marks[name] = _mark(value)


def _mark(value: Any) -> float:
    """How right an answer is, from 0 to 1."""
    if isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE:
        return float(value.strip().lower() in _TRUE)
    mark = float(value)
    if not 0 <= mark <= 1:
        raise ValueError(f"`correct` is `{value}`, which is no mark from 0 to 1")
    return mark


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0
