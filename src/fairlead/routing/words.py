"""How words are found in text of any language: folding, cutting, and the forms that a cue is spelled in."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Final, NamedTuple

UNSPACED: Final = frozenset({"zh", "ja", "ko", "th"})
"""Languages whose cues match anywhere in the text: nothing stands between their words."""

ENDS: Final = "\u3002\uff01\uff1f\uff1b\uff0c\n"
"""The full-width . ! ? ; , and the end of a line, which are words of their own."""

_ACCENTED: Final = frozenset({"en", "fr", "es", "pt", "it", "nl", "pl", "tr", "cs"})  # typed without accents too
_LETTERS: Final = r"\w+#\u0300-\u036f\u064b-\u0652\u0670\u0900-\u0963\u0966-\u0dff\u0e30-\u0e4e"  # \w lacks vowel signs
_UNSPACED_SCRIPT: Final = r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_BLANKS: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_+#")}


class Unspaced(NamedTuple):
    """The cues of scripts without spaces by their first letter, longest first, and a pattern for those letters."""

    cues: Mapping[str, tuple[str, ...]]
    start: re.Pattern[str]


class _Patterns(NamedTuple):
    word: re.Pattern[str]
    unspaced_word: re.Pattern[str]
    unspaced_script: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        word=re.compile(f"[a-z0-9{_LETTERS}]+|[{ENDS}]"),
        unspaced_word=re.compile(f"[a-z0-9_+#]+|(?:(?![a-z0-9_])[{_LETTERS}])+|[{ENDS}]"),
        unspaced_script=re.compile(_UNSPACED_SCRIPT),
    )


def folded(text: str) -> str:
    """The text without the difference of cases."""
    # Turkish has two letters i; casefold keeps them apart, and makes two characters of the capital one.
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i").replace("\u0131", "i")


def cut(text: str, unspaced: Unspaced) -> list[str]:
    """The words of a text, folded; a cue of a script without spaces is a word where it stands in one."""
    if text.isascii():
        return text.lower().translate(_BLANKS).split()
    text = folded(text)
    patterns = _patterns()
    if patterns.unspaced_script.search(text):
        return patterns.unspaced_word.findall(_spaced(text, unspaced))
    return patterns.word.findall(text)


def _spaced(text: str, unspaced: Unspaced) -> str:
    """`text` with blanks around each cue of a script without spaces, so that it is found like any other word."""
    parts: list[str] = []
    behind = 0
    for start in unspaced.start.finditer(text):
        at = start.start()
        if at < behind:
            continue
        for cue in unspaced.cues[text[at]]:
            if text.startswith(cue, at):
                parts += (text[behind:at], cue)
                behind = at + len(cue)
                break
    return " ".join((*parts, text[behind:]))


def unspaced(cues: Iterable[str]) -> Unspaced:
    """The table that `cut` needs, of folded cues."""
    shelf: dict[str, set[str]] = {}
    for cue in cues:
        shelf.setdefault(cue[0], set()).add(cue)
    by_letter = {letter: tuple(sorted(texts, key=len, reverse=True)) for letter, texts in shelf.items()}
    return Unspaced(by_letter, re.compile(f"[{''.join(sorted(shelf))}]" if shelf else r"(?!)"))


def spelled(listed: str) -> Iterator[str]:
    """The cues of a list with commas between."""
    return (text.strip() for text in listed.replace("\n", " ").split(","))


def forms(pattern: str, lang: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each form of a cue and its words, also as typed without accents: `stem(|s|es)` stands for stem, stems, stemes."""
    word = _patterns().unspaced_word if lang in UNSPACED else _patterns().word
    for parts in product(*(part.split("|") for part in re.split(r"[()]", pattern))):
        text = "".join(parts).strip()
        whole = folded(text)
        yield text, tuple(word.findall(whole))
        plain = _unaccented(whole, lang)
        if plain != whole:
            yield text, tuple(word.findall(plain))


def _unaccented(text: str, lang: str) -> str:
    if lang == "de":
        return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if lang not in _ACCENTED or text.isascii():
        return text
    plain = unicodedata.normalize("NFD", text.replace("ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
