"""Replies as they come from a provider, and as a client gets them."""

import json
from typing import Any

import pytest

from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    BadReply,
    Choice,
    Citation,
    ErrorFacts,
    Finish,
    Media,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    Usage,
)
from tests.dialects.anthropic.support import FACTS, reply, shown

NAME = PROVIDER.name


def content(*parts: Part) -> Any:
    return shown(Reply([Choice(list(parts), "stop")]))["content"]


def test_an_answer_says_of_itself_what_its_provider_does_not() -> None:
    body = shown(Reply([Choice([Text("x")], "stop")]))
    assert (body["id"], body["model"], body["type"], body["role"]) == ("msg_1", "m", "message", "assistant")
    assert body["usage"]["input_tokens"] == body["usage"]["output_tokens"] == 0
    assert shown(Reply([], id="a", model="b"))["content"] == []
    assert (shown(Reply([], id="a", model="b"))["id"], shown(Reply([], id="a", model="b"))["model"]) == ("msg_a", "b")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context"),
    ],
)
def test_the_reason_for_the_end_comes_back(reason: str, finish: Finish) -> None:
    made = reply({"content": [], "stop_reason": reason})
    assert (made.choices[0].finish, made.choices[0].native_finish) == (finish, reason)
    assert shown(made)["stop_reason"] == reason


def test_the_sequence_that_stopped_it_comes_back() -> None:
    made = reply({"content": [], "stop_reason": "stop_sequence", "stop_sequence": "x"})
    assert (made.choices[0].finish, made.choices[0].stop_sequence) == ("stop", "x")
    assert (shown(made)["stop_reason"], shown(made)["stop_sequence"]) == ("stop_sequence", "x")


@pytest.mark.parametrize(
    ("finish", "reason"), [("content_filter", "refusal"), ("error", "max_tokens"), (None, "end_turn")]
)
def test_ends_that_anthropic_has_no_word_for(finish: Finish | None, reason: str) -> None:
    assert shown(Reply([Choice([], finish)]))["stop_reason"] == reason


def test_a_reason_that_is_new_is_a_stop() -> None:
    made = reply({"content": [], "stop_reason": "bored"})
    assert (made.choices[0].finish, made.choices[0].native_finish) == ("stop", "bored")


def test_an_answer_that_calls_a_tool_says_so_where_its_provider_forgot() -> None:
    assert shown(Reply([Choice([ToolCall("a", "f", "{}")], "stop")]))["stop_reason"] == "tool_use"


def test_thoughts_of_others_are_sealed_and_come_back_whole() -> None:
    thoughts: list[Part] = [
        Reasoning("a", "s", issuer="gemini"),
        Reasoning("", None, "e", issuer="openai-responses"),
        Reasoning("b", "s", issuer=NAME),
        Reasoning("c"),
    ]
    blocks = content(*thoughts)
    assert [each.get("signature", each.get("data")) for each in blocks] == [
        "fl~gemini.s",
        "fl~openai-responses.e",
        "s",
        "",
    ]
    sent = {"messages": [{"role": "assistant", "content": blocks}]}
    assert CLIENT.read(json.dumps(sent).encode(), "m", stream=False).messages[0].parts == thoughts


def test_a_tool_calls_signature_goes_with_the_client_and_comes_back() -> None:
    calls: list[Part] = [
        ToolCall("a", "f", '{"x":1}', signature="s", issuer="gemini"),
        ToolCall("b", "f", "{}"),
    ]
    blocks = content(*calls)
    assert [each["type"] for each in blocks] == ["redacted_thinking", "tool_use", "tool_use"]
    sent = {"messages": [{"role": "assistant", "content": blocks}]}
    assert CLIENT.read(json.dumps(sent).encode(), "m", stream=False).messages[0].parts == calls


def test_what_is_shown_of_other_parts() -> None:
    native = {"type": "server_tool_use", "id": "a", "name": "web_search", "input": {}}
    assert content(
        Refusal("no"),
        Text(""),
        Text("x", [Citation("u", "t"), Citation(quote="nowhere")]),
        NativePart(NAME, native),
        NativePart("gemini", {"x": 1}),
        Media("image", "image/png", "QQ=="),
        ToolCall("a", "f", "words", custom=True),
    ) == [
        {"type": "text", "text": "no"},
        {
            "type": "text",
            "text": "x",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "u",
                    "title": "t",
                    "cited_text": "",
                    "encrypted_index": "",
                }
            ],
        },
        native,
        {"type": "text", "text": "![image](data:image/png;base64,QQ==)"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"input": "words"}},
    ]


def test_usage_comes_back_as_it_was_counted() -> None:
    usage = Usage(100, 20, cached_tokens=30, reasoning_tokens=5, cache_write_tokens=40, cache_write_1h_tokens=10)
    body = shown(Reply([], usage, service_tier="batch"))["usage"]
    assert body == {
        "input_tokens": 30,
        "cache_creation_input_tokens": 40,
        "cache_read_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 10},
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 5},
        "service_tier": "batch",
    }
    assert reply({"content": [], "usage": body}).usage == usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ("x", None),
        ({}, Usage()),
        ({"input_tokens": "3", "output_tokens": 2.0, "cache_creation": 7}, Usage(0, 2)),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 2}}, Usage(5, 0, 0, 0, 5, 2)),
        ({"input_tokens": -1, "cache_read_input_tokens": None}, Usage()),
    ],
)
def test_usage_that_is_badly_written_is_read_as_far_as_it_goes(usage: Any, expected: Usage | None) -> None:
    assert reply({"content": [], "usage": usage}).usage == expected


def test_a_reply_that_is_badly_written_loses_nothing_else() -> None:
    made = reply(
        {
            "id": 7,
            "model": None,
            "stop_reason": [],
            "content": [
                {"type": "text"},
                7,
                {"type": "text", "text": "x", "citations": [1, {}]},
                {"type": "thinking", "thinking": 1, "signature": 2},
                {"type": "tool_use", "input": '{"x":1}'},
                {"type": "tool_use", "id": "a", "name": "f", "input": None},
                {"no": "type"},
            ],
        }
    )
    assert (made.id, made.model, made.choices[0].finish) == (None, None, None)
    assert made.choices[0].parts == [
        Text("x", [Citation(dialect=NAME, native={})]),
        Reasoning(issuer=NAME),
        ToolCall("", "", '{"x":1}'),
        ToolCall("a", "f", "{}"),
        NativePart(NAME, {"no": "type"}),
    ]
    assert json.loads(CLIENT.write(made, FACTS))


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, 529, "m"),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}}, 429, "m"),
        ({"type": "error", "error": {"type": "new_error"}}, 502, "HTTP 502"),
        ({"error": "m"}, 502, "m"),
        ({"error": {"message": "m", "type": 7}}, 502, "m"),
    ],
)
def test_an_error_inside_a_200_is_found(value: Any, status: int, message: str) -> None:
    found = PROVIDER.read(json.dumps(value).encode())
    assert isinstance(found, ErrorFacts)
    assert (found.status, found.message) == (status, message)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"{}", b'{"content":"x"}', b'{"content":null}', b"<html>"])
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)


def test_half_a_surrogate_pair_is_carried() -> None:
    made = PROVIDER.read(b'{"content":[{"type":"text","text":"half \\ud83d"}]}')
    assert isinstance(made, Reply)
    assert b"\\ud83d" in CLIENT.write(made, FACTS)
    sent = b'{"messages":[{"role":"user","content":"half \\ud83d"}]}'
    assert b"\\ud83d" in PROVIDER.write(CLIENT.read(sent, "m", stream=False), "m", Losses()).body
