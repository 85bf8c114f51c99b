"""Comments on a stream while nothing comes, so that nothing between client and gateway takes it for dead.

A comment is a line that begins with a colon, which the standard of server-sent events has clients pass over. Streams
are looked at together, at most once a second: a timer for each would cost every call.
"""

import asyncio
from typing import Final

from fairlead.dialects.envelope import Endpoint
from fairlead.http.exchange import Exchange

COMMENT: Final = b": fairlead is waiting for the provider\n\n"
_SWEEP: Final = 1.0
# Whose official client takes every line for data.
_UNABLE: Final = "gemini"


class Waiting:
    """Watches the streams of chats, and says something on each that has been silent for so many seconds; 0: never."""

    def __init__(self, seconds: float) -> None:
        self._every = min(_SWEEP, seconds)
        self._most = round(seconds / self._every) if seconds else 0
        self._streams: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, endpoint: Endpoint, exchange: Exchange) -> None:
        """A stream has begun whose pieces are whole events."""
        if not self._most or not endpoint.chat or endpoint.array or endpoint.dialect == _UNABLE:
            return
        self._streams.add(exchange)
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        for exchange in list(self._streams):
            exchange.quiet += 1
            if exchange.response_complete or exchange.disconnected:
                self._streams.discard(exchange)
            elif exchange.quiet > self._most and exchange.response_started:
                exchange.comment(COMMENT)
        if self._streams:
            self._arm()
