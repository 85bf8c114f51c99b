"""Lets other processes know what is left alone, and learns it from them."""

from typing import Final

from fairlead.clock import Clock
from fairlead.ledger.shared.notices import Notices
from fairlead.routing.breaker import Breaker
from fairlead.routing.health import Board

# For how long others are told that something is well again.
_WELL_SECONDS: Final = 10.0


class Beside:
    """Shares a board's changes. What another process found well is well here, what it left alone is left alone."""

    def __init__(self, board: Board, notices: Notices, clock: Clock) -> None:
        self._board = board
        self._notices = notices
        self._clock = clock
        self._changed: dict[str, Breaker] = {}
        board.told = self._note

    def _note(self, breaker: Breaker) -> None:
        self._changed[breaker.name] = breaker

    async def tend(self) -> None:
        """Say what is new, and hear it. Raises `StoreUnavailable`; then what is new is said the next time."""
        now, changed = self._clock.monotonic(), self._changed
        self._changed = {}
        own = [
            (name, each.until - now if each.until > now else _WELL_SECONDS, each.cause if each.until > now else "")
            for name, each in changed.items()
        ]
        try:
            found = await self._notices.share(own)
        except BaseException:
            self._changed = changed | self._changed
            raise
        for name, seconds, cause in found:
            if name not in changed:
                self._board.learn(name, now + seconds if cause else 0.0, cause, now)
