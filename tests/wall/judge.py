"""What a client made of a call, and what that is worth.

- `pass`: the best that can be had: the answer, whole and once, by retry, by the fallback, or resumed; where no answer
  can be had, the truth, at once.
- `partial`: an answer with a blemish: late, at the cost of more requests than allowed, or without saying who served.
- `safe-fail`: no answer, and the client knows: a true status, or an error in the stream.
- `FAIL`: the client is misled or left waiting: part of an answer that looks whole, text twice, what it cannot read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.wall.deeds import Stand
from tests.wall.voices import PIECES

WORDS = [word.strip() for word in PIECES]


class Verdict(IntEnum):
    """Best first: the worst of several is their `max`."""

    PASS = 0
    PARTIAL = 1
    SAFE_FAIL = 2
    FAIL = 3

    def __str__(self) -> str:
        return ("pass", "partial", "safe-fail", "FAIL")[self]


@dataclass
class Seen:
    """One call as its client saw it; times are seconds of the scenario."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    finishes: list[str] = field(default_factory=list)
    error: Any = None
    succeeded: bool = False
    served: set[str] = field(default_factory=set)
    began: float = 0.0
    first: float | None = None
    took: float = 0.0
    garbled: str = ""
    broken: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is the whole answer, once, and known as such."""
        return self.succeeded and self.text.split() == WORDS

    @property
    def told(self) -> bool:
        """Whether the client was told that there is no answer."""
        return not self.succeeded and (self.error is not None or self.status >= 400)


@dataclass
class Played:
    """A case that has been played: what came of its calls, and what its upstreams were asked."""

    seen: list[Seen]
    one: Stand
    two: Stand


Judged = tuple[Verdict, str]
Judge = Callable[[Played], Judged]
WELL: Judged = (Verdict.PASS, "")


def misled(seen: Seen) -> str:
    """Why no client can live with it; empty where one can."""
    if seen.broken == "late":
        return "no end in time"
    if seen.garbled:
        return f"the client cannot read {seen.garbled}"
    said = seen.text.split()
    if seen.succeeded and said != WORDS:
        return f"{len(said)} of {len(WORDS)} words look like the whole answer"
    if said != WORDS[: len(said)]:
        return "text twice, or out of order"
    if not (seen.succeeded or seen.told or seen.broken):
        return "it ends with neither an answer nor an error"
    return ""


def answered(played: Played) -> Judged:
    """The answer is to be had, within three tries of the first target."""
    for seen in played.seen:
        if why := misled(seen):
            return Verdict.FAIL, why
        if not seen.whole:
            return Verdict.SAFE_FAIL, _ending(seen)
    return _cost(played)


def _ending(seen: Seen) -> str:
    if not seen.told:
        return f"the connection broke after {len(seen.text.split())} words, no error told"
    if seen.status != 200:
        return f"HTTP {seen.status}"
    return f"an error in the stream after {len(seen.text.split())} words"


def _cost(played: Played) -> Judged:
    most = 3 * len(played.seen)
    if len(played.one.asked) > most:
        return (
            Verdict.PARTIAL,
            f"the failing target was asked {len(played.one.asked)} times for {len(played.seen)} calls",
        )
    return WELL


def within(seconds: float) -> Judge:
    """Answered, and its first word is there in time."""

    def judge(played: Played) -> Judged:
        verdict, why = answered(played)
        slow = max((seen.first if seen.first is not None else seen.took) for seen in played.seen)
        if verdict is Verdict.PASS and slow > seconds:
            return Verdict.PARTIAL, f"the first word after {slow:.0f} s"
        return verdict, why

    return judge


def not_waited_for(seconds: float) -> Judge:
    """Answered, and a first word that takes longer than that is had elsewhere."""

    def judge(played: Played) -> Judged:
        return answered(played) if played.two.asked else within(seconds)(played)

    return judge


def resting(seconds: float) -> Judge:
    """Answered, and whoever asked for patience is not asked again before it is over."""

    def judge(played: Played) -> Judged:
        asked = played.one.asked
        early = [later - asked[0] for later in asked[1:] if later - asked[0] < seconds * 0.9]
        verdict, why = answered(played)
        if verdict is Verdict.PASS and early:
            return Verdict.PARTIAL, f"asked again {early[0]:.1f} s after a 429 that said {seconds:g} s"
        return verdict, why

    return judge


def refused(*statuses: int, waits: bool = False, once: bool = False) -> Judge:
    """No answer can be had: the truth is to be told, under one of these statuses."""

    def judge(played: Played) -> Judged:
        for seen in played.seen:
            if why := misled(seen):
                return Verdict.FAIL, why
            if seen.succeeded:
                return Verdict.PARTIAL, "another provider was given what the first one refused"
            if not seen.told or seen.status not in statuses:
                return Verdict.SAFE_FAIL, f"told as {_ending(seen)}, not {' or '.join(map(str, statuses))}"
            if waits and "retry-after" not in seen.headers:
                return Verdict.SAFE_FAIL, f"HTTP {seen.status} without Retry-After"
        if once and len(played.one.asked) + len(played.two.asked) > len(played.seen):
            return Verdict.PARTIAL, "a refused prompt was sent again"
        return _cost(played)

    return judge


def broken_cleanly(played: Played) -> Judged:
    """It cannot go on: what was said stays said once, and then the error is told."""
    for seen in played.seen:
        if why := misled(seen):
            return Verdict.FAIL, why
        if not seen.succeeded and not seen.told:
            return Verdict.SAFE_FAIL, _ending(seen)
    return WELL


def most_of(share: float) -> Judge:
    """This share of many calls is answered; none is misled."""

    def judge(played: Played) -> Judged:
        for seen in played.seen:
            if why := misled(seen):
                return Verdict.FAIL, why
        good = sum(seen.whole for seen in played.seen)
        if good == len(played.seen):
            return _cost(played)
        verdict = Verdict.PARTIAL if good >= share * len(played.seen) else Verdict.SAFE_FAIL
        return verdict, f"{good} of {len(played.seen)} calls answered"

    return judge


def names_who_served(played: Played) -> Judged:
    """Answered by the fallback, and the client can see so."""
    verdict, why = answered(played)
    if verdict is not Verdict.PASS:
        return verdict, why
    for seen in played.seen:
        if not seen.served & played.two.names:
            named = ", ".join(sorted(seen.served)) or "nobody"
            return Verdict.PARTIAL, f"the reply names {named}, not `{played.two.model}`"
    return WELL


def worst(judged: Sequence[Judged]) -> Judged:
    return max(judged, key=lambda each: each[0])
