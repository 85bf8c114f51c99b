"""Every recorded chat, with what it says by plain means and what our codecs make of it."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fairlead.dialects import hub
from fairlead.dialects.codec import Facts, ProviderStream
from fairlead.dialects.model import Event, Reply, Request
from fairlead.providers.quirks import Known, mender
from tests.matrix.plain import chat, gemini, messages, others, responses
from tests.matrix.said import Said, of_events, of_reply
from tests.providers.test_quirks_recorded import SHOWN

VENDORS = (
    *("anthropic", "bedrock", "chatgpt", "cohere", "copilot", "deepseek", "doubleword", "gemini", "groq"),
    *("llamacpp", "mistral", "mistralrs", "ollama", "openai", "openrouter", "perplexity", "venice", "xai"),
)
FACTS = Facts("0199", "asked-for", 1_700_000_000)
_PATHS = {
    r"/chat/completions$": "openai-chat",
    r"/responses$": "openai-responses",
    r"/messages$": "anthropic-messages",
    r":(g|streamG)enerateContent$": "gemini",
    r"/v2/chat$": "cohere",
    r"/api/chat$": "ollama",
    r"/converse(-stream)?$": "bedrock-converse",
}
_PLAIN: dict[str, tuple[Callable[[Any], Said], Callable[[list[Any]], Said]]] = {
    "openai-chat": (chat.whole, chat.streamed),
    "openai-responses": (responses.whole, responses.streamed),
    "anthropic-messages": (messages.whole, messages.streamed),
    "gemini": (gemini.whole, gemini.streamed),
    "cohere": (others.cohere, others.cohere_stream),
    "ollama": (others.ollama, others.ollama_stream),
    "bedrock-converse": (others.converse, others.converse_stream),
}


@dataclass(frozen=True)
class Recording:
    """A recorded answer under status 200."""

    id: str
    vendor: str
    dialect: str
    stream: bool
    body: str

    def plain(self) -> Said:
        """What it says, by a walk over its JSON."""
        whole, streamed = _PLAIN[self.dialect]
        return streamed(list(self._values())) if self.stream else whole(json.loads(self.body))

    def _values(self) -> Iterator[Any]:
        if self.dialect == "bedrock-converse":
            yield from others.converse_events(self.body)
            return
        prefix = "" if self.dialect == "ollama" else "data: ?"
        for data in re.findall(rf"^{prefix}(\{{.*\}})\r?$", self.body, re.MULTILINE):
            yield json.loads(data)

    def read(self) -> Reply | list[Event]:
        """What its provider's side makes of it, after the vendor's quirks were mended."""
        by = mender(SHOWN.get(self.vendor, ("common",)) if self.dialect == "openai-chat" else ())
        known = Known(FACTS.id, FACTS.model, FACTS.created)
        if not self.stream:
            reply = hub.PROVIDERS[self.dialect].read(by.reply(self.body.encode(), known) if by else self.body.encode())
            assert isinstance(reply, Reply), self.id
            return reply
        raw = b64decode(self.body) if self.dialect == "bedrock-converse" else self.body.encode()
        frames = list(cut(self.dialect, raw))
        if by:
            mending = by.stream(known)
            frames = [mended for frame in frames if (mended := mending.chunk(frame)) is not None]
        return understood(self.dialect, frames)


def cut(dialect: str, stream: bytes) -> Iterator[bytes]:
    """The frames of a stream."""
    framing = hub.framing_of(dialect)
    splitter = framing.splitter()
    for event in (*splitter.feed(stream), splitter.end()):
        if (data := framing.data_of(event)) is not None:
            yield data


def understood(dialect: str, frames: list[bytes]) -> list[Event]:
    """The events in the frames of a whole stream."""
    reader: ProviderStream = hub.PROVIDERS[dialect].stream(1)
    events = [event for frame in frames for event in reader.read(frame)]
    assert reader.error is None
    assert reader.finished
    return events


def retold(client: str, read: Reply | list[Event]) -> Said:
    """What a client understands of an answer that was written for it."""
    side = hub.CLIENTS[client]
    if isinstance(read, Reply):
        again = hub.PROVIDERS[client].read(side.write(read, FACTS))
        assert isinstance(again, Reply)
        return of_reply(again)
    writer = side.stream(Request("asked-for", [], stream=True), FACTS)
    return of_events(understood(client, list(cut(client, writer.write(read) + writer.end()))))


def said(read: Reply | list[Event]) -> Said:
    """What the canonical model has of an answer."""
    return of_reply(read) if isinstance(read, Reply) else of_events(read)


@cache
def recordings(shared: Path, vendor: str) -> tuple[Recording, ...]:
    """The recorded chats of a vendor that were answered."""
    with gzip.open(shared / "recordings" / f"{vendor}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(each for line in lines if (each := _recording(vendor, json.loads(line))) is not None)


def _recording(vendor: str, exchange: Any) -> Recording | None:
    path, answer = exchange["request"]["path"], exchange["response"]
    dialect = next((name for pattern, name in _PATHS.items() if re.search(pattern, path)), None)
    if dialect is None or answer["status"] != 200:
        return None
    lines = answer["body"].rstrip().count("\n") if dialect == "ollama" else 0
    stream = path.endswith("-stream") or bool(lines) or re.match(r"\s*(event|data)?:", answer["body"]) is not None
    return Recording(exchange["id"], vendor, dialect, stream, answer["body"])


@cache
def reads(shared: Path, vendor: str) -> tuple[tuple[Recording, Reply | list[Event]], ...]:
    """Each recording of a vendor with what was read of it."""
    return tuple((each, each.read()) for each in recordings(shared, vendor))
