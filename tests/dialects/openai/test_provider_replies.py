"""What a provider of chat completions answers is read, however it writes it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import (
    BadReply,
    Choice,
    Citation,
    ErrorFacts,
    Media,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from fairlead.dialects.openai.provider import PROVIDER
from tests.dialects.openai.test_reply import ANSWERS
from tests.dialects.test_members import JSON

OWN = "openai-chat"


def read(message: Any, **members: Any) -> Reply:
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **members}
    reply = PROVIDER.read(json.dumps(body).encode())
    assert isinstance(reply, Reply)
    return reply


def parts(message: Any, **members: Any) -> list[Part]:
    return read(message, **members).choices[0].parts


def test_a_reply_is_read() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}
    head = {"id": "i", "model": "m", "created": 5, "service_tier": "flex", "system_fingerprint": "fp"}
    assert read({"content": "hi"}, usage=usage, **head) == Reply(
        [Choice([Text("hi")], "stop")], Usage(9, 4, 2), "i", "m", 5, "flex", "fp"
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"content": None}, []),
        ({"content": 7, "tool_calls": "x", "refusal": [], "images": {}}, []),
        ({"refusal": "no"}, [Refusal("no")]),
        ({"content": "a", "reasoning_content": "t"}, [Reasoning("t", issuer=OWN), Text("a")]),
        ({"content": "a", "reasoning": "t", "reasoning_content": "t"}, [Reasoning("t", issuer=OWN), Text("a")]),
        (
            {"content": [{"type": "thinking", "thinking": [{"text": "t"}]}, {"type": "text", "text": "a"}]},
            [Reasoning("t", issuer=OWN), Text("a")],
        ),
        (
            {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {"a": 1}}}, 7, {}]},
            [ToolCall("1", "f", '{"a":1}', issuer=OWN), ToolCall("call_1", "", "", issuer=OWN)],
        ),
        (
            {"tool_calls": [{"id": "1", "type": "custom", "custom": {"name": "f", "input": "x"}}]},
            [ToolCall("1", "f", "x", custom=True, issuer=OWN)],
        ),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [ToolCall("call_0", "f", "{}", issuer=OWN)]),
        (
            {"images": [{"image_url": {"url": "data:image/png;base64,QQ"}}]},
            [Media("image", "image/png", "QQ")],
        ),
        ({"audio": {"id": "a", "data": "QQ", "transcript": "q"}}, [Media("audio", data="QQ", file_id="a", text="q")]),
    ],
)
def test_what_a_message_says(message: Any, said: list[Part]) -> None:
    assert parts(message) == said


def test_a_proof_is_read_with_who_made_it() -> None:
    call = {"id": "1", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "s"}}}
    details = [
        {"type": "reasoning.summary", "summary": "t", "format": "openai-responses-v1"},
        {"type": "reasoning.encrypted", "data": "e", "id": "rs", "format": "openai-responses-v1"},
    ]
    assert parts({"reasoning": "t", "reasoning_details": details, "tool_calls": [call]}) == [
        Reasoning("t", None, "openai-responses-v1|e", "rs", OWN, summary=True),
        ToolCall("1", "f", "", signature="s", issuer=OWN),
    ]


def test_sources_are_read_as_openai_and_as_perplexity_name_them() -> None:
    cited = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2, "content": "q"}
    entry = {"type": "url_citation", "url_citation": cited}
    assert parts({"content": "hi", "annotations": [entry, 7]}) == [
        Text("hi", [Citation("https://a", "A", "q", 0, 2, OWN, entry)])
    ]
    source = {"url": "https://a", "title": "A", "snippet": "q"}
    assert parts({"content": "hi"}, search_results=[source], citations=["https://a"]) == [
        Text("hi", [Citation("https://a", "A", "q", dialect=OWN, native=source)])
    ]
    assert parts({"content": "hi"}, citations=["https://a", 7]) == [Text("hi", [Citation("https://a", dialect=OWN)])]


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        ({"finish_reason": "stop"}, ("stop", None)),
        ({"finish_reason": "function_call"}, ("tool_calls", "function_call")),
        ({"finish_reason": "stop", "native_finish_reason": "end_turn"}, ("stop", "end_turn")),
        ({"finish_reason": "stop", "native_finish_reason": "stop"}, ("stop", None)),
        ({"finish_reason": "abort"}, ("stop", "abort")),
        ({"finish_reason": "MAX_TOKENS"}, ("length", "MAX_TOKENS")),
        ({"finish_reason": None}, (None, None)),
        ({"finish_reason": 7}, (None, None)),
    ],
)
def test_why_it_ended(choice: Any, read_as: Any) -> None:
    reply = PROVIDER.read(json.dumps({"choices": [{"message": {"content": "a"}, **choice}]}).encode())
    assert isinstance(reply, Reply)
    assert (reply.choices[0].finish, reply.choices[0].native_finish) == read_as


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        (None, None),
        ({}, None),
        ("many", None),
        ({"prompt_tokens": "x", "completion_tokens": 4}, Usage(0, 4)),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 3, "reasoning_tokens": 1}, Usage(9, 0, 3, 1)),
        (
            {"prompt_tokens": 9, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2},
            Usage(9, 0, 3, 0, 2),
        ),
        (
            {
                "prompt_tokens_details": {"cache_write_tokens": 4, "audio_tokens": 5},
                "completion_tokens_details": {"audio_tokens": 6},
                "cache_creation": {"ephemeral_1h_input_tokens": 1},
            },
            Usage(0, 0, 0, 0, 4, 1, 5, 6),
        ),
    ],
)
def test_usage(value: Any, usage: Usage | None) -> None:
    assert read({"content": "a"}, usage=value).usage == usage


def test_likely_tokens() -> None:
    token = {"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": [{"token": "b"}]}
    body = {"choices": [{"message": {"content": "a"}, "logprobs": {"content": [token]}}]}
    reply = PROVIDER.read(json.dumps(body).encode())
    assert isinstance(reply, Reply)
    assert reply.choices[0].logprobs == [TokenLogprob("a", -1, [97], [TokenLogprob("b", 0.0)])]


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"error": {"message": "m", "code": 429}}, ErrorFacts(429, "m", "429")),
        ({"choices": [{"error": {"message": "m", "code": 503}}]}, ErrorFacts(503, "m", "503")),
        ({"object": "error", "message": "m", "code": 400}, ErrorFacts(400, "m", "400")),
        ([{"error": {"message": "m", "code": 503}}], ErrorFacts(503, "m", "503")),
    ],
)
def test_an_error_under_status_200_is_one(body: Any, facts: ErrorFacts) -> None:
    data = json.dumps(body).encode()
    assert PROVIDER.read(data) == facts
    reader = PROVIDER.stream(1)
    assert reader.read(data) == []
    assert reader.error == facts


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"choices":[]}', b'{"choices":[7]}', b'"x"', b"\xff"])
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)


MESSAGES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        (
            *("content", "reasoning", "reasoning_content", "reasoning_details", "refusal", "tool_calls"),
            *("function_call", "annotations", "images", "audio"),
        ),
        JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional=dict.fromkeys(
                    ("type", "text", "thinking", "function", "index", "id", "data", "signature", "image_url"), JSON
                ),
            ),
            max_size=2,
        ),
    ),
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={"message": MESSAGES, "delta": MESSAGES, "finish_reason": JSON, "logprobs": JSON, "index": JSON},
)
HOSTILE = JSON | ANSWERS | st.fixed_dictionaries({"choices": st.lists(CHOICES, max_size=2)}, optional={"usage": JSON})


@given(HOSTILE)
def test_no_json_raises_anything_but_bad_reply(value: Any) -> None:
    data = json.dumps(value).encode()
    with contextlib.suppress(BadReply):
        PROVIDER.read(data)
    with contextlib.suppress(BadReply):
        PROVIDER.stream(1).read(data)
