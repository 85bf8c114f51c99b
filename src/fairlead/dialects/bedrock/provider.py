"""Amazon Bedrock's Converse as a provider's dialect. Nobody speaks it to us: it has no client side."""

from typing import Final

from fairlead.dialects.bedrock import errors, replies, requests
from fairlead.dialects.bedrock.blocks import NAME
from fairlead.dialects.bedrock.streams import ConverseStream
from fairlead.dialects.codec import Losses, Outgoing, ProviderSide
from fairlead.dialects.model import ErrorFacts, Reply, Request


class Converse:
    """The provider side. Its streams are framed by `eventstream.EventStreamSplitter`."""

    name = NAME

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""
        return requests.write(request, model, losses)

    def read(self, body: bytes) -> Reply | ErrorFacts:
        """A whole reply under status 200, or the error it really is. Raises `BadReply`."""
        return replies.read(body)

    def stream(self, choices: int) -> ConverseStream:  # noqa: ARG002 - there is never more than one
        """A reader for a streamed reply."""
        return ConverseStream()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""
        return errors.read(status, body)


PROVIDER: Final[ProviderSide] = Converse()
