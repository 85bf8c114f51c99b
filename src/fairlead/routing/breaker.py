"""A circuit breaker: closed while all is well, open while something is left alone, half-open for one call that tries.

Pure: the time (monotonic seconds) and a draw from 0 to 1 are handed in. It takes effect at once, for the next call
that looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["closed", "open", "half-open"]

FOREVER: Final = float("inf")
_MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Rules:
    """When a breaker opens, and for how long (seconds).

    It opens after `failures` one after the other, or where `share` of at least `calls` within `window` failed. It stays
    open for `cooldown`, twice that the next time and so on, up to `longest`; what was refused, `refused` at first.
    """

    failures: int = 5
    share: float = 0.5
    calls: int = 10
    window: float = 30.0
    cooldown: float = 5.0
    longest: float = 300.0
    refused: float = 60.0
    rest: float = 1.0


DEFAULT: Final = Rules()


class Breaker:
    """The breaker of one target, credential or provider. `told` hears of each change of state."""

    __slots__ = (
        "calls", "cause", "claimed_at", "closed_at", "failed", "name", "opened", "opened_at", "probing", "row",
        "stated", "told", "until", "window_began",
    )  # fmt: skip

    def __init__(self, name: str, told: Callable[["Breaker"], None] | None = None) -> None:
        self.name = name
        self.told = told
        self.until = self.stated = 0.0
        self.cause = ""
        self.row = self.opened = self.calls = self.failed = 0
        self.opened_at = self.closed_at = self.claimed_at = -FOREVER
        self.window_began = -FOREVER
        self.probing = False

    @property
    def clear(self) -> bool:
        """Whether nothing is held against it."""
        return not self.until and not self.failed

    def state(self, now: float) -> State:
        if not self.until:
            return "closed"
        return "open" if now < self.until else "half-open"

    def passes(self, now: float) -> bool:
        """Whether a call may go there: always while it is closed, and one at a time while it is half-open."""
        return not self.until or (now >= self.until and not self.probing)

    def claim(self, now: float) -> None:
        """A call goes there: where it is half-open, the one that tries."""
        if self.until and now >= self.until:
            self.probing, self.claimed_at = True, now

    def let_go(self, began: float) -> None:
        """A call that began at `began` has ended; if it was the one that tried, another may."""
        if began >= self.claimed_at:
            self.probing = False

    def succeeded(self, began: float, now: float) -> None:
        """A call that began at `began` was answered. One from before it opened says nothing."""
        if self.until:
            if began >= self.opened_at:
                self._close(now)
            return
        self.row = 0
        if now - self.window_began >= DEFAULT.window:
            self.calls = self.failed = 0
        self.calls += 1

    def counted(
        self, now: float, rules: Rules, cause: str, least: float, draw: float, *, began: float = FOREVER
    ) -> None:
        """A call that began at `began` failed. It opens when there were too many.

        `least` is how long the other side wants to be left.
        """
        if self.until:
            if self.probing or now >= self.until:
                self.open(now, rules.cooldown, rules, cause, least, draw, began=began)
            return
        if now - self.window_began >= rules.window:
            self.window_began, self.calls, self.failed = now, 0, 0
        self.row += 1
        self.calls += 1
        self.failed += 1
        many = self.calls >= rules.calls and self.failed >= rules.share * self.calls
        if self.row >= rules.failures or many or least:
            self.open(now, rules.cooldown, rules, cause, least, draw)

    def open(
        self, now: float, first: float, rules: Rules, cause: str, least: float, draw: float, *, began: float = FOREVER
    ) -> None:
        """Leave it alone: for `first` seconds, doubled by each time before, give or take a tenth; or `least`, if more.

        Each window without trouble takes one doubling back. Where it is open already, or the call that failed began
        before it opened, only a later end that the other side asks for counts.
        """
        if least:
            self.stated = max(self.stated, now + least)
        if self.until and (began < self.opened_at or (now < self.until and not self.probing)):
            if least and now + least > self.until:
                self.until, self.cause = now + least, cause
                self._tell()
            return
        if not self.until:
            well = now - self.closed_at
            self.opened = max(0, self.opened - int(well // rules.window)) if well < FOREVER else 0
        self.opened = min(self.opened + 1, _MOST_DOUBLINGS)
        self.opened_at, self.probing = now, False
        wait = min(first * 2 ** (self.opened - 1), rules.longest) * (0.9 + 0.2 * draw)
        self.until, self.cause = now + max(wait, least), cause
        self._tell()

    def learn(self, until: float, cause: str, now: float) -> None:
        """Another process has opened it until then, or (0) closed it again."""
        if until > now:
            if until > self.until:
                self.until, self.cause, self.opened_at = until, cause, now
                self.opened = max(self.opened, 1)
        else:
            self._reset(now)

    def _close(self, now: float) -> None:
        self._reset(now)
        self._tell()

    def _reset(self, now: float) -> None:
        self.until, self.stated, self.cause, self.probing = 0.0, 0.0, "", False
        self.row = self.calls = self.failed = 0
        self.closed_at = now

    def _tell(self) -> None:
        if self.told is not None:
            self.told(self)
