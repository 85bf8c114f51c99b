"""What providers speak: OpenAI's shape, Cohere's, Gemini's and Ollama's."""

from typing import Any, Final
from urllib.parse import quote

from fairlead.dialects import replies
from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.embeddings import vectors
from fairlead.dialects.embeddings.shape import EmbeddingReply, EmbeddingRequest, Input, Mixed
from fairlead.dialects.lenient import count, inner, word
from fairlead.dialects.model import BadReply, ErrorFacts, Media, Text, Usage
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.wire import data_url, encode


class _Provider:
    """What all providers share: how they say errors, and what none of them has a word for."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return openai_errors.read(status, body)


def _leave_out(request: EmbeddingRequest, losses: Losses, *, user: bool = False) -> None:
    if request.user is not None and not user:
        losses.hint("user")
    for name in request.extra:
        losses.hint(name)


def _opened(body: bytes, name: str) -> dict[str, Any] | ErrorFacts:
    """The reply's members, or the error that it is. Raises `BadReply` where it has no `name` either."""
    value = replies.members(body)
    if value.get(name) is None:
        facts = openai_errors.find(value) if value.get("error") or word(value, "message") else None
        if facts is None:
            raise BadReply(f"the reply has no `{name}`")
        return facts
    return value


def _entries(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list, none of which may be left out. Raises `BadReply`."""
    held = value[name]
    if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
        raise BadReply(f"`{name}` is no list of vectors")
    return held


def _texts(request: EmbeddingRequest, losses: Losses) -> list[str]:
    """The inputs of a provider that takes texts alone. An empty one keeps the place of what is none."""
    return [_text(each, losses) for each in request.inputs]


def _text(value: Input, losses: Losses) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        losses.change("inputs", "the provider takes no tokens of another's")
        return ""
    for part in value.parts:
        if isinstance(part, Media):
            losses.change(part.at or "inputs", "the provider makes vectors of texts alone")
    return "\n".join(part.text for part in value.parts if isinstance(part, Text))


class OpenAI(_Provider):
    """OpenAI, and whoever speaks as it does."""

    name = "openai-chat"

    def write(self, request: EmbeddingRequest, model: str, losses: Losses) -> Outgoing:
        inputs = [each if isinstance(each, list) else _text(each, losses) for each in request.inputs]
        body: dict[str, Any] = {"model": model, "input": inputs}
        members = (
            ("dimensions", request.dimensions),
            ("encoding_format", request.encoding),
            ("user", request.user),
        )
        body.update((name, value) for name, value in members if value is not None)
        if request.word is not None:
            losses.change("task")
        if request.truncate not in (None, "none"):
            losses.change("truncate", "an input that is too long is an error")
        _leave_out(request, losses, user=True)
        return Outgoing("/embeddings", encode(body))

    def read(self, body: bytes) -> EmbeddingReply | ErrorFacts:
        value = _opened(body, "data")
        if isinstance(value, ErrorFacts):
            return value
        made = vectors.read([each.get("embedding") for each in _in_order(_entries(value, "data"))])
        return EmbeddingReply(made, _openai_usage(value), word(value, "model"), word(value, "id"))


def _in_order(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries by their `index`, where each has one of its own."""
    places = {index: each for each in data if isinstance(index := each.get("index"), int)}
    whole = len(places) == len(data) and all(index in places for index in range(len(data)))
    return [places[index] for index in range(len(data))] if whole else data


def _openai_usage(value: dict[str, Any]) -> Usage | None:
    held = inner(value, "usage")
    return Usage(count(held, "prompt_tokens") or count(held, "total_tokens"), said=held) if held else None


class Cohere(_Provider):
    """Cohere's `/v2/embed` (https://docs.cohere.com/v2/reference/embed), which has to be told an `input_type`."""

    name = "cohere"

    _TASKS: Final[dict[Any, str]] = {
        "query": "search_query",
        "question": "search_query",
        "facts": "search_query",
        "code": "search_query",
        "document": "search_document",
        "classification": "classification",
        "clustering": "clustering",
    }

    def write(self, request: EmbeddingRequest, model: str, losses: Losses) -> Outgoing:
        images = [] if request.task is not None else _images(request.inputs)
        task = "image" if images else self._task(request, losses)
        body: dict[str, Any] = {"model": model, "input_type": task, "embedding_types": ["float"]}
        if images:
            body["images"] = images
        elif any(isinstance(each, Mixed) for each in request.inputs):
            body["inputs"] = [self._input(each, losses) for each in request.inputs]
        else:
            body["texts"] = _texts(request, losses)
        if request.dimensions is not None:
            body["output_dimension"] = request.dimensions
        if request.truncate is not None:
            body["truncate"] = request.truncate.upper()
        _leave_out(request, losses)
        return Outgoing("/embed", encode(body))

    def _task(self, request: EmbeddingRequest, losses: Losses) -> str:
        task = self._TASKS.get(request.task)
        if task is None:
            note = losses.hint if request.word is None else losses.change
            note("task", "Cohere has to be told one: it is told `search_document`")
        return task or "search_document"

    def _input(self, value: Input, losses: Losses) -> dict[str, Any]:
        parts = value.parts if isinstance(value, Mixed) else [Text(_text(value, losses))]
        return {"content": [block for part in parts if (block := _cohere_part(part, losses)) is not None]}

    def read(self, body: bytes) -> EmbeddingReply | ErrorFacts:
        value = _opened(body, "embeddings")
        if isinstance(value, ErrorFacts):
            return value
        held = value["embeddings"]
        made = vectors.read(held.get("float") if isinstance(held, dict) else held)
        return EmbeddingReply(made, _cohere_usage(inner(value, "meta")), id=word(value, "id"))


def _cohere_usage(meta: dict[str, Any]) -> Usage | None:
    """The tokens that are charged for; None where images are, of which nobody says how many tokens they have."""
    counted = inner(meta, "billed_units") or inner(meta, "tokens")
    if "input_tokens" not in counted and "image_tokens" not in counted:
        return None
    return Usage(count(counted, "input_tokens") + count(counted, "image_tokens"), said=meta)


def _images(inputs: list[Input]) -> list[str]:
    """The images, if the inputs are nothing else: the one form that Cohere's older models take them in."""
    images = [each.parts[0] for each in inputs if isinstance(each, Mixed) and len(each.parts) == 1]
    urls = [_data_url(each) for each in images if isinstance(each, Media) and each.data is not None]
    return urls if len(urls) == len(inputs) else []


def _data_url(image: Media) -> str:
    return data_url(image.mime or "image/png", image.data or "")


def _cohere_part(part: Text | Media, losses: Losses) -> dict[str, Any] | None:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.data is None:
        losses.change(part.at or "inputs", "Cohere takes images as data alone")
        return None
    return {"type": "image_url", "image_url": {"url": _data_url(part)}}


class Gemini(_Provider):
    """Gemini's `batchEmbedContents` (https://ai.google.dev/api/embeddings), which says no usage for some models."""

    name = "gemini"

    _TASKS: Final[dict[Any, str]] = {
        "query": "RETRIEVAL_QUERY",
        "document": "RETRIEVAL_DOCUMENT",
        "classification": "CLASSIFICATION",
        "clustering": "CLUSTERING",
        "similarity": "SEMANTIC_SIMILARITY",
        "question": "QUESTION_ANSWERING",
        "facts": "FACT_VERIFICATION",
        "code": "CODE_RETRIEVAL_QUERY",
    }

    def write(self, request: EmbeddingRequest, model: str, losses: Losses) -> Outgoing:
        path = model if "/" in model else f"models/{model}"
        shared: dict[str, Any] = {"model": path}
        if request.task is not None:
            shared["taskType"] = self._TASKS[request.task]
        elif request.word is not None:
            losses.change("task")
        if request.dimensions is not None:
            shared["outputDimensionality"] = request.dimensions
        if request.truncate in ("none", "start"):
            losses.change("truncate", "Gemini leaves out the end of an input that is too long")
        _leave_out(request, losses)
        entries = [{**shared, "content": {"parts": _gemini_parts(each, losses)}} for each in request.inputs]
        return Outgoing(f"/{quote(path)}:batchEmbedContents", encode({"requests": entries}))

    def read(self, body: bytes) -> EmbeddingReply | ErrorFacts:
        value = _opened(body, "embeddings")
        if isinstance(value, ErrorFacts):
            return value
        used = inner(value, "usageMetadata")
        made = vectors.read([each.get("values") for each in _entries(value, "embeddings")])
        return EmbeddingReply(made, Usage(count(used, "promptTokenCount"), said=used) if used else None)


def _gemini_parts(value: Input, losses: Losses) -> list[dict[str, Any]]:
    if not isinstance(value, Mixed):
        return [{"text": _text(value, losses)}]
    parts: list[dict[str, Any]] = []
    for part in value.parts:
        if isinstance(part, Text):
            parts.append({"text": part.text})
        elif part.data is not None:
            parts.append({"inlineData": {"mimeType": part.mime or "image/png", "data": part.data}})
        else:
            losses.change(part.at or "inputs", "Gemini takes images as data alone")
    return parts


class Ollama(_Provider):
    """Ollama's `/api/embed` (https://docs.ollama.com/api/embed)."""

    name = "ollama"

    def write(self, request: EmbeddingRequest, model: str, losses: Losses) -> Outgoing:
        body: dict[str, Any] = {"model": model, "input": _texts(request, losses)}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        if request.truncate is not None:
            body["truncate"] = request.truncate != "none"
        if request.truncate == "start":
            losses.change("truncate", "Ollama leaves out the end of an input that is too long")
        if request.word is not None:
            losses.change("task")
        _leave_out(request, losses)
        return Outgoing("/api/embed", encode(body))

    def read(self, body: bytes) -> EmbeddingReply | ErrorFacts:
        value = _opened(body, "embeddings")
        if isinstance(value, ErrorFacts):
            return value
        usage = Usage(count(value, "prompt_eval_count")) if "prompt_eval_count" in value else None
        return EmbeddingReply(vectors.read(value["embeddings"]), usage, word(value, "model"))
