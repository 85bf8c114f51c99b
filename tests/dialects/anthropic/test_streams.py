"""Streams as they come from a provider, and as a client gets them."""

import json
from typing import Any

import pytest

from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.dialects.codec import ProviderStream
from fairlead.dialects.model import (
    BadReply,
    Began,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    NativePart,
    ReasoningDelta,
    ReasoningEnd,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.errors import NoTarget
from tests.dialects.anthropic.support import FACTS, frames, request, told

NAME = PROVIDER.name
START = {"type": "message_start", "message": {"id": "a", "model": "b", "usage": {"input_tokens": 5}}}
END = {"type": "message_stop"}


def events(*values: dict[str, Any]) -> list[Event]:
    reader = PROVIDER.stream(1)
    return [event for value in values for event in reader.read(json.dumps(value).encode())]


def following(*values: dict[str, Any]) -> ProviderStream:
    reader = PROVIDER.stream(1)
    for value in values:
        reader.read(json.dumps(value).encode())
    return reader


def block(*deltas: dict[str, Any], index: int = 0, **start: Any) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def ended(reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


# Read


def test_a_thought_ends_with_its_signature() -> None:
    deltas = [
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "s"},
        {"type": "signature_delta", "signature": "t"},
    ]
    assert events(*block(*deltas, type="thinking", thinking="", signature="")) == [
        ReasoningDelta("hm"),
        ReasoningEnd(signature="st", issuer=NAME),
    ]
    assert events(*block(type="redacted_thinking", data="d")) == [ReasoningEnd(encrypted="d", issuer=NAME)]


def test_citations_come_after_the_text_that_they_are_for() -> None:
    cited = {"type": "char_location", "cited_text": "q"}
    deltas: list[dict[str, Any]] = [{"type": "citations_delta", "citation": cited}, {"type": "text_delta", "text": "x"}]
    assert events(*block(*deltas, type="text", text="")) == [
        TextDelta("x"),
        Cited(Citation(quote="q", dialect=NAME, native=cited)),
    ]


def test_tool_calls_are_counted_among_themselves() -> None:
    first = block({"type": "input_json_delta", "partial_json": '{"x":1}'}, index=1, type="tool_use", id="a", name="f")
    second = block(index=2, type="tool_use", id="b", name="g", input={"y": 2})
    third = block(index=3, type="tool_use", id="c", name="h", input={})
    assert events(*block(type="text", text=""), *first, *second, *third) == [
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x":1}'),
        ToolStart(1, "b", "g"),
        ToolDelta(1, '{"y":2}'),
        ToolStart(2, "c", "h"),
        ToolDelta(2, "{}"),
    ]


def test_a_servers_tool_is_shown_whole_with_what_was_given_to_it() -> None:
    given = {"type": "input_json_delta", "partial_json": '{"query":"x"}'}
    assert events(*block(given, type="server_tool_use", id="a", name="web_search", input={})) == [
        Shown(NativePart(NAME, {"type": "server_tool_use", "id": "a", "name": "web_search", "input": {"query": "x"}}))
    ]
    new = {"type": "compaction_delta", "content": "b"}
    assert events(*block(new, type="compaction", content="a")) == [
        Shown(NativePart(NAME, {"type": "compaction", "content": "ab"}))
    ]


def test_usage_is_the_most_that_was_said() -> None:
    start = {"input_tokens": 5, "cache_read_input_tokens": 3, "cache_creation": {"ephemeral_1h_input_tokens": 2}}
    reader = following({**START, "message": {"usage": start}}, ended(output_tokens=7, input_tokens=0))
    assert reader.usage == Usage(10, 7, 3, 0, 2, 2)


def test_how_far_a_stream_has_come() -> None:
    reader = following(START, {"type": "ping"}, *block(type="text", text=""))
    assert (reader.content, reader.finished, reader.done) == (False, False, False)
    reader.read(json.dumps(ended(output_tokens=1)).encode())
    assert (reader.content, reader.finished, reader.done) == (True, True, False)
    reader.read(b'{"type":"message_stop"}')
    assert (reader.finished, reader.done) == (True, True)


@pytest.mark.parametrize("end", [b'{"type":"message_stop"}', b"[DONE]"])
def test_a_stream_that_never_said_why_it_ended_has_ended_all_the_same(end: bytes) -> None:
    reader = following(START)
    assert reader.read(end) == [Finished("stop")]
    assert (reader.finished, reader.done) == (True, True)
    assert reader.read(end) == []
    with pytest.raises(BadReply, match="before it said anything"):
        PROVIDER.stream(1).read(end)


def test_a_block_that_nobody_ended_ends_with_the_answer() -> None:
    start, _ = block(type="redacted_thinking", data="d")
    assert events(start, ended())[:2] == [
        ReasoningEnd(encrypted="d", issuer=NAME),
        Finished("stop", native_finish="end_turn"),
    ]


def test_an_error_within_a_stream_is_kept() -> None:
    reader = following(START, {"type": "error", "error": {"type": "overloaded_error", "message": "m"}})
    assert reader.error is not None
    assert (reader.error.status, reader.error.message, reader.finished) == (529, "m", False)
    assert following({"error": {"message": "m"}}).error is not None


@pytest.mark.parametrize("data", [b"{", b"7", b"[]", b"hello"])
def test_what_is_no_event_is_no_reply(data: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.stream(1).read(data)


@pytest.mark.parametrize(
    "data", [b"", b" ", b"{}", b'{"type":"new"}', b'{"type":7}', b'{"type":"content_block_delta"}']
)
def test_what_says_nothing_is_passed_over(data: bytes) -> None:
    reader = PROVIDER.stream(1)
    assert reader.read(data) == []
    assert reader.error is None


# Written


def test_a_stream_has_a_head_blocks_and_an_end() -> None:
    writer = CLIENT.stream(request(), FACTS)
    data = writer.write([Began(usage=Usage(5)), TextDelta("a"), TextDelta("b")]) + writer.write(
        [Finished("stop", stop_sequence="x"), Counted(Usage(5, 2))]
    )
    data += writer.end()
    names = [line.removeprefix("event: ") for line in data.decode().split("\n") if line.startswith("event: ")]
    assert names == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    values = [json.loads(frame) for frame in frames(data)]
    assert [value["type"] for value in values] == names
    assert values[0]["message"]["id"] == "msg_1"
    assert values[0]["message"]["usage"]["input_tokens"] == 5
    assert values[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "x"}
    assert values[-2]["usage"]["output_tokens"] == 2


def test_an_empty_stream_is_an_empty_message() -> None:
    assert told()["content"] == []


def test_blocks_follow_one_another_however_a_provider_mixes_them() -> None:
    found = told(
        ToolStart(0, "a", "f"),
        ToolStart(1, "b", "g"),
        ToolDelta(1, '{"y":'),
        TextDelta("x"),
        ToolDelta(0, '{"x":'),
        ToolDelta(1, "2}"),
        ToolDelta(0, "1}"),
        TextDelta("y"),
        Finished("stop"),
    )
    assert found["content"] == [
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "g", "input": {"y": 2}},
        {"type": "text", "text": "xy"},
    ]
    assert found["stop_reason"] == "tool_use"


def test_a_call_without_arguments_does_not_swallow_what_comes_after() -> None:
    found = told(ToolStart(0, "a", "f"), ToolStart(1, "b", "g"), TextDelta("x"), Finished("tool_calls"))
    assert [each["type"] for each in found["content"]] == ["tool_use", "tool_use", "text"]


def test_free_text_for_a_tool_is_wrapped() -> None:
    found = told(ToolStart(0, "a", "f", custom=True), ToolDelta(0, "so "), ToolDelta(0, '"it" is'))
    assert found["content"][0]["input"] == {"input": 'so "it" is'}


def test_thoughts_have_their_proof_or_none() -> None:
    found = told(
        ReasoningDelta("a"),
        ReasoningEnd(signature="s", issuer="gemini"),
        ReasoningDelta("b"),
        ReasoningEnd(encrypted="e", issuer="openai-responses"),
        ReasoningDelta("c"),
        TextDelta("x"),
        ReasoningEnd(signature="t", issuer=NAME),
    )
    assert found["content"] == [
        {"type": "thinking", "thinking": "a", "signature": "fl~gemini.s"},
        {"type": "thinking", "thinking": "b", "signature": ""},
        {"type": "redacted_thinking", "data": "fl~openai-responses.e"},
        {"type": "thinking", "thinking": "c", "signature": ""},
        {"type": "text", "text": "x"},
        {"type": "thinking", "thinking": "", "signature": "t"},
    ]


def test_a_text_after_a_citation_is_another_one() -> None:
    found = told(TextDelta("a"), Cited(Citation("u")), Cited(Citation("v")), TextDelta("b"))
    assert [(each["text"], len(each.get("citations", []))) for each in found["content"]] == [("a", 2), ("b", 0)]


def test_what_is_shown_whole() -> None:
    native = {"type": "web_search_tool_result", "tool_use_id": "a", "content": []}
    found = told(
        TextDelta("a"),
        Shown(NativePart(NAME, native)),
        Shown(NativePart("gemini", {})),
        Shown(Media("image", url="u")),
        ToolStart(0, "a", "f", signature="s", issuer="gemini"),
        ToolDelta(0, "{}"),
    )
    assert [each["type"] for each in found["content"]] == [
        "text",
        "web_search_tool_result",
        "text",
        "redacted_thinking",
        "tool_use",
    ]


def test_other_choices_than_the_first_are_left_out() -> None:
    found = told(
        TextDelta("a"), TextDelta("b", 1), ToolStart(0, "a", "f", 1), ToolDelta(0, "{}", 1), Finished("length", 1)
    )
    assert (found["content"], found["stop_reason"]) == ([{"type": "text", "text": "a"}], "end_turn")


def test_a_stream_that_broke_ends_in_an_error_and_nothing_else() -> None:
    writer = CLIENT.stream(request(), FACTS)
    writer.write([TextDelta("a")])
    data = writer.error(NoTarget("nobody is there"))
    assert data.startswith(b"event: error\ndata: ")
    [value] = map(json.loads, frames(data))
    assert (value["type"], value["error"]["type"]) == ("error", "api_error")
