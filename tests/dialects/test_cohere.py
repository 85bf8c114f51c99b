"""Cohere's replies and streams: all that they say is read, however they are cut and however badly they are written."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.cohere import PROVIDER
from fairlead.dialects.model import (
    BadReply,
    Began,
    Citation,
    Counted,
    ErrorFacts,
    Event,
    Finished,
    NativePart,
    Reasoning,
    Reply,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    Usage,
)
from fairlead.dialects.sse import EventSplitter, data_of
from tests.dialects.exchanges import Exchange, exchanges, of_events, of_reply
from tests.dialects.test_members import JSON

FINISHES = {"COMPLETE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}


def recorded(shared: Path, *, streamed: bool) -> list[Exchange]:
    found = exchanges(shared, "cohere", "/chat$")
    return [each for each in found if each.status == 200 and each.body.startswith(b"event:") is streamed]


def read(value: Any) -> Any:
    return PROVIDER.read(json.dumps(value).encode())


def reply(message: Any, **members: Any) -> Any:
    return read({"id": "i", "finish_reason": "COMPLETE", "message": message, **members})


def stream(*events: Any) -> Any:
    reader = PROVIDER.stream(1)
    told: list[Event] = []
    for event in events:
        told += reader.read(event if isinstance(event, bytes) else json.dumps(event).encode())
    return reader, told


def delta(kind: str, index: int | None = None, **message: Any) -> dict[str, Any]:
    return {"type": kind, "delta": {"message": message}, **({} if index is None else {"index": index})}


END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}}


# Recordings


def counts(usage: dict[str, Any]) -> tuple[int, int, int]:
    billed, run = usage["billed_units"], usage["tokens"]
    return billed["input_tokens"], billed["output_tokens"], run.get("reasoning_tokens", 0)


def test_a_whole_reply_tells_all_that_was_recorded(shared: Path) -> None:
    found = recorded(shared, streamed=False)
    assert len(found) == 14
    for each in found:
        said, answer = each.said, PROVIDER.read(each.body)
        assert isinstance(answer, Reply)
        told, message = of_reply(answer), said["message"]
        expected = [(block["type"], block["text"]) for block in message.get("content", [])]
        if "tool_plan" in message:
            expected.append(("thought", message["tool_plan"]))
        calls = [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls", [])]
        assert told.parts == expected + [("call", *call) for call in calls]
        assert told.finish == FINISHES[said["finish_reason"]]
        assert (told.native, told.id) == (said["finish_reason"], said["id"])
        assert told.usage is not None
        assert (told.usage.input_tokens, told.usage.output_tokens, told.usage.reasoning_tokens) == counts(said["usage"])
        assert told.usage.cached_tokens <= told.usage.input_tokens
        sources = [(c["start"], c["end"], s) for c in message.get("citations", []) for s in c["sources"]]
        assert [(c.start, c.end, c.native) for c in told.citations] == sources


def raw_stream(body: bytes) -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """The parts and the last delta of a recorded stream, read by plain means."""
    events = [json.loads(line) for line in re.findall(rb"^data: (\{.*)$", body, re.MULTILINE)]
    parts: dict[Any, list[str]] = {}
    for event in events:
        message = event.get("delta", {}).get("message", {})
        if event["type"].startswith("content-"):
            for kind, text in message.get("content", {}).items():
                if kind != "type":
                    parts.setdefault(("block", event["index"]), ["thought" if kind == "thinking" else kind, ""])[1] += (
                        text
                    )
        elif event["type"] == "tool-plan-delta":
            parts.setdefault("plan", ["thought", ""])[1] += message["tool_plan"]
        elif event["type"] == "tool-call-start":
            call = message["tool_calls"]
            parts["call", event["index"]] = [
                "call",
                call["id"],
                call["function"]["name"],
                call["function"]["arguments"],
            ]
        elif event["type"] == "tool-call-delta":
            parts["call", event["index"]][3] += message["tool_calls"]["function"]["arguments"]
    return [tuple(part) for part in parts.values()], events[-1]["delta"]


def test_a_streamed_reply_tells_all_that_was_recorded(shared: Path) -> None:
    found = recorded(shared, streamed=True)
    assert len(found) == 5
    for each in found:
        reader, events = PROVIDER.stream(1), list[Event]()
        for line in re.findall(rb"^data: (.*)$", each.body, re.MULTILINE):
            assert not reader.done
            events += reader.read(line)
        assert reader.done
        assert reader.finished
        assert reader.content
        assert reader.error is None
        told, (parts, end) = of_events(events), raw_stream(each.body)
        assert told.parts == parts
        assert (told.native, told.finish) == (end["finish_reason"], FINISHES[end["finish_reason"]])
        assert told.usage is not None
        assert told.usage == reader.usage
        assert (told.usage.input_tokens, told.usage.output_tokens, told.usage.reasoning_tokens) == counts(end["usage"])
        assert [type(event) for event in events].count(Began) == 1
        assert type(events[0]) is Began


@given(cuts=st.lists(st.integers(0, 10_000), max_size=6))
def test_a_stream_says_the_same_wherever_it_is_cut(shared: Path, cuts: list[int]) -> None:
    for each in recorded(shared, streamed=True)[:4]:
        body, splitter, reader = each.body, EventSplitter(), PROVIDER.stream(1)
        places = sorted({0, len(body), *(cut % len(body) for cut in cuts)})
        pieces = [body[start:end] for start, end in pairwise(places)]
        data = [data for piece in pieces for event in splitter.feed(piece) if (data := data_of(event)) is not None]
        assert of_events(event for each in data for event in reader.read(each)).parts == raw_stream(body)[0]


def test_recorded_errors_are_read(shared: Path) -> None:
    bad = [each for each in exchanges(shared, "cohere", "/(chat|embed)$") if each.status != 200]
    assert [each.status for each in bad] == [404, 404]
    for each in bad:
        assert PROVIDER.error(each.status, each.body) == ErrorFacts(404, each.said["message"])


# Usage


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, None),
        ({}, None),
        ([], None),
        ({"tokens": {"input_tokens": 5, "output_tokens": 2}, "cached_tokens": 3}, Usage(5, 2, 3)),
        ({"billed_units": {"input_tokens": 3.0, "output_tokens": 1.0}}, Usage(3, 1)),
        ({"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 5}}, Usage(5)),
        (
            {
                "billed_units": {"input_tokens": 11, "output_tokens": 3},
                "tokens": {"input_tokens": 506, "output_tokens": 9, "reasoning_tokens": 2},
                "cached_tokens": 448,
            },
            Usage(11, 3, 0, 2),
        ),
        (
            {
                "billed_units": {"input_tokens": 4612, "output_tokens": 3},
                "tokens": {"input_tokens": 6085, "output_tokens": 6},
                "cached_tokens": 6016,
            },
            Usage(4612, 3, 4612 - (6085 - 6016)),
        ),
        ({"billed_units": "x", "tokens": {"input_tokens": "y", "output_tokens": 4}}, Usage(0, 4)),
    ],
)
def test_what_is_charged_for_is_what_counts(usage: Any, counted: Usage | None) -> None:
    answer = reply({"content": []}, usage=usage)
    assert answer.usage == counted
    reader, _ = stream({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}})
    assert reader.usage == counted


# What the recordings have none of


def test_thoughts_plans_and_blocks_that_nobody_knows_are_kept() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "new", "x": 1}]
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = reply({"content": content, "tool_plan": "plan", "tool_calls": [call]})
    assert answer.choices[0].parts == [
        Reasoning("hm", issuer="cohere"),
        Text("a"),
        NativePart("cohere", {"type": "new", "x": 1}),
        Reasoning("plan", issuer="cohere"),
        ToolCall("c", "f", "{}", issuer="cohere"),
    ]


SOURCE = {"type": "document", "id": "d", "document": {"url": "u", "title": "t", "snippet": "s"}}
TOOL = {"type": "tool", "id": "c:0", "tool_output": {"text": "o"}}


def test_a_citation_is_of_every_source_and_of_the_block_that_it_names() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    cited = [
        {"start": 0, "end": 3, "text": "two", "sources": [SOURCE, TOOL], "content_index": 2, "type": "TEXT_CONTENT"},
        {"start": 1, "end": 2, "text": "n", "sources": []},
        {"start": 0, "end": 1, "sources": [SOURCE], "content_index": 0, "type": "THINKING_CONTENT"},
        {"start": 0, "end": 1, "sources": [SOURCE], "type": "PLAN"},
        {"start": 0, "end": 1, "sources": [SOURCE], "content_index": 9},
    ]
    _, one, two = reply({"content": content, "citations": cited}).choices[0].parts
    assert two.citations == [
        Citation("u", "t", "s", 0, 3, "cohere", SOURCE),
        Citation(None, None, "o", 0, 3, "cohere", TOOL),
    ]
    assert [(each.start, each.end, each.native) for each in one.citations] == [(1, 2, cited[1])]
    for form in (cited[0], [cited[0]]):
        _, events = stream(delta("citation-start", 0, citations=form))
        assert of_events(events).citations == two.citations


def test_a_piece_of_several_tokens_is_as_likely_as_all_of_them() -> None:
    chances = {"text": "ab", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}
    made = [TokenLogprob("ab", -0.75)]
    assert reply({"content": [{"text": "ab"}]}, logprobs=[chances]).choices[0].logprobs == made
    _, events = stream({**delta("content-delta", 0, content={"text": "ab"}), "logprobs": chances})
    assert events == [Began(), TextDelta("ab", logprobs=made)]
    assert reply({"content": []}).choices[0].logprobs is None


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("STOP_SEQUENCE", "stop"), ("ERROR_TOXIC", "content_filter"), ("NEW", "stop"), (None, None), (7, None)],
)
def test_why_an_answer_ended(reason: Any, finish: str | None) -> None:
    answer = reply({"content": []}, finish_reason=reason)
    assert answer.choices[0].finish == finish


@pytest.mark.parametrize(
    ("end", "facts"),
    [
        ({"finish_reason": "ERROR"}, ErrorFacts(502, "the generation failed", "ERROR")),
        ({"finish_reason": "ERROR", "error": "m"}, ErrorFacts(502, "m", "ERROR")),
        ({"finish_reason": "TIMEOUT"}, ErrorFacts(504, "the generation took too long", "TIMEOUT")),
        ({"error": "m"}, ErrorFacts(502, "m")),
    ],
)
def test_a_failure_under_status_200_is_an_error(end: dict[str, Any], facts: ErrorFacts) -> None:
    assert read({"message": {"content": [{"type": "text", "text": "half"}]}, **end}) == facts
    usage = {"billed_units": {"input_tokens": 1, "output_tokens": 1}}
    text = delta("content-delta", 0, content={"text": "half"})
    reader, events = stream(text, {"type": "message-end", "delta": {**end, "usage": usage}}, b"[DONE]")
    assert reader.error == facts
    assert not reader.finished
    assert events == [Began(), TextDelta("half"), Counted(Usage(1, 1))]


def test_an_error_in_the_place_of_a_reply_or_an_event_is_found() -> None:
    for value in ({"message": "m", "id": "i"}, {"error": {"message": "m"}}):
        facts = read(value)
        assert isinstance(facts, ErrorFacts)
        assert facts.message == "m"
        reader, events = stream(value)
        assert (reader.error, events) == (facts, [])


def test_a_stream_is_whole_once_the_message_has_ended() -> None:
    reader, _ = stream(delta("content-delta", 0, content={"text": "a"}))
    assert (reader.content, reader.finished, reader.done) == (True, False, False)
    reader.read(json.dumps(END).encode())
    assert (reader.finished, reader.done) == (True, False)
    assert reader.read(b"[DONE]") == []
    assert reader.done
    with pytest.raises(BadReply, match="before it said anything"):
        stream(b"[DONE]")


def test_what_says_nothing_commits_to_nothing() -> None:
    start = {"type": "message-start", "id": "i", "delta": {"message": {"role": "assistant"}}}
    empty = delta("content-start", 0, content={"type": "text", "text": ""})
    reader, events = stream(
        b"",
        b" ",
        {"type": "debug", "prompt": "p"},
        {"type": "new"},
        start,
        empty,
    )
    assert events == [Began("i")]
    assert not reader.content


def test_a_stream_without_heads_is_read() -> None:
    arguments = delta("tool-call-delta", 4, tool_calls={"function": {"arguments": "{}"}})
    _, events = stream(delta("tool-plan-delta", tool_plan="p"), arguments, {"type": "message-end"})
    told = of_events(events)
    assert told.parts == [("thought", "p"), ("call", "call_0", "", "{}")]
    assert events[-1] == Finished("tool_calls")


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "type": JSON,
        "index": JSON,
        "finish_reason": JSON | st.sampled_from(["COMPLETE", "ERROR"]),
        "usage": JSON | st.fixed_dictionaries({"billed_units": JSON, "tokens": JSON, "cached_tokens": JSON}),
        "logprobs": JSON | st.lists(st.fixed_dictionaries({"text": JSON, "logprobs": JSON})),
        "error": JSON,
    },
)
CALL = st.fixed_dictionaries({"function": JSON})
MESSAGES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "content": JSON | st.lists(st.fixed_dictionaries({"type": JSON, "text": JSON, "thinking": JSON})),
        "tool_plan": JSON,
        "tool_calls": JSON | CALL | st.lists(CALL),
        "citations": JSON | st.lists(st.fixed_dictionaries({"start": JSON, "sources": JSON, "content_index": JSON})),
    },
)
KINDS = (
    *("message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start"),
    *("tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end", "debug"),
)


@given(JSON | st.builds(lambda head, message: {**head, "message": message}, ANSWERS, MESSAGES))
def test_no_json_raises_anything_but_bad_reply(value: Any) -> None:
    try:
        answer = read(value)
    except BadReply:
        return
    assert isinstance(answer, Reply | ErrorFacts)


@given(
    st.lists(
        st.builds(
            lambda head, kind, message, rest: {**head, "type": kind, "delta": {"message": message, **rest}},
            ANSWERS,
            st.sampled_from(KINDS),
            MESSAGES,
            ANSWERS,
        )
        | JSON,
        max_size=6,
    )
)
def test_no_stream_raises_anything_but_bad_reply(events: list[Any]) -> None:
    reader, told = PROVIDER.stream(1), list[Event]()
    for event in events:
        try:
            told += reader.read(json.dumps(event).encode())
        except BadReply:
            assert not isinstance(event, dict)
    assert not told or type(told[0]) is Began


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"{}", b'{"message":[]}', b'{"message":"\xff"}'])
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)
