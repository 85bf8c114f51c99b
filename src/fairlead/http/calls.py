"""The endpoints that carry calls."""

import re
from collections.abc import AsyncGenerator
from urllib.parse import quote, unquote_plus

from fairlead.dialects.endpoints import STREAM_ARRAY, STREAM_GENERATE
from fairlead.dialects.envelope import Endpoint
from fairlead.errors import NotFound
from fairlead.gateway import Gateway
from fairlead.http.early import Early
from fairlead.http.exchange import Exchange
from fairlead.http.waiting import Waiting
from fairlead.pipeline.admit import unlimited
from fairlead.pipeline.call import CallRequest, Headers
from fairlead.pipeline.kept import Asked
from fairlead.pipeline.pins import owner

# What can be an id: one segment of a path, wherever somebody decodes it.
_ID = re.compile(r"(?!\.{1,2}$)[^/\\\x00-\x20]+")


class Calls:
    """Takes a request of one dialect to the engine and its reply back."""

    def __init__(self, gateway: Gateway, waiting: Waiting, opens_after: float | None = None) -> None:
        """`opens_after`: seconds after which a chat's stream begins though no provider has answered; None: never."""
        self.gateway = self._gateway = gateway
        self._waiting = waiting
        self._early = Early(opens_after, waiting) if opens_after is not None else None

    async def handle(self, endpoint: Endpoint, exchange: Exchange) -> None:
        """One call, from its body to its last byte. Raises `FairleadError`."""
        if endpoint is STREAM_GENERATE and b"alt=sse" not in exchange.url:
            endpoint = STREAM_ARRAY
        request = CallRequest(
            endpoint,
            exchange.body,
            exchange.text_header(b"x-fairlead-provider"),
            exchange.text_header(b"x-fairlead-intent"),
            exchange.named,
            (exchange.text_header(b"content-type") or "") if endpoint.form else "",
            exchange.text_header,
            exchange.names,
        )
        called = self._gateway.call(request, exchange.principal)
        reply = await (called if self._early is None else self._early.reply(endpoint, exchange, called))
        if reply is None:
            return
        if reply.events is None:
            exchange.reply(reply.status, reply.headers, reply.body)
        else:
            self._waiting.watch(endpoint, exchange)
            await _stream(exchange, reply.status, reply.headers, reply.events)

    async def kept(self, path: str, exchange: Exchange) -> None:
        """A request about a response that a provider keeps, at `path` there. Raises `FairleadError`."""
        name = exchange.named or ""
        if "{id}" in path and not _ID.fullmatch(name):
            raise NotFound(f"`{name[:80]}` is no id", hint="give the id as the provider gave it")
        path = path.replace("{id}", quote(name, safe="")) + _query(exchange.url)
        unlimited(exchange.principal, "ask for what providers keep")
        asked = Asked(
            exchange.method.decode(), path, name, exchange.body, exchange.text_header, owner(exchange.principal)
        )
        reply = await self._gateway.kept(asked)
        exchange.reply(reply.status, reply.headers, reply.body)

    async def delete_model(self, exchange: Exchange) -> None:
        """The end of a tuned model. Raises `FairleadError`."""
        unlimited(exchange.principal, "delete one")
        reply = await self._gateway.delete_model(exchange.named or "")
        exchange.reply(reply.status, reply.headers, reply.body)


def _query(url: bytes) -> str:
    """The query as the provider gets it: all but the client's key."""
    pairs = url.partition(b"#")[0].partition(b"?")[2].decode("latin-1").split("&")
    kept = "&".join(pair for pair in pairs if pair and unquote_plus(pair.partition("=")[0]) != "key")
    return f"?{kept}" if kept else ""


async def _stream(exchange: Exchange, status: int, headers: Headers, events: AsyncGenerator[bytes]) -> None:
    """A reply of events, as they come; waits while the client does not read."""
    try:
        # Before anything here can be cancelled: a generator that has not begun does not clean up.
        first = await anext(events, b"")
        if exchange.response_started:
            await exchange.write(first)
        else:
            exchange.begin(status, headers, first)
        async for data in events:
            await exchange.write(data)
        exchange.end()
    finally:
        await events.aclose()
