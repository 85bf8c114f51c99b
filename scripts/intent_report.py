"""How well intents are inferred: prints the confusion tables, or with `--write` puts them into the docs.

With `--outside FILE` it measures the instructions of others; `tests/routing/data/outside.json` says where it is had.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fairlead.routing.intent import INTENTS, infer, shipped_cues

ROOT = Path(__file__).resolve().parents[1]
PHRASES = ROOT / "tests" / "routing" / "data" / "intents.jsonl"
OUTSIDE = ROOT / "tests" / "routing" / "data" / "outside.json"
PAGE = ROOT / "docs" / "explanation" / "intents.md"
BEGIN, END = "<!-- intents:begin (scripts/intent_report.py --write) -->", "<!-- intents:end -->"
SPLITS = ("dev", "held-out")


class Phrase(NamedTuple):
    """One labelled phrase."""

    intent: str
    lang: str
    split: str
    text: str


def phrases() -> list[Phrase]:
    """The labelled set."""
    return [Phrase(**json.loads(line)) for line in PHRASES.read_text(encoding="utf-8").splitlines()]


def outside(seed_tasks: Path) -> list[Phrase]:
    """Instructions that others wrote, with our labels."""
    labels = json.loads(OUTSIDE.read_text(encoding="utf-8"))["labels"]
    tasks = [json.loads(line) for line in seed_tasks.read_text(encoding="utf-8").splitlines()]
    return [Phrase(label, "en", "outside", task["instruction"]) for label, task in zip(labels, tasks, strict=True)]


def accuracy(some: Iterable[Phrase]) -> tuple[int, int]:
    """How many of `some` are inferred as labelled, and how many there are."""
    right = [infer(phrase.text).intent == phrase.intent for phrase in some]
    return sum(right), len(right)


def block() -> str:
    """The generated part of the page: accuracy, confusion, misses, and the size of the vocabulary."""
    every = phrases()
    sections = [_accuracies(every)]
    for split in SPLITS:
        some = [phrase for phrase in every if phrase.split == split]
        sections += [_confusion(f"{split}: {len(some)} phrases", some), _misses(some)]
    sections.append(_vocabulary(every))
    return "\n\n".join(section for section in sections if section)


def page() -> str:
    """The page with its generated part made anew."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{block()}\n\n{END}{after}"


def _accuracies(every: list[Phrase]) -> str:
    rows = ["| phrases | English | other languages | all |", "|---|---:|---:|---:|"]
    for split in (*SPLITS, "both"):
        some = [phrase for phrase in every if split in (phrase.split, "both")]
        english = [phrase for phrase in some if phrase.lang == "en"]
        other = [phrase for phrase in some if phrase.lang != "en"]
        rows.append(f"| {split} | {' | '.join(_share(*accuracy(part)) for part in (english, other, some))} |")
    return "\n".join(rows)


def _share(right: int, total: int) -> str:
    return f"{right} of {total} ({right / total:.1%})"


def _confusion(title: str, some: list[Phrase]) -> str:
    counts = Counter((phrase.intent, infer(phrase.text).intent) for phrase in some)
    rows = [[title, *(f"inferred `{intent}`" for intent in INTENTS)], ["---", *("---:" for _ in INTENTS)]]
    rows += [[f"labelled `{label}`", *(str(counts[label, intent]) for intent in INTENTS)] for label in INTENTS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _misses(some: list[Phrase]) -> str:
    return "\n".join(_miss_rows(some))


def _miss_rows(some: list[Phrase]) -> Iterator[str]:
    for phrase in some:
        inferred = infer(phrase.text)
        if inferred.intent != phrase.intent:
            text = " ".join(phrase.text.split()).replace("`", "'")
            yield f"- “{text}” is labelled `{phrase.intent}`; inferred `{inferred.intent}`, because {inferred.reason}."


def _vocabulary(every: list[Phrase]) -> str:
    cues = Counter(cue.lang for cue in shipped_cues())
    labelled = Counter(phrase.lang for phrase in every)
    rows = ["| language | forms of cues | phrases |", "|---|---:|---:|"]
    rows += [f"| {lang} | {cues[lang]} | {labelled[lang]} |" for lang in sorted(cues | labelled)]
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Print the tables, or write them into the page."""
    if arguments[:1] == ["--outside"]:
        some = outside(Path(arguments[1]))
        print(_share(*accuracy(some)), _confusion(f"outside: {len(some)} phrases", some), _misses(some), sep="\n\n")
    elif arguments == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(block())


if __name__ == "__main__":
    main(sys.argv[1:])
