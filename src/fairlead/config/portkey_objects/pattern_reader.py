"""From the text of a regular expression to states: Thompson's construction, with counts written out."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

MAX_PATTERN: Final = 512
MAX_STATES: Final = 512
_MAX_DEPTH: Final = 30
_COUNT: Final = re.compile(r"\{(\d{1,4})(,?)(\d{0,4})\}")
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_CODE: Final = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})")
_LINE_ENDS: Final = "\n\r\u2028\u2029"

Letters: TypeAlias = Callable[[str], bool]
Piece: TypeAlias = tuple[int, int]


class BadPattern(ValueError):
    """Why a pattern cannot be used."""


@dataclass(slots=True)
class State:
    """A place in a pattern. It takes one of `letters`; without them, what it `asserts` has to hold."""

    letters: Letters | None = None
    asserts: str = ""
    onward: list[int] = field(default_factory=list)


def is_word(letter: str) -> bool:
    r"""Whether it is one of `\w`, which in JavaScript are ASCII's."""
    return letter == "_" or (letter.isascii() and letter.isalnum())


_CLASSES: Final[dict[str, Letters]] = {
    "d": lambda letter: "0" <= letter <= "9",
    "w": is_word,
    "s": lambda letter: letter.isspace() or letter == "\ufeff",
    "D": lambda letter: not "0" <= letter <= "9",
    "W": lambda letter: not is_word(letter),
    "S": lambda letter: not letter.isspace() and letter != "\ufeff",
}


