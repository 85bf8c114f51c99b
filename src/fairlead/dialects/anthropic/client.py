"""What a client of Anthropic's speaks."""

from collections.abc import Mapping

from fairlead.dialects.anthropic import errors, reply_writer, request_reader
from fairlead.dialects.anthropic.names import CLIENT_NAMES, NAME
from fairlead.dialects.anthropic.stream_writer import StreamWriter
from fairlead.dialects.codec import ClientStream, Facts, foreign
from fairlead.dialects.model import Reply, Request
from fairlead.errors import FairleadError


class AnthropicClient:
    """Reads what is sent to `/v1/messages`, and writes what comes back."""

    name: str = NAME
    names: Mapping[str, str] = CLIENT_NAMES

    def read(self, body: bytes, model: str, *, stream: bool) -> Request:
        return request_reader.read(body, model, stream=stream)

    def write(self, reply: Reply, facts: Facts, request: Request | None = None) -> bytes:  # noqa: ARG002
        return reply_writer.write(reply, facts)

    def unsaid(self, reply: Reply, request: Request | None = None) -> list[str]:  # noqa: ARG002
        return foreign(reply, self.name)

    def stream(self, request: Request, facts: Facts) -> ClientStream:  # noqa: ARG002 - nothing asked changes it
        return StreamWriter(facts)

    def error(self, error: FairleadError) -> bytes:
        return errors.body(error)
