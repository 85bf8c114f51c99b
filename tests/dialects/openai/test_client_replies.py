"""What a client of chat completions gets is OpenAI's shape, whatever the answer was."""

import json
from typing import Any

import pytest

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
    NativePart,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Reply,
    Request,
    Shown,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolDelta,
    ToolResult,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai.client import CLIENT, unsaid
from fairlead.errors import UnknownModel
from tests import openai_schema
from tests.dialects.openai.test_recorded_calls import frames

FACTS = Facts("0199", "m", 1_700_000_000)


def written(*parts: Any, **members: Any) -> dict[str, Any]:
    reply = Reply([Choice(list(parts), members.pop("finish", "stop"), **members)])
    value = json.loads(CLIENT.write(reply, FACTS))
    if not openai_schema.ABSENT:
        assert openai_schema.problems("reply", value) == []
    choice: dict[str, Any] = value["choices"][0]
    return choice


def test_a_reply_says_of_itself_what_its_provider_does_not() -> None:
    usage = Usage(10, 5, 4, 3, 2)
    value = json.loads(CLIENT.write(Reply([Choice([Text("hi")], "stop")], usage), FACTS))
    assert value == {
        "id": "chatcmpl-0199",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0},
        },
    }
    own = Reply([Choice([], "stop")], None, "msg_1", "claude", 5, "standard", "fp")
    value = json.loads(CLIENT.write(own, FACTS))
    assert (value["id"], value["model"], value["created"]) == ("chatcmpl-1", "claude", 5)
    assert (value["native_service_tier"], value["system_fingerprint"]) == ("standard", "fp")
    assert value["choices"][0]["message"]["content"] == ""


def test_calls_are_written_with_their_signatures_sealed() -> None:
    choice = written(
        ToolCall("1", "f", "{}", signature="sig", issuer="gemini"),
        ToolCall("2", "g", "free", custom=True),
        finish="tool_calls",
    )
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {
            "id": "1",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "fl~gemini.sig"}},
        },
        {"id": "2", "type": "custom", "custom": {"name": "g", "input": "free"}},
    ]
    assert choice["finish_reason"] == "tool_calls"


def test_thoughts_are_joined_and_those_with_a_proof_stand_in_detail() -> None:
    message = written(Reasoning("a"), Reasoning("b"), Text("c"))["message"]
    assert message["reasoning_content"] == "a\n\nb"
    assert "reasoning_details" not in message
    message = written(Reasoning("a", "sig", issuer="anthropic-messages"), Reasoning("b", encrypted="e", id="i"))[
        "message"
    ]
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "a", "signature": "fl~anthropic-messages.sig", "index": 0},
        {"type": "reasoning.text", "text": "b", "index": 1},
        {"type": "reasoning.encrypted", "data": "e", "id": "i", "index": 2},
    ]


def test_citations_count_from_the_start_of_the_whole_text() -> None:
    message = written(
        Text("one "),
        Text("two", [Citation("https://a", "A", "quoted", 1, 2), Citation("https://b"), Citation(title="C", start=0)]),
    )["message"]
    assert message["content"] == "one two"
    assert [each["url_citation"] for each in message["annotations"]] == [
        {"url": "https://a", "title": "A", "start_index": 5, "end_index": 6, "content": "quoted"},
        {"url": "https://b", "title": "", "start_index": 4, "end_index": 7},
    ]
    assert message["citations"] == [{"type": "citation", "title": "C", "start_index": 4}]


def test_images_and_sounds_are_shown() -> None:
    message = written(Media("image", "image/png", "QQ"), Media("audio", data="QQ", text="hi", file_id="a"))["message"]
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ"}}]
    assert message["audio"] == {"id": "a", "expires_at": 1_700_000_000, "data": "QQ", "transcript": "hi"}


@pytest.mark.parametrize(
    ("finish", "native", "reason", "shown"),
    [
        ("stop", "end_turn", "stop", "end_turn"),
        ("stop", "stop", "stop", None),
        ("refusal", None, "content_filter", "refusal"),
        ("pause", None, "stop", "pause"),
        ("context", None, "length", "context"),
        ("error", None, "error", None),
        (None, None, "stop", None),
    ],
)
def test_why_it_ended(finish: Any, native: str | None, reason: str, shown: str | None) -> None:
    value = json.loads(CLIENT.write(Reply([Choice([], finish, native_finish=native)]), FACTS))
    choice = value["choices"][0]
    assert (choice["finish_reason"], choice.get("native_finish_reason")) == (reason, shown)


def test_a_refusal_is_not_the_content() -> None:
    message = written(Refusal("no"), finish="refusal")["message"]
    assert (message["content"], message["refusal"]) == (None, "no")


def test_likely_tokens() -> None:
    token = TokenLogprob("a", -0.5, [97], [TokenLogprob("b", -1)])
    assert written(Text("a"), logprobs=[token])["logprobs"] == {
        "content": [
            {
                "token": "a",
                "logprob": -0.5,
                "bytes": [97],
                "top_logprobs": [{"token": "b", "logprob": -1.0, "bytes": None}],
            }
        ],
        "refusal": None,
    }


