"""What a provider of the Responses API speaks."""

from fairlead.dialects.codec import Losses, Outgoing, ProviderStream
from fairlead.dialects.model import ErrorFacts, Reply, Request
from fairlead.dialects.openai import errors
from fairlead.dialects.responses import asking, replies
from fairlead.dialects.responses.stream_reader import ResponsesReader
from fairlead.dialects.responses.wire import NAME, encode


class ResponsesProvider:
    """Writes a request for a provider, reads its reply, stream and errors."""

    name = NAME
    path = "/responses"

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""
        return Outgoing(self.path, encode(asking.write(request, model, losses)))

    def read(self, body: bytes) -> Reply | ErrorFacts:
        """A whole reply under status 200, or the error it really is. Raises `BadReply`."""
        return replies.read(body)

    def stream(self, choices: int) -> ProviderStream:
        """A reader for a streamed reply, which has one choice however many were asked for."""
        del choices
        return ResponsesReader()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""
        return errors.read(status, body)
