"""What clients speak: OpenAI's `/v1/embeddings`, and what others have added to it."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from fairlead.dialects import bodies
from fairlead.dialects.codec import Facts
from fairlead.dialects.embeddings import vectors
from fairlead.dialects.embeddings.shape import EmbeddingReply, EmbeddingRequest, Input, Mixed, Task, Truncate
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Media, Text
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.wire import encode, split_data_url
from fairlead.errors import FairleadError

_TASKS: Final[dict[str, Task]] = {
    "query": "query",
    "search_query": "query",
    "retrieval_query": "query",
    "document": "document",
    "passage": "document",
    "search_document": "document",
    "retrieval_document": "document",
    "retrieval_passage": "document",
    "classification": "classification",
    "clustering": "clustering",
    "separation": "clustering",
    "similarity": "similarity",
    "semantic_similarity": "similarity",
    "text_matching": "similarity",
    "question_answering": "question",
    "fact_verification": "facts",
    "code_retrieval_query": "code",
}
_TRUNCATES: Final[dict[Any, Truncate]] = {"none": "none", "start": "start", "end": "end", False: "none", True: "end"}


class Client:
    """Reads and writes OpenAI's `/v1/embeddings`."""

    name = "openai-embeddings"
    names: Mapping[str, str] = {"inputs": "input", "encoding": "encoding_format", "task": "input_type"}

    def read(self, body: bytes) -> EmbeddingRequest:
        """The request in `body`; its `model` is the envelope's. Raises `RequestError` with `param`."""
        fields = Fields(bodies.read(body))
        fields.any("model")
        said = fields.text("input_type")
        task = fields.text("task")
        said = task if said is None else said
        extra: dict[str, Any] = {}
        request = EmbeddingRequest(
            _inputs(fields, extra),
            fields.integer("dimensions"),
            _encoding(fields),
            fields.text("user"),
            _TASKS.get(said.lower().replace("-", "_").replace(".", "_")) if said else None,
            said,
            _truncate(fields),
        )
        request.extra = extra | fields.rest()
        return request

    def write(self, reply: EmbeddingReply, request: EmbeddingRequest, facts: Facts) -> bytes:
        """The body of a reply, its vectors as the client asked for them. Raises `BadReply` where they cannot be."""
        form = vectors.packed if request.encoding == "base64" else vectors.numbers
        used = reply.usage.input_tokens if reply.usage else 0
        return encode(
            {
                "object": "list",
                "data": [
                    {"object": "embedding", "index": index, "embedding": form(vector)}
                    for index, vector in enumerate(reply.vectors)
                ],
                "model": facts.model,
                "usage": {"prompt_tokens": used, "total_tokens": used},
            }
        )

    def error(self, error: FairleadError) -> bytes:
        """The body of an error."""
        return encode(openai_errors.write(error))


def _encoding(fields: Fields) -> Literal["float", "base64"] | None:
    match fields.text("encoding_format"):
        case None:
            return None
        case "float":
            return "float"
        case "base64":
            return "base64"
    raise wrong("encoding_format", "`float` or `base64`")


def _truncate(fields: Fields) -> Truncate | None:
    value = fields.any("truncate")
    if value is None:
        return None
    key = value.lower() if isinstance(value, str) else value
    known = _TRUNCATES.get(key) if isinstance(key, str | bool) else None
    if known is None:
        raise wrong("truncate", "one of none, start, end")
    return known


def _inputs(fields: Fields, extra: dict[str, Any]) -> list[Input]:
    value = fields.any("input")
    if isinstance(value, list) and value and all(_is_token(each) for each in value):
        return [value]
    values = value if isinstance(value, list) else [value]
    if not values or value is None:
        raise wrong("input", "a text, a list of texts, or tokens")
    whole = isinstance(value, list)
    return [_input(each, f"input[{index}]" if whole else "input", extra) for index, each in enumerate(values)]


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _input(value: Any, at: str, extra: dict[str, Any]) -> Input:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(_is_token(each) for each in value):
        return value
    if not isinstance(value, dict):
        raise wrong(at, "a text, a list of tokens, or an object with an image")
    fields = Fields(value, at)
    if "content" in fields:
        return Mixed([_part(each) for each in fields.each("content")])
    image, text = fields.text("image"), fields.text("text")
    extra.update(fields.rest())
    if image is not None:
        words: list[Text | Media] = [] if text is None else [Text(text)]
        return Mixed([*words, _image(image, fields.path("image"))])
    if text is None:
        raise wrong(at, "an object with `text`, `image` or `content`")
    return text


def _part(fields: Fields) -> Text | Media:
    kind = fields.needed("type")
    if kind == "text":
        return Text(fields.needed("text"))
    if kind != "image_url":
        raise wrong(fields.path("type"), "`text` or `image_url`")
    value = fields.any("image_url")
    url = value if isinstance(value, str) else Fields(value, fields.path("image_url")).needed("url")
    return _image(url, fields.at)


def _image(value: str, at: str) -> Media:
    """An image by URL, or as base64."""
    if value.startswith(("http://", "https://")):
        return Media("image", url=value, at=at)
    mime, data = split_data_url(value) or (None, value)
    return Media("image", mime=mime, data=data, at=at)
