"""The provider side of `openai-chat`: requests written, replies and streams read."""

from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.model import ErrorFacts, Reply, Request
from fairlead.dialects.openai import errors, replies, sent
from fairlead.dialects.openai.flavor import PLAIN, Flavor
from fairlead.dialects.openai.stream_in import StreamIn
from fairlead.dialects.openai.wire import DIALECT, encode


class ChatProvider:
    """What a provider of chat completions speaks."""

    name = DIALECT

    def __init__(self, flavor: Flavor = PLAIN) -> None:
        self._flavor = flavor

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        return Outgoing("/chat/completions", encode(sent.write(request, model, losses, self._flavor)))

    def read(self, body: bytes) -> Reply | ErrorFacts:
        return replies.read(body)

    def stream(self, choices: int) -> StreamIn:
        return StreamIn(choices)

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return errors.read(status, body)


PROVIDER = ChatProvider()
