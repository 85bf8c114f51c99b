"""`cohere`: Cohere's chat, version 2 (https://docs.cohere.com/v2/reference/chat).

What may surprise: a stop at a tool is `TOOL_CALL`; a failure comes as a `finish_reason` under status 200; documents
stand beside the messages; the counts that are billed are not those of the tokens that went through the model.
"""

from fairlead.dialects.codec import Losses, Outgoing, ProviderSide
from fairlead.dialects.cohere import read as _read
from fairlead.dialects.cohere import write as _write
from fairlead.dialects.cohere.names import DIALECT
from fairlead.dialects.cohere.stream import Stream
from fairlead.dialects.model import ErrorFacts, Reply, Request
from fairlead.dialects.openai import errors as openai_errors


class Provider:
    """What Cohere speaks, under `https://api.cohere.com/v2`."""

    name = DIALECT

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        return Outgoing("/chat", _write.body(request, model, losses))

    def read(self, body: bytes) -> Reply | ErrorFacts:
        return _read.reply(body)

    def stream(self, choices: int) -> Stream:  # noqa: ARG002  there is never more than one
        return Stream()

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return openai_errors.read(status, body)


PROVIDER: ProviderSide = Provider()
