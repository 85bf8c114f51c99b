"""What a provider's reply says, whole or streamed, however badly it is written."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given

from fairlead.dialects.gemini import PROVIDER
from fairlead.dialects.gemini.words import FINISHES
from fairlead.dialects.model import (
    Aside,
    BadReply,
    Began,
    Choice,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    NativePart,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Reply,
    Shown,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from tests.dialects.test_members import JSON

SIGNED_IMAGE = {"inlineData": {"mimeType": "image/png", "data": "AA"}, "thoughtSignature": "s"}


def body(*parts: Any, reason: str | None = "STOP", **candidate: Any) -> dict[str, Any]:
    held = {"content": {"role": "model", "parts": list(parts)}, **candidate}
    return {"candidates": [held if reason is None else {**held, "finishReason": reason}], "responseId": "R"}


def read(value: Any) -> Reply:
    reply = PROVIDER.read(json.dumps(value).encode())
    assert isinstance(reply, Reply)
    return reply


def choice(*parts: Any, **candidate: Any) -> Choice:
    return read(body(*parts, **candidate)).choices[0]


def events(*frames: Any, choices: int = 1) -> list[Event]:
    reader = PROVIDER.stream(choices)
    return [event for frame in frames for event in reader.read(json.dumps(frame).encode())]


@pytest.mark.parametrize(
    ("part", "said", "streamed"),
    [
        ({"text": "a"}, [Text("a")], [TextDelta("a")]),
        ({"text": ""}, [], []),
        (
            {"text": "a", "thought": True, "thoughtSignature": "s"},
            [Reasoning("a", "s", issuer="gemini", summary=True)],
            [ReasoningDelta("a", summary=True), ReasoningEnd(signature="s", issuer="gemini")],
        ),
        (
            {"text": "a", "thoughtSignature": "s"},
            [Text("a"), Reasoning("", "s", issuer="gemini")],
            [TextDelta("a"), ReasoningEnd(signature="s", issuer="gemini")],
        ),
        ({"thoughtSignature": "s"}, [Reasoning("", "s", issuer="gemini")], [ReasoningEnd(0, "s", issuer="gemini")]),
        (
            {"functionCall": {"name": "f", "args": {"a": "é"}}, "thoughtSignature": "s"},
            [ToolCall("call_0_R", "f", '{"a":"é"}', signature="s", issuer="gemini")],
            [ToolStart(0, "call_0_R", "f", signature="s", issuer="gemini"), ToolDelta(0, '{"a":"é"}')],
        ),
        (
            {"functionCall": {"name": "f", "id": "i"}},
            [ToolCall("i", "f", "{}")],
            [ToolStart(0, "i", "f"), ToolDelta(0, "{}")],
        ),
        (
            SIGNED_IMAGE,
            [Media("image", "image/png", "AA"), Reasoning("", "s", issuer="gemini")],
            [Shown(Media("image", "image/png", "AA")), ReasoningEnd(signature="s", issuer="gemini")],
        ),
        (
            {"executableCode": {"code": "1"}},
            [NativePart("gemini", {"executableCode": {"code": "1"}})],
            [Shown(NativePart("gemini", {"executableCode": {"code": "1"}}))],
        ),
        (
            {**SIGNED_IMAGE, "thought": True},
            [NativePart("gemini", {**SIGNED_IMAGE, "thought": True})],
            [Shown(NativePart("gemini", {**SIGNED_IMAGE, "thought": True}))],
        ),
    ],
)
def test_what_a_part_says(part: dict[str, Any], said: list[Part], streamed: list[Event]) -> None:
    assert choice(part).parts == said
    assert events(body(part, reason=None)) == [Began("R"), *streamed]


@pytest.mark.parametrize("reason", [*FINISHES, "SOMETHING_NEW"])
def test_every_reason_to_end_has_a_word(reason: str) -> None:
    found = choice({"text": "a"}, reason=reason)
    assert found.finish == FINISHES.get(reason, "error")
    assert found.native_finish == reason


def test_calls_are_why_it_ended() -> None:
    call = {"functionCall": {"name": "f"}}
    assert choice(call).finish == "tool_calls"
    assert choice(call, reason="MAX_TOKENS").finish == "length"
    assert events(body(call, reason=None), body())[-1] == Finished("tool_calls", 0, None, "STOP")


def test_ids_are_made_once_within_a_reply_and_stay_the_same() -> None:
    call = {"functionCall": {"name": "a.b"}}
    named = read({**body(call, call), "responseId": "x/y="})
    assert [part.id for part in named.choices[0].parts if isinstance(part, ToolCall)] == ["call_0_x_y_", "call_1_x_y_"]
    unnamed = read({**body(call, call), "responseId": None})
    assert [part.id for part in unnamed.choices[0].parts if isinstance(part, ToolCall)] == ["call_0_a_b", "call_1_a_b"]


def test_a_blocked_prompt_is_an_answer_that_was_filtered() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    aside = Aside({"promptFeedback": {"blockReason": "SAFETY"}})
    reply = read(blocked)
    assert reply.choices == [Choice([], "content_filter", native_finish="SAFETY")]
    assert (reply.usage, reply.aside) == (Usage(3), aside.members)
    reader = PROVIDER.stream(1)
    said = reader.read(json.dumps(blocked).encode())
    assert said == [Began(), aside, Finished("content_filter", 0, None, "SAFETY"), Counted(Usage(3))]
    assert reader.finished


def test_tokens_are_counted_whole() -> None:
    meta = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 20,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 4,
        "cachedContentTokenCount": 50,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}, {"modality": "AUDIO", "tokenCount": 10}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}],
        "serviceTier": "standard",
    }
    reply = read({**body({"text": "a"}), "usageMetadata": meta})
    assert reply.usage == Usage(120, 34, 50, 4, 0, 0, 10, 5)
    assert reply.service_tier == "default"
    assert events({**body(), "usageMetadata": meta})[-1] == Counted(Usage(120, 34, 50, 4, 0, 0, 10, 5), "default")


def test_a_cut_stream_has_the_usage_that_was_seen() -> None:
    reader = PROVIDER.stream(1)
    frame = {**body({"text": "a"}, reason=None), "usageMetadata": {"promptTokenCount": 3}}
    assert not any(isinstance(event, Counted) for event in reader.read(json.dumps(frame).encode()))
    assert reader.usage == Usage(3)
    assert reader.content
    assert not reader.finished


GROUNDED: dict[str, Any] = {
    "groundingMetadata": {
        "groundingChunks": [{"web": {"uri": "u1", "title": "t1"}}, {"web": {"uri": "u2"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 3, "endIndex": 5, "text": "ab"}, "groundingChunkIndices": [0, 9, "x"]}
        ],
    },
    "citationMetadata": {"citationSources": [{"uri": "u3", "endIndex": 2}]},
    "urlContextMetadata": {
        "urlMetadata": [
            {"retrievedUrl": "u4", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"},
            {"retrievedUrl": "u1", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"},
            {"retrievedUrl": "u5", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_ERROR"},
        ]
    },
}


def test_citations_count_code_points_where_gemini_counts_bytes() -> None:
    (text,) = choice({"text": "é abc"}, **GROUNDED).parts
    assert isinstance(text, Text)
    found = [(each.url, each.title, each.quote, each.start, each.end) for each in text.citations]
    assert found == [
        ("u1", "t1", "ab", 2, 4),
        ("u2", None, None, None, None),
        ("u3", None, None, 0, 1),
        ("u4", None, None, None, None),
    ]
    assert text.citations[0].native == {"web": {"uri": "u1", "title": "t1"}}


def test_a_stream_cites_each_source_once() -> None:
    said = events(body({"text": "é "}, reason=None), body({"text": "abc"}, reason=None, **GROUNDED), body(**GROUNDED))
    cited = [event.citation for event in said if isinstance(event, Cited)]
    assert [(each.url, each.start, each.end) for each in cited] == [
        ("u1", 2, 4),
        ("u2", None, None),
        ("u3", 0, 1),
        ("u4", None, None),
    ]
    assert isinstance(cited[0], Citation)
    assert isinstance(said[-1], Finished)


def test_logprobs_are_read_with_those_that_might_have_been() -> None:
    result = {
        "chosenCandidates": [{"token": "a", "logProbability": -1}, {"token": "b"}],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -1}, {"token": "c", "logProbability": -2}]}],
    }
    expected = [TokenLogprob("a", -1, None, [TokenLogprob("a", -1), TokenLogprob("c", -2)]), TokenLogprob("b", 0)]
    assert choice({"text": "ab"}, logprobsResult=result).logprobs == expected
    assert events(body({"text": "ab"}, reason=None, logprobsResult=result))[1] == TextDelta("ab", 0, expected)


def test_choices_are_told_apart() -> None:
    two = {"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}, "index": 1}]}
    assert [each.index for each in read(two).choices] == [0, 1]
    reader = PROVIDER.stream(2)
    reader.read(json.dumps(two).encode())
    for index in (0, 1):
        assert not reader.finished
        reader.read(json.dumps({"candidates": [{"index": index, "finishReason": "STOP"}]}).encode())
    assert reader.finished


def test_fewer_choices_than_were_asked_for_are_whole_once_each_has_ended() -> None:
    reader = PROVIDER.stream(2)
    for index in (0, 1):
        reader.read(json.dumps({"candidates": [{"index": index, "content": {"parts": [{"text": "a"}]}}]}).encode())
        assert not reader.finished
        reader.read(json.dumps({"candidates": [{"index": index, "finishReason": "STOP"}]}).encode())
        assert reader.finished


def test_an_end_while_code_runs_is_none() -> None:
    reader = PROVIDER.stream(1)
    reader.read(json.dumps(body({"executableCode": {"code": "1"}})).encode())
    assert not reader.finished
    reader.read(json.dumps(body({"codeExecutionResult": {"output": "1"}}, reason=None)).encode())
    assert reader.read(json.dumps(body({"text": "1"})).encode())[-1] == Finished("stop", 0, None, "STOP")
    assert reader.finished


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value]])
def test_an_error_under_status_200_is_one(wrap: Any) -> None:
    error = wrap({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}})
    facts = PROVIDER.read(json.dumps(error).encode())
    assert facts == PROVIDER.error(503, json.dumps(error).encode())
    reader = PROVIDER.stream(1)
    assert reader.read(json.dumps(error).encode()) == []
    assert reader.error == facts
    assert not reader.finished


@pytest.mark.parametrize("data", [b"", b"no", b"[]", b"7", b"{}", b'{"candidates":[]}', b'{"candidates":{}}'])
def test_what_is_no_reply_is_bad(data: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(data)


@given(JSON)
def test_no_reply_raises_anything_but_a_bad_reply(value: Any) -> None:
    candidate = {"content": {"parts": [value, {"functionCall": value}, {"inlineData": value}, {"text": value}]}}
    meta = {name: {"groundingChunks": value, "groundingSupports": value, "urlMetadata": value} for name in GROUNDED}
    for reply in (
        value,
        {"candidates": value},
        {"candidates": [{"content": value}], "usageMetadata": value, "promptFeedback": value},
        {"candidates": [candidate, {"content": {"parts": value}, "finishReason": value, "index": value, **meta}]},
        {"candidates": [{"logprobsResult": {"chosenCandidates": value, "topCandidates": value}}], "error": value},
        {"usageMetadata": {"promptTokenCount": value, "promptTokensDetails": value}, "candidates": [candidate]},
        {"candidates": [{"groundingMetadata": {"groundingChunks": [{"web": value}], "groundingSupports": [value]}}]},
    ):
        data = json.dumps(reply).encode()
        reader = PROVIDER.stream(1)
        for read_it in (PROVIDER.read, reader.read, lambda data: PROVIDER.error(400, data)):
            with contextlib.suppress(BadReply):
                read_it(data)
        assert reader.usage is None or isinstance(reader.usage, Usage)


def test_nothing_is_lost_beside_what_is_wrong() -> None:
    broken = {
        "candidates": [7, {"content": {"parts": [None, {"text": "a"}, {"text": 5}]}, "finishReason": ["STOP"]}],
        "usageMetadata": {"promptTokenCount": "3", "candidatesTokenCount": 2},
        "modelVersion": {},
    }
    reply = read(broken)
    assert reply.choices[0].parts == [Text("a"), NativePart("gemini", {"text": 5})]
    assert (reply.usage, reply.model) == (Usage(0, 2), None)
