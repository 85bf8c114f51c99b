"""One dialect on both sides: bytes go as they came."""

from fairlead.dialects import hub, lenient, replay, sse
from fairlead.dialects.envelope import Endpoint, Envelope
from fairlead.dialects.framing import RAW
from fairlead.dialects.model import BadReply, ErrorFacts, Reply, Request
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai import legacy, retold
from fairlead.dialects.openai.chat import CHAT, DONE, EMBEDDINGS, StreamReader, read_reply
from fairlead.dialects.openai.client import CLIENT as CHAT_CLIENT
from fairlead.dialects.openai.provider import PROVIDER as CHAT_PROVIDER
from fairlead.pipeline import stored
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import ChatRelay, ErrorWithin, PlainRelay, RawRelay, Relay, SameRelay, plain_usage
from fairlead.pipeline.way import Base, Now, made
from fairlead.routing.plan import Target
from fairlead.upstream.api import Response


class OpenAIWay(Base):
    """`openai-chat`, with the completions and embeddings that share its envelope."""

    __slots__ = ()

    def whole(self, body: bytes) -> bytes:
        endpoint = self.call.envelope.endpoint
        said = read_reply(endpoint, body)
        if isinstance(said, ErrorFacts):
            raise ErrorWithin(said, body)
        self.call.usage = said
        by = self.mender()
        if by is not None and endpoint is CHAT:
            body = by.reply(body, self.known())
        elif by is not None and endpoint is EMBEDDINGS:
            body = by.embeddings(body)
        if stored.wanted(self.call):
            stored.note(self.call, body)
        return body

    def relay(self) -> Relay:
        envelope = self.call.envelope
        hide = self.target.provider.usage == "asked" and not envelope.shows_usage
        mend = self.mend() if envelope.endpoint is CHAT else None
        reader = StreamReader(hide_usage=hide, choices=envelope.choices)
        if stored.wanted(self.call):
            return stored.StoredRelay(reader, mend, self.call)
        return ChatRelay(reader, mend)

    def streamed(self, body: bytes) -> bytes:
        body, envelope = self.whole(body), self.call.envelope
        if envelope.endpoint is not CHAT:
            return sse.event(body) + DONE  # which has the shape of its only chunk
        assert isinstance(envelope, Envelope)  # noqa: S101 - a chat is never a form
        reply = CHAT_PROVIDER.read(body)
        if isinstance(reply, ErrorFacts):
            raise ErrorWithin(reply, body)
        asked = legacy.kind(envelope.members)("", [], usage_wanted=envelope.shows_usage)
        writer = CHAT_CLIENT.stream(asked, self.facts())
        return writer.write(replay.events(reply)) + writer.end()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return openai_errors.read(status, body)


class PlainWay(Base):
    """An operation whose answer is passed on, whatever is in it: moderations, images, sound, counts of tokens."""

    __slots__ = ()

    def __init__(self, call: Call, target: Target, now: Now) -> None:
        super().__init__(call, target, now)
        if self._endpoint.raw:
            self.framing = RAW

    @property
    def _endpoint(self) -> Endpoint:
        return self.call.envelope.endpoint

    def whole(self, body: bytes) -> bytes:
        said = lenient.members(body)
        facts = openai_errors.find(said) if said.get("error") else None
        if facts is not None:
            raise ErrorWithin(facts, body)
        if self._endpoint.answer and self._endpoint.answer not in said:
            raise BadReply(f"the reply has no `{self._endpoint.answer}`")
        self.call.usage = plain_usage(said)
        return body

    def content_type(self, response: Response, *, stream: bool) -> bytes:
        if self._endpoint.raw:
            return response.header(b"content-type") or b"application/octet-stream"
        return super().content_type(response, stream=stream)

    def streamed(self, body: bytes) -> bytes:
        self.whole(body)  # which may be an error, and then says more
        events = retold.stream(self._endpoint.name, lenient.members(body))
        return super().streamed(body) if events is None else events

    def relay(self) -> Relay:
        return RawRelay() if self._endpoint.raw else PlainRelay(self.call.envelope.choices)

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return hub.PROVIDERS[self._endpoint.dialect].error(status, body)


class SameWay(Base):
    """A dialect other than OpenAI's chat; its codec follows what the bytes say."""

    __slots__ = ()

    def whole(self, body: bytes) -> bytes:
        self._read(body)
        return body

    def relay(self) -> Relay:
        reader = hub.PROVIDERS[self._dialect].stream(choices=1)
        return SameRelay(reader, hub.CLIENTS[self._dialect], self.facts(), self.call.made)

    def streamed(self, body: bytes) -> bytes:
        writer = hub.CLIENTS[self._dialect].stream(Request(self.call.envelope.model, []), self.facts())
        return writer.write(replay.events(self._read(body))) + writer.end()

    def _read(self, body: bytes) -> Reply:
        read = hub.PROVIDERS[self._dialect].read(body)
        if isinstance(read, ErrorFacts):
            raise ErrorWithin(read, body)
        self.call.usage = read.usage
        self.call.made += made(read)
        return read

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return hub.PROVIDERS[self._dialect].error(status, body)

    @property
    def _dialect(self) -> str:
        return self.call.envelope.endpoint.dialect
