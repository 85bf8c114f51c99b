"""What becomes of each event of a stream between a provider and a client."""

import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from fairlead.dialects import lenient, sse
from fairlead.dialects.codec import ClientSide, ClientStream, Facts, ProviderStream, Reading
from fairlead.dialects.model import (
    Began,
    ErrorFacts,
    Event,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Request,
    TextDelta,
    ToolDelta,
    Usage,
)
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.chat import DONE, StreamReader
from fairlead.errors import FairleadError

_DELTAS = (TextDelta, ReasoningDelta, RefusalDelta, ToolDelta)
# `[DONE]`, and the length of chunks before there is any.
_END_MARK, _NO_CHUNK = len("[DONE]"), 2**31
# What a chunk says, in all places where it may.
_SAID = re.compile(rb'"(?:content|reasoning|reasoning_content|arguments|text)": ?"((?:[^"\\]|\\.)*)"')
Mend = Callable[[bytes], bytes | None]
DataOf = Callable[[bytes], bytes | None]


class ErrorWithin(Exception):
    """A reply under status 200 is an error; `body` is what said so."""

    def __init__(self, facts: ErrorFacts, body: bytes) -> None:
        super().__init__(facts.message)
        self.facts = facts
        self.body = body


class Relay(Protocol):
    """Takes a stream's events one by one. `begun` says that at least one could be read, `produced` how many bytes of
    answer came, about; the rest is as in `codec`.
    """

    @property
    def begun(self) -> bool: ...
    @property
    def produced(self) -> int: ...
    @property
    def content(self) -> bool: ...
    @property
    def finished(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def usage(self) -> Usage | None: ...

    def event(self, event: bytes) -> bytes:
        """What the client is to get of one whole event. Raises `BadReply`, `ErrorWithin`."""

    def end(self) -> bytes:
        """What the client is to get where the upstream ended a whole answer without an end mark."""

    def broken(self, error: FairleadError) -> bytes:
        """The in-band end of a stream that broke."""


class ChatRelay(Reading):
    """`openai-chat` on both sides: bytes as they came, where neither a mend nor the wish for usage changes them."""

    __slots__ = ("_bytes", "_chunks", "_least", "_mend", "_wrapping")
    _reader: StreamReader

    def __init__(self, reader: StreamReader, mend: Mend | None) -> None:
        super().__init__(reader)
        self._mend = mend
        self._bytes = self._chunks = self._wrapping = 0
        self._least = _NO_CHUNK

    @property
    def produced(self) -> int:
        """A chunk's wrapping is as long as that of the shortest chunk, of which alone it is worked out."""
        return max(self._bytes - self._chunks * self._wrapping, 0) if self.content else 0

    @property
    def begun(self) -> bool:
        return bool(self._reader.last)

    def event(self, event: bytes) -> bytes:
        said = data = sse.data_of(event)
        if data is None or self._reader.done:
            return _comment(event) if data is None else b""
        size = len(data)
        if size > _END_MARK:
            self._bytes += size
            self._chunks += 1
            if size < self._least:
                self._least, self._wrapping = size, size - sum(map(len, _SAID.findall(data)))
        if self._mend is not None and data != b"[DONE]":
            data = self._mend(data)
        shown = None if data is None else self._reader.read(data)
        if self._reader.error is not None:
            raise ErrorWithin(self._reader.error, data or b"")
        if shown is None:
            return b""
        return event if shown is said else sse.event(shown)

    def end(self) -> bytes:
        return DONE

    def broken(self, error: FairleadError) -> bytes:
        return self._reader.error_event(openai_errors.write(error))


class PlainRelay:
    """Events of an operation that has no deltas to follow: it is whole once an event says that all is over.

    Where several images were asked for, each has its own `completed`; one without an image in it sums all of them up.
    """

    __slots__ = ("_missing", "begun", "content", "done", "finished", "produced", "usage")

    def __init__(self, images: int = 1) -> None:
        self._missing = images
        self.begun = self.content = self.finished = self.done = False
        self.usage: Usage | None = None
        self.produced = 0

    def event(self, event: bytes) -> bytes:
        data = sse.data_of(event)
        if data is None:
            return _comment(event)
        said = lenient.members(data)
        facts = openai_errors.find(said) if "error" in said else None
        if facts is not None:
            raise ErrorWithin(facts, data)
        self.begun = self.content = True
        self.done |= data == b"[DONE]"
        self.finished |= self.done or self._last(said)
        self.usage = plain_usage(said) or self.usage
        return event

    def _last(self, said: dict[str, Any]) -> bool:
        kind = str(said.get("type"))
        if kind.endswith(".completed"):
            self._missing -= 1
            return self._missing <= 0 or not (said.get("b64_json") or said.get("url"))
        return kind.endswith(".done")

    def end(self) -> bytes:
        return b""

    def broken(self, error: FairleadError) -> bytes:
        return sse.event(msgspec.json.encode({"type": "error", **openai_errors.write(error)}))


class RawRelay(PlainRelay):
    """Bytes that are no events, such as sound: HTTP alone says whether they came whole."""

    __slots__ = ()

    def event(self, event: bytes) -> bytes:
        self.begun = self.content = self.finished = True
        return event

    def broken(self, error: FairleadError) -> bytes:
        # There is no way to say it within a sound: the connection breaks off.
        raise error


def plain_usage(said: dict[str, Any]) -> Usage | None:
    """The usage that images, transcripts and the like report."""
    counts = lenient.inner(said, "usage")
    if not counts:
        return None
    taken = lenient.count(counts, "input_tokens") or lenient.count(counts, "prompt_tokens")
    made = lenient.count(counts, "output_tokens") or lenient.count(counts, "completion_tokens")
    return Usage(taken, made, said=counts)


class _Followed(Reading):
    """A stream that a codec reads."""

    __slots__ = ("_made", "begun", "produced")
    _reader: ProviderStream

    def __init__(self, reader: ProviderStream, made: list[str]) -> None:
        super().__init__(reader)
        self._made = made
        self.begun = False
        self.produced = 0

    def _read(self, data: bytes) -> list[Event]:
        """The events of one frame, from which it is noted what only this provider can use again."""
        events = self._reader.read(data)
        self.begun = True
        if self._reader.error is not None:
            raise ErrorWithin(self._reader.error, data)
        for event in events:
            if isinstance(event, _DELTAS):
                self.produced += len(event.text) if event.text.isascii() else len(event.text.encode("utf-8", "replace"))
            elif type(event) is ReasoningEnd and event.encrypted:
                self._made.append(event.encrypted)
            elif type(event) is Began and event.id:
                self._made.append(event.id)
        return events


class SameRelay(_Followed):
    """One dialect on both sides: bytes as they came; the codec only follows."""

    __slots__ = ("_client", "_facts")

    def __init__(self, reader: ProviderStream, client: ClientSide, facts: Facts, made: list[str]) -> None:
        super().__init__(reader, made)
        self._client = client
        self._facts = facts

    def event(self, event: bytes) -> bytes:
        data = sse.data_of(event)
        if data is None or self._reader.done:
            return _comment(event) if data is None else b""
        self._read(data)
        return event

    def end(self) -> bytes:
        return b""

    def broken(self, error: FairleadError) -> bytes:
        return self._client.stream(Request("", []), self._facts).error(error)


class TranslatingRelay(_Followed):
    """Two dialects: what the provider says is read, and written anew for the client."""

    __slots__ = ("_data_of", "_mend", "_writer")

    def __init__(
        self, reader: ProviderStream, writer: ClientStream, data_of: DataOf, mend: Mend | None, made: list[str]
    ) -> None:
        super().__init__(reader, made)
        self._writer = writer
        self._data_of = data_of
        self._mend = mend

    def event(self, event: bytes) -> bytes:
        data = self._data_of(event)
        if data is None or self.done:
            return b""
        if self._mend is not None and data != b"[DONE]":
            data = self._mend(data)
            if data is None:
                return b""
        events = self._read(data)
        out = self._writer.write(events) if events else b""
        return out + self._writer.end() if self._reader.done else out

    def end(self) -> bytes:
        return self._writer.end()

    def broken(self, error: FairleadError) -> bytes:
        return self._writer.error(error)


def _comment(event: bytes) -> bytes:
    """A comment alone, which keeps a connection awake.

    An event with a name or an id but no data is none by the standard; official clients fall over it.
    """
    return event if event.startswith(b":") and event.count(b"\n") <= 2 else b""


def readable(event: bytes) -> bytes:
    """The event as UTF-8: the same, but for bytes that are none."""
    try:
        event.decode()
    except UnicodeDecodeError:
        return event.decode("utf-8", "replace").encode()
    return event
