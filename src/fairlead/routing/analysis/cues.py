"""The words by which a query is analyzed, of `cues.toml`, and where a text has them."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fairlead.routing import words
from fairlead.routing.words import UNSPACED, Unspaced


class Cue(NamedTuple):
    """A word or phrase, and of which kind it is: `vision`, `search`, `deep`, `bound`, `easy`, or `task.LABEL`."""

    text: str
    words: tuple[str, ...]
    kind: str


class Vocabulary(NamedTuple):
    """Every cue by its first word, longest first, and what cuts the text of scripts without spaces into words."""

    cues: Mapping[str, tuple[Cue, ...]]
    unspaced: Unspaced


def found(text: str) -> dict[str, list[str]]:
    """The cues in a text by their kind, each once, in the order in which they stand."""
    vocab = vocabulary()
    cut = words.cut(text, vocab.unspaced)
    by_kind: dict[str, dict[str, None]] = {}
    for at, word in enumerate(cut):
        taken: set[str] = set()
        for cue in vocab.cues.get(word, ()):
            if cue.kind not in taken and tuple(cut[at : at + len(cue.words)]) == cue.words:
                taken.add(cue.kind)
                by_kind.setdefault(cue.kind, {})[cue.text] = None
    return {kind: list(cues) for kind, cues in by_kind.items()}


@cache
def vocabulary() -> Vocabulary:
    """The shipped cues, read when first needed."""
    shelf: dict[str, dict[tuple[tuple[str, ...], str], Cue]] = {}
    unspaced: list[str] = []
    for lang, cue in shipped():
        shelf.setdefault(cue.words[0], {}).setdefault((cue.words, cue.kind), cue)
        if lang in UNSPACED:
            unspaced.append(words.folded(cue.text))
    ordered = {word: tuple(sorted(row.values(), key=lambda cue: -len(cue.words))) for word, row in shelf.items()}
    return Vocabulary(ordered, words.unspaced(unspaced))


def shipped() -> Iterator[tuple[str, Cue]]:
    """Every cue with its language."""
    table = tomllib.loads(Path(__file__).with_name("cues.toml").read_text(encoding="utf-8"))
    kinds = {kind: section for kind, section in table.items() if kind != "task"}
    kinds |= {f"task.{label}": section for label, section in table["task"].items()}
    for kind, langs in kinds.items():
        for lang, listed in langs.items():
            for pattern in words.spelled(listed):
                for text, parts in words.forms(pattern, lang):
                    yield lang, Cue(text, parts, kind)
