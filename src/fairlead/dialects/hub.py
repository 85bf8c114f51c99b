"""Every dialect by its name: N client sides, M provider sides, and no pairs."""

from typing import Any, Final

from fairlead.dialects import anthropic, cohere, gemini, lenient, ollama, responses
from fairlead.dialects.bedrock import provider as bedrock
from fairlead.dialects.bedrock.eventstream import EventStreamSplitter
from fairlead.dialects.codec import ClientSide, ProviderSide
from fairlead.dialects.envelope import Endpoint
from fairlead.dialects.framing import LINES, SSE, Framing, itself
from fairlead.dialects.openai import client as openai_client
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai import provider as openai_provider
from fairlead.errors import FairleadError

CLIENTS: Final[dict[str, ClientSide]] = {
    side.name: side for side in (openai_client.CLIENT, responses.CLIENT, anthropic.CLIENT, gemini.CLIENT)
}
PROVIDERS: Final[dict[str, ProviderSide]] = {
    side.name: side
    for side in (
        openai_provider.PROVIDER,
        responses.PROVIDER,
        anthropic.PROVIDER,
        gemini.PROVIDER,
        cohere.PROVIDER,
        ollama.PROVIDER,
        bedrock.PROVIDER,
    )
}
# Chat completions whose clients read errors in OpenRouter's shape.
OPENROUTER: Final = "openrouter"
FRAMINGS: Final[dict[str, Framing]] = {"ollama": LINES, "bedrock-converse": Framing(EventStreamSplitter, itself)}


def framing_of(dialect: str) -> Framing:
    """How a provider's streams are cut."""
    return FRAMINGS.get(dialect, SSE)


# Members of a client's body that no other dialect has, and without which the answer is another one.
MEANINGFUL: Final[dict[str, frozenset[str]]] = {
    "openai-chat": openai_client.MEANINGFUL,
    "openai-responses": responses.STATEFUL,
    "anthropic-messages": frozenset({"mcp_servers"}),
    "gemini": frozenset({"cachedContent", "responseMimeType", "responseModalities", "speechConfig", "imageConfig"}),
}
# Values that ask for no more than everybody gives anyway.
_USUAL: Final[tuple[object, ...]] = ([], {}, False, ["text"], ["TEXT"])


def meant(client: str, extra: dict[str, Any]) -> list[str]:
    """Which of a client's own members (by their paths) the answer would be another one without."""
    known = MEANINGFUL.get(client, ())
    return [path for path, value in extra.items() if path.rpartition(".")[2] in known and value not in _USUAL]


def client_of(endpoint: Endpoint) -> ClientSide:
    """The client side that reads and writes for an operation."""
    return gemini.ARRAY_CLIENT if endpoint.array else CLIENTS[endpoint.dialect]


def error_body(dialect: str, error: FairleadError) -> bytes:
    """Our own error as a client of that dialect gets it, or one of OpenRouter's."""
    if dialect == OPENROUTER:
        return lenient.dumps(openai_errors.write_numbered(error))
    return CLIENTS[dialect].error(error)


def whole_error(dialect: str, body: bytes) -> bytes | None:
    """A provider's error as a client of the same dialect gets it; None where it has another shape."""
    if dialect == "openai-chat":
        return openai_errors.complete(body)
    return body if isinstance(lenient.members(body).get("error"), dict) else None
