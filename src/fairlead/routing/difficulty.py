"""How likely it is that a text needs the strong one of two models. Pure, and far below a millisecond.

What is looked at is how a text is made, not what it is about: how many steps and parts it has for its length, how much
it excepts, makes conditional and compares, what work it asks for, and whether there are numbers, formulas and code. The
words for that are in `difficulty.toml`, by language; what each sign counts for is in `difficulty_weights.json`, which
`python -m bench.routes.fit` writes. `docs/explanation/routing-quality.md` has what this earns, and what it does not.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from math import exp, log1p, sqrt
from pathlib import Path
from typing import Final, NamedTuple

from fairlead.routing import words

# A person's question stands at the beginning or at the end of what is pasted with it.
_HEAD, _TAIL = 400, 600
_ROOM: Final = 32  # words; a text of more has more cues of each kind without being harder
_FAR: Final = 3.0  # deviations; what is further off counts no more
# Where a sentence ends; the point of an abbreviated name or of an item's letter ends none.
_END: Final = re.compile(r"[.?!](?<=\w\w.)(?=\s)")
_OTHER_ENDS: Final = "\u3002\uff1f\uff01\u061f\u0964"
_FORMULA: Final = "=+*^<>%$\u221a\u2264\u2265\u00b1\u2211\u222b\u03c0\u03b8\\"
_CODE: Final = ("{", "}", ";", "[", "_", "()", "```", "::", "=>")
_SPACED: Final = words.unspaced(())  # where nothing stands between words, their cues are looked for by themselves
_WORDS: Final = ("exceptions", "conditions", "comparisons", "work")
SIGNS: Final = ("steps", *_WORDS, "numbers", "formulas", "code")
"""What is counted, in the order of `counted`."""


class Scale(NamedTuple):
    """What is usual of a sign (mean and deviation), and what a deviation more counts for."""

    mean: float
    deviation: float
    weight: float


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard a text is, from 0 to 1: 0.5 is the middle of the set that the weights come from. `signs` say why."""

    score: float
    signs: tuple[str, ...]

    @property
    def why(self) -> str:
        """The signs in words."""
        return ", ".join(self.signs) or "nothing that is hard"


class _Table(NamedTuple):
    kinds: dict[str, frozenset[str]]
    solid: frozenset[str]
    scales: tuple[Scale, ...]
    spread: float


def difficulty(text: str) -> Difficulty | None:
    """How hard `text` is; None where it says too little to tell, and whoever asked has to do without."""
    amounts = counted(text)
    if amounts is None:
        return None
    table = vocabulary()
    parts = deviations(amounts, table.scales)
    signs = sorted(((part, name) for part, name in zip(parts, SIGNS, strict=True) if part > 0), reverse=True)
    return Difficulty(round(squashed(sum(parts), table.spread), 4), tuple(name for _, name in signs[:3]))


def counted(text: str) -> list[float] | None:
    """How much of each of `SIGNS` there is, for a text of this length; None where there is no word."""
    table = vocabulary()
    text = asked(text)
    found = words.cut(text, _SPACED)
    if not found:
        return None
    distinct = frozenset(found)
    if not text.isascii():
        distinct = distinct.union(cue for cue in table.solid if cue in text)
    room = sqrt(max(_ROOM, len(found)) / _ROOM)
    amounts = [
        len(_END.findall(text)) + (0 if text.isascii() else sum(map(text.count, _OTHER_ENDS))),
        *(len(table.kinds[kind] & distinct) for kind in _WORDS),
        sum(map(str.isdecimal, found)),
        sum(map(text.count, _FORMULA)),
        sum(map(text.count, _CODE)),
    ]
    return [log1p(amount) / room for amount in amounts]


def asked(text: str) -> str:
    """As much of a text as is looked at: where it begins and where it ends."""
    text = text.strip()
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def deviations(amounts: list[float], scales: tuple[Scale, ...]) -> list[float]:
    """What each amount counts for."""
    return [
        scale.weight * max(-_FAR, min(_FAR, (amount - scale.mean) / scale.deviation))
        for amount, scale in zip(amounts, scales, strict=True)
    ]


def squashed(total: float, spread: float) -> float:
    """A sum of deviations as a number from 0 to 1."""
    return 1 / (1 + exp(-total / spread))


def gain(score: float) -> float:
    """The chance that the strong model is right where the cheap one is wrong, less that of the opposite.

    As it was for the two models of the set that the weights come from; with others, only how chances compare holds.
    """
    low, high = _weights()["gain"]
    return float(low + (high - low) * score)


@cache
def _weights() -> dict[str, list[float]]:
    held = Path(__file__).with_name("difficulty_weights.json").read_text(encoding="utf-8")
    return dict(json.loads(held))


@cache
def vocabulary() -> _Table:
    """The words and what signs count for, read once."""
    listed = tomllib.loads(Path(__file__).with_name("difficulty.toml").read_text(encoding="utf-8"))
    kinds, solid = {}, set[str]()
    for kind, langs in listed.items():
        every = {(lang, words.folded(cue)) for lang, cues in langs.items() for cue in words.spelled(cues)}
        kinds[kind] = frozenset(cue for _, cue in every)
        solid |= {cue for lang, cue in every if lang in words.UNSPACED}
    held = _weights()
    scales = tuple(Scale(*held[sign]) for sign in SIGNS)
    return _Table(kinds, frozenset(solid), scales, held["spread"][0])
