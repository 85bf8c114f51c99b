"""Reranking: what clients ask reaches every provider, and every provider's order reaches them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.model import BadReply, ErrorFacts, Usage
from fairlead.dialects.rerank import CLIENT, RERANKERS, Ranked, RerankReply, RerankRequest
from fairlead.errors import RequestError, UnknownModel
from tests.dialects.exchanges import differences, exchanges
from tests.dialects.test_members import JSON

FACTS = Facts("made", "shown", 1)


def asked(**members: Any) -> RerankRequest:
    return CLIENT.read(json.dumps({"model": "m", "query": "q", "documents": ["a", "b"], **members}).encode())


def sent(dialect: str, request: RerankRequest, model: str = "m") -> tuple[Any, Losses]:
    losses = Losses(CLIENT.names)
    outgoing = RERANKERS[dialect].write(request, model, losses)
    assert outgoing.path == "/rerank"
    return json.loads(outgoing.body), losses


def read(value: Any, dialect: str = "openai-chat") -> Any:
    return RERANKERS[dialect].read(json.dumps(value).encode())


def shown(reply: RerankReply, **members: Any) -> Any:
    return json.loads(CLIENT.write(reply, asked(**members), FACTS))


def test_what_was_recorded_is_asked_read_and_shown(shared: Path) -> None:
    found = exchanges(shared, "llamacpp", "/rerank$")
    assert len(found) == 3
    for each in found:
        request = CLIENT.read(each.request)
        body, losses = sent("openai-chat", request, each.asked["model"])
        assert body == each.asked
        assert (losses.meaning, losses.hints) == ([], [])
        reply = RERANKERS["openai-chat"].read(each.body)
        assert isinstance(reply, RerankReply)
        written = json.loads(CLIENT.write(reply, request, Facts("made", each.said["model"], 1)))
        assert set(differences(each.said, written)) == {".object: str -> absent", ".id: absent -> str"}


# The client's side


def test_members_are_read() -> None:
    documents: list[Any] = ["a", {"text": "b", "title": "t"}]
    request = asked(documents=documents, top_n=1, return_documents=True, max_tokens_per_doc=9, new=1)
    assert request == RerankRequest("q", documents, 1, True, 9, {"new": 1})


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"query": None}, "query"),
        ({"query": 7}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": []}, "documents"),
        ({"documents": "a"}, "documents"),
        ({"documents": ["a", 7]}, "documents[1]"),
        ({"top_n": "1"}, "top_n"),
        ({"return_documents": 1}, "return_documents"),
    ],
)
def test_a_call_that_cannot_be_understood_is_refused_by_the_members_name(members: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        asked(**members)
    assert caught.value.param == param


@given(JSON | st.fixed_dictionaries({"query": st.text()}, optional={"documents": st.lists(JSON), "top_n": JSON}))
def test_no_json_raises_anything_but_a_request_error(value: Any) -> None:
    try:
        request = CLIENT.read(json.dumps(value).encode())
    except RequestError:
        return
    for dialect in RERANKERS:
        sent(dialect, request)


def test_a_reply_is_written() -> None:
    reply = RerankReply([Ranked(1, 0.5), Ranked(0, -3)], Usage(7), 1, "theirs", "i")
    assert shown(reply) == {
        "id": "i",
        "model": "shown",
        "results": [{"index": 1, "relevance_score": 0.5}, {"index": 0, "relevance_score": -3}],
        "meta": {"billed_units": {"search_units": 1}},
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    assert shown(RerankReply([])) == {"id": "made", "model": "shown", "results": []}


@pytest.mark.parametrize(
    ("wanted", "given_back", "document"),
    [
        (True, None, {"text": "b"}),
        (True, "theirs", {"text": "b"}),
        (None, "theirs", {"text": "theirs"}),
        (None, None, None),
        (False, "theirs", None),
    ],
)
def test_a_client_that_wants_its_documents_gets_them(wanted: Any, given_back: Any, document: Any) -> None:
    reply = RerankReply([Ranked(1, 0.5, given_back)])
    assert shown(reply, return_documents=wanted)["results"][0].get("document") == document
    far = RerankReply([Ranked(9, 0.5)])
    assert shown(far, return_documents=True)["results"] == [{"index": 9, "relevance_score": 0.5}]
    objects = {"documents": ["a", {"text": "b", "x": 1}], "return_documents": True}
    assert shown(reply, **objects)["results"][0]["document"] == {"text": "b", "x": 1}


def test_errors_are_openais() -> None:
    assert json.loads(CLIENT.error(UnknownModel("no such model")))["error"]["message"] == "no such model"


# The providers' sides


def test_cohere_is_sent_texts() -> None:
    documents = ["a", {"text": "b"}, {"title": "t", "text": "c", "n": [1]}]
    request = asked(documents=documents, top_n=2, max_tokens_per_doc=9, return_documents=True, rank_fields=["x"])
    body, losses = sent("cohere", request)
    assert body == {
        "model": "m",
        "query": "q",
        "documents": ["a", "b", "title: t\ntext: c\nn: [1]"],
        "top_n": 2,
        "max_tokens_per_doc": 9,
    }
    assert (losses.meaning, losses.hints) == ([], ["rank_fields"])


def test_an_image_that_cohere_cannot_read_is_said_by_its_place() -> None:
    body, losses = sent("cohere", asked(documents=["a", {"image": "https://e.com/i"}]))
    assert body["documents"] == ["a", ""]
    assert losses.meaning == ["documents[1]"]


def test_the_shared_shape_passes_as_it_came() -> None:
    members = {"documents": [{"text": "b"}], "top_n": 2, "return_documents": False, "rank_fields": ["x"]}
    body, losses = sent("openai-chat", asked(**members), "up")
    assert body == {"model": "up", "query": "q", **members}
    assert (losses.meaning, losses.hints) == ([], [])


RESULTS = [{"index": 0, "relevance_score": 1, "document": {"text": "a"}}]
RANKED = [Ranked(0, 1, {"text": "a"})]


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        (
            {"id": "i", "results": RESULTS, "meta": {"billed_units": {"search_units": 1}}},
            RerankReply(RANKED, None, 1, id="i"),
        ),
        (
            {"results": RESULTS, "meta": {"tokens": {"input_tokens": 5, "output_tokens": 0}}},
            RerankReply(RANKED, Usage(5)),
        ),
        ({"model": "m", "results": RESULTS, "usage": {"total_tokens": 3}}, RerankReply(RANKED, Usage(3), model="m")),
        ({"results": RESULTS, "usage": {"search_units": 2, "cost": 1}}, RerankReply(RANKED, None, 2)),
        ({"object": "list", "data": RESULTS, "usage": {"total_tokens": 0}}, RerankReply(RANKED, Usage(0))),
        ({"results": []}, RerankReply([])),
    ],
)
def test_a_reply_is_read(value: Any, reply: RerankReply) -> None:
    assert read(value) == reply
    assert read(value, "cohere") == reply


def test_an_error_is_read() -> None:
    for value in ({"message": "m", "id": "i"}, {"error": {"message": "m"}}):
        facts = read(value, "cohere")
        assert isinstance(facts, ErrorFacts)
        assert facts.message == "m"
        assert RERANKERS["cohere"].error(418, json.dumps(value).encode()).message == "m"


ENTRIES = st.fixed_dictionaries({}, optional={"index": JSON, "relevance_score": JSON, "document": JSON})


@given(JSON | st.fixed_dictionaries({"results": st.lists(ENTRIES) | JSON}, optional={"usage": JSON, "meta": JSON}))
def test_no_json_raises_anything_but_bad_reply(value: Any) -> None:
    try:
        reply = read(value)
    except BadReply:
        return
    assert isinstance(reply, RerankReply | ErrorFacts)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"results":[7]}', b'{"results":[{"index":0}]}', b'{"results":[{"relevance_score":1}]}'],
)
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        RERANKERS["cohere"].read(body)
