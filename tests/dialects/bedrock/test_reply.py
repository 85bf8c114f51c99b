"""Replies of Converse, whole and streamed, read against what Bedrock really sent."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.bedrock.eventstream import EventStreamSplitter
from fairlead.dialects.bedrock.provider import PROVIDER
from fairlead.dialects.bedrock.streams import ConverseStream
from fairlead.dialects.model import (
    BadReply,
    Began,
    Choice,
    Citation,
    Cited,
    Counted,
    ErrorFacts,
    Event,
    Finished,
    Media,
    NativePart,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Reply,
    Shown,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from tests.dialects.bedrock.recorded import event, exception, exchanges, streams
from tests.dialects.test_members import JSON

OWN = "bedrock-converse"
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}


def reply(*content: Any, stop: Any = "end_turn", **members: Any) -> bytes:
    message = {"role": "assistant", "content": list(content)}
    said = {"output": {"message": message}, "stopReason": stop, "usage": USAGE, "metrics": {"latencyMs": 1}}
    return json.dumps({**said, **members}).encode()


def parts(*content: Any) -> list[Any]:
    found = PROVIDER.read(reply(*content))
    assert isinstance(found, Reply)
    return found.choices[0].parts


def recorded(shared: Path, name: str) -> Any:
    found = next(each for each in exchanges(shared) if f"/{name}.yaml" in each["id"])
    return PROVIDER.read(found["response"]["body"].encode())


# Whole replies


def test_every_recorded_reply_is_read(shared: Path) -> None:
    for each in exchanges(shared):
        status, body = each["response"]["status"], each["response"]["body"].encode()
        if each["request"]["path"].endswith("-stream"):
            continue
        found = PROVIDER.read(body) if status == 200 else PROVIDER.error(status, body)
        assert isinstance(found, Reply if status == 200 else ErrorFacts)
        if isinstance(found, Reply):
            total = json.loads(body)["usage"]["totalTokens"]
            assert found.usage is not None
            assert found.usage.input_tokens + found.usage.output_tokens == total
            assert found.choices[0].finish is not None
            assert found.choices[0].parts


def test_cached_tokens_are_counted_among_the_input(shared: Path) -> None:
    assert recorded(shared, "prompt_caching_completion_smoke").usage == Usage(27, 48, cached_tokens=27)
    counted = {**USAGE, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 30}
    details = [{"ttl": "1h", "inputTokens": 20}, {"ttl": "5m", "inputTokens": 10}]
    found = PROVIDER.read(reply({"text": "x"}, usage={**counted, "cacheDetails": details}))
    assert isinstance(found, Reply)
    assert found.usage == Usage(140, 5, 100, 0, 30, 20)


def test_a_tool_call_is_read(shared: Path) -> None:
    choice = recorded(shared, "required_forces_function_call").choices[0]
    assert choice.parts == [ToolCall("tooluse_REDACTED_1", "add", '{"x":20,"y":22}', issuer=OWN)]
    assert (choice.finish, choice.native_finish) == ("tool_calls", "tool_use")


def test_thoughts_are_read_where_they_stand(shared: Path) -> None:
    text, thought = recorded(shared, "cross_region_profile_id_completes").choices[0].parts
    assert text == Text("\n\nready")
    assert thought.text.startswith("Okay, the user")
    assert thought.issuer == OWN


def test_what_a_guardrail_did_is_a_filtered_answer(shared: Path) -> None:
    choice = recorded(shared, "guardrail_trace_survives_into_raw_completion").choices[0]
    assert choice == Choice([Text("Blocked by guardrail.")], "content_filter", native_finish="guardrail_intervened")


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            Reasoning("hm", "s", issuer=OWN),
        ),
        ({"reasoningContent": {"redactedContent": "AAA="}}, Reasoning(encrypted="AAA=", issuer=OWN)),
        ({"toolUse": {"toolUseId": "t", "name": "n"}}, ToolCall("t", "n", "{}", issuer=OWN)),
        (
            {"image": {"format": "png", "source": {"bytes": "iVBO"}}},
            Media("image", "image/png", "iVBO"),
        ),
        (
            {"video": {"format": "three_gp", "source": {"s3Location": {"uri": "s3://b/k"}}}},
            Media("video", "video/3gpp", url="s3://b/k"),
        ),
        ({"audio": {"format": "wav", "source": {"bytes": "AA=="}}}, Media("audio", "audio/wav", "AA==")),
        (
            {"document": {"format": "md", "name": "d", "source": {"text": "t"}}},
            Media("document", "text/markdown", text="t", name="d"),
        ),
    ],
)
def test_every_block_is_read(block: Any, part: Any) -> None:
    assert parts(block) == [part]


def test_citations_stand_with_the_text_that_rests_on_them() -> None:
    web = {"title": "T", "sourceContent": [{"text": "a"}, {"text": "b"}], "location": {"web": {"url": "https://w"}}}
    page = {"source": "doc", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    [text] = parts({"citationsContent": {"content": [{"text": "x"}, {"text": "y"}], "citations": [web, page]}})
    assert text.text == "xy"
    assert text.citations[0] == Citation("https://w", "T", "ab", dialect=OWN, native=web)
    assert text.citations[1] == Citation(dialect=OWN, native=page)


def test_what_only_bedrock_knows_is_kept_as_it_is() -> None:
    for block in (
        {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t", "content": []}},
        {"guardContent": {"text": {"text": "x"}}},
        {"somethingNew": 7},
    ):
        assert parts(block) == [NativePart(OWN, block)]


@pytest.mark.parametrize(
    ("native", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"),
        ("malformed_tool_use", "error"),
        ("model_context_window_exceeded", "context"),
        ("refusal", "refusal"),
        ("something_new", "stop"),
        (None, None),
        (7, None),
    ],
)
def test_why_it_ended(native: Any, finish: Any) -> None:
    found = PROVIDER.read(reply({"text": "x"}, stop=native))
    assert isinstance(found, Reply)
    assert found.choices[0].finish == finish


def test_the_stop_sequence_and_the_tier_are_read() -> None:
    more = {"additionalModelResponseFields": {"stop_sequence": "END"}, "serviceTier": {"type": "flex"}}
    found = PROVIDER.read(reply({"text": "x"}, stop="stop_sequence", **more))
    assert isinstance(found, Reply)
    assert (found.choices[0].stop_sequence, found.service_tier) == ("END", "flex")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"output":7}', b'{"output":{"message":[]}}', b'{"output":{}}']
)
def test_what_is_no_reply_is_a_bad_one(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)


BLOCKS = st.dictionaries(
    st.sampled_from(
        ["text", "reasoningContent", "toolUse", "toolResult", "citationsContent", "image", "document", "cachePoint"]
    ),
    st.recursive(
        JSON,
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    *("toolUseId", "name", "input", "type", "text", "reasoningText", "signature", "redactedContent"),
                    *("content", "citations", "location", "web", "url", "source", "bytes", "s3Location", "uri"),
                    *("format", "sourceContent", "title"),
                ]
            ),
            inner | st.lists(inner, max_size=2),
            max_size=3,
        ),
        max_leaves=6,
    ),
    max_size=2,
)


@given(
    st.lists(BLOCKS | JSON, max_size=3), st.dictionaries(st.sampled_from(["usage", "stopReason", "x"]), JSON | BLOCKS)
)
def test_no_blocks_raise_anything(content: list[Any], members: dict[str, Any]) -> None:
    said = {"output": {"message": {"role": "assistant", "content": content}}, **members}
    found = PROVIDER.read(json.dumps(said).encode())
    assert isinstance(found, Reply)
    words = [block["text"] for block in content if isinstance(block, dict) and isinstance(block.get("text"), str)]
    shown = [part.text for part in found.choices[0].parts if isinstance(part, Text)]
    assert all(word in shown for word in words if word)


# Streams


def read(*messages: bytes) -> tuple[list[Event], ConverseStream]:
    splitter, stream = EventStreamSplitter(), ConverseStream()
    return [e for frame in splitter.feed(b"".join(messages)) for e in stream.read(frame)], stream


def start(index: int, **block: Any) -> bytes:
    return event("contentBlockStart", {"contentBlockIndex": index, "start": block})


def delta(index: int, **said: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": index, "delta": said, "p": "abc"})


def stop(index: int) -> bytes:
    return event("contentBlockStop", {"contentBlockIndex": index})


BEGIN = event("messageStart", {"role": "assistant"})
END = event("messageStop", {"stopReason": "end_turn"})
META = event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}, "serviceTier": {"type": "default"}})


def test_a_recorded_text_is_streamed(shared: Path) -> None:
    events, stream = read(streams(shared)[0])
    assert events == [
        Began(),
        TextDelta("cedar"),
        TextDelta("\nmaple"),
        Finished("stop", native_finish="end_turn"),
        Counted(Usage(27, 5)),
    ]
    assert stream.content
    assert stream.finished
    assert stream.done
    assert stream.usage == Usage(27, 5)


def test_a_recorded_tool_call_is_streamed(shared: Path) -> None:
    events, _ = read(streams(shared)[1])
    assert events[1:4] == [
        ToolStart(0, "tooluse_REDACTED_1", "add", issuer=OWN),
        ToolDelta(0, '{"x":20,"y":22}'),
        Finished("tool_calls", native_finish="tool_use"),
    ]


def test_a_stream_that_was_cut_between_messages_is_not_whole(shared: Path) -> None:
    for data in streams(shared):
        splitter, stream = EventStreamSplitter(), ConverseStream()
        for frame in splitter.feed(data):
            assert not stream.done
            stream.read(frame)
            assert stream.finished == (b"messageStop" in frame or b"metadata" in frame)


def test_tool_calls_are_counted_among_themselves() -> None:
    events, _ = read(
        BEGIN,
        delta(0, text="x"),
        stop(0),
        start(1, toolUse={"toolUseId": "a", "name": "f"}),
        delta(1, toolUse={"input": '{"a"'}),
        start(2, toolUse={"toolUseId": "b", "name": "g"}),
        delta(1, toolUse={"input": ":1}"}),
        stop(1),
        stop(2),
        END,
    )
    assert events[2:-1] == [
        ToolStart(0, "a", "f", issuer=OWN),
        ToolDelta(0, '{"a"'),
        ToolStart(1, "b", "g", issuer=OWN),
        ToolDelta(0, ":1}"),
        ToolDelta(1, "{}"),
    ]


def test_thoughts_end_with_what_proves_them() -> None:
    events, _ = read(
        BEGIN,
        delta(0, reasoningContent={"text": "hm"}),
        delta(0, reasoningContent={"text": "m"}),
        delta(0, reasoningContent={"signature": "s1"}),
        stop(0),
        delta(1, reasoningContent={"redactedContent": "AAA="}),
        stop(1),
        delta(2, reasoningContent={"text": "open"}),
        END,
    )
    assert events[1:-1] == [
        ReasoningDelta("hm"),
        ReasoningDelta("m"),
        ReasoningEnd(signature="s1", issuer=OWN),
        ReasoningEnd(encrypted="AAA=", issuer=OWN),
        ReasoningDelta("open"),
        ReasoningEnd(issuer=OWN),
    ]


def test_citations_images_and_what_only_bedrock_knows_are_streamed() -> None:
    cited = {"title": "T", "location": {"web": {"url": "https://w"}}}
    one, two = (b64encode(each).decode() for each in (b"ab", b"cdef"))
    events, _ = read(
        BEGIN,
        delta(0, text="x"),
        delta(0, citation=cited),
        stop(0),
        start(1, image={"format": "png"}),
        delta(1, image={"source": {"bytes": one}}),
        delta(1, image={"source": {"bytes": two}}),
        stop(1),
        start(2, toolUse={"toolUseId": "t", "name": "nova_grounding", "type": "server_tool_use"}),
        delta(2, toolUse={"input": "{}"}),
        stop(2),
        start(3, toolResult={"toolUseId": "t", "status": "success"}),
        delta(3, toolResult=[{"text": "found"}]),
        stop(3),
        END,
    )
    called = {"toolUseId": "t", "name": "nova_grounding", "type": "server_tool_use", "input": "{}"}
    given_ = {"toolUseId": "t", "status": "success", "content": [{"text": "found"}]}
    assert events[2:-1] == [
        Cited(Citation("https://w", "T", dialect=OWN, native=cited)),
        Shown(Media("image", "image/png", b64encode(b"abcdef").decode())),
        Shown(NativePart(OWN, {"toolUse": called})),
        Shown(NativePart(OWN, {"toolResult": given_})),
    ]


def test_a_stream_that_begins_without_a_head_has_one() -> None:
    assert read(delta(0, text="x"))[0] == [Began(), TextDelta("x")]
    assert read(BEGIN, BEGIN, delta(0, text="x"))[0] == [Began(), TextDelta("x")]


def test_what_commits_us() -> None:
    for messages, commits in [
        ((BEGIN,), False),
        ((BEGIN, delta(0, text="")), False),
        ((BEGIN, META), False),
        ((BEGIN, delta(0, text="x")), True),
        ((BEGIN, delta(0, reasoningContent={"text": "x"})), True),
        ((BEGIN, start(0, toolUse={"toolUseId": "t", "name": "n"})), True),
        ((BEGIN, END), True),
    ]:
        assert read(*messages)[1].content is commits


def test_usage_and_tier_come_last() -> None:
    events, stream = read(BEGIN, END, META)
    assert events[-1] == Counted(Usage(10, 5), "default")
    assert stream.done
    assert not read(BEGIN, META)[1].done


@pytest.mark.parametrize(
    ("name", "said", "facts"),
    [
        ("throttlingException", {"message": "m"}, ErrorFacts(429, "m", None, "throttlingException")),
        ("validationException", {"message": "m"}, ErrorFacts(400, "m", None, "validationException")),
        ("internalServerException", {}, ErrorFacts(500, "internalServerException", None, "internalServerException")),
        ("serviceUnavailableException", {"message": "m"}, ErrorFacts(503, "m", None, "serviceUnavailableException")),
        (
            "modelStreamErrorException",
            {"message": "m", "originalStatusCode": 429, "originalMessage": "o"},
            ErrorFacts(429, "m", None, "modelStreamErrorException"),
        ),
        ("modelStreamErrorException", {"message": "m"}, ErrorFacts(502, "m", None, "modelStreamErrorException")),
        ("somethingNew", {"message": 7}, ErrorFacts(502, "somethingNew", None, "somethingNew")),
    ],
)
def test_an_exception_is_an_error_within_the_stream(name: str, said: Any, facts: ErrorFacts) -> None:
    events, stream = read(BEGIN, delta(0, text="x"), exception(name, said))
    assert stream.error == facts
    assert not stream.finished
    assert events == [Began(), TextDelta("x")]


FRAMES = st.dictionaries(
    st.sampled_from(["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"]),
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "contentBlockIndex": JSON | st.integers(0, 2),
            "start": BLOCKS | JSON,
            "delta": BLOCKS | JSON,
            "stopReason": JSON,
        },
    ),
    max_size=2,
)


@given(st.lists(FRAMES | JSON, max_size=8))
def test_no_frames_raise_anything_but_bad_replies(said: list[Any]) -> None:
    stream = ConverseStream()
    for each in said:
        try:
            events = stream.read(json.dumps(each).encode())
        except BadReply:
            continue
        assert all(type(event) in Event.__args__ for event in events)


# Errors


def test_recorded_errors_stand_for_what_they_are(shared: Path) -> None:
    found = {
        each["id"].split("/")[-1].split(".")[0]: PROVIDER.error(
            each["response"]["status"], each["response"]["body"].encode()
        )
        for each in exchanges(shared)
        if each["response"]["status"] >= 400
    }
    bare = found["bare_profile_only_model_id_is_rejected"]
    assert (bare.status, bare.code) == (404, "model_not_found")
    assert found["retired_model_id_preserves_provider_error"].status == 404


@pytest.mark.parametrize(
    ("status", "body", "facts"),
    [
        (400, {"message": "m"}, ErrorFacts(400, "m")),
        (400, {"message": "The provided model identifier is invalid."}, (404, "model_not_found")),
        (403, {"message": "You don't have access to the model with the specified model ID."}, (404, "model_not_found")),
        (403, {"Message": "User: arn is not authorized"}, ErrorFacts(403, "User: arn is not authorized")),
        (400, {"message": "Input is too long for requested model."}, (400, "context_length_exceeded")),
        (424, {"message": "m"}, ErrorFacts(502, "m")),
        (424, {"message": "m", "originalStatusCode": 400}, ErrorFacts(400, "m")),
        (408, {"message": "m"}, ErrorFacts(504, "m")),
        (
            404,
            {"__type": "com.amazon.coral.service#UnknownOperationException"},
            ErrorFacts(404, "UnknownOperationException", None, "UnknownOperationException"),
        ),
        (503, [], ErrorFacts(503, "[]")),
    ],
)
def test_an_error_is_read(status: int, body: Any, facts: Any) -> None:
    found = PROVIDER.error(status, json.dumps(body).encode())
    assert (found.status, found.code) == facts if isinstance(facts, tuple) else found == facts


def test_an_error_under_status_200_is_one() -> None:
    body = b'{"__type":"com.amazon#ThrottlingException","message":"m"}'
    assert PROVIDER.read(body) == ErrorFacts(429, "m", None, "ThrottlingException")


@given(st.integers(400, 599), st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_that_bedrock_sends_breaks_the_reading_of_an_error(status: int, body: bytes) -> None:
    facts = PROVIDER.error(status, body)
    assert facts.status in range(400, 600)
    assert facts.message.encode()
