"""Sessions stay where they are: whoever has read a conversation keeps it in its cache, and reads it again for less.

A call belongs to the session that it names, else to the conversation that it goes on with. What it begins with tells
that: it is read as bytes, and no message is decoded. Only a call that goes on is looked up by it, so that equal calls
which begin anew are spread.
"""

import re
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple, TypeAlias
from zlib import crc32

from msgspec import Struct

from fairlead.routing.facts import Facts
from fairlead.routing.target import Target

Place: TypeAlias = tuple[str, str]
Key: TypeAlias = Hashable
_MOST: Final = 50_000
_BYTES_PER_TOKEN: Final = 4
# Who answers, in the words of the dialects; within a text the quotes would be escaped.
_ANSWER: Final = re.compile(rb'"(?:role|type)"\s*:\s*"(assistant|model|function_call|reasoning)"')
_TOOL: Final = re.compile(
    rb'"role"\s*:\s*"(?:tool|function)"|"type"\s*:\s*"(?:tool_result|function_call_output)"|"function_?[rR]esponse"'
)
_PLAIN: Final = (b"assistant", b"model")
_END: Final = b"[]{}, \t\r\n"


class Thread(NamedTuple):
    """The session that a call belongs to, whether it may be under way somewhere, and what it stands at.

    `seed` is the same in every process. `in_turn`: the call brings back what tools gave, so that an answer is half
    made. `tokens` is about how many the one who has the session has read already.
    """

    key: Key
    seed: int
    known: bool
    in_turn: bool
    tokens: int


def thread(facts: Facts) -> Thread | None:
    """The session that a call belongs to; None where it belongs to none."""
    said = facts.member("messages") or facts.member("input") or facts.member("contents") or b""
    answer = _ANSWER.search(said)
    named = facts.session
    if named:
        begun = named.encode("utf-8", "replace")
    elif answer is not None:
        begun = said[: answer.start()].rstrip(_END)
    elif said.startswith(b"[") and b'"role"' in said:
        begun = said.rstrip(_END)
    else:
        return None
    key = (facts.key, bool(named), hash(begun))
    if answer is None:
        return Thread(key, crc32(begun), bool(named), False, 0)
    return Thread(key, crc32(begun), True, _in_turn(said, answer[1]), len(said) // _BYTES_PER_TOKEN)


def _in_turn(said: bytes, answer: bytes) -> bool:
    """Whether what tools gave comes after the last answer, the first of which is marked by this word."""
    last = said.rfind(b'"model"' if answer == b"model" else b'"assistant"')
    if answer not in _PLAIN:
        last = max(last, said.rfind(b'"function_call"'))
    return _TOOL.search(said, max(last, 0)) is not None


def place(target: Target) -> Place:
    """Where a target is, in any plan."""
    return target.provider.name, target.model


class Sessions:
    """Where sessions are, the newest `most` of them. Held in memory, by each process for itself."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._held: OrderedDict[Key, tuple[Place, float]] = OrderedDict()

    def where(self, key: Key, now: float) -> Place | None:
        """Where a session was last answered; None where that is too long ago, or nobody knows."""
        held = self._held.get(key)
        return held[0] if held is not None and now <= held[1] else None

    def keep(self, key: Key, where: Place, until: float) -> None:
        """A session was answered there; it stays until then (monotonic seconds)."""
        self._held[key] = (where, until)
        self._held.move_to_end(key)
        if len(self._held) > self._most:
            self._held.popitem(last=False)


NO_SESSIONS: Final = Sessions(0)


class Stay(Struct, frozen=True, eq=False):
    """Notes where a session was answered."""

    sessions: Sessions
    key: Key
    until: float

    def at(self, target: Target) -> None:
        self.sessions.keep(self.key, place(target), self.until)
