"""A stream that goes on at another target where it breaks. For who reads it, it is one stream."""

from collections.abc import Iterator
from typing import Final

from fairlead.dialects.anthropic.count import count_text
from fairlead.errors import UpstreamFailure
from fairlead.pipeline.answers import Streamed
from fairlead.pipeline.attempt import NOT_TRIED, Attempts
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import Relay
from fairlead.pipeline.seam import Seam
from fairlead.pipeline.stream import Pipe
from fairlead.routing.plan import Target

_SEAMS: Final = 3


class Carried:
    """Reads as a `Pipe` does. Raises `UpstreamFailure` where nobody can go on."""

    __slots__ = ("_attempts", "_between", "_call", "_left", "_pipe", "_seam")

    def __init__(self, answer: Streamed, call: Call, attempts: Attempts) -> None:
        assert isinstance(answer.pipe, Pipe)  # noqa: S101 - it is carried once
        assert answer.seam is not None  # noqa: S101 - else it is not carried
        self._pipe = answer.pipe
        self._seam: Seam = answer.seam
        self._call = call
        self._attempts = attempts
        self._left = _SEAMS
        self._between = False  # what the pipe said is charged already, and nobody has gone on yet

    @property
    def relay(self) -> Relay:
        return self._pipe.relay

    @property
    def ended(self) -> bool:
        return self._pipe.ended

    async def next(self) -> bytes:
        """The next bytes for the client; see `Pipe.next`."""
        try:
            return await self._pipe.next()
        except UpstreamFailure as caught:
            if not self._left or not self._seam.resumable or self._pipe.relay.finished:
                raise
            return await self._resume(caught)

    def close(self) -> None:
        if self._between:
            self._call.usage, self._call.produced, self._call.cut = None, 0, False
        self._pipe.close()

    async def _resume(self, caught: UpstreamFailure) -> bytes:
        call, relay = self._call, self._pipe.relay
        self._left -= 1
        self._pipe.close()
        call.usage, call.produced, call.cut = relay.usage, count_text(relay.produced), True
        self._attempts.broke(call, caught, gone_on=True)
        call.produced, call.cut, self._between = 0, False, True
        made = call.made
        for target in list(self._targets()):
            left = call.started + self._attempts.said.time_budget - self._attempts.clock.monotonic()
            if left <= 0:
                break
            try:
                found = await self._attempts.one(call, target, left, self._seam)
            except NOT_TRIED:
                continue
            if isinstance(found, Streamed) and isinstance(found.pipe, Pipe):
                self._pipe, self._between = found.pipe, False
                call.made = made + call.made
                return found.first
        raise caught

    def _targets(self) -> Iterator[Target]:
        """Who may go on: the targets after the one that broke off, then that one itself."""
        broken, now = self._call.attempts[-1].target, self._attempts.clock.monotonic()
        targets = self._call.plan.targets
        at = next((at for at, target in enumerate(targets) if target is broken), 0)
        for target in (*targets[at + 1 :], broken):
            if target.standing.admits(now) and not (target is broken and target.once):
                yield target
