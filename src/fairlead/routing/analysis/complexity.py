"""How hard a query is: words that ask for thought or for little, signals of its form, and else its difficulty."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from fairlead.routing.analysis.heard import Heard
from fairlead.routing.difficulty import difficulty

Complexity = Literal["simple", "medium", "high"]

MEDIUM, HIGH = 0.25, 0.5
"""The least scores of a query that is not simple, and of one that is hard."""

# The difficulties (`difficulty.py`) at which a query that asks for neither much nor little reaches these.
_MEDIUM_FROM, _HIGH_FROM = 0.4, 0.75
# Without a word that asks for thought, the form alone makes no query hard.
_MOST_BY_FORM: Final = 0.49

# A word has about five letters, a character of an unspaced script is about half a word.
_DENSE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LENGTHS: Final = ((500, 0.35), (200, 0.25), (80, 0.18), (35, 0.1), (18, 0.05))
_ITEM: Final = re.compile(r"(?m)^\s{0,8}(?:[-*•·]|\(?\d{1,2}[.)、]|\(?[a-zA-Z][.)])\s*\S")
_ASKS: Final = re.compile("[?\uff1f\u061f]")
_NUMBER: Final = re.compile(r"(?<![\w.])\d[\d.,]*")
_SIGNS: Final = (
    "\u2211\u220f\u222b\u221a\u2202\u2207\u2200\u2203\u2208\u2282\u2264\u2265\u2260\u2248\u221e"
    "\u21d2\u00b1\u00d7\u00f7\u03b8\u03bb\u03c0\u03c3"
)
_MATHS: Final = re.compile(
    rf"[{_SIGNS}]|\\(?:frac|sum|int|lim|sqrt|begin|mathbb|cdot|leq|geq)\b"
    r"|\$[^$\n]{1,200}\$"
    r"|\b[a-zA-Z]\s?\^\s?[\d{(]|\b[a-z]\([a-z]\)\s?=|\d\s?[*/^]\s?\d|[xyzn]\s?=\s?-?\d|\bO\([^)\n]{1,20}\)"
)
_CODE: Final = re.compile(
    r"```|Traceback \(most recent"
    r"|(?m:^\s*(?:def|class|function|const|let|var|public|private|fn|func)\b.{0,200}[:({;,]$)"
    r"|(?m:^(?:import|from) [\w.]+|^#include\b|^(?:SELECT|CREATE TABLE)\b)"
)
_BRACES: Final = re.compile(r"[;{}]\s*\n|\)\s*\{|=>")


class Weight(NamedTuple):
    """The score of a query from 0 to 1, its level, and what made it."""

    score: float
    level: Complexity
    reason: str


class _Signal(NamedTuple):
    points: float
    what: str


def weighed(said: Heard, text: str, found: Mapping[str, Sequence[str]]) -> Weight:
    """How hard a query is. What asks for thought adds to it, and what is small takes away.

    Where no word does either, it is as hard as its difficulty, and at least as its form makes it.
    """
    signals = [*_wishes(found), *_form(text), *_around(said)]
    score = sum(signal.points for signal in signals)
    if not (found.get("deep") or found.get("easy")):
        score = min(_MOST_BY_FORM, score)
        read = difficulty(text)
        if read is not None and (by_difficulty := _points(read.score)) >= score:
            score, signals = by_difficulty, [_Signal(by_difficulty, f"difficulty {read.score:.2f} ({read.why})")]
    score = round(min(1.0, max(0.0, score)), 2)
    level: Complexity = "high" if score >= HIGH else "medium" if score >= MEDIUM else "simple"
    if score == 0 and all(signal.points >= 0 for signal in signals):
        return Weight(score, level, "it is short, and nothing in it asks for thought")
    told = sorted(signals, key=lambda signal: -abs(signal.points))
    return Weight(score, level, f"{score:g}: " + ", ".join(f"{each.what} {each.points:+g}" for each in told))


def _points(difficult: float) -> float:
    """A difficulty as points, on the straight line through both levels."""
    share = (difficult - _MEDIUM_FROM) / (_HIGH_FROM - _MEDIUM_FROM)
    return round(max(0.0, MEDIUM + share * (HIGH - MEDIUM)), 2)


def _wishes(found: Mapping[str, Sequence[str]]) -> Iterator[_Signal]:
    deep, bound, easy = (found.get(kind, ()) for kind in ("deep", "bound", "easy"))
    if deep:
        points = min(0.6, 0.3 + 0.15 * (len(deep) - 1))
        yield _Signal(round(points, 2), f"words that ask for thought ({_listed(deep)})")
    if bound:
        yield _Signal(min(0.2, 0.07 * len(bound)), f"conditions ({_listed(bound)})")
    if easy:
        yield _Signal(-0.2 if not deep else -0.05, f"a small wish ({_listed(easy)})")


def _form(text: str) -> Iterator[_Signal]:
    size = words_in(text)
    long = next((points for least, points in _LENGTHS if size >= least), 0.0)
    if long:
        yield _Signal(long, f"about {size} words")
    items = len(_ITEM.findall(text))
    if items >= 3:
        yield _Signal(0.2 if items >= 6 else 0.12, f"a list of {items}")
    asks = len(_ASKS.findall(text))
    if asks >= 2:
        yield _Signal(0.1, f"{asks} questions")
    if maths := len(_MATHS.findall(text)):
        yield _Signal(0.3 if maths >= 3 else 0.2, "mathematics")
    if len(_NUMBER.findall(text)) >= 5:
        yield _Signal(0.12, "many numbers")
    if code := len(_CODE.findall(text)) + len(_BRACES.findall(text)):
        yield _Signal(0.25 if code >= 8 else 0.15, "code")


def _around(said: Heard) -> Iterator[_Signal]:
    if said.tools and said.turns > 3:
        yield _Signal(0.12, f"a loop with {said.tools} tools")
    elif said.turns > 8:
        yield _Signal(0.06, f"{said.turns} turns")


def words_in(text: str) -> int:
    """About how many words a text has, in any script."""
    dense = len(_DENSE.findall(text))
    return dense // 2 + len(_DENSE.sub(" ", text).split())


def _listed(cues: Sequence[str]) -> str:
    return ", ".join(cues[:3]) + (" …" if len(cues) > 3 else "")
