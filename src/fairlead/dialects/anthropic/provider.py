"""What Anthropic speaks, and whoever serves its dialect."""

from fairlead.dialects.anthropic import errors, reply_reader, request_writer
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.anthropic.stream_reader import StreamReader
from fairlead.dialects.codec import Losses, Outgoing, ProviderStream
from fairlead.dialects.model import ErrorFacts, Reply, Request


class AnthropicProvider:
    """Writes requests to `/messages`, and reads what comes back."""

    name: str = NAME

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        return request_writer.write(request, model, losses)

    def read(self, body: bytes) -> Reply | ErrorFacts:
        return reply_reader.read(body)

    def stream(self, choices: int) -> ProviderStream:  # noqa: ARG002 - there is one
        return StreamReader()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return errors.read(status, body)
