"""`ollama`: Ollama's own chat, `/api/chat` (https://docs.ollama.com/api/chat). A stream is one JSON object a line.

What may surprise: it streams unless told otherwise; a call's arguments are an object; a stop at a tool is `stop`; an
error within a stream is a line under status 200 (https://docs.ollama.com/api/errors).
"""

from fairlead.dialects.codec import Losses, Outgoing, ProviderSide
from fairlead.dialects.model import ErrorFacts, Reply, Request
from fairlead.dialects.ollama import read as _read
from fairlead.dialects.ollama import write as _write
from fairlead.dialects.ollama.names import DIALECT
from fairlead.dialects.ollama.stream import Stream
from fairlead.dialects.openai import errors as openai_errors


class Provider:
    """What Ollama speaks, under its address without a path."""

    name = DIALECT

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        return Outgoing("/api/chat", _write.body(request, model, losses))

    def read(self, body: bytes) -> Reply | ErrorFacts:
        return _read.reply(body)

    def stream(self, choices: int) -> Stream:  # noqa: ARG002  there is never more than one
        return Stream()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return openai_errors.read(status, body)


PROVIDER: ProviderSide = Provider()
