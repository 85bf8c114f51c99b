"""Streams that begin before a provider has answered, where the operator wants that.

Until a reply begins, a client learns the true status of its call. Some clients, and proxies before them, give up sooner
than a model begins to speak; for those a chat's stream may be opened after some seconds, with a comment. Its status is
then 200, whatever comes, and a failure is told in the stream, as OpenRouter does.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import msgspec

from fairlead.dialects import lenient, sse
from fairlead.dialects.envelope import Endpoint
from fairlead.dialects.openai import errors
from fairlead.dialects.openai.chat import CHAT, DONE
from fairlead.errors import FairleadError
from fairlead.http.exchange import Exchange
from fairlead.http.waiting import COMMENT, Waiting
from fairlead.pipeline.call import Headers, Reply

_EVENTS: Final[Headers] = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_FAILED: Final = 400


class _Asked(msgspec.Struct):
    stream: bool | None = None


class Early:
    """Opens the streams of chats that have had no answer for `after` seconds; None: of none."""

    def __init__(self, after: float | None, waiting: Waiting) -> None:
        self.after = after
        self._waiting = waiting

    async def reply(self, endpoint: Endpoint, exchange: Exchange, call: Coroutine[Any, Any, Reply]) -> Reply | None:
        """The reply; None where the stream is open and over, because the call failed. Raises what the call does."""
        if endpoint is not CHAT or not _streams(exchange.body):
            return await call
        task = asyncio.ensure_future(call)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.after)
            if not done:
                exchange.begin(200, _EVENTS, COMMENT)
                self._waiting.watch(endpoint, exchange)
            reply = await asyncio.shield(task)
        except FairleadError as error:
            if not exchange.response_started:
                raise
            await _fail(exchange, errors.write(error))
            return None
        except asyncio.CancelledError as cancelled:
            task.cancel(*cancelled.args)
            await asyncio.wait({task})
            if not task.cancelled() and task.exception() is None:
                await _close(task.result())
            raise
        if exchange.response_started and reply.events is None:
            await _whole(exchange, reply)
            return None
        return reply


async def _close(reply: Reply) -> None:
    if reply.events is not None:
        await reply.events.aclose()


def _streams(body: bytes) -> bool:
    """Whether a body asks for a stream; what cannot be read is refused elsewhere."""
    try:
        return msgspec.json.decode(body, type=_Asked).stream is True
    except (ValueError, RecursionError):
        return False


async def _whole(exchange: Exchange, reply: Reply) -> None:
    """A whole reply on a stream that is open: the events that it has become, or a provider's refusal."""
    if reply.status >= _FAILED:
        await _fail(exchange, lenient.members(reply.body))
        return
    await exchange.write(reply.body)
    exchange.end()


async def _fail(exchange: Exchange, said: dict[str, Any]) -> None:
    """The end of a stream in which nothing came."""
    head = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
    choices = [{"index": 0, "delta": {}, "finish_reason": "error"}]
    await exchange.write(sse.event(lenient.dumps({**head, "choices": choices, **said})) + DONE)
    exchange.end()
