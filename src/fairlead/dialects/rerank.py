"""Reranking: which documents answer a query best. Clients speak the `/v1/rerank` that Cohere, Jina, vLLM, llama.cpp,
Together and OpenRouter share; their errors are OpenAI's.

A client that wants the documents back gets its own, which Cohere no longer sends
(https://docs.cohere.com/v2/reference/rerank).
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from msgspec import Struct, field

from fairlead.dialects import bodies, replies
from fairlead.dialects.codec import Facts, Losses, Outgoing
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.lenient import count, inner, word
from fairlead.dialects.model import BadReply, ErrorFacts, Usage
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.wire import encode
from fairlead.errors import FairleadError

Document = str | dict[str, Any]


class RerankRequest(Struct):
    """A query, and the documents to be put in order. A document that is an object has members that are read too."""

    query: str
    documents: list[Document]
    top_n: int | None = None
    return_documents: bool | None = None
    max_tokens_per_doc: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Ranked(Struct):
    """How well a document answers; `index` is its place in the request."""

    index: int
    score: float
    document: Document | None = None


class RerankReply(Struct):
    """The documents, best first. Some providers count tokens, some searches (`search_units`)."""

    results: list[Ranked]
    usage: Usage | None = None
    search_units: int | None = None
    model: str | None = None
    id: str | None = None


class RerankProvider(Protocol):
    """What a provider speaks, as `codec.ProviderSide`."""

    name: str

    def write(self, request: RerankRequest, model: str, losses: Losses) -> Outgoing:
        """The request for the provider's `model`; what it cannot say goes to `losses`."""

    def read(self, body: bytes) -> RerankReply | ErrorFacts:
        """A reply under status 200, or the error it really is. Raises `BadReply`."""

    def error(self, status: int, body: bytes) -> ErrorFacts:
        """What an error reply says."""


# --- the client's side


class Client:
    """Reads and writes `/v1/rerank`."""

    name = "rerank"
    names: Mapping[str, str] = {}

    def read(self, body: bytes) -> RerankRequest:
        """The request in `body`; its `model` is the envelope's. Raises `RequestError` with `param`."""
        fields = Fields(bodies.read(body))
        fields.any("model")
        request = RerankRequest(
            fields.needed("query"),
            _documents(fields),
            fields.integer("top_n"),
            fields.flag("return_documents"),
            fields.integer("max_tokens_per_doc"),
        )
        request.extra = fields.rest()
        return request

    def write(self, reply: RerankReply, request: RerankRequest, facts: Facts) -> bytes:
        """The body of a reply."""
        body: dict[str, Any] = {
            "id": reply.id or facts.id,
            "model": facts.model,
            "results": [_result(each, request) for each in reply.results],
        }
        if reply.search_units is not None:
            body["meta"] = {"billed_units": {"search_units": reply.search_units}}
        if reply.usage is not None:
            tokens = reply.usage.input_tokens
            body["usage"] = {
                "prompt_tokens": tokens,
                "total_tokens": tokens + reply.usage.output_tokens,
            }
        return encode(body)

    def error(self, error: FairleadError) -> bytes:
        """The body of an error."""
        return encode(openai_errors.write(error))


def _documents(fields: Fields) -> list[Document]:
    documents = fields.items("documents")
    if not documents:
        raise wrong("documents", "a list of texts, with one at least")
    for index, each in enumerate(documents):
        if not isinstance(each, str | dict):
            raise wrong(f"documents[{index}]", "a text, or an object")
    return documents


def _result(ranked: Ranked, request: RerankRequest) -> dict[str, Any]:
    written: dict[str, Any] = {"index": ranked.index, "relevance_score": ranked.score}
    document = None if request.return_documents is False else ranked.document
    if request.return_documents and 0 <= ranked.index < len(request.documents):
        document = request.documents[ranked.index]
    if document is not None:
        written["document"] = {"text": document} if isinstance(document, str) else document
    return written


