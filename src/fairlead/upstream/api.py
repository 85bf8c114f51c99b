"""What the rest of Fairlead asks of whatever carries a request to a provider."""

from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct, field

from fairlead.providers.row import Provider


@dataclass(frozen=True, slots=True)
class Clocks:
    """The four clocks of one attempt, settled, in seconds."""

    connect: float = 2.0
    first_byte: float = 60.0
    idle: float = 60.0
    total: float = 600.0


class Request(Struct, eq=False):
    """One request to one provider. `path` is appended to the provider's base URL."""

    provider: Provider
    method: str
    path: str
    body: bytes
    clocks: Clocks
    stream: bool = False
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)


class Response(Protocol):
    """A reply whose status and headers are there and whose body is still arriving.

    Reading raises `UpstreamFailure` where the upstream breaks off, stalls, or goes over a limit.
    """

    status: int

    def header(self, name: bytes) -> bytes | None:
        """The value of the header `name` (lower case), the first one if it is repeated."""

    async def read(self) -> bytes:
        """The whole body, decoded."""

    async def chunk(self) -> bytes:
        """The next piece of the body, decoded; empty at its end."""

    def linger(self) -> None:
        """Nothing more is wanted, but the end is due at once: let it come, for the connection's sake."""

    def close(self) -> None:
        """Give up whatever has not been read. Idempotent; closes the connection if the body is incomplete."""


class Upstream(Protocol):
    """Carries requests to providers."""

    async def send(self, request: Request) -> Response:
        """Send and wait for status and headers. Raises `UpstreamFailure`; never returns a 1xx."""

    async def aclose(self) -> None:
        """Let go of every connection."""
