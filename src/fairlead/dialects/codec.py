"""What a dialect has to give: its client side, its provider side, or both. All of it pure: no I/O, no clock.

    client side     read the client's request · write the reply, the events of a stream, an error
    provider side   write the request · read the reply, the events of a stream, an error

Neither side knows what the other one speaks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from fairlead.dialects.model import ErrorFacts, Event, NativePart, NativeTool, Reply, Request, Usage
from fairlead.errors import FairleadError


class Losses:
    """What a writer could not carry, in the client's own words.

    `names` gives the client's name of a member of `Request`; one that is missing there has the same name. What is lost
    of the call's `meaning` would give another answer than the one asked for; what is lost of its `hints` may make it
    dearer, slower or harder to trace.
    """

    __slots__ = ("_names", "hints", "meaning", "why")

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}
        self.meaning: list[str] = []
        self.hints: list[str] = []
        self.why: dict[str, str] = {}

    def change(self, name: str, why: str = "") -> None:
        """The member `name` cannot be carried, and the answer would be another one for that."""
        self._note(self.meaning, name, why)

    def hint(self, name: str, why: str = "") -> None:
        """The member `name` cannot be carried, and the answer is the same without it."""
        self._note(self.hints, name, why)

    def tool(self, tool: NativeTool) -> None:
        """A tool that only providers of its own dialect know cannot be carried."""
        kind = tool.value.get("type") or next(iter(tool.value), "tool")
        self.change(tool.at or "tools", f"`{kind}` is a tool of `{tool.dialect}` alone")

    def _note(self, where: list[str], name: str, why: str) -> None:
        shown = self._names.get(name, name)
        if shown not in where:
            where.append(shown)
            if why:
                self.why[shown] = why


class Outgoing(Struct):
    """A request as a provider gets it. `path` is appended to its base URL; `content_type` is the body's, if no JSON."""

    path: str
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = ""


class Facts(Struct, frozen=True):
    """What a reply says of itself where its provider does not: an id without prefix, the model, Unix seconds.

    `now` gives the time (Unix seconds) when it is asked, for a reply that says when it was whole.
    """

    id: str
    model: str
    created: int
    now: Callable[[], float] | None = None

    @property
    def completed(self) -> int:
        """When the reply was whole, where that is now."""
        return self.created if self.now is None else int(self.now())


class ClientStream(Protocol):
    """Writes one stream for a client. Every call gives whole events as bytes, or none."""

    def write(self, events: Sequence[Event]) -> bytes:
        """What the client gets of these events."""

    def end(self) -> bytes:
        """The end of a stream that is whole: what was held until then, and the dialect's end mark."""

    def error(self, error: FairleadError) -> bytes:
        """The in-band end of a stream that broke after it had begun. Never looks like success."""


class ClientSide(Protocol):
    """What a client speaks."""

    name: str
    names: Mapping[str, str]

    def read(self, body: bytes, model: str, *, stream: bool) -> Request:
        """The request in `body`; the envelope settled `model` and `stream`. Raises `RequestError` with `param`."""

    def write(self, reply: Reply, facts: Facts, request: Request | None = None) -> bytes:
        """The body of a whole reply; some dialects repeat what was asked in `request`."""

    def unsaid(self, reply: Reply, request: Request | None = None) -> list[str]:
        """What `write` has no words for in a reply to `request`, each as its own dialect calls it."""

    def stream(self, request: Request, facts: Facts) -> ClientStream:
        """A writer for the reply to `request`."""

    def error(self, error: FairleadError) -> bytes:
        """The body of an error."""


class Progress(Protocol):
    """How far a stream has come.

    `content` says whether something came that commits us, `finished` whether all that is needed for a whole answer
    came, `done` whether nothing more is to come. `usage` is the last one seen, `error` an error within the stream.
    """

    @property
    def content(self) -> bool: ...
    @property
    def finished(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def error(self) -> ErrorFacts | None: ...


class ProviderStream(Progress, Protocol):
    """Reads one stream of a provider."""

    def read(self, data: bytes) -> list[Event]:
        """The events in one frame (the data of a server-sent event, a line, a message). Raises `BadReply`."""


class ProviderSide(Protocol):
    """What a provider speaks."""

    name: str

    def write(self, request: Request, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""

    def read(self, body: bytes) -> Reply | ErrorFacts:
        """A whole reply under status 200, or the error it really is. Raises `BadReply`."""

    def stream(self, choices: int) -> ProviderStream:
        """A reader for a streamed reply with so many choices."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""


class Reading:
    """Stands before a reader of a stream, and knows of it what the reader knows."""

    __slots__ = ("_reader",)

    def __init__(self, reader: Progress) -> None:
        self._reader = reader

    @property
    def content(self) -> bool:
        return self._reader.content

    @property
    def finished(self) -> bool:
        return self._reader.finished

    @property
    def done(self) -> bool:
        return self._reader.done

    @property
    def usage(self) -> Usage | None:
        return self._reader.usage

    @property
    def error(self) -> ErrorFacts | None:
        return self._reader.error


def foreign(reply: Reply, own: str) -> list[str]:
    """What a reply has that only another dialect than `own` has a word for, as that one calls it."""
    parts = (part for choice in reply.choices for part in choice.parts)
    natives = (part for part in parts if isinstance(part, NativePart) and part.dialect != own)
    return list(dict.fromkeys(str(part.value.get("type") or part.dialect) for part in natives))
