"""What a provider's stream is read as."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Shown,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.responses import PROVIDER
from fairlead.dialects.responses.stream_reader import ResponsesReader
from fairlead.dialects.sse import EventSplitter, data_of
from tests.dialects.responses.collect import collect
from tests.dialects.responses.recordings import Exchange, exchanges, last_response, said, streamed_output
from tests.dialects.responses.test_provider_replies import CALL, MESSAGE, mangled
from tests.dialects.test_members import JSON

OWN = "openai-responses"
USAGE = {"input_tokens": 3, "output_tokens": 2}


def event(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **members}


def added(at: int, item: dict[str, Any]) -> dict[str, Any]:
    return event("output_item.added", output_index=at, item=item)


def done(at: int, item: dict[str, Any]) -> dict[str, Any]:
    return event("output_item.done", output_index=at, item=item)


def delta(kind: str, text: str, at: int = 0, **members: Any) -> dict[str, Any]:
    return event(f"{kind}.delta", output_index=at, delta=text, **members)


CREATED = event("created", response={"id": "resp_1", "model": "up", "created_at": 7, "service_tier": "auto"})
COMPLETED = event("completed", response={"status": "completed", "output": [], "usage": USAGE})


def follow(*events: Any) -> tuple[ResponsesReader, list[Event]]:
    reader = ResponsesReader()
    return reader, [each for value in events for each in reader.read(json.dumps(value).encode())]


def between(*events: Any) -> list[Event]:
    """The events between the head and the end."""
    reader, found = follow(CREATED, *events, COMPLETED)
    assert found[0] == Began("resp_1", "up", 7, service_tier="auto")
    assert found[-2] == Counted(Usage(3, 2))
    assert isinstance(found[-1], Finished)
    assert reader.finished
    return found[1:-2]


def test_a_text_is_read_as_it_comes_and_not_twice() -> None:
    found = between(
        added(0, {**MESSAGE, "content": []}),
        event("content_part.added", output_index=0, content_index=0, part={"type": "output_text", "text": ""}),
        delta("output_text", "h"),
        delta("output_text", "i"),
        event("output_text.done", output_index=0, content_index=0, text="hi"),
        done(0, MESSAGE),
    )
    assert found == [TextDelta("h"), TextDelta("i")]


@pytest.mark.parametrize(
    "whole",
    [
        [event("output_text.done", output_index=0, content_index=0, text="hi"), done(0, MESSAGE)],
        [added(0, MESSAGE), done(0, MESSAGE)],
        [done(0, MESSAGE)],
    ],
)
def test_a_text_of_which_no_piece_came_is_read_whole(whole: list[Any]) -> None:
    assert between(*whole) == [TextDelta("hi")]


def test_a_stream_that_says_all_at_its_end_is_read_whole() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"text": "a"}]}
    _, found = follow(event("completed", response={"id": "resp_1", "output": [thought, MESSAGE, CALL]}))
    assert found == [
        Began("resp_1"),
        ReasoningDelta("a", summary=True),
        ReasoningEnd(id="rs_1", issuer=OWN),
        TextDelta("hi"),
        ToolStart(0, "call_1", "f"),
        ToolDelta(0, '{"a":1}'),
        Finished("tool_calls", native_finish="completed"),
    ]


def test_log_probabilities_come_with_their_text() -> None:
    assert between(delta("output_text", "h", logprobs=[{"token": "h", "logprob": -1}])) == [
        TextDelta("h", logprobs=[TokenLogprob("h", -1)])
    ]


def test_annotations_are_read_once_whenever_they_come() -> None:
    one = {"type": "url_citation", "url": "u", "start_index": 0, "end_index": 2}
    two = {**one, "url": "v"}
    whole = {**MESSAGE, "content": [{"type": "output_text", "text": "hi", "annotations": [one, two]}]}
    noted = event("output_text.annotation.added", output_index=0, content_index=0, annotation_index=0, annotation=one)
    assert between(delta("output_text", "hi"), noted, done(0, whole)) == [
        TextDelta("hi"),
        Cited(Citation("u", None, None, 0, 2, OWN, one)),
        Cited(Citation("v", None, None, 0, 2, OWN, two)),
    ]


def test_an_annotation_counts_from_where_the_readers_text_begins() -> None:
    one = {"type": "url_citation", "url": "u", "start_index": 0, "end_index": 1}
    noted = event("output_text.annotation.added", output_index=1, content_index=0, annotation=one)
    found = between(delta("output_text", "one"), delta("output_text", "2", 1), noted)
    moved = {**one, "start_index": 3, "end_index": 4}
    assert found[-1] == Cited(Citation("u", None, None, 3, 4, OWN, moved))


def test_refusals_are_read() -> None:
    reader, found = follow(
        CREATED, delta("refusal", "n"), delta("refusal", "o"), event("refusal.done", refusal="no"), COMPLETED
    )
    assert found[1:3] == [RefusalDelta("n"), RefusalDelta("o")]
    assert found[-1] == Finished("refusal", native_finish="completed")
    assert reader.content
    assert between(event("refusal.done", output_index=0, refusal="no")) == [RefusalDelta("no")]


def test_thoughts_are_read_part_by_part() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [{"text": "a"}, {"text": "b"}], "encrypted_content": "e"}
    found = between(
        added(0, {"type": "reasoning", "id": "rs_1", "summary": []}),
        delta("reasoning_summary_text", "a", summary_index=0),
        delta("reasoning_summary_text", "b", summary_index=1),
        delta("reasoning_text", "c", content_index=0),
        done(0, item),
    )
    assert found == [
        ReasoningDelta("a", summary=True),
        ReasoningDelta("\n\nb", summary=True),
        ReasoningEnd(id="rs_1", issuer=OWN),
        ReasoningDelta("c"),
        ReasoningEnd(encrypted="e", id="rs_1", issuer=OWN),
    ]


def test_thoughts_that_are_only_encrypted_are_read() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    assert between(added(0, item), done(0, item)) == []
    end = ReasoningEnd(encrypted="e", id="rs_1", issuer=OWN)
    assert between(added(0, item), done(0, {**item, "encrypted_content": "e"})) == [end]


@pytest.mark.parametrize(
    ("item", "kind", "member"),
    [
        (CALL, "function_call_arguments", "arguments"),
        (
            {"type": "custom_tool_call", "call_id": "call_1", "name": "f", "input": "x"},
            "custom_tool_call_input",
            "input",
        ),
    ],
)
def test_tool_calls_are_read(item: dict[str, Any], kind: str, member: str) -> None:
    text, started = item[member], {**item, member: ""}
    start = ToolStart(0, "call_1", "f", custom=member == "input")
    finished = event(f"{kind}.done", output_index=0, **{member: text})
    pieces = [delta(kind, text[:1]), delta(kind, text[1:])]
    assert between(added(0, started), *pieces, finished, done(0, item))[0] == start
    for events in ([added(0, started), finished, done(0, item)], [done(0, item)], [added(0, started), done(0, item)]):
        assert between(*events) == [start, ToolDelta(0, text)]


def test_items_are_told_apart_by_their_place() -> None:
    kind = "function_call_arguments"
    found = between(
        added(1, {**CALL, "id": "x"}),
        added(2, {**CALL, "id": "x", "call_id": "call_2"}),
        delta(kind, "b", 2, item_id="z"),
        delta(kind, "a", 1, item_id="y"),
    )
    assert found == [ToolStart(0, "call_1", "f"), ToolStart(1, "call_2", "f"), ToolDelta(1, "b"), ToolDelta(0, "a")]


def test_the_providers_own_items_are_shown_when_they_are_done() -> None:
    search = {"type": "web_search_call", "id": "ws_1"}
    image = {"type": "image_generation_call", "result": "QQ==", "output_format": "png"}
    found = between(
        added(0, search), event("web_search_call.searching", output_index=0), done(0, search), done(1, image)
    )
    assert found == [Shown(NativePart(OWN, search)), Shown(Media("image", "image/png", "QQ=="))]


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter"), (None, "length")]
)
def test_a_reply_that_is_not_whole_says_why(reason: str | None, finish: str) -> None:
    response = {"incomplete_details": {"reason": reason}}
    reader, found = follow(CREATED, added(0, CALL), event("incomplete", response=response))
    assert isinstance(found[-1], Finished)
    assert found[-1].finish == finish
    assert reader.finished


FAILED = {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}, "usage": USAGE}


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (event("failed", response=FAILED), 429),
        (event("failed", response={}), 502),
        (event("failed"), 502),
        ({"type": "error", "code": "server_error", "message": "m", "param": None}, 500),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}, 400),
        ({"type": "error", "message": "m", "status": 503}, 503),
        ({"type": "error"}, 502),
        ({"error": {"message": "m", "code": 401}}, 401),
    ],
)
def test_an_error_within_a_stream_is_kept_and_ends_it(value: Any, status: int) -> None:
    reader, found = follow(CREATED, delta("output_text", "h"), value)
    assert reader.error is not None
    assert reader.error.status == status
    assert reader.done
    assert not reader.finished
    assert not any(isinstance(each, Finished) for each in found)


def test_a_failed_response_still_says_what_it_cost() -> None:
    assert follow(CREATED, event("failed", response=FAILED))[0].usage == Usage(3, 2)


@pytest.mark.parametrize(
    ("value", "commits"),
    [
        (CREATED, False),
        (event("in_progress", response={}), False),
        (added(0, {**MESSAGE, "content": []}), False),
        (delta("output_text", ""), False),
        (event("keepalive"), False),
        (delta("output_text", "x"), True),
        (delta("reasoning_text", "x"), True),
        (added(0, CALL), True),
        (COMPLETED, True),
    ],
)
def test_what_commits_us(value: Any, commits: bool) -> None:
    reader, _ = follow(value)
    assert reader.content is commits


def test_a_stream_without_its_end_is_not_whole() -> None:
    reader, _ = follow(CREATED, delta("output_text", "x"), done(0, MESSAGE))
    assert not reader.finished
    assert not reader.done
    with pytest.raises(BadReply, match=r"response\.completed"):
        reader.read(b"[DONE]")
    reader, _ = follow(CREATED, COMPLETED)
    assert reader.read(b"[DONE]") == reader.read(b" ") == []


@pytest.mark.parametrize("data", [b"{", b"7", b"[]", b"hello", b"{}", b'{"type":7}'])
def test_what_is_no_event_is_no_reply(data: bytes) -> None:
    with pytest.raises(BadReply):
        ResponsesReader().read(data)


EVENTS = [
    *(CREATED, added(0, MESSAGE), delta("output_text", "x", logprobs=[{"token": "x"}]), done(0, MESSAGE)),
    *(added(1, CALL), delta("function_call_arguments", "x", 1), done(1, CALL), COMPLETED),
    event("output_text.annotation.added", output_index=0, content_index=0, annotation={"start_index": 1}),
    *(delta("reasoning_summary_text", "x", 2, summary_index=1), event("failed", response=FAILED)),
    *(event("refusal.done", refusal="x"), done(2, {"type": "reasoning", "summary": [{"text": "x"}]})),
]


@given(st.lists(st.sampled_from(EVENTS).flatmap(mangled) | JSON, max_size=6))
def test_no_json_raises_anything_but_bad_reply(values: list[Any]) -> None:
    reader = ResponsesReader()
    for value in values:
        with contextlib.suppress(BadReply):
            reader.read(json.dumps(value).encode())


def streams(shared: Path) -> list[Exchange]:
    return [each for each in exchanges(shared) if each.streamed]


def test_recorded_streams_are_read_whole(shared: Path) -> None:
    for exchange in streams(shared):
        reader = PROVIDER.stream(1)
        reply = collect(each for data in exchange.events() for each in reader.read(data.encode()))
        assert (reader.done, reader.finished, reader.content, reader.error) == (True, True, True, None)
        found, (choice,), last = said(streamed_output(exchange)), reply.choices, last_response(exchange)
        thoughts = [part for part in choice.parts if isinstance(part, Reasoning)]
        assert "".join(part.text for part in choice.parts if isinstance(part, Text)) == found.text
        assert "".join(part.text for part in choice.parts if isinstance(part, Refusal)) == found.refusal
        assert "".join(part.text for part in thoughts) == found.thoughts
        assert [part.encrypted for part in thoughts if part.encrypted] == found.encrypted
        calls = [(part.id, part.name, part.arguments) for part in choice.parts if isinstance(part, ToolCall)]
        assert calls == found.calls
        first = json.loads(exchange.events()[0])["response"]  # Copilot has another id in every event
        assert (reply.id, reply.model) == (first["id"], last["model"])
        assert reply.usage is not None
        assert reply.usage.input_tokens == last["usage"]["input_tokens"]
        assert reply.usage.output_tokens == last["usage"]["output_tokens"]
    assert len(streams(shared)) == 70


def test_a_recorded_stream_says_what_its_last_event_says(shared: Path) -> None:
    for exchange in streams(shared):
        last = last_response(exchange)
        if not last["output"]:
            continue
        reader = PROVIDER.stream(1)
        streamed = collect(each for data in exchange.events() for each in reader.read(data.encode()))
        whole: Any = PROVIDER.read(json.dumps(last).encode())
        for reply in (streamed, whole):
            for part in reply.choices[0].parts:
                if isinstance(part, Reasoning):
                    part.encrypted = part.id = None
        assert streamed.choices == whole.choices
        assert streamed.usage == whole.usage


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_wherever_a_stream_is_cut_the_events_are_the_same(shared: Path, data: st.DataObject) -> None:
    exchange = data.draw(st.sampled_from(streams(shared)[::10]))
    body = exchange.body.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    splitter, reader, found = EventSplitter(), PROVIDER.stream(1), list[Event]()
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        for frame in splitter.feed(body[start:end]):
            found += reader.read(data_of(frame) or b"")
    whole = PROVIDER.stream(1)
    assert found == [each for one in exchange.events() for each in whole.read(one.encode())]
