"""What a client of the Responses API speaks."""

from collections.abc import Mapping

from fairlead.dialects.codec import ClientStream, Facts, foreign
from fairlead.dialects.model import Reply, Request
from fairlead.dialects.openai import errors
from fairlead.dialects.responses import answer, asked
from fairlead.dialects.responses.stream_writer import ResponsesWriter
from fairlead.dialects.responses.wire import NAME, NAMES, encode
from fairlead.errors import FairleadError


class ResponsesClient:
    """Reads a client's request, writes its reply, stream and errors."""

    name = NAME
    names: Mapping[str, str] = NAMES

    def read(self, body: bytes, model: str, *, stream: bool) -> Request:
        """The request in `body`. Raises `RequestError` with `param`."""
        return asked.read(body, model, stream=stream)

    def write(self, reply: Reply, facts: Facts, request: Request | None = None) -> bytes:
        """The body of a whole reply; it repeats the members of `request`, or the defaults where that is not given."""
        return encode(answer.write(reply, facts, request))

    def unsaid(self, reply: Reply, request: Request | None = None) -> list[str]:  # noqa: ARG002
        return foreign(reply, self.name)

    def stream(self, request: Request, facts: Facts) -> ClientStream:
        """A writer for the reply to `request`."""
        return ResponsesWriter(request, facts)

    def error(self, error: FairleadError) -> bytes:
        """The body of an error, in OpenAI's shape."""
        return encode(errors.write(error))
