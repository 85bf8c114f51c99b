"""Regular expressions that match in time linear in the text, whatever the pattern: nobody can stall the gateway by one.

What is understood is the part of JavaScript's that needs no going back: no lookaround and no back-references.
"""

from typing import Any, Final

from fairlead.config.portkey_objects.pattern_reader import BadPattern, Reader, State, is_word

__all__ = ["BadPattern", "Pattern"]

MAX_TEXT: Final = 16_384
"""The most characters of a text that are looked at; fewer where the pattern has many states (`_WORK`)."""
_WORK: Final = 200_000
_REMEMBERED: Final = 4_000


class Pattern:
    """A compiled pattern. Raises `BadPattern`. A set of states is a whole number, a bit for each."""

    def __init__(self, text: str) -> None:
        reader = Reader(text)
        first, last = reader.whole()
        self._states: list[State] = reader.states
        self._first = 1 << first
        self._accepts = 1 << last
        self._reach = min(MAX_TEXT, _WORK // len(self._states))
        self._closed: dict[tuple[int, int], int] = {}
        self._stepped: dict[tuple[int, str], int] = {}

    def search(self, text: str) -> bool:
        """Whether it is found in the beginning of the text, of which as much is looked at as the bounds allow."""
        end, text = len(text), text[: self._reach]
        active, before = 0, False
        for at in range(len(text) + 1):
            after = at < len(text) and is_word(text[at])
            around = (at == 0) | (at == end) << 1 | (before != after) << 2
            active = self._close(active | self._first, around)
            if active & self._accepts:
                return True
            if at < len(text):
                active, before = self._step(active, text[at]), after
        return False

    def _close(self, active: int, around: int) -> int:
        """What can be reached from there without a letter; `around` has a bit for each assertion that holds."""
        found = self._closed.get((active, around))
        if found is None:
            found, left = 0, _bits(active)
            while left:
                each = left.pop()
                if found >> each & 1:
                    continue
                found |= 1 << each
                state = self._states[each]
                if state.letters is None and _holds(state.asserts, around):
                    left += state.onward
            _keep(self._closed, (active, around), found)
        return found

    def _step(self, active: int, letter: str) -> int:
        """Where a letter leads."""
        led = self._stepped.get((active, letter))
        if led is None:
            led = 0
            for each in _bits(active):
                state = self._states[each]
                if state.letters is not None and state.letters(letter):
                    for then in state.onward:
                        led |= 1 << then
            _keep(self._stepped, (active, letter), led)
        return led


def _keep(held: dict[Any, int], key: Any, value: int) -> None:
    if len(held) >= _REMEMBERED:
        held.clear()
    held[key] = value


def _holds(asserts: str, around: int) -> bool:
    if not asserts:
        return True
    if asserts == "B":
        return not around & 4
    return bool(around & {"^": 1, "$": 2, "b": 4}[asserts])


def _bits(number: int) -> list[int]:
    """The places of a number's bits."""
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found
