"""The canonical request for images, its reply, and what a provider has to give."""

from typing import Any, Protocol

from msgspec import Struct, field

from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.model import ErrorFacts, Usage


class ImageRequest(Struct):
    """An image in words. `size` is its width and height; `told` has the members that say no more than how it looks."""

    prompt: str
    size: tuple[int, int] | None = None
    n: int = 1
    output_format: str | None = None
    response_format: str | None = None
    told: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


class Image(Struct):
    """One image in base64, and the seed that makes it again."""

    data: str
    seed: int | None = None


class ImageReply(Struct):
    """The images, as the provider made them."""

    images: list[Image]
    usage: Usage | None = None


class ImageProvider(Protocol):
    """What a provider speaks, as `codec.ProviderSide`."""

    name: str

    def write(self, request: ImageRequest, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""

    def read(self, body: bytes) -> ImageReply | ErrorFacts:
        """A reply under status 200, or the error it really is. Raises `BadReply`."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""
