"""Two dialects: they meet in the canonical model."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from fairlead.dialects import free_text, hub, lenient, replay
from fairlead.dialects.anthropic import count
from fairlead.dialects.codec import Losses, Outgoing, ProviderSide
from fairlead.dialects.embeddings import CLIENT as EMBEDDING_CLIENT
from fairlead.dialects.embeddings import EMBEDDERS
from fairlead.dialects.endpoints import INPUT_TOKENS
from fairlead.dialects.envelope import Envelope, counted
from fairlead.dialects.images import CLIENT as IMAGE_CLIENT
from fairlead.dialects.images import IMAGE_MAKERS
from fairlead.dialects.model import ErrorFacts, Reply, Request, Usage
from fairlead.dialects.openai import retold
from fairlead.dialects.openai.provider import ChatProvider
from fairlead.dialects.rerank import CLIENT as RERANK_CLIENT
from fairlead.dialects.rerank import RERANKERS
from fairlead.errors import RequestError
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import ErrorWithin, Relay, TranslatingRelay
from fairlead.pipeline.way import Now, Translated, made
from fairlead.providers.row import Provider
from fairlead.routing.plan import Target

_chat = cache(ChatProvider)


class TranslatedWay(Translated):
    """A chat, whole or streamed."""

    __slots__ = ("_client", "_free_text", "_provider")

    def __init__(self, call: Call, target: Target, now: Now) -> None:
        super().__init__(call, target, now)
        self._client = hub.client_of(call.envelope.endpoint)
        self._provider = _side(target.provider)
        takes = target.provider.flavor.free_text or target.provider.dialect == "openai-responses"
        self._free_text = frozenset() if takes else free_text.names(canonical(call))
        self.framing = hub.framing_of(target.provider.dialect)

    def outgoing(self) -> Outgoing:
        request, losses = self._bounded(canonical(self.call)), Losses(self._client.names)
        if self._free_text:
            if free_text.has_grammar(request):
                losses.hint("tools.format", "a grammar is described, not held to")
            request = free_text.as_functions(request)
        out = self._provider.write(request, self.target.model, losses)
        if self._client.name != self._provider.name:
            for name in hub.meant(self._client.name, request.extra):
                losses.change(name)
        self.settle(losses)
        if not request.messages:
            raise nothing_said(self._client.names)
        return out

    def _bounded(self, request: Request) -> Request:
        most = self.call.most
        return request if most is None else replace(request, max_tokens=min(most, request.max_tokens or most))

    def whole(self, body: bytes) -> bytes:
        reply = self._read(body)
        self.call.dropped += self._client.unsaid(reply, canonical(self.call))
        return self._client.write(reply, self.facts(), canonical(self.call))

    def relay(self) -> Relay:
        reader = self._provider.stream(counted(b"%d" % (canonical(self.call).n or 1)))
        if self._free_text:
            reader = free_text.Stream(reader, self._free_text)
        writer = self._client.stream(canonical(self.call), self.facts())
        return TranslatingRelay(reader, writer, self.framing.data_of, self.mend(), self.call.made)

    def streamed(self, body: bytes) -> bytes:
        writer = self._client.stream(canonical(self.call), self.facts())
        return writer.write(replay.events(self._read(body))) + writer.end()

    def _read(self, body: bytes) -> Reply:
        by = self.mender()
        reply = self._provider.read(by.reply(body, self.known()) if by else body)
        if isinstance(reply, ErrorFacts):
            raise ErrorWithin(reply, body)
        self.call.usage = reply.usage
        self.call.made += made(reply)
        return free_text.back(reply, self._free_text) if self._free_text else reply

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return self._provider.error(status, body)


class EstimateWay(TranslatedWay):
    """A count of tokens, where the target has no operation for that: ours is an estimate, and asks nobody."""

    __slots__ = ()

    def unasked(self) -> bytes | None:
        counted = {"input_tokens": count.count_tokens(canonical(self.call))}
        kind = {"object": "response.input_tokens"} if self.call.envelope.endpoint is INPUT_TOKENS else {}
        return msgspec.json.encode({**kind, **counted})


class OneShotWay(Translated):
    """Embeddings, a ranking or an image: one question, one answer, and no stream of the provider's."""

    __slots__ = ("_client", "_provider", "_request")

    def __init__(self, call: Call, target: Target, now: Now) -> None:
        super().__init__(call, target, now)
        self._client, sides = _ONE_SHOT[call.envelope.endpoint.name]
        self._provider = sides[target.provider.dialect]
        self._request = self._client.read(_body(call))

    def outgoing(self) -> Outgoing:
        losses = Losses(self._client.names)
        out: Outgoing = self._provider.write(self._request, self.target.model, losses)
        self.settle(losses)
        return out

    def whole(self, body: bytes) -> bytes:
        reply = self._provider.read(body)
        if isinstance(reply, ErrorFacts):
            raise ErrorWithin(reply, body)
        self.call.usage = reply.usage or _searched(reply)
        written: bytes = self._client.write(reply, self._request, self.facts())
        return written

    def streamed(self, body: bytes) -> bytes:
        events = retold.stream(self.call.envelope.endpoint.name, lenient.members(self.whole(body)))
        return super().streamed(body) if events is None else events

    def error(self, status: int, body: bytes) -> ErrorFacts:
        facts: ErrorFacts = self._provider.error(status, body)
        return facts


def _searched(reply: Any) -> Usage | None:
    """What a ranking is charged for where nobody counts its tokens."""
    units = getattr(reply, "search_units", None)
    return Usage(said={"billed_units": {"search_units": units}}) if units else None


_ONE_SHOT: dict[str, tuple[Any, Any]] = {
    "embeddings": (EMBEDDING_CLIENT, EMBEDDERS),
    "rerank": (RERANK_CLIENT, RERANKERS),
    "images.generations": (IMAGE_CLIENT, IMAGE_MAKERS),
}


def one_shot(endpoint: str, dialect: str) -> bool:
    """Whether an operation can be put into that dialect's words."""
    return endpoint in _ONE_SHOT and dialect in _ONE_SHOT[endpoint][1]


def nothing_said(names: Mapping[str, str]) -> RequestError:
    """The error for a call with nothing to answer: most providers refuse it, and a small model makes something up."""
    name = names.get("messages", "messages")
    return RequestError(f"`{name}` is missing or empty", param=name, hint=f"say in `{name}` what is to be answered")


def canonical(call: Call) -> Request:
    """The call in the canonical model: read once, for every target. Raises `RequestError`."""
    if call.canonical is None:
        client, envelope = hub.CLIENTS[call.envelope.endpoint.dialect], call.envelope
        call.canonical = client.read(_body(call), envelope.model, stream=envelope.stream)
    return call.canonical


def _body(call: Call) -> bytes:
    assert isinstance(call.envelope, Envelope)  # noqa: S101 - a form is never translated
    return call.envelope.members.body


def _side(provider: Provider) -> ProviderSide:
    if provider.dialect != "openai-chat":
        return hub.PROVIDERS[provider.dialect]
    return _chat(provider.flavor)
