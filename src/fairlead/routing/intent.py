"""What a call is for, from the last thing its user said, when the call names neither a model nor an intent."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from fairlead.routing import words
from fairlead.routing.said import stripped
from fairlead.routing.words import ENDS, UNSPACED, Unspaced, folded

INTENTS: Final = ("code", "analyze", "fast", "creative")
DEFAULT: Final = "fast"

_HEAD, _TAIL, _SEAM = 4000, 2000, 64
_NEAR: Final = 3  # words between `write` and the `class` that it makes
_EDGE: Final = 60  # words from either end in which a wish for brevity is looked for
_QUESTION: Final = 300  # letters of a paragraph behind pasted code that may be what is asked of it
_VERBS: Final = 8  # looked at, so that a text of nothing but verbs stays cheap
_WORK: Final = {"code": "code", "analyze": "analysis", "fast": "a small task", "creative": "creative work"}

_ASKED_LAST: Final = frozenset({"ja", "ko", "hi", "tr"})  # the verb that asks ends the sentence
_MADE_LAST: Final = _ASKED_LAST | {"zh"}  # the noun ends "a story about code"


@dataclass(frozen=True, slots=True)
class Inference:
    """An intent, the sentence that explains it, and the cues of our own vocabulary that decided."""

    intent: str
    reason: str
    cues: tuple[str, ...]


class Cue(NamedTuple):
    """A word or phrase of the vocabulary, and what it says."""

    text: str
    words: tuple[str, ...]
    kind: str
    intent: str
    lang: str


class Vocabulary(NamedTuple):
    """Every cue by its first word, longest first; for scripts without spaces, what cuts their text into words."""

    cues: Mapping[str, tuple[Cue, ...]]
    unspaced: Unspaced


class _Found(NamedTuple):
    at: int
    cue: Cue


def infer(text: str) -> Inference:
    """The intent of what a person says in `text`, explained. Only its first 4000 and last 2000 characters count."""
    prose, pasted = _without_code(_bounded(stripped(text)))
    found = _find(words.cut(prose, vocabulary().unspaced))
    return _short(found) or _asked(found, pasted) or _pasted(pasted) or _named(found) or _hinted(found)


# The rules, in their order.


def _short(found: list[_Found]) -> Inference | None:
    for _, cue in found:
        if cue.kind == "short":
            return Inference("fast", f"`{cue.text}` asks for a short answer, which goes before all else", (cue.text,))
    return None


def _asked(found: list[_Found], pasted: str) -> Inference | None:
    """The first verb that asks decides: by itself (`explain`), or by the thing that it makes (`write` … `function`)."""
    verbs = [place for place, (_, cue) in enumerate(found) if cue.kind in ("do", "make")]
    if verbs and found[verbs[-1]].cue.lang in _ASKED_LAST:
        verbs.reverse()
    for place in verbs[:_VERBS]:
        cue = found[place].cue
        if cue.kind == "make":
            made = _made(found, place)
            if made:
                return _because(found, made, f"`{cue.text}` … `{made.text}` asks for {_WORK[made.intent]}", cue.text)
        elif not pasted or cue.intent in ("analyze", "code"):
            return _because(found, cue, f"`{cue.text}` asks for {_WORK[cue.intent]}")
    return None


def _made(found: list[_Found], place: int) -> Cue | None:
    """What the verb at `place` makes: the first thing behind it, or the nearest before it where the verb comes last."""
    verb = found[place].cue
    around = reversed(found[:place]) if verb.lang in _ASKED_LAST else iter(found[place + 1 :])
    made = None
    for _, cue in around:
        if cue.kind == "end":
            break
        if cue.kind in ("do", "thing"):
            made = cue
            if verb.lang != "zh":
                break
    return made


def _pasted(pasted: str) -> Inference | None:
    return Inference("code", f"{pasted} was pasted, and no verb asks for anything else", ()) if pasted else None


def _named(found: list[_Found]) -> Inference | None:
    """Without a verb, the first thing named decides; in languages that put it last, the last."""
    things = [cue for _, cue in found if cue.kind == "thing"]
    if not things:
        return None
    cue = things[-1 if things[0].lang in _MADE_LAST else 0]
    return _because(found, cue, f"`{cue.text}` names {_WORK[cue.intent]}")


def _hinted(found: list[_Found]) -> Inference:
    for intent in ("code", "analyze"):
        for _, cue in found:
            if cue.kind == "hint" and cue.intent == intent:
                return _because(found, cue, f"`{cue.text}` hints at {_WORK[intent]}, and nothing stronger was found")
    for _, cue in found:
        if cue.kind == "quick":
            return Inference("fast", f"`{cue.text}` asks for speed", (cue.text,))
    return Inference(DEFAULT, f"no cue was found, and `{DEFAULT}` is the default", ())


def _because(found: list[_Found], decisive: Cue, reason: str, *cues: str) -> Inference:
    if decisive.intent == "analyze":
        for _, cue in found:
            if cue.kind == "quick":
                reason = f"`{cue.text}` asks for speed, which goes before the analysis of `{decisive.text}`"
                return Inference("fast", reason, (cue.text, decisive.text))
    for _, cue in found:
        if cue.kind in ("do", "thing") and cue.intent != decisive.intent:
            reason += f", which goes before `{cue.text}`"
            break
    return Inference(decisive.intent, reason, (*cues, decisive.text))


# From text to cues.

_FILE: Final = "#file"
_CODE_MARKS: Final = r"[{}<=@#]|\((?<=\w\()|;\n|[A-Z]{5}|Traceback|--"
_URL: Final = r"https?://\S+"
_SOURCE_FILE: Final = (
    r"\.(?<=\w\w\.)(?:py|js|jsx|ts|tsx|go|rs|rb|java|kt|c|h|cpp|hpp|cs|php|swift|scala|sh|sql|html|css|scss|ya?ml|toml|json"
    r"|ipynb|vue|lua|tf|gradle|vba)\b(?![/@])"
)
_PASTED: Final = (
    ("a traceback", r"Traceback \(most recent call last\)|\([\w$]{1,80}\.\w{1,5}:\d{1,6}\)"),
    ("a diff", r"(?m)^(?:diff --git |@@ -\d)"),
    ("SQL", r"\b(?:SELECT [^;]{1,400}? FROM|INSERT INTO|DELETE FROM|(?:CREATE|ALTER|DROP) (?:TABLE|INDEX|VIEW)) "),
    ("source code", r"\b(?:def|function|func|fn) \w{1,80}\(|#include [<\"]|#!/|\b(?:const|let|var) \w{1,80} ?="),
    ("source code", r"\.(?<=\w\.)[a-z_]\w{0,80}\(|\(\)(?<=\w\(\))|\) ?\{|=> ?[{(\w]|</[a-z]+>|;\n"),
)


class _Patterns(NamedTuple):
    code_marks: re.Pattern[str]
    url: re.Pattern[str]
    source_file: re.Pattern[str]
    pasted: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        code_marks=re.compile(_CODE_MARKS),
        url=re.compile(_URL),
        source_file=re.compile(_SOURCE_FILE),
        pasted=tuple((label, re.compile(pattern)) for label, pattern in _PASTED),
    )


def _bounded(text: str) -> str:
    if len(text) <= _HEAD + _TAIL:
        return text
    head, tail = text[:_HEAD], text[-_TAIL:]
    # A word cut in two could look like another one: `encode` must not leave a `code`.
    end, start = head.rfind(" ", _HEAD - _SEAM), tail.find(" ", 0, _SEAM)
    return f"{head[:end] if end > 0 else head}\n{tail[max(start, 0) :]}"


def _without_code(text: str) -> tuple[str, str]:
    """The prose of `text`, and what kind of code was pasted beside it."""
    patterns = _patterns()
    pasted = ""
    if "```" in text:
        text, pasted = "\n".join(text.split("```")[::2]), "a fenced block"
    elif patterns.code_marks.search(text):
        for label, pattern in patterns.pasted:
            match = pattern.search(text)
            if match:
                text, pasted = f"{text[: match.start()]}\n{_last_words(text[match.start() :])}", label
                break
    if "://" in text:
        text = patterns.url.sub(" ", text)
    return patterns.source_file.sub(f" {_FILE} ", text), pasted


def _last_words(text: str) -> str:
    """What is asked behind pasted code: its last paragraph, unless that is code too. `cat f | ai "explain"` ends so."""
    last = text.rpartition("\n\n")[2]
    if len(last) > _QUESTION or any(pattern.search(last) for _, pattern in _patterns().pasted):
        return ""
    return last


def _find(words: list[str]) -> list[_Found]:
    cues = vocabulary().cues
    found: list[_Found] = []
    behind = 0
    unmade = purpose = -1
    for at in [at for at, word in enumerate(words) if word in cues]:
        cue = _longest(cues[words[at]], words, at) if at >= behind else None
        if cue is None:
            continue
        behind = at + len(cue.words)
        if cue.kind == "not":
            unmade = behind + 1
        elif cue.kind == "purpose":
            purpose = behind if found else -1
        elif not _is_unmade(cue.kind, at, unmade, purpose):
            found.append(_Found(at, cue))
    return _settled(found, len(words))


def _longest(cues: tuple[Cue, ...], words: list[str], at: int) -> Cue | None:
    for cue in cues:
        if len(cue.words) == 1 or tuple(words[at : at + len(cue.words)]) == cue.words:
            return cue
    return None


def _is_unmade(kind: str, at: int, unmade: int, purpose: int) -> bool:
    if kind == "mute" or (kind == "do" and at == purpose):
        return True
    return at <= unmade and kind in ("do", "make", "thing", "maybe")


def _settled(found: list[_Found], length: int) -> list[_Found]:
    """A word like `class` is a thing of code right beside the verb that makes it, or with another cue of code."""
    code = len({cue.text for _, cue in found if cue.intent == "code"})
    makes = [at for at, cue in found if cue.kind == "make"]
    settled = []
    for each in found:
        at, cue = each
        if cue.kind == "maybe":
            if code > 1 or any(abs(at - made) <= _NEAR for made in makes):
                settled.append(_Found(at, cue._replace(kind="thing")))
        # "In short" in the middle of a pasted essay is not the user's wish.
        elif cue.kind not in ("short", "quick") or at < _EDGE or at >= length - _EDGE:
            settled.append(each)
    return settled


# The vocabulary.


@cache
def vocabulary() -> Vocabulary:
    """The shipped cues, read from `intents.toml` when first needed."""
    shelf: dict[str, dict[tuple[str, ...], Cue]] = {end: {(end,): Cue(end, (end,), "end", "", "")} for end in ENDS}
    shelf[_FILE] = {(_FILE,): Cue("source file", (_FILE,), "thing", "code", "")}
    unspaced: list[str] = []
    for cue in shipped_cues():
        shelf.setdefault(cue.words[0], {}).setdefault(cue.words, cue)
        if cue.lang in UNSPACED:
            unspaced.append(folded(cue.text))
    return Vocabulary(
        {word: tuple(sorted(row.values(), key=lambda cue: -len(cue.words))) for word, row in shelf.items()},
        words.unspaced(unspaced),
    )


def shipped_cues() -> Iterator[Cue]:
    """Every cue that `intents.toml` spells or abbreviates, in its order, with the forms typed without accents."""
    shipped = Path(__file__).with_name("intents.toml").read_text(encoding="utf-8")
    for kind, section in tomllib.loads(shipped).items():
        for name, value in section.items():
            intent, langs = (name, value) if isinstance(value, dict) else ("", {name: value})
            for lang, texts in langs.items():
                for pattern in words.spelled(texts):
                    for text, parts in words.forms(pattern, lang):
                        yield Cue(text, parts, kind, intent, lang)
