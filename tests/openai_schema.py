"""OpenAI's published schema as an oracle: what is wrong with an answer, but for what OpenAI itself gets wrong.

`shared/` stands beside the repository and holds OpenAI's OpenAPI document and the recorded exchanges. Tests that need
it skip where it is absent.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SHARED = Path(__file__).resolve().parents[2] / "shared"
DOCUMENT = SHARED / "data" / "openai-openapi.json.gz"
ABSENT = None if DOCUMENT.is_file() else "the recorded exchanges and OpenAI's schema (../shared) are not here"

KINDS = {
    "reply": "CreateChatCompletionResponse",
    "chunk": "CreateChatCompletionStreamResponse",
    "completion": "CreateCompletionResponse",
    "embeddings": "CreateEmbeddingResponse",
    "models": "ListModelsResponse",
    "error": "ErrorResponse",
}


@dataclass(frozen=True)
class Tolerance:
    """A way in which OpenAI's own answers break OpenAI's schema, and a recording that shows it."""

    name: str
    reason: str
    recording: str
    kinds: tuple[str, ...]
    forgives: Callable[[ValidationError], bool]


def _null_at(path: str) -> Callable[[ValidationError], bool]:
    return lambda error: error.json_path == path and error.validator == "type" and error.instance is None


def _lacks_logprobs(error: ValidationError) -> bool:
    return (
        re.fullmatch(r"\$\.choices\[\d+\]", error.json_path) is not None
        and error.validator == "required"
        and error.message.startswith("'logprobs' ")
    )


TOLERANCES = (
    Tolerance(
        "null-usage",
        "Asked for usage, OpenAI sends `usage: null` in every chunk before the last.",
        "openai/chat_history_roundtrip_matrix/streaming_gpt_4_1_mini_normalized_parallel_tool.yaml#0",
        ("chunk",),
        _null_at("$.usage"),
    ),
    Tolerance(
        "null-fingerprint",
        "Older models answer with `system_fingerprint: null`, in whole replies and in streams.",
        "openai/max_completion_tokens_matrix/legacy_gpt_3_5_turbo_streaming_cap.yaml#0",
        ("reply", "chunk"),
        _null_at("$.system_fingerprint"),
    ),
    Tolerance(
        "no-logprobs",
        "Newer models leave `logprobs` out of the choices of a whole reply.",
        "openai/max_completion_tokens_matrix/caller_legacy_spelling_is_upgraded.yaml#0",
        ("reply",),
        _lacks_logprobs,
    ),
)


def problems(kind: str, value: object, tolerances: tuple[Tolerance, ...] = TOLERANCES) -> list[str]:
    """What is wrong with `value` as an answer of this kind, one line each; nothing if it is right."""
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in _validator(kind).iter_errors(value)
        if not any(kind in each.kinds and each.forgives(error) for each in tolerances)
    ]


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"urn:openai#/components/schemas/{KINDS[kind]}"}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    with gzip.open(DOCUMENT) as file:
        schemas = json.load(file)["components"]["schemas"]
    contents = {"components": {"schemas": _as_json_schema(schemas)}}
    schema: Resource[Any] = Resource.from_contents(contents, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:openai", schema)
    return registry


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.1 is JSON Schema, but the document still says `nullable` here and there, as 3.0 did.

    It is honored beside `type`. Beside `$ref`, where 3.0 ignored it, it is not: see the tolerance `null-usage`.
    """
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {name: _as_json_schema(value) for name, value in node.items()}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
    return node


@dataclass(frozen=True)
class Recording:
    """One recorded answer: of what kind, and its body, or for a stream the data of its events."""

    id: str
    kind: str
    bodies: tuple[bytes, ...]


@cache
def recordings(provider: str) -> tuple[Recording, ...]:
    """The recorded good answers of an OpenAI-shaped provider, those of the kinds that have a schema."""
    return tuple(_read(provider))


def _read(provider: str) -> Iterator[Recording]:
    with gzip.open(SHARED / "recordings" / f"{provider}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            kind = _kind(exchange)
            if not kind:
                continue
            body = exchange["response"]["body"]
            if kind == "chunk":
                events = re.findall(r"^data: ?(.*?)\r?$", body, re.MULTILINE)
                yield Recording(exchange["id"], kind, tuple(event.encode() for event in events if event != "[DONE]"))
            else:
                yield Recording(exchange["id"], kind, (body.encode(),))


def _kind(exchange: dict[str, Any]) -> str | None:
    if exchange["response"]["status"] >= 300:
        return None
    path = exchange["request"]["path"]
    if path.endswith("/chat/completions"):
        return "reply" if exchange["response"]["body"].lstrip().startswith("{") else "chunk"
    if path.endswith("/embeddings"):
        return "embeddings"
    return "models" if path.endswith("/models") else None
