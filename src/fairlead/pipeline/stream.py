"""A streamed reply on its way: event by event from the upstream, checked, to the client."""

import asyncio

from fairlead.dialects import sse
from fairlead.dialects.framing import Splitter
from fairlead.dialects.model import BadReply
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.pipeline.failures import refusal
from fairlead.pipeline.relay import ErrorWithin, RawRelay, Relay, readable
from fairlead.routing.health import Standing
from fairlead.upstream.api import Response

# How many events are read before others have their turn.
_BATCH = 256


class Pipe:
    """Reads a response as events and gives what the client is to get of them.

    Raises `UpstreamFailure` where the stream breaks, stalls, is no stream, or carries an error; what came before that
    is given first, and the failure is known from then on as `broken`.
    """

    __slots__ = ("_events", "_raw", "_response", "_splitter", "broken", "ended", "relay", "standing")

    def __init__(self, response: Response, splitter: Splitter, relay: Relay) -> None:
        self._response = response
        self._splitter = splitter
        self._events: list[bytes] = []
        self.relay = relay
        self._raw = isinstance(relay, RawRelay)
        self.ended = False
        self.broken: UpstreamFailure | None = None
        self.standing: Standing | None = None

    async def next(self) -> bytes:
        """The next bytes for the client, whole events only; they may be none while `ended` is not set."""
        if self.broken is not None:
            raise self.broken
        if self._events:
            await asyncio.sleep(0)
            events = self._events
        else:
            data = await self._response.chunk()
            if not data:
                return self._end()
            events = self._split(data)
        if len(events) > _BATCH:
            events, self._events = events[:_BATCH], events[_BATCH:]
        else:
            self._events = []
        out = self._all(events)
        if self.relay.done:
            self.ended = True
            self._response.linger()
        return out

    def _split(self, data: bytes) -> list[bytes]:
        try:
            return self._splitter.feed(data)
        except sse.EventTooLarge as error:
            raise UpstreamFailure(FailureKind.TOO_LARGE, str(error)) from None
        except BadReply as error:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, str(error)) from None

    def _all(self, events: list[bytes]) -> bytes:
        out: list[bytes] = []
        try:
            for event in events:
                out.append(self._one(event))  # noqa: PERF401 - what came before a bad event counts
        except BadReply as error:
            self.broken = UpstreamFailure(FailureKind.BAD_RESPONSE, str(error))
        except ErrorWithin as error:
            self.broken = refusal(error.facts, error.body, self._response)
        if self.broken is not None and not any(out):
            raise self.broken
        return out[0] if len(out) == 1 else b"".join(out)

    def _one(self, event: bytes) -> bytes:
        return self.relay.event(event if event.isascii() or self._raw else readable(event))

    def _end(self) -> bytes:
        """The upstream has ended: whole where every choice had stopped, though some never send the end mark."""
        last = self._last()
        if not self.relay.finished:
            if not self.relay.begun:
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, "what came is not a stream of events")
            raise UpstreamFailure(FailureKind.CUT, "the stream ended before the answer did")
        self.ended = True
        return last if self.relay.done else last + self.relay.end()

    def _last(self) -> bytes:
        """What the client is to get of an event that nothing closed."""
        try:
            rest = self._splitter.end()
            return self._one(rest + b"\n\n") if rest.strip() else b""
        except BadReply:
            return b""
        except ErrorWithin as error:
            raise refusal(error.facts, error.body, self._response) from None

    def close(self) -> None:
        """Give the rest up; a stream that has ended keeps its connection."""
        standing, self.standing = self.standing, None
        if standing is not None:
            standing.flying -= 1
        if not self.ended:
            self._response.close()
