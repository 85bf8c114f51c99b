"""Embeddings: what OpenAI's clients ask reaches every provider, and every provider's vectors reach them."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.embeddings import CLIENT, EMBEDDERS, EmbeddingReply, EmbeddingRequest, Mixed, vectors
from fairlead.dialects.model import BadReply, ErrorFacts, Media, Text, Usage
from fairlead.errors import RequestError, UnknownModel
from tests.dialects.exchanges import differences, exchanges
from tests.dialects.test_members import JSON

OPENAI_SHAPED = ("openai", "mistral", "openrouter", "venice", "doubleword", "llamacpp")
FACTS = Facts("id", "shown", 1)
IMAGE = Media("image", "image/png", "AA==", at="input[0]")
LINK = Media("image", url="https://e.com/i", at="p")


def asked(**members: Any) -> EmbeddingRequest:
    return CLIENT.read(json.dumps({"model": "m", "input": "a", **members}).encode())


def sent(dialect: str, request: EmbeddingRequest, model: str = "m") -> tuple[str, Any, Losses]:
    losses = Losses(CLIENT.names)
    outgoing = EMBEDDERS[dialect].write(request, model, losses)
    return outgoing.path, json.loads(outgoing.body), losses


def read(dialect: str, value: Any) -> Any:
    return EMBEDDERS[dialect].read(json.dumps(value).encode())


def shown(reply: EmbeddingReply, **members: Any) -> Any:
    return json.loads(CLIENT.write(reply, asked(**members), FACTS))


# Recordings


@pytest.mark.parametrize("vendor", OPENAI_SHAPED)
def test_what_openai_shaped_vendors_gave_is_read(shared: Path, vendor: str) -> None:
    for each in exchanges(shared, vendor, "/embeddings$"):
        if each.status != 200:
            facts = EMBEDDERS["openai-chat"].error(each.status, each.body)
            error = each.said["error"]
            assert facts.status == each.status
            assert facts.message == (error if isinstance(error, str) else error["message"])
            continue
        said, reply = each.said, EMBEDDERS["openai-chat"].read(each.body)
        assert isinstance(reply, EmbeddingReply)
        assert reply.vectors == [entry["embedding"] for entry in said["data"]]
        assert reply.usage == Usage(said["usage"]["prompt_tokens"])
        assert reply.model == said["model"]
        written = shown(reply)
        assert [entry["embedding"] for entry in written["data"]] == reply.vectors
        assert written["usage"]["prompt_tokens"] == said["usage"]["prompt_tokens"]


def test_what_cohere_and_gemini_gave_is_read(shared: Path) -> None:
    for each in exchanges(shared, "cohere", "/embed$"):
        if each.status == 200:
            reply = EMBEDDERS["cohere"].read(each.body)
            assert isinstance(reply, EmbeddingReply)
            held, billed = each.said["embeddings"], each.said["meta"]["billed_units"]
            assert reply.vectors == (held["float"] if isinstance(held, dict) else held)
            assert reply.usage == (Usage(billed["input_tokens"]) if "input_tokens" in billed else None)
            assert reply.id == each.said["id"]
    for each in exchanges(shared, "gemini", ":batchEmbedContents$"):
        reply = EMBEDDERS["gemini"].read(each.body)
        assert isinstance(reply, EmbeddingReply)
        assert reply.vectors == [entry["values"] for entry in each.said["embeddings"]]
        assert reply.usage is None


def plainly(body: dict[str, Any]) -> EmbeddingRequest:
    """The call that a recorded request makes, read by plain means."""
    if "requests" in body:
        texts = [part["text"] for each in body["requests"] for part in each["content"]["parts"]]
        return EmbeddingRequest([*texts], body["requests"][0]["output_dimensionality"])
    if "images" in body:
        images = [each.removeprefix("data:").split(";base64,") for each in body["images"]]
        return EmbeddingRequest([Mixed([Media("image", mime, data)]) for mime, data in images])
    if "texts" in body:
        word = body["input_type"]
        return EmbeddingRequest([*body["texts"]], task=word.removeprefix("search_"), word=word)
    return EmbeddingRequest([*body["input"]], body.get("dimensions", body.get("output_dimension")))


# Every difference to what was recorded, and why it is none in meaning.
EXPECTED = {
    "openai": set[str](),
    "doubleword": set[str](),
    "llamacpp": set[str](),
    "openrouter": set[str](),
    "venice": set[str](),
    # Mistral's own word, which the reader of the test knows and OpenAI's dialect does not.
    "mistral": {".output_dimension: int -> absent", ".dimensions: absent -> int"},
    # Recorded with version 1, which gave numbers unasked.
    "cohere": {".embedding_types: absent -> list"},
    # Two spellings of one name (https://protobuf.dev/programming-guides/json).
    "gemini": {
        ".requests[].output_dimensionality: int -> absent",
        ".requests[].outputDimensionality: absent -> int",
    },
}


@pytest.mark.parametrize("vendor", EXPECTED)
def test_a_call_is_written_as_it_was_recorded(shared: Path, vendor: str) -> None:
    found: set[str] = set()
    dialect = vendor if vendor in EMBEDDERS else "openai-chat"
    for each in exchanges(shared, vendor, "(/embeddings|/embed|:batchEmbedContents)$"):
        model = each.asked.get("model") or each.path.split("/")[-1].split(":")[0]
        path, body, losses = sent(dialect, plainly(each.asked), model)
        assert each.path.endswith(path)
        assert (losses.meaning, losses.hints) == ([], [])
        found |= set(differences(each.asked, body))
    assert found == EXPECTED[vendor]


# The client's side


@pytest.mark.parametrize(
    ("given_as", "inputs"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ([{"text": "a"}], ["a"]),
        (
            [{"image": "data:image/png;base64,AA=="}],
            [Mixed([Media("image", "image/png", "AA==", at="input[0].image")])],
        ),
        ([{"image": "AA=="}], [Mixed([Media("image", data="AA==", at="input[0].image")])]),
        (
            [{"text": "t", "image": "https://e.com/i"}],
            [Mixed([Text("t"), Media("image", url="https://e.com/i", at="input[0].image")])],
        ),
        (
            [
                {
                    "content": [
                        {"type": "text", "text": "t"},
                        {"type": "image_url", "image_url": {"url": "https://e.com/i"}},
                    ]
                }
            ],
            [Mixed([Text("t"), Media("image", url="https://e.com/i", at="input[0].content[1]")])],
        ),
    ],
)
def test_inputs_are_read(given_as: Any, inputs: list[Any]) -> None:
    assert asked(input=given_as).inputs == inputs


def test_members_are_read() -> None:
    request = asked(dimensions=3, encoding_format="base64", user="u", input_type="search_query", truncate="END", new=1)
    assert request == EmbeddingRequest(["a"], 3, "base64", "u", "query", "search_query", "end", {"new": 1})
    assert asked(task="retrieval.passage", truncate=False) == EmbeddingRequest(
        ["a"], task="document", word="retrieval.passage", truncate="none"
    )
    assert asked(encoding_format="float", input_type="new").task is None


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["a", 7]}, "input[1]"),
        ({"input": [[]]}, "input[0]"),
        ({"input": [{}]}, "input[0]"),
        ({"input": [{"image": 7}]}, "input[0].image"),
        ({"input": [{"content": [{"type": "audio"}]}]}, "input[0].content[0].type"),
        ({"input": [{"content": [{"type": "image_url", "image_url": {}}]}]}, "input[0].content[0].image_url.url"),
        ({"dimensions": "x"}, "dimensions"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"truncate": "middle"}, "truncate"),
        ({"truncate": []}, "truncate"),
        ({"user": 7}, "user"),
    ],
)
def test_a_call_that_cannot_be_understood_is_refused_by_the_members_name(members: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        asked(**members)
    assert caught.value.param == param


@given(JSON | st.fixed_dictionaries({}, optional={"input": JSON | st.lists(JSON), "truncate": JSON, "task": JSON}))
def test_no_json_raises_anything_but_a_request_error(value: Any) -> None:
    try:
        request = CLIENT.read(json.dumps(value).encode())
    except RequestError:
        return
    for dialect in EMBEDDERS:
        sent(dialect, request)


def test_a_reply_is_written_as_openai_has_it() -> None:
    reply = EmbeddingReply([[0.5, 1.0], [2.0]], Usage(7), "theirs")
    assert shown(reply) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, 1.0]},
            {"object": "embedding", "index": 1, "embedding": [2.0]},
        ],
        "model": "shown",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    assert shown(EmbeddingReply([]))["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_base64_is_float32_little_endian(numbers: list[float]) -> None:
    data = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    assert shown(EmbeddingReply([numbers]), encoding_format="base64")["data"][0]["embedding"] == data
    assert shown(EmbeddingReply([data]), encoding_format="base64")["data"][0]["embedding"] == data
    assert shown(EmbeddingReply([data]))["data"][0]["embedding"] == numbers


@pytest.mark.parametrize("vector", ["?", "AAA=", [1e300]])
def test_a_vector_that_is_none_is_a_bad_reply(vector: Any) -> None:
    with pytest.raises(BadReply):
        (vectors.numbers if isinstance(vector, str) else vectors.packed)(vector)


def test_errors_are_openais() -> None:
    assert json.loads(CLIENT.error(UnknownModel("no such model")))["error"]["message"] == "no such model"


# The providers' sides


def test_openai_is_asked_in_its_own_words() -> None:
    request = asked(input=["a", [1, 2]], dimensions=3, encoding_format="base64", user="u", truncate="none")
    path, body, losses = sent("openai-chat", request)
    assert (path, body) == (
        "/embeddings",
        {"model": "m", "input": ["a", [1, 2]], "dimensions": 3, "encoding_format": "base64", "user": "u"},
    )
    assert (losses.meaning, losses.hints) == ([], [])


def test_cohere_is_asked_in_its_own_words() -> None:
    request = asked(input=["a"], dimensions=3, encoding_format="base64", input_type="query", truncate="START")
    path, body, losses = sent("cohere", request)
    assert path == "/embed"
    assert body == {
        "model": "m",
        "input_type": "search_query",
        "embedding_types": ["float"],
        "texts": ["a"],
        "output_dimension": 3,
        "truncate": "START",
    }
    assert (losses.meaning, losses.hints) == ([], [])
    body = sent("cohere", EmbeddingRequest([Mixed([Text("t"), IMAGE]), "a"], task="clustering"))[1]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    assert body["inputs"] == [
        {"content": [{"type": "text", "text": "t"}, image]},
        {"content": [{"type": "text", "text": "a"}]},
    ]


def test_gemini_is_asked_in_its_own_words() -> None:
    request = EmbeddingRequest(["a", Mixed([Text("t"), IMAGE])], 3, task="similarity", truncate="end")
    path, body, losses = sent("gemini", request, "g e")
    shared = {"model": "models/g e", "taskType": "SEMANTIC_SIMILARITY", "outputDimensionality": 3}
    image = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    assert path == "/models/g%20e:batchEmbedContents"
    assert body["requests"] == [
        {**shared, "content": {"parts": [{"text": "a"}]}},
        {**shared, "content": {"parts": [{"text": "t"}, image]}},
    ]
    assert (losses.meaning, losses.hints) == ([], [])
    assert sent("gemini", asked(), "tunedModels/g")[0] == "/tunedModels/g:batchEmbedContents"


def test_ollama_is_asked_in_its_own_words() -> None:
    path, body, losses = sent("ollama", asked(input=["a"], dimensions=3, truncate=True))
    assert (path, body) == ("/api/embed", {"model": "m", "input": ["a"], "dimensions": 3, "truncate": True})
    assert (losses.meaning, losses.hints) == ([], [])


@pytest.mark.parametrize(
    ("dialect", "request_", "meaning", "hints"),
    [
        ("openai-chat", asked(input_type="query", truncate="end", new=1), ["input_type", "truncate"], ["new"]),
        ("openai-chat", EmbeddingRequest([Mixed([LINK])]), ["p"], []),
        ("cohere", asked(user="u"), [], ["input_type", "user"]),
        ("cohere", asked(input_type="text-matching"), ["input_type"], []),
        ("cohere", asked(input=[[1]], input_type="query"), ["input"], []),
        ("cohere", EmbeddingRequest([Mixed([LINK])], task="query", word="q"), ["p"], []),
        ("gemini", asked(input=[[1]], input_type="new", truncate="none"), ["input_type", "truncate", "input"], []),
        ("gemini", EmbeddingRequest([Mixed([LINK])]), ["p"], []),
        ("ollama", asked(input_type="query", truncate="start"), ["truncate", "input_type"], []),
        ("ollama", EmbeddingRequest([Mixed([Text("t"), IMAGE])], user="u"), ["input[0]"], ["user"]),
    ],
)
def test_what_cannot_be_carried_is_said(
    dialect: str, request_: EmbeddingRequest, meaning: list[str], hints: list[str]
) -> None:
    _, _, losses = sent(dialect, request_)
    assert (losses.meaning, losses.hints) == (meaning, hints)


def test_a_place_is_kept_for_every_input() -> None:
    for dialect, name in (("cohere", "texts"), ("ollama", "input")):
        assert sent(dialect, EmbeddingRequest(["a", [1], "b"]))[1][name] == ["a", "", "b"]


@pytest.mark.parametrize(
    ("dialect", "value", "reply"),
    [
        (
            "openai-chat",
            {"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": "AAAA"}], "usage": {"total_tokens": 3}},
            EmbeddingReply(["AAAA", [2.0]], Usage(3)),
        ),
        ("openai-chat", {"data": [{"index": 7, "embedding": [2]}]}, EmbeddingReply([[2.0]])),
        ("openai-chat", {"data": []}, EmbeddingReply([])),
        (
            "cohere",
            {
                "id": "i",
                "embeddings": {"float": [[1]]},
                "meta": {"billed_units": {"input_tokens": 2, "image_tokens": 3}},
            },
            EmbeddingReply([[1.0]], Usage(5), id="i"),
        ),
        (
            "gemini",
            {"embeddings": [{"values": [1]}], "usageMetadata": {"promptTokenCount": 4}},
            EmbeddingReply([[1.0]], Usage(4)),
        ),
        (
            "ollama",
            {"model": "o", "embeddings": [[1]], "prompt_eval_count": 2},
            EmbeddingReply([[1.0]], Usage(2), "o"),
        ),
        ("ollama", {"embeddings": [[1]]}, EmbeddingReply([[1.0]])),
    ],
)
def test_a_reply_is_read(dialect: str, value: Any, reply: EmbeddingReply) -> None:
    assert read(dialect, value) == reply


@pytest.mark.parametrize("dialect", EMBEDDERS)
def test_an_error_is_read(dialect: str) -> None:
    for value in ({"error": {"message": "m"}}, {"error": "m"}, {"message": "m", "id": "i"}):
        facts = read(dialect, value)
        assert isinstance(facts, ErrorFacts)
        assert facts.message == "m"
        assert EMBEDDERS[dialect].error(418, json.dumps(value).encode()).message == "m"


ENTRIES = st.lists(st.fixed_dictionaries({"index": JSON, "embedding": JSON, "values": JSON}) | JSON)
REPLIES = st.fixed_dictionaries(
    {}, optional={"data": ENTRIES | JSON, "embeddings": ENTRIES | JSON, "usage": JSON, "meta": JSON, "message": JSON}
)


@pytest.mark.parametrize("dialect", EMBEDDERS)
@given(JSON | REPLIES)
def test_no_json_raises_anything_but_bad_reply(dialect: str, value: Any) -> None:
    try:
        reply = read(dialect, value)
    except BadReply:
        return
    assert isinstance(reply, EmbeddingReply | ErrorFacts)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"data":[{}]}', b'{"embeddings":[{}]}', b'{"data":7}'])
@pytest.mark.parametrize("dialect", EMBEDDERS)
def test_what_is_no_reply_is_no_reply(dialect: str, body: bytes) -> None:
    with pytest.raises(BadReply):
        EMBEDDERS[dialect].read(body)
