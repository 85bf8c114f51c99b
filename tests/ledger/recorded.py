"""The recorded exchanges that have a usage: the raw one, found by plain means of our own, and the one that we read."""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fairlead.dialects import embeddings
from fairlead.dialects.embeddings import providers as embedding
from fairlead.dialects.hub import PROVIDERS, framing_of
from fairlead.dialects.model import Counted, ErrorFacts, Reply, Usage

Raw = dict[str, Any]
# What a path says of the dialect, and what else the row is called than the vendor.
PATHS = (
    (r"/chat/completions$", "openai-chat"),
    (r"/responses$", "openai-responses"),
    (r"/messages$", "anthropic-messages"),
    (r":(stream)?[gG]enerateContent$", "gemini"),
    (r"/converse(-stream)?$", "bedrock-converse"),
    (r"/v2/chat$", "cohere"),
    (r"/api/chat$", "ollama"),
    (r"/embeddings$", "embeddings"),
    (r"/v1/embed$", "cohere-embed"),
)
NAMES = {"gemini": "google"}
EMBEDDING: dict[str, embeddings.shape.EmbeddingProvider] = {
    "embeddings": embedding.OpenAI(),
    "cohere-embed": embedding.Cohere(),
}


@dataclass(frozen=True)
class Used:
    """One exchange: who answered as which model, the usage as it was sent, and as our provider side reads it."""

    id: str
    vendor: str
    provider: str
    dialect: str
    model: str
    streams: bool
    raw: Raw
    usage: Usage
    tier: str | None


@cache
def used(shared: Path) -> tuple[Used, ...]:
    """Every recorded exchange with a usage, at the paths of a dialect that we speak."""
    return tuple(each for file in sorted((shared / "recordings").glob("*.jsonl.gz")) for each in _of(file))


def _of(file: Path) -> Iterator[Used]:
    vendor = file.name.partition(".")[0]
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            asked, answered = exchange["request"], exchange["response"]
            dialect = next((name for path, name in PATHS if re.search(path, asked["path"])), None)
            if dialect is None or answered["status"] >= 300 or not answered["body"]:
                continue
            body, streams = _body(answered)
            raw = _raw(dialect, body)
            if not raw:
                continue
            read, tier = _read(dialect, body, streams=streams)
            # Cohere counts pictures that it embeds, and no tokens of them.
            assert read is not None or "images" in raw["billed_units"], exchange["id"]
            provider = NAMES.get(vendor, "openrouter" if asked["path"].startswith("/api/v1/messages") else vendor)
            model = _model(dialect, asked)
            yield Used(exchange["id"], vendor, provider, dialect, model, streams, raw, read or Usage(), tier)


def _body(answered: Raw) -> tuple[bytes, bool]:
    kind = dict(answered["headers"]).get("content-type", "")
    if "eventstream" in kind:
        return base64.b64decode(answered["body"]), True
    # Not every stream of ChatGPT's says that it is one.
    streams = "event-stream" in kind or "ndjson" in kind or answered["body"].startswith(("event:", "data:"))
    return answered["body"].encode(), streams


def _model(dialect: str, asked: Raw) -> str:
    if dialect == "gemini":
        return str(asked["path"].rpartition("/")[2].partition(":")[0])
    if dialect == "bedrock-converse":
        return str(asked["path"].split("/")[2].replace("%3A", ":"))
    return str(json.loads(asked["body"])["model"])


def _read(dialect: str, body: bytes, *, streams: bool) -> tuple[Usage | None, str | None]:
    """The usage and the tier, by our provider sides."""
    if dialect in EMBEDDING:
        embedded = EMBEDDING[dialect].read(body)
        assert isinstance(embedded, embeddings.shape.EmbeddingReply)
        return embedded.usage, None
    side = PROVIDERS[dialect]
    if not streams:
        reply = side.read(body)
        assert not isinstance(reply, ErrorFacts)
        return reply.usage, reply.service_tier
    reader, framing, tier = side.stream(1), framing_of(dialect), None
    for frame in framing.splitter().feed(body):
        data = framing.data_of(frame)
        for event in reader.read(data) if data and data != b"[DONE]" else ():
            tier = event.service_tier or tier if isinstance(event, Counted) else tier
    return reader.usage, tier


def _raw(dialect: str, body: bytes) -> Raw:
    """The last usage that stands in a body. Anthropic's streams say it in two halves."""
    if dialect == "bedrock-converse" and not body.startswith(b"{"):
        found = re.search(rb'"usage":(\{.*?\{.*?\}.*?\}|\{.*?\})', body)
        return json.loads(found[1]) if found else {}
    whole: Raw = {}
    for document in _documents(body):
        if dialect == "ollama":
            whole = document if "eval_count" in document else whole
            continue
        for held in (document.get("message"), document.get("response"), document.get("delta"), document):
            said = _said(held) if isinstance(held, dict) else None
            if said:
                whole = {**whole, **{name: value for name, value in said.items() if value is not None}}
    return whole


def _said(held: Raw) -> Any:
    return held.get("usage") or held.get("usageMetadata") or held.get("meta")


def _documents(body: bytes) -> list[Raw]:
    try:
        return [json.loads(body)]
    except ValueError:
        lines = (line.removeprefix(b"data:").strip() for line in body.splitlines())
        return [json.loads(line) for line in lines if line.startswith(b"{")]


__all__ = ["Raw", "Reply", "Used", "used"]
