"""The canonical request for embeddings, its reply, and what a provider has to give."""

from typing import Any, Literal, Protocol

from msgspec import Struct, field

from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.model import ErrorFacts, Media, Text, Usage

Task = Literal["query", "document", "classification", "clustering", "similarity", "question", "facts", "code"]
Truncate = Literal["none", "start", "end"]
# Numbers, or base64 of little-endian float32, whichever the provider gave.
Vector = list[float] | str


class Mixed(Struct):
    """Texts and images that make one vector together."""

    parts: list[Text | Media]


Input = str | list[int] | Mixed


class EmbeddingRequest(Struct):
    """What is to become vectors. `task` is what they are for, `word` the client's own word for that."""

    inputs: list[Input]
    dimensions: int | None = None
    encoding: Literal["float", "base64"] | None = None
    user: str | None = None
    task: Task | None = None
    word: str | None = None
    truncate: Truncate | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class EmbeddingReply(Struct):
    """One vector for each input, in their order."""

    vectors: list[Vector]
    usage: Usage | None = None
    model: str | None = None
    id: str | None = None


class EmbeddingProvider(Protocol):
    """What a provider speaks, as `codec.ProviderSide`."""

    name: str

    def write(self, request: EmbeddingRequest, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""

    def read(self, body: bytes) -> EmbeddingReply | ErrorFacts:
        """A reply under status 200, or the error it really is. Raises `BadReply`."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""
