"""What a client gets: whole replies, streams and errors, as OpenAI's SDK reads them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import (
    Began,
    Choice,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    Message,
    NativePart,
    NativeTool,
    Output,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Reply,
    Request,
    Shown,
    Text,
    TextDelta,
    Thinking,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.responses import CLIENT, PROVIDER
from fairlead.errors import Failure, FailureKind, FairleadError, UpstreamError
from tests.dialects.responses import official
from tests.dialects.responses.collect import collect
from tests.dialects.responses.making import USAGE, answers, event_lists, unlike
from tests.dialects.responses.recordings import exchanges, last_response, said, streamed_output

FACTS = Facts("1f", "asked", 7)
REQUEST = Request("m", [])


def write(*parts: Part, request: Request | None = None, **members: Any) -> dict[str, Any]:
    choice = Choice(list(parts), members.pop("finish", "stop"), logprobs=members.pop("logprobs", None))
    body = CLIENT.write(Reply([choice], **members), FACTS, request)
    official.response(body)
    value: dict[str, Any] = json.loads(body)
    return value


def stream(*events: Event, request: Request = REQUEST) -> bytes:
    writer = CLIENT.stream(request, FACTS)
    said = b"".join(writer.write([event]) for event in events) + writer.end()
    official.accumulated(said)
    return said


def kinds(said: bytes) -> list[str]:
    return [each["type"].removeprefix("response.") for each in official.members(said)]


def last(said: bytes) -> dict[str, Any]:
    response: dict[str, Any] = official.members(said)[-1]["response"]
    return response


# Whole replies


def test_a_reply_is_complete() -> None:
    value = write(Text("hi"), model="up", created=8, usage=Usage(10, 5, 4, 2, 3), service_tier="priority")
    assert (value["id"], value["object"], value["status"]) == ("resp_1f", "response", "completed")
    assert (value["created_at"], value["model"], value["service_tier"]) == (8, "up", "priority")
    assert value["output"] == [
        {
            "id": "msg_1f_0",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
        }
    ]
    assert value["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    }


def test_what_a_provider_does_not_say_comes_from_the_facts() -> None:
    value = write(id="chatcmpl-1", service_tier="standard")
    assert (value["id"], value["model"], value["created_at"]) == ("resp_1", "asked", 7)
    assert write()["id"] == "resp_1f"
    assert (value["usage"], value["service_tier"], value["output"]) == (None, None, [])
    assert write(id="resp_9")["id"] == "resp_9"


ASKED = Request(
    "m",
    [],
    max_tokens=9,
    temperature=0.5,
    top_p=1,
    top_logprobs=2,
    tools=[Tool("f", "d", {"type": "object"}, strict=True), NativeTool("openai-responses", {"type": "web_search"})],
    tool_choice=ToolChoice("required", ["f"]),
    parallel_tools=False,
    output=Output("schema", {"a": 1}, "n"),
    verbosity="low",
    thinking=Thinking(effort="low", summary="auto"),
    metadata={"a": "b"},
    user="u",
    cache_key="k",
)
ECHOED = {
    "max_output_tokens": 9,
    "temperature": 0.5,
    "top_p": 1,
    "top_logprobs": 2,
    "tools": [
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"a": 1}}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "metadata": {"a": "b"},
    "user": "u",
    "prompt_cache_key": "k",
}


def test_a_reply_repeats_the_request() -> None:
    for value in (write(request=ASKED), last(stream(request=ASKED))):
        assert {name: value[name] for name in ECHOED} == ECHOED


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("refusal", "incomplete", {"reason": "content_filter"}),
        (None, "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("context", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
        ("error", "failed", None),
    ],
)
def test_why_it_ended_is_said(finish: Any, status: str, details: Any) -> None:
    value = write(Text("hi"), finish=finish)
    assert (value["status"], value["incomplete_details"]) == (status, details)
    said = stream(TextDelta("hi"), *([Finished(finish)] if finish else []))
    assert kinds(said)[-1] == status
    assert last(said)["incomplete_details"] == details
    cut = "incomplete" if status == "incomplete" else "completed"
    assert value["output"][0]["status"] == cut


def test_citations_become_annotations() -> None:
    cited = Citation("u", "t", start=0, end=2)
    filed = {"type": "file_citation", "file_id": "f", "filename": "n", "index": 0}
    own = Citation(dialect="openai-responses", native=filed)
    written = [
        {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "u", "title": "t"},
        {"type": "url_citation", "start_index": 0, "end_index": 3, "url": "v", "title": ""},
        filed,
        {"type": "file_citation", "file_id": "", "filename": "doc", "index": 0},
    ]
    citations = [cited, Citation("v"), own, Citation(title="doc", quote="q")]
    (message,) = write(Text("hi.", citations))["output"]
    assert message["content"][0]["annotations"] == written
    said = stream(TextDelta("hi."), *map(Cited, citations))
    assert last(said)["output"][0]["content"][0]["annotations"] == written
    noted = [each for each in official.members(said) if each["type"].endswith("annotation.added")]
    assert [each["annotation"] for each in noted] == written
    assert [each["annotation_index"] for each in noted] == [0, 1, 2, 3]


def test_log_probabilities_are_written() -> None:
    token = TokenLogprob("é", -1, None, [TokenLogprob("e", -2, [101])])
    written = {
        "token": "é",
        "bytes": [195, 169],
        "logprob": -1,
        "top_logprobs": [{"token": "e", "bytes": [101], "logprob": -2}],
    }
    assert write(Text("é"), logprobs=[token])["output"][0]["content"][0]["logprobs"] == [written]
    said = stream(TextDelta("é", logprobs=[token]))
    assert last(said)["output"][0]["content"][0]["logprobs"] == [written]


def test_images_are_made_and_what_cannot_be_carried_is_named_in_words() -> None:
    parts = [Media("image", "image/webp", "QQ=="), Media("image", url="https://x"), Media("audio", text="said")]
    for output in (write(*parts)["output"], last(stream(*map(Shown, parts)))["output"]):
        image, message = output
        assert (image["type"], image["result"], image["output_format"]) == ("image_generation_call", "QQ==", "webp")
        assert "".join(each["text"] for each in message["content"]) == "![image](https://x)said"


def test_parts_of_other_dialects_reach_nobody_and_our_own_pass() -> None:
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    parts = [NativePart("gemini", {"x": 1}), NativePart("openai-responses", search)]
    assert write(*parts)["output"] == [search]
    assert last(stream(*map(Shown, parts)))["output"] == [search]


# What others' models want back


def returned(output: list[dict[str, Any]]) -> list[Part]:
    """What the client sends back of an output."""
    request = CLIENT.read(json.dumps({"input": output}).encode(), "m", stream=False)
    return [part for message in request.messages for part in message.parts]


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning("x", signature="sig==", issuer="anthropic-messages"),
        Reasoning("", signature="sig==", issuer="anthropic-messages"),
        Reasoning("", encrypted="redacted", issuer="anthropic-messages"),
        Reasoning("x", encrypted="gAAA", issuer="openai-responses", summary=True),
    ],
)
def test_what_proves_a_thought_comes_back_to_its_issuer(thought: Reasoning) -> None:
    end = ReasoningEnd(0, thought.signature, thought.encrypted, None, thought.issuer)
    for output in (
        write(thought, Text("hi"))["output"],
        last(stream(ReasoningDelta(thought.text, summary=thought.summary), end, TextDelta("hi")))["output"],
    ):
        (back, _) = returned(output)
        assert isinstance(back, Reasoning)
        back.id = None
        assert back == thought


def test_a_thought_of_another_dialect_is_marked() -> None:
    (item,) = write(Reasoning("x", encrypted="e", issuer="gemini"))["output"]
    assert item["encrypted_content"] == "fl~gemini.e"


def test_the_signature_of_a_tool_call_comes_back_with_it() -> None:
    call = ToolCall("c", "f", "{}", signature="sig", issuer="gemini")
    other = ToolCall("d", "f", "{}")
    signed = ToolStart(0, "c", "f", signature="sig", issuer="gemini")
    events: list[Event] = [signed, ToolDelta(0, "{}"), ToolStart(1, "d", "f"), ToolDelta(1, "{}")]
    for output in (write(call, other)["output"], last(stream(*events))["output"]):
        assert [item["type"] for item in output] == ["reasoning", "function_call", "function_call"]
        assert returned(output) == [call, other]


# Streams


def test_a_text_is_streamed_with_all_its_events() -> None:
    said = stream(Began("x", "up", 8), TextDelta("h"), TextDelta("i"), Counted(Usage(1, 2)), Finished("stop"))
    assert kinds(said) == [
        *("created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"),
        *("output_text.delta", "output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    assert (last(said)["model"], last(said)["created_at"], last(said)["usage"]["total_tokens"]) == ("up", 8, 3)


def test_thoughts_refusals_and_calls_are_streamed_with_all_their_events() -> None:
    said = stream(
        ReasoningDelta("s", summary=True),
        ReasoningEnd(),
        ReasoningDelta("t"),
        TextDelta("x"),
        ToolStart(0, "c", "f"),
        ToolStart(1, "d", "g", custom=True),
        ToolDelta(1, "free"),
        ToolDelta(0, "{}"),
        Finished("tool_calls"),
    )
    assert kinds(said)[2:-1] == [
        *("output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "reasoning_text.delta"),
        *("reasoning_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "output_item.added", "custom_tool_call_input.delta", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done", "custom_tool_call_input.done", "output_item.done"),
    ]


def test_a_stream_of_nothing_is_a_whole_one() -> None:
    assert kinds(stream()) == ["created", "in_progress", "completed"]
    assert kinds(stream(TextDelta(""), ReasoningDelta(""), ReasoningEnd())) == ["created", "in_progress", "completed"]


def broken(error: FairleadError, *events: Event) -> dict[str, Any]:
    writer = CLIENT.stream(REQUEST, FACTS)
    said = writer.write(events) + writer.error(error)
    official.accumulated(said)
    assert kinds(said)[-1] == "failed"
    return last(said)


def test_a_broken_stream_has_failed() -> None:
    error = UpstreamError(Failure(FailureKind.CUT, "x"), "cut", status=502, code="cut", hint="retry", retryable=True)
    error.request_id = "r1"
    response = broken(error, Began(), TextDelta("hal"))
    assert response["status"] == "failed"
    told = response["error"]
    assert (told["code"], told["native_code"], told["message"]) == ("server_error", "cut", "cut")
    assert (told["hint"], told["request_id"]) == ("retry", "r1")
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["text"] == "hal"


def test_a_stream_that_broke_for_a_limit_says_so() -> None:
    error = FairleadError("slow down")
    error.status = 429
    assert broken(error)["error"]["code"] == "rate_limit_exceeded"


def test_an_error_has_openais_shape() -> None:
    error = FairleadError("m", param="input")
    assert json.loads(CLIENT.error(error))["error"]["param"] == "input"


def test_half_a_surrogate_pair_does_not_stop_a_stream() -> None:
    said = CLIENT.stream(REQUEST, FACTS).write([TextDelta("half \ud83d")])
    assert b"half \\ud83d" in said


# There and back


def unnamed(parts: list[Part]) -> list[Part]:
    """The parts without the ids of thoughts: a stream has to name an item before it is told how."""
    for part in parts:
        if isinstance(part, Reasoning):
            part.id = None
    return parts


@settings(deadline=None)
@given(answers, USAGE)
def test_what_is_written_is_read_again(parts: list[Part], usage: Usage) -> None:
    body = CLIENT.write(Reply([Choice(unlike(parts), "stop")], usage), FACTS)
    official.response(body)
    reply = PROVIDER.read(body)
    assert isinstance(reply, Reply)
    assert reply.choices[0].parts == parts
    assert reply.usage == usage


@settings(deadline=None)
@given(event_lists())
def test_what_is_streamed_is_read_again(events: list[Event]) -> None:
    said, reader = stream(*events), PROVIDER.stream(1)
    found = [each for one in official.data(said) for each in reader.read(one)]
    assert reader.finished
    assert unnamed(collect(found).choices[0].parts) == unnamed(collect(events).choices[0].parts)
    assert isinstance(found[-1], Finished)
    assert isinstance(events[-1], Finished)
    assert found[-1].finish == events[-1].finish
    assert reader.usage == collect(events).usage


@settings(deadline=None)
@given(event_lists(), st.data())
def test_however_events_are_taken_together_the_bytes_are_the_same(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    writer = CLIENT.stream(REQUEST, FACTS)
    assert writer.write(events[:cut]) + writer.write(events[cut:]) + writer.end() == stream(*events)


@settings(deadline=None)
@given(event_lists())
def test_a_whole_response_of_a_stream_says_what_the_stream_said(events: list[Event]) -> None:
    whole: Any = PROVIDER.read(json.dumps(last(stream(*events))).encode())
    assert unnamed(whole.choices[0].parts) == unnamed(collect(events).choices[0].parts)


def test_a_history_of_our_own_replies_reads_as_what_was_said() -> None:
    parts: list[Part] = [Text("so"), ToolCall("c", "f", "{}")]
    output = write(*parts)["output"]
    request = CLIENT.read(json.dumps({"input": output}).encode(), "m", stream=False)
    assert request.messages == [Message("assistant", parts)]


# What was recorded, for a client


def test_recorded_replies_reach_a_client_whole(shared: Path) -> None:
    for exchange in exchanges(shared):
        if exchange.status != 200 or exchange.streamed:
            continue
        reply = PROVIDER.read(exchange.body.encode())
        assert isinstance(reply, Reply)
        body = CLIENT.write(reply, FACTS)
        official.response(body)
        written, raw = json.loads(body), json.loads(exchange.body)
        thought = raw["reasoning"] if isinstance(raw.get("reasoning"), str) else ""
        found, before = said(written["output"]), said(raw["output"])
        assert found == replace(before, thoughts=thought + before.thoughts)


def test_recorded_streams_reach_a_client_whole(shared: Path) -> None:
    for exchange in exchanges(shared):
        if not exchange.streamed:
            continue
        reader = PROVIDER.stream(1)
        stream_said = stream(*(each for data in exchange.events() for each in reader.read(data.encode())))
        found = said(last(stream_said)["output"])
        assert found == said(streamed_output(exchange))
        assert last(stream_said)["status"] == last_response(exchange)["status"]