# --- the providers' sides


class _Provider:
    """What all providers share: how they reply, and how they say errors."""

    def read(self, body: bytes) -> RerankReply | ErrorFacts:
        value = replies.members(body)
        found = value.get("results", value.get("data"))
        if not isinstance(found, list):
            facts = openai_errors.find(value) if value.get("error") or word(value, "message") else None
            if facts is None:
                raise BadReply("the reply has no `results`")
            return facts
        return RerankReply(
            [_ranked(each) for each in found],
            _usage(value),
            _units(value),
            word(value, "model"),
            word(value, "id"),
        )

    def error(self, status: int, body: bytes) -> ErrorFacts:
        return openai_errors.read(status, body)


def _ranked(value: Any) -> Ranked:
    held = value if isinstance(value, dict) else {}
    index, score = held.get("index"), held.get("relevance_score")
    if isinstance(index, bool) or not isinstance(index, int):
        raise BadReply("a result has no `index`")
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise BadReply("a result has no `relevance_score`")
    document = held.get("document")
    return Ranked(index, score, document if isinstance(document, str | dict) else None)


def _usage(value: dict[str, Any]) -> Usage | None:
    """The tokens of the call. Jina says `total_tokens` alone; with Cohere they stand in `meta`."""
    used, meta = inner(value, "usage"), inner(value, "meta")
    counted = next(
        (each for each in (inner(meta, "billed_units"), inner(meta, "tokens")) if "input_tokens" in each), {}
    )
    if counted:
        return Usage(count(counted, "input_tokens"), count(counted, "output_tokens"), said=meta)
    if "total_tokens" not in used and "prompt_tokens" not in used:
        return None
    return Usage(count(used, "total_tokens") or count(used, "prompt_tokens"), said=used)


def _units(value: dict[str, Any]) -> int | None:
    for held in (inner(inner(value, "meta"), "billed_units"), inner(value, "usage")):
        if "search_units" in held:
            return count(held, "search_units")
    return None


class Cohere(_Provider):
    """Cohere's `/v2/rerank`. Its documents are texts: an object is written as lines of `name: value`, as it asks."""

    name = "cohere"

    def write(self, request: RerankRequest, model: str, losses: Losses) -> Outgoing:
        documents = [_text(each, f"documents[{index}]", losses) for index, each in enumerate(request.documents)]
        body: dict[str, Any] = {"model": model, "query": request.query, "documents": documents}
        if request.top_n is not None:
            body["top_n"] = request.top_n
        if request.max_tokens_per_doc is not None:
            body["max_tokens_per_doc"] = request.max_tokens_per_doc
        for name in request.extra:
            losses.hint(name)
        return Outgoing("/rerank", encode(body))


def _text(document: Document, at: str, losses: Losses) -> str:
    if isinstance(document, str):
        return document
    if "image" in document:
        losses.change(at, "Cohere puts texts in order")
    if document.keys() == {"text"} and isinstance(document["text"], str):
        return document["text"]
    return "\n".join(f"{name}: {_scalar(value)}" for name, value in document.items() if name != "image")


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()


class Shared(_Provider):
    """The shape that clients speak too. Nothing is lost: what it has no word for goes on as it came."""

    name = "openai-chat"

    def write(self, request: RerankRequest, model: str, losses: Losses) -> Outgoing:  # noqa: ARG002  nothing is lost
        body: dict[str, Any] = {"model": model, "query": request.query, "documents": request.documents}
        members = {
            "top_n": request.top_n,
            "return_documents": request.return_documents,
            "max_tokens_per_doc": request.max_tokens_per_doc,
        }
        body |= {name: value for name, value in members.items() if value is not None}
        return Outgoing("/rerank", encode({**request.extra, **body}))


CLIENT: Final = Client()
RERANKERS: Final[dict[str, RerankProvider]] = {side.name: side for side in (Cohere(), Shared())}