class Reader:
    """Reads one pattern. Raises `BadPattern`."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise BadPattern(f"it has more than {MAX_PATTERN} characters")
        self.states: list[State] = []
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Piece:
        """The first and the last state of the whole pattern."""
        made = self._alternatives()
        if self._at < len(self._text):
            raise BadPattern("a `)` closes nothing")
        return made

    def _state(self, letters: Letters | None = None, asserts: str = "") -> int:
        if len(self.states) >= MAX_STATES:
            raise BadPattern(f"it has more than {MAX_STATES} states, counts such as `{{3,50}}` written out")
        self.states.append(State(letters, asserts))
        return len(self.states) - 1

    def _to(self, one: int, other: int) -> None:
        self.states[one].onward.append(other)

    def _next(self) -> str:
        """The letter that stands next; empty at the end."""
        return self._text[self._at : self._at + 1]

    def _took(self, what: str) -> bool:
        found = self._text.startswith(what, self._at)
        self._at += len(what) if found else 0
        return found

    def _alternatives(self) -> Piece:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise BadPattern(f"its groups are nested more than {_MAX_DEPTH} deep")
        pieces = [self._sequence()]
        while self._took("|"):
            pieces.append(self._sequence())
        self._depth -= 1
        return pieces[0] if len(pieces) == 1 else self._either(pieces)

    def _either(self, pieces: list[Piece]) -> Piece:
        first, last = self._state(), self._state()
        for begin, end in pieces:
            self._to(first, begin)
            self._to(end, last)
        return first, last

    def _sequence(self) -> Piece:
        first = last = self._state()
        while self._next() not in ("", "|", ")"):
            begin, end = self._repeated()
            self._to(last, begin)
            last = end
        return first, last

    def _repeated(self) -> Piece:
        """One atom with its quantifier; where a count is written out, the atom is read again for each."""
        start = self._at
        made = self._atom()
        least, most = self._counts()
        if (least, most) == (1, 1):
            return made
        after, pieces = self._at, [made]
        while len(pieces) < max(least, most or 0, 1):
            self._at = start
            pieces.append(self._atom())
        self._at = after
        return self._chained(pieces, least, most)

    def _chained(self, pieces: list[Piece], least: int, most: int | None) -> Piece:
        """Copies of an atom in a row, of which `least` are needed; with no `most`, the last may come again."""
        first, last = self._state(), self._state()
        before = first
        for number, (begin, end) in enumerate(pieces if most != 0 else ()):
            if number >= least:
                self._to(before, last)
            self._to(before, begin)
            if most is None and number == len(pieces) - 1:
                self._to(end, begin)
            before = end
        self._to(before, last)
        return first, last

    def _counts(self) -> tuple[int, int | None]:
        """How often the atom before may stand there. Its own `?` says what to prefer, which is no matter here."""
        signs: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        found = signs.get(self._next())
        if found is not None:
            self._at += 1
        elif (said := _COUNT.match(self._text, self._at)) is not None:
            self._at = said.end()
            least = int(said[1])
            found = least, (int(said[3]) if said[3] else None) if said[2] else least
            if found[1] is not None and found[1] < least:
                raise BadPattern(f"`{said[0]}` has its numbers in the wrong order")
        if found is None:
            return 1, 1
        self._took("?")
        if self._next() in ("*", "+", "?") and self._next():
            raise BadPattern("a quantifier stands after a quantifier")
        return found

    def _atom(self) -> Piece:
        letter = self._next()
        self._at += 1
        if letter == "(":
            return self._group()
        if letter in "*+?":
            raise BadPattern(f"`{letter}` has nothing before it to repeat")
        if letter in "^$":
            return self._one(asserts=letter)
        if letter == "\\" and self._next() in ("b", "B"):
            self._at += 1
            return self._one(asserts=self._text[self._at - 1])
        return self._one(self._letters(letter))

    def _one(self, letters: Letters | None = None, asserts: str = "") -> Piece:
        first, last = self._state(letters, asserts), self._state()
        self._to(first, last)
        return first, last

    def _letters(self, letter: str) -> Letters:
        if letter == ".":
            return lambda each: each not in _LINE_ENDS
        if letter == "[":
            return self._class()
        if letter == "\\":
            return self._escape()
        return letter.__eq__

    def _group(self) -> Piece:
        if self._took("?"):
            named = re.compile(r"<[A-Za-z_$][\w$]*>").match(self._text, self._at)
            if named is not None:
                self._at = named.end()
            elif not self._took(":"):
                raise BadPattern(f"`(?{self._next()}` is not understood: what looks around takes no bounded time")
        made = self._alternatives()
        if not self._took(")"):
            raise BadPattern("a `(` is not closed")
        return made

    def _escape(self) -> Letters:
        letter = self._next()
        if letter == "":
            raise BadPattern("it ends with `\\`")
        if letter in _CLASSES:
            self._at += 1
            return _CLASSES[letter]
        return self._literal().__eq__

    def _literal(self) -> str:
        """The letter that an escape stands for."""
        code = _CODE.match(self._text, self._at)
        if code is not None:
            self._at = code.end()
            return chr(int(code[1] or code[2], 16))
        letter = self._next()
        self._at += 1
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isascii() and letter.isalnum():
            raise BadPattern(f"`\\{letter}` is not understood")
        return letter

    def _class(self) -> Letters:
        """What stands in square brackets."""
        out = self._took("^")
        kinds: dict[Letters, None] = {}
        ranges: list[tuple[str, str]] = []
        while not self._took("]"):
            begin = self._member()
            if callable(begin):
                kinds[begin] = None
                continue
            end: str | Letters = begin
            if self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                end = self._member()
            if callable(end) or end < begin:
                raise BadPattern("a range within `[…]` has its ends in the wrong order")
            ranges.append((begin, end))
        starts, ends = _merged(ranges)

        def takes(each: str) -> bool:
            at = bisect_right(starts, each) - 1
            return ((at >= 0 and each <= ends[at]) or any(kind(each) for kind in kinds)) != out

        return takes

    def _member(self) -> str | Letters:
        letter = self._next()
        if letter == "":
            raise BadPattern("a `[` is not closed")
        self._at += 1
        if letter != "\\":
            return letter
        if self._next() == "b":
            self._at += 1
            return "\b"
        return self._escape() if self._next() in _CLASSES else self._literal()


def _merged(ranges: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The first and the last letters of ranges, in order, none of which overlap."""
    starts: list[str] = []
    ends: list[str] = []
    for begin, end in sorted(ranges):
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(begin)
            ends.append(end)
    return starts, ends