def test_what_cannot_be_said_is_named() -> None:
    parts: list[Part] = [
        NativePart("anthropic-messages", {"type": "server_tool_use"}),
        NativePart("anthropic-messages", {"type": "server_tool_use"}),
        NativePart("gemini", {"executableCode": {}}),
        Media("video", url="https://a"),
        ToolResult("1", []),
        Text("a"),
    ]
    reply = Reply([Choice(parts, "stop")])
    assert unsaid(reply) == ["server_tool_use", "gemini", "video", "tool_result"]
    assert json.loads(CLIENT.write(reply, FACTS))["choices"][0]["message"]["content"] == "a"


def test_half_a_surrogate_pair_is_written() -> None:
    reply = Reply([Choice([Text("half \ud83d")], "stop")])
    assert json.loads(CLIENT.write(reply, FACTS))["choices"][0]["message"]["content"] == "half \ud83d"


# --- streams


def stream(*events: Event, usage_wanted: bool = False) -> list[Any]:
    writer = CLIENT.stream(Request("m", [], stream=True, usage_wanted=usage_wanted), FACTS)
    sent = frames(writer.write(events) + writer.end())
    assert sent.pop() == b"[DONE]"
    chunks = [json.loads(each) for each in sent]
    if not openai_schema.ABSENT:
        assert [problem for chunk in chunks for problem in openai_schema.problems("chunk", chunk)] == []
    return chunks


def deltas(*events: Event) -> list[Any]:
    first, *rest = (chunk["choices"][0]["delta"] for chunk in stream(*events))
    assert first == {"role": "assistant", "content": "", "refusal": None}
    return rest


def test_a_stream_has_the_role_first_and_usage_last() -> None:
    events = (Began("x", "y", 5, Usage(9)), TextDelta("hi"), Counted(Usage(9, 1)), Finished("stop"))
    chunks = stream(*events, usage_wanted=True)
    assert [chunk["choices"] for chunk in chunks] == [
        [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": "", "refusal": None},
                "logprobs": None,
                "finish_reason": None,
            }
        ],
        [{"index": 0, "delta": {"content": "hi"}, "logprobs": None, "finish_reason": None}],
        [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}],
        [],
    ]
    assert {(chunk["id"], chunk["model"], chunk["created"]) for chunk in chunks} == {("chatcmpl-x", "y", 5)}
    assert chunks[-1]["usage"]["total_tokens"] == 10
    assert not any("usage" in chunk for chunk in stream(*events))


def test_calls_are_streamed_by_their_index() -> None:
    call = {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}
    assert deltas(
        ToolStart(1, "b", "g", signature="s", issuer="gemini"),
        ToolDelta(1, "{}"),
        RefusalDelta("no"),
        Finished("tool_calls"),
    ) == [
        {"tool_calls": [{**call, "extra_content": {"google": {"thought_signature": "fl~gemini.s"}}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {"refusal": "no"},
        {},
    ]


def test_a_custom_call_is_streamed_as_openai_does() -> None:
    writer = CLIENT.stream(Request("m", []), FACTS)
    sent = frames(writer.write([ToolStart(0, "a", "f", custom=True), ToolDelta(0, "free")]))
    assert json.loads(sent[-1])["choices"][0]["delta"] == {"tool_calls": [{"index": 0, "custom": {"input": "free"}}]}


def test_a_proof_is_streamed_with_all_of_its_thought() -> None:
    assert deltas(
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        ReasoningEnd(signature="s", issuer="anthropic-messages"),
        ReasoningDelta("c"),
        ReasoningEnd(),
        ReasoningEnd(encrypted="e", issuer="anthropic-messages"),
    ) == [
        {"reasoning_content": "a"},
        {"reasoning_content": "b"},
        {
            "reasoning_details": [
                {"type": "reasoning.text", "text": "ab", "signature": "fl~anthropic-messages.s", "index": 0}
            ]
        },
        {"reasoning_content": "\n\nc"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "fl~anthropic-messages.e", "index": 1}]},
    ]


def test_sources_and_images_are_streamed() -> None:
    cited = {"url": "https://a", "title": "", "start_index": 0, "end_index": 2}
    assert deltas(
        TextDelta("hi"),
        Cited(Citation("https://a")),
        Cited(Citation(title="B")),
        Shown(Media("image", url="https://i")),
        Shown(NativePart("x", {})),
        Shown(Media("audio", data="QQ", text="q")),
    )[1:] == [
        {"annotations": [{"type": "url_citation", "url_citation": cited}]},
        {"citations": [{"type": "citation", "title": "B"}]},
        {"images": [{"type": "image_url", "image_url": {"url": "https://i"}}]},
        {"audio": {"id": "audio_0199", "expires_at": 1_700_000_000, "data": "QQ", "transcript": "q"}},
    ]


def test_likely_tokens_are_streamed() -> None:
    chunk = stream(TextDelta("a", logprobs=[TokenLogprob("a", -1)]))[1]
    assert chunk["choices"][0]["logprobs"]["content"][0]["token"] == "a"


def test_a_stream_that_broke_never_looks_like_success() -> None:
    writer = CLIENT.stream(Request("m", []), FACTS)
    writer.write([TextDelta("a"), TextDelta("b", 1), Finished("stop", 1)])
    sent = frames(writer.error(UnknownModel("gone")))
    assert sent.pop() == b"[DONE]"
    (chunk,) = map(json.loads, sent)
    assert chunk["choices"] == [{"index": 0, "delta": {}, "finish_reason": "error"}]
    assert chunk["error"]["message"] == "gone"
    assert json.loads(CLIENT.error(UnknownModel("gone")))["error"] == chunk["error"]
