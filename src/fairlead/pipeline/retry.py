"""How often, and after what wait, a target is tried again. Pure: the time and a draw from 0 to 1 are handed in."""

from typing import Final

from fairlead.config.reliability import Breaker, Reliability
from fairlead.routing.breaker import Rules
from fairlead.routing.disposition import Cause

_BURST: Final = 10.0
_MOST: Final = 50.0
_SECONDS_EACH: Final = 6.0


def rules_of(said: Breaker) -> Rules:
    """The rules that a configuration's breaker section stands for."""
    return Rules(
        failures=said.failures,
        share=said.percent / 100,
        calls=said.calls,
        window=said.window,
        cooldown=said.cooldown,
        longest=said.longest,
        refused=said.refused,
    )


def allowed(cause: Cause, said: Reliability) -> int:
    """How often a target is tried again after failures of one cause."""
    if cause is Cause.NEVER:
        return 0
    own: int | None = getattr(said.retries, cause.value)
    return said.max_retries if own is None else own


def backoff(tries: int, said: Reliability, draw: float) -> float:
    """Seconds before a target is tried again that has been tried `tries` times: from half the longest to all of it."""
    longest = min(said.backoff * 2.0 ** (tries - 1), said.longest_wait)
    return float(longest * (0.5 + draw / 2))


class RetryBudget:
    """How many tries after the first one provider may get: a share of its calls, and a few in quiet times.

    So a provider that is down gets at most that share more than its calls, however many clients wait.
    """

    __slots__ = ("_at", "_calls", "_level", "_share", "_taken")

    def __init__(self, percent: int, now: float) -> None:
        self._share = percent / 100
        self._level = _BURST
        self._calls = self._taken = 0
        self._at = now

    def take(self, attempts: int, now: float) -> bool:
        """Whether one more may be sent to a provider that has had so many attempts until now, the first or not."""
        calls = attempts - self._taken
        earned = self._share * (calls - self._calls)
        if self._level < _BURST:
            earned += min((now - self._at) / _SECONDS_EACH, _BURST - self._level)
        self._level = min(self._level + max(0.0, earned), _MOST)
        self._calls, self._at = calls, now
        if self._level < 1 or not self._share:
            return False
        self._level -= 1
        self._taken += 1
        return True
