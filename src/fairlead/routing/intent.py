"""What a call is for, from the last thing its user said, when the call names neither a model nor an intent."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

INTENTS: Final = ("code", "analyze", "fast", "creative")
DEFAULT: Final = "fast"

_HEAD, _TAIL, _SEAM = 4000, 2000, 64
_NEAR: Final = 3  # words between `write` and the `class` that it makes
_EDGE: Final = 60  # words from either end in which a wish for brevity is looked for
_QUESTION: Final = 300  # letters of a paragraph behind pasted code that may be what is asked of it
_VERBS: Final = 8  # looked at, so that a text of nothing but verbs stays cheap
_WORK: Final = {"code": "code", "analyze": "analysis", "fast": "a small task", "creative": "creative work"}

_UNSPACED: Final = frozenset({"zh", "ja", "ko", "th"})
_ASKED_LAST: Final = frozenset({"ja", "ko", "hi", "tr"})  # the verb that asks ends the sentence
_MADE_LAST: Final = _ASKED_LAST | {"zh"}  # the noun ends "a story about code"
_ACCENTED: Final = frozenset({"en", "fr", "es", "pt", "it", "nl", "pl", "tr", "cs"})  # typed without accents too


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
    """Every cue by its first word, longest first; for scripts without spaces, every cue by its first letter."""

    cues: Mapping[str, tuple[Cue, ...]]
    unspaced: Mapping[str, tuple[str, ...]]
    unspaced_start: re.Pattern[str]


class _Found(NamedTuple):
    at: int
    cue: Cue


def infer(text: str) -> Inference:
    """The intent of `text`, explained. Only its first 4000 and last 2000 characters count."""
    prose, pasted = _without_code(_bounded(text))
    found = _find(_words(prose))
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
_ENDS: Final = "\u3002\uff01\uff1f\uff1b\uff0c\n"  # the full-width . ! ? ; , end what a Chinese verb makes
_LETTERS: Final = r"\w+#\u0300-\u036f\u064b-\u0652\u0670\u0900-\u0963\u0966-\u0dff\u0e30-\u0e4e"  # \w lacks vowel signs
_UNSPACED_SCRIPT: Final = r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_BLANKS: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_+#")}
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
    word: re.Pattern[str]
    unspaced_word: re.Pattern[str]
    unspaced_script: re.Pattern[str]
    code_marks: re.Pattern[str]
    url: re.Pattern[str]
    source_file: re.Pattern[str]
    pasted: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        word=re.compile(f"[a-z0-9{_LETTERS}]+|[{_ENDS}]"),
        unspaced_word=re.compile(f"[a-z0-9_+#]+|(?:(?![a-z0-9_])[{_LETTERS}])+|[{_ENDS}]"),
        unspaced_script=re.compile(_UNSPACED_SCRIPT),
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


def _words(text: str) -> list[str]:
    if text.isascii():
        return text.lower().translate(_BLANKS).split()
    text = _folded(text)
    patterns = _patterns()
    if patterns.unspaced_script.search(text):
        return patterns.unspaced_word.findall(_spaced(text))
    return patterns.word.findall(text)


def _spaced(text: str) -> str:
    """`text` with blanks around each cue of a script without spaces, so that it is found like any other word."""
    vocab = vocabulary()
    parts: list[str] = []
    behind = 0
    for start in vocab.unspaced_start.finditer(text):
        at = start.start()
        if at < behind:
            continue
        for cue in vocab.unspaced[text[at]]:
            if text.startswith(cue, at):
                parts += (text[behind:at], cue)
                behind = at + len(cue)
                break
    return " ".join((*parts, text[behind:]))


def _folded(text: str) -> str:
    # Turkish has two letters i; casefold keeps them apart, and makes two characters of the capital one.
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i").replace("\u0131", "i")


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
    shelf: dict[str, dict[tuple[str, ...], Cue]] = {end: {(end,): Cue(end, (end,), "end", "", "")} for end in _ENDS}
    shelf[_FILE] = {(_FILE,): Cue("source file", (_FILE,), "thing", "code", "")}
    unspaced: dict[str, set[str]] = {}
    for cue in shipped_cues():
        shelf.setdefault(cue.words[0], {}).setdefault(cue.words, cue)
        if cue.lang in _UNSPACED:
            text = _folded(cue.text)
            unspaced.setdefault(text[0], set()).add(text)
    return Vocabulary(
        {word: tuple(sorted(row.values(), key=lambda cue: -len(cue.words))) for word, row in shelf.items()},
        {letter: tuple(sorted(texts, key=len, reverse=True)) for letter, texts in unspaced.items()},
        re.compile(f"[{''.join(sorted(unspaced))}]"),
    )


def shipped_cues() -> Iterator[Cue]:
    """Every cue that `intents.toml` spells or abbreviates, in its order, with the forms typed without accents."""
    shipped = Path(__file__).with_name("intents.toml").read_text(encoding="utf-8")
    for kind, section in tomllib.loads(shipped).items():
        for name, value in section.items():
            intent, langs = (name, value) if isinstance(value, dict) else ("", {name: value})
            for lang, texts in langs.items():
                for text in texts.replace("\n", " ").split(","):
                    yield from _forms(text.strip(), kind, intent, lang)


def _forms(pattern: str, kind: str, intent: str, lang: str) -> Iterator[Cue]:
    word = _patterns().unspaced_word if lang in _UNSPACED else _patterns().word
    for parts in product(*(part.split("|") for part in re.split(r"[()]", pattern))):
        text = "".join(parts).strip()
        whole = _folded(text)
        yield Cue(text, tuple(word.findall(whole)), kind, intent, lang)
        plain = _unaccented(whole, lang)
        if plain != whole:
            yield Cue(text, tuple(word.findall(plain)), kind, intent, lang)


def _unaccented(text: str, lang: str) -> str:
    if lang == "de":
        return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if lang not in _ACCENTED or text.isascii():
        return text
    plain = unicodedata.normalize("NFD", text.replace("ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
