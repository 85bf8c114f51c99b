"""Carry a question out: through the engine in this process, or through a gateway that runs."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fairlead import app, ids
from fairlead.cli import loop, prompt, settings
from fairlead.cli.answer import Reader
from fairlead.cli.ask import Question
from fairlead.cli.gateway import through
from fairlead.cli.report import Report
from fairlead.dialects.openai.chat import CHAT
from fairlead.pipeline.admit import LOCAL
from fairlead.pipeline.call import CallRequest, Reply
from fairlead.secret import Secret
from fairlead.upstream.api import Response


def run(question: Question, gateway: str | None, key: str | None, config: str | None) -> None:
    """Ask and print the answer. Raises `FairleadError`, `KeyboardInterrupt`, `BrokenPipeError`."""
    report = Report(question)
    if gateway is not None:
        loop.run(_ask(question, through(gateway, key, question), report))
    else:
        loop.run(_ask(question, _here(question, config, report), report))


async def _ask(question: Question, reply: AbstractAsyncContextManager[Response], report: Report) -> None:
    async with reply as response:
        answer = await Reader(response, report).read(stream=question.stream)
    report.end(answer)


@asynccontextmanager
async def _here(question: Question, config: str | None, report: Report) -> AsyncIterator[Response]:
    """The reply of an engine that is there for this one call."""
    loaded, environ = settings.read(config)
    settings.quiet_log(loaded)
    engine = app.engine(loaded, environ, Secret(ids.new_key()))
    try:
        report.plan(engine.gateway.policy)
        request = CallRequest(CHAT, prompt.body(question), question.provider, question.intent)
        reply = await engine.gateway.call(request, LOCAL)
        try:
            yield Own(reply)
            await _to_its_end(reply)
        finally:
            if isinstance(reply.events, AsyncGenerator):
                await reply.events.aclose()
        report.attempts(engine.metrics)
    finally:
        await engine.aclose()


async def _to_its_end(reply: Reply) -> None:
    """Nothing follows the end mark, but a stream that nobody reads to its end counts as left."""
    if reply.events is not None:
        async for _ in reply.events:
            pass


class Own:
    """The engine's reply, read like one that came over the wire."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self._reply = reply

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self._reply.headers if key == name), None)

    async def read(self) -> bytes:
        return self._reply.body

    async def chunk(self) -> bytes:
        return b"" if self._reply.events is None else await anext(self._reply.events, b"")

    def linger(self) -> None:
        """Nothing is due."""

    def close(self) -> None:
        """Whoever made the reply closes it."""
