"""What a client of Gemini's dialect asks, and what it is answered."""

from collections.abc import Mapping
from typing import Final

from fairlead.dialects.codec import Facts, foreign
from fairlead.dialects.gemini import client_reply, client_request, errors
from fairlead.dialects.gemini.client_stream import GeminiWriter
from fairlead.dialects.gemini.words import NAME, NAMES
from fairlead.dialects.model import Reply, Request
from fairlead.errors import FairleadError


class GeminiClient:
    """The client side of `generateContent`. A stream is server-sent events (`?alt=sse`) or, not `sse`, an array."""

    name: str = NAME
    names: Mapping[str, str] = NAMES

    def __init__(self, sse: bool = True) -> None:
        self.sse = sse

    def read(self, body: bytes, model: str, *, stream: bool) -> Request:
        return client_request.read(body, model, stream=stream)

    def write(self, reply: Reply, facts: Facts, request: Request | None = None) -> bytes:  # noqa: ARG002
        return client_reply.write(reply, facts)

    def unsaid(self, reply: Reply, request: Request | None = None) -> list[str]:  # noqa: ARG002
        return foreign(reply, self.name)

    def stream(self, request: Request, facts: Facts) -> GeminiWriter:  # noqa: ARG002 - the protocol has it
        return GeminiWriter(facts, sse=self.sse)

    def error(self, error: FairleadError) -> bytes:
        return errors.write(error)


CLIENT: Final = GeminiClient()
ARRAY_CLIENT: Final = GeminiClient(sse=False)
