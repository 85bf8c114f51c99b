"""What a provider of Gemini's dialect is sent, and what it answers."""

import re
from typing import Final
from urllib.parse import quote

from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.gemini import errors, provider_reply, provider_request
from fairlead.dialects.gemini.provider_stream import GeminiStream
from fairlead.dialects.gemini.words import NAME, encode
from fairlead.dialects.model import ErrorFacts, Reply, Request

_UP = re.compile(r"/\.{0,2}(?:/|$)")
_COLLECTIONS: Final = ("models/", "tunedModels/", "publishers/", "projects/")


class GeminiProvider:
    """The provider side of `generateContent`."""

    name: str = NAME

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        return Outgoing(path(model, stream=request.stream), encode(provider_request.body(request, model, losses)))

    def read(self, body: bytes) -> Reply | ErrorFacts:
        return provider_reply.read(body)

    def stream(self, choices: int) -> GeminiStream:
        return GeminiStream(choices)

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return errors.read(status, body)


def path(model: str, *, stream: bool) -> str:
    """Where a model is asked; its name may say already which collection it is in (`tunedModels/mine`)."""
    operation = ":streamGenerateContent?alt=sse" if stream else ":generateContent"
    if model.startswith(_COLLECTIONS) and not _UP.search(model):
        return f"/{quote(model)}{operation}"
    return f"/models/{quote(model, safe='')}{operation}"


PROVIDER: Final = GeminiProvider()
