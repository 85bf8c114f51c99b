"""Holds a stream's beginning back until it is known to be quick enough: up to there another target can take over."""

import asyncio
from typing import Final

from fairlead.clock import Clock
from fairlead.dialects.anthropic.count import count_text
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.pipeline.stream import Pipe

# For how long after the first content the pace is measured, in seconds, and how much is held for that at most.
_MEASURED: Final = 2.0
_HELD: Final = 64 * 1024
_LOOK: Final = 0.05


async def guarded(pipe: Pipe, due: float | None, pace: float | None, clock: Clock) -> bytes:
    """The beginning of a stream whose first content came by `due` (monotonic seconds), and then at `pace`.

    The pace is in tokens a second, measured over two seconds. Raises `UpstreamFailure`, also where the stream breaks.
    """
    first = b""
    while not (pipe.ended or pipe.relay.content or pipe.broken or len(first) > _HELD):
        first += await _before(pipe, due, clock)
    if pace is not None and pipe.broken is None and not pipe.ended:
        first += await _at_pace(pipe, pace, clock)
    if pipe.broken is not None:
        raise pipe.broken
    return first


async def _before(pipe: Pipe, due: float | None, clock: Clock) -> bytes:
    """What comes next. Raises `UpstreamFailure` where nothing has by then."""
    if due is None:
        return await pipe.next()
    data = await _until(pipe, due, clock)
    if data is None:
        raise UpstreamFailure(FailureKind.FIRST_TOKEN_TIMEOUT, "the stream said nothing in time")
    return data


async def _at_pace(pipe: Pipe, pace: float, clock: Clock) -> bytes:
    began = clock.monotonic()
    before, held = pipe.relay.produced, b""
    while not (pipe.ended or pipe.broken or len(held) > _HELD):
        data = await _until(pipe, began + _MEASURED, clock)
        if data is None:
            break
        held += data
    spent = clock.monotonic() - began
    rate = count_text(pipe.relay.produced - before) / spent if spent > 0 else pace
    if not (pipe.ended or pipe.broken) and spent >= _MEASURED and rate < pace:
        raise UpstreamFailure(FailureKind.TOO_SLOW, f"{rate:.1f} tokens a second, where {pace:g} are the least")
    return held


async def _until(pipe: Pipe, due: float, clock: Clock) -> bytes | None:
    """The next of a stream; None, and nothing lost of it, where the time has come before."""
    reading = asyncio.ensure_future(pipe.next())
    try:
        while True:
            left = due - clock.monotonic()
            if left <= 0:
                return None
            done, _ = await asyncio.wait({reading}, timeout=min(left, _LOOK))
            if done:
                return reading.result()
    finally:
        if not reading.done():
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
