"""An engine inside the caller's own program, and calls to it: what the fronts for Python share."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from fairlead import app, ids
from fairlead.app import Engine
from fairlead.config.env_files import gathered
from fairlead.config.load import load
from fairlead.dialects import lenient, sse
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.chat import CHAT
from fairlead.errors import FairleadError, RequestError
from fairlead.gateway import Gateway
from fairlead.pipeline.admit import LOCAL
from fairlead.pipeline.call import CallRequest, Reply
from fairlead.secret import Secret

T = TypeVar("T")


class Refused(RequestError):
    """A provider refuses the call as it is."""

    code = "upstream_refused"


class BrokenOff(FairleadError):
    """A stream that ended before its answer did. What came before it was given."""

    status = 502
    type = "upstream_error"
    code = "upstream_cut"
    retryable = True
    exit_code = 3


def make_engine(config: str | None = None, environ: Mapping[str, str] | None = None) -> Engine:
    """An engine by a configuration file, or by the one that `ai` would find, and the environment. `ConfigError`."""
    variables = gathered(os.environ if environ is None else environ)
    return app.engine(load(config, variables, Path.cwd()), variables, Secret(ids.new_key()))


class Serving:
    """What a front for asynchronous programs stands on: an engine in the running loop."""

    def __init__(self, config: str | None = None, environ: Mapping[str, str] | None = None) -> None:
        """Set up by a configuration file, or by the one that `ai` would find, and the environment. `ConfigError`."""
        self._settings = config, environ
        self._engine = make_engine(config, environ)
        self._loop: asyncio.AbstractEventLoop | None = None

    def _here(self) -> Engine:
        """The engine of the running loop: connections do not outlive theirs."""
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            self._engine = make_engine(*self._settings)
        self._loop = loop
        return self._engine

    async def aclose(self) -> None:
        """Let go of every connection."""
        await self._engine.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


@contextlib.asynccontextmanager
async def open_gateway(config: str | None = None, environ: Mapping[str, str] | None = None) -> AsyncIterator[Gateway]:
    """A gateway that is there for the length of the block. Raises `ConfigError`."""
    engine = make_engine(config, environ)
    try:
        yield engine.gateway
    finally:
        await engine.aclose()


async def chat(
    gateway: Gateway, members: Mapping[str, Any], provider: str | None = None, intent: str | None = None
) -> Reply:
    """The reply to a chat completion. Raises `FairleadError`, also where a provider refuses the call."""
    request = CallRequest(CHAT, msgspec.json.encode(members), provider, intent)
    reply = await gateway.call(request, LOCAL)
    if reply.status < 400:
        return reply
    refused = Refused(openai_errors.read(reply.status, reply.body).message)
    refused.status = reply.status
    refused.request_id = header(reply, b"x-fairlead-request-id") or ""
    raise refused


async def chunks(reply: Reply) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a streamed chat completion. Raises `BrokenOff`; closing it ends the call."""
    assert reply.events is not None  # noqa: S101 - a call that asks for a stream gets one
    splitter = sse.EventSplitter()
    try:
        async for data in reply.events:
            for event in splitter.feed(data):
                said = sse.data_of(event)
                if said is not None and said != b"[DONE]":
                    yield _chunk(said, reply)
    finally:
        await reply.events.aclose()


def _chunk(data: bytes, reply: Reply) -> dict[str, Any]:
    found = lenient.members(data)
    if found.get("error"):
        broken = BrokenOff(openai_errors.read(200, data).message)
        broken.request_id = header(reply, b"x-fairlead-request-id") or ""
        raise broken
    return found


def header(reply: Reply, name: bytes) -> str | None:
    """What a header of a reply says."""
    return next((value.decode("latin-1") for key, value in reply.headers if key == name), None)


class Loop:
    """An event loop on a thread of its own, for callers that have none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fairlead", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[None, None, T]) -> T:
        """What the coroutine gives. An interrupt cancels it. Raises `RuntimeError` after `close`."""
        if self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("this is closed")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @property
    def closed(self) -> bool:
        return self._loop.is_closed()

    def close(self) -> None:
        """End the thread. Nothing may run on it any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
