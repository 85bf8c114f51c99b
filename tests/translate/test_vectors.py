"""Embeddings and rankings, through the official clients, at providers of other dialects."""

import base64
import struct
from pathlib import Path
from typing import Any

import cohere
import pytest

from tests.support.gateway import KEY, one_provider, running
from tests.support.scripted import answering, reply, scripted

VECTORS = [[0.5, -1.0], [0.25, 2.0]]
EMBEDDED: dict[str, dict[str, Any]] = {
    "openai-chat": {
        "object": "list", "model": "up", "usage": {"prompt_tokens": 4, "total_tokens": 4},
        "data": [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(VECTORS)],
    },
    "cohere": {"id": "e", "embeddings": {"float": VECTORS}, "texts": [], "meta": {"billed_units": {"input_tokens": 4}}},
    "gemini": {"embeddings": [{"values": each} for each in VECTORS], "usageMetadata": {"promptTokenCount": 4}},
    "ollama": {"model": "up", "embeddings": VECTORS, "prompt_eval_count": 4},
}  # fmt: skip
PATHS = {
    "openai-chat": "/v1/embeddings",
    "cohere": "/v1/embed",
    "gemini": "/v1/models/up-model:batchEmbedContents",
    "ollama": "/v1/api/embed",
}
RANKED = {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]}


@pytest.mark.parametrize("dialect", EMBEDDED)
@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_embeddings_of_any_dialect(dialect: str, encoding: Any, tmp_path: Path) -> None:
    body = EMBEDDED[dialect]
    if dialect == "openai-chat" and encoding == "base64":
        packed = [base64.b64encode(struct.pack("<2f", *each)).decode() for each in VECTORS]
        data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(packed)]
        body = {**body, "data": data}
    async with (
        scripted(answering(reply(body))) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect)) as gateway,
    ):
        got = await gateway.openai().embeddings.create(model="m", input=["a", "b"], encoding_format=encoding)
    vectors = [each.embedding for each in got.data]
    if encoding == "base64":
        vectors = [list(struct.unpack("<2f", base64.b64decode(str(each)))) for each in vectors]
    assert vectors == VECTORS
    assert got.usage.prompt_tokens == 4
    assert up.received[0].path == PATHS[dialect]


@pytest.mark.parametrize("dialect", ["openai-chat", "cohere"])
async def test_a_ranking(dialect: str, tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({"id": "r", "model": "up", **RANKED}))) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect)) as gateway,
        cohere.AsyncClientV2(api_key=KEY, base_url=gateway.url) as client,
    ):
        got = await client.rerank(model="m", query="which?", documents=["this", "that"], top_n=2)
    assert [(each.index, each.relevance_score) for each in got.results] == [(1, 0.9), (0, 0.1)]
    assert up.received[0].path == "/v1/rerank"
    assert up.received[0].json["model"] == "up-model"


async def test_an_operation_that_a_dialect_has_not_is_refused(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({}))) as up,
        running(tmp_path, one_provider(up.url, dialect="anthropic-messages")) as gateway,
    ):
        got = await gateway.post({"model": "m", "input": "a"}, "/v1/embeddings")
    assert (got.status, got.json["error"]["code"]) == (400, "not_carried")
    assert up.received == []
