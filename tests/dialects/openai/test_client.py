"""What a client of chat completions asks is read, and what it asks wrongly is named."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import (
    Cache,
    Media,
    Message,
    NativePart,
    NativeTool,
    Output,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.dialects.openai.client import CLIENT
from fairlead.errors import RequestError
from tests.dialects.test_members import JSON


def ask(**members: Any) -> Request:
    body = {"model": "x", "messages": [], **members}
    return CLIENT.read(json.dumps(body).encode(), "m", stream=members.get("stream", False))


def said(*messages: dict[str, Any]) -> list[Message]:
    return ask(messages=list(messages)).messages


def part(value: dict[str, Any]) -> Any:
    (message,) = said({"role": "user", "content": [value]})
    return message.parts[0]


def test_messages_are_read_by_their_role() -> None:
    assert said(
        {"role": "developer", "content": "a"},
        {"role": "system", "content": "b"},
        {"role": "user", "content": "c", "name": "ann"},
        {"role": "assistant", "content": [{"type": "text", "text": "d"}, {"type": "refusal", "refusal": "e"}]},
    ) == [
        Message("developer", [Text("a")]),
        Message("system", [Text("b")]),
        Message("user", [Text("c")], "ann"),
        Message("assistant", [Text("d"), Refusal("e")]),
    ]


def test_results_of_tools_in_a_row_are_one_message() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    custom = {"id": "2", "type": "custom", "custom": {"name": "g", "input": "free"}}
    assert said(
        {"role": "assistant", "content": None, "tool_calls": [call, custom]},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "two"}]},
        {"role": "user", "content": "so?"},
    ) == [
        Message("assistant", [ToolCall("1", "f", "{}"), ToolCall("2", "g", "free", custom=True)]),
        Message("user", [ToolResult("1", [Text("one")]), ToolResult("2", [Text("two")])]),
        Message("user", [Text("so?")]),
    ]


def test_a_legacy_function_and_its_result_belong_together() -> None:
    asked, answer = said(
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "one"},
    )
    call, result = asked.parts[0], answer.parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert (call.name, call.id, result.name) == ("f", result.id, "f")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("a", cache=Cache("1h")),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}},
            Media("image", "image/png", "QUJD", detail="low"),
        ),
        ({"type": "image_url", "image_url": {"url": "https://a/b.png"}}, Media("image", url="https://a/b.png")),
        ({"type": "image_url", "image_url": "https://a/b.png"}, Media("image", url="https://a/b.png")),
        ({"type": "image_url", "image_url": {"url": "data:text/plain,x"}}, Media("image", url="data:text/plain,x")),
        ({"type": "input_audio", "input_audio": {"data": "QQ", "format": "mp3"}}, Media("audio", "audio/mpeg", "QQ")),
        ({"type": "input_audio", "input_audio": {"data": "QQ", "format": "wav"}}, Media("audio", "audio/wav", "QQ")),
        ({"type": "input_audio", "input_audio": "QQ"}, Media("audio", data="QQ")),
        ({"type": "video_url", "video_url": {"url": "https://a/b.mp4"}}, Media("video", url="https://a/b.mp4")),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ", "filename": "a.pdf"}},
            Media("document", "application/pdf", "QQ", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "https://a/b.pdf"}}, Media("document", url="https://a/b.pdf")),
        ({"type": "file", "file": {"file_id": "file-1"}}, Media("document", file_id="file-1")),
        (
            {"type": "document_url", "document_url": "https://a/b.pdf", "document_name": "b"},
            Media("document", url="https://a/b.pdf", name="b"),
        ),
        (
            {"type": "thinking", "thinking": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            Reasoning("ab", issuer="openai-chat"),
        ),
        ({"type": "hologram", "x": 1}, NativePart("openai-chat", {"type": "hologram", "x": 1})),
    ],
)
def test_parts_are_read_by_their_type(value: dict[str, Any], read: Any) -> None:
    if isinstance(read, Media | NativePart):
        read.at = "messages[0].content[0]"
    assert part(value) == read


def test_thoughts_come_back_with_what_proves_them() -> None:
    (message,) = said(
        {
            "role": "assistant",
            "content": "x",
            "reasoning": "ab",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "a", "signature": "fl~anthropic-messages.sig", "index": 0},
                {"type": "reasoning.summary", "summary": "b", "index": 1, "format": "openai-responses-v1"},
                {"type": "reasoning.encrypted", "data": "enc", "id": "rs", "index": 2, "format": "openai-responses-v1"},
            ],
        }
    )
    assert message.parts == [
        Reasoning("a", "sig", issuer="anthropic-messages"),
        Reasoning("b", None, "openai-responses-v1|enc", "rs", "openai-chat", summary=True),
        Text("x"),
    ]
    (message,) = said({"role": "assistant", "content": "x", "reasoning_content": "ab"})
    assert message.parts == [Reasoning("ab", issuer="openai-chat"), Text("x")]


def test_a_call_keeps_the_signature_it_was_given_with() -> None:
    content = {"google": {"thought_signature": "fl~gemini.sig"}}
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}, "extra_content": content}
    (message,) = said({"role": "assistant", "tool_calls": [call]})
    assert message.parts == [ToolCall("1", "f", "", signature="sig", issuer="gemini")]


def test_an_answer_in_sound_is_a_reference_that_others_cannot_use() -> None:
    (message,) = said({"role": "assistant", "audio": {"id": "audio_1"}})
    assert message.parts == [NativePart("openai-chat", {"audio": {"id": "audio_1"}}, "messages[0].audio")]


def test_a_mark_on_a_message_marks_its_last_part() -> None:
    (message,) = said({"role": "system", "content": "a", "cache_control": {"type": "ephemeral"}})
    assert message.parts == [Text("a", cache=Cache())]


def test_tools_are_read() -> None:
    mark = {"type": "ephemeral"}
    asked = ask(
        tools=[
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": True}},
            {"type": "function", "function": {"name": "g"}, "cache_control": mark},
            {"type": "custom", "custom": {"name": "h", "format": {"type": "text"}}},
            {"type": "web_search", "depth": 2},
        ],
        parallel_tool_calls=False,
    )
    assert asked.tools == [
        Tool("f", "d", {}, strict=True),
        Tool("g", cache=Cache()),
        Tool("h", custom=True, format={"type": "text"}),
        NativeTool("openai-chat", {"type": "web_search", "depth": 2}, "tools[3]"),
    ]
    assert asked.parallel_tools is False


FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ("any", ToolChoice("required")),
        (FUNCTION, ToolChoice("required", ["f"])),
        ({"type": "custom", "custom": {"name": "f"}}, ToolChoice("required", ["f"])),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [FUNCTION, FUNCTION]}},
            ToolChoice("auto", ["f", "f"]),
        ),
        (None, None),
    ],
)
def test_the_choice_among_tools(value: Any, choice: ToolChoice | None) -> None:
    assert ask(tool_choice=value).tool_choice == choice


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ({"type": "text"}, Output("text")),
        ({"type": "json_object"}, Output("json")),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}},
            Output("schema", {"type": "object"}, "n", strict=True),
        ),
    ],
)
def test_the_form_of_the_answer(value: Any, output: Output) -> None:
    assert ask(response_format=value).output == output


def test_a_form_that_nobody_else_knows_stays_the_clients() -> None:
    form = {"type": "regex", "pattern": "a+"}
    asked = ask(response_format=form)
    assert (asked.output, asked.extra) == (None, {"response_format": form})


@pytest.mark.parametrize(
    ("members", "thinking"),
    [
        ({"reasoning_effort": "low"}, Thinking(effort="low")),
        ({"reasoning": {"effort": "high", "exclude": True}}, Thinking(effort="high", shown=False)),
        ({"reasoning": {"max_tokens": 9, "summary": "auto"}}, Thinking(budget=9, summary="auto")),
        ({"reasoning": {"enabled": True}}, Thinking(enabled=True)),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, Thinking(enabled=True, budget=9)),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False)),
        ({"thinking": {"type": "enabled"}, "reasoning_effort": "low"}, Thinking(enabled=True, effort="low")),
        ({"include_reasoning": False}, Thinking(shown=False)),
        ({}, None),
    ],
)
def test_how_much_to_think(members: Any, thinking: Thinking | None) -> None:
    assert ask(**members).thinking == thinking


def test_all_other_members() -> None:
    numbers: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "min_p": 0.1,
        "seed": 7,
        "n": 2,
        "top_logprobs": 3,
    }
    penalties: dict[str, Any] = {"frequency_penalty": 1, "presence_penalty": -1}
    account: dict[str, Any] = {
        "service_tier": "flex",
        "user": "u",
        "metadata": {"a": "b"},
        "store": True,
        "verbosity": "low",
    }
    asked = ask(**numbers, **penalties, **account, logprobs=True, logit_bias={"5": 1}, prompt_cache_key="k")
    assert {name: getattr(asked, name) for name in {**numbers, **penalties, **account}} == {
        **numbers,
        **penalties,
        **account,
    }
    assert (asked.logprobs, asked.logit_bias, asked.cache_key, asked.extra) == (True, {"5": 1}, "k", {})


def test_the_newer_word_for_the_most_tokens_wins() -> None:
    assert ask(max_tokens=5).max_tokens == 5
    assert ask(max_tokens=5, max_completion_tokens=6).max_tokens == 6


def test_words_to_stop_at() -> None:
    assert ask(stop="a").stop == ["a"]
    assert ask(stop=["a", "b"]).stop == ["a", "b"]
    assert ask(stop=None).stop == []


def test_usage_of_a_stream_is_wanted_only_when_asked_for() -> None:
    assert ask().usage_wanted
    assert not ask(stream=True).usage_wanted
    assert ask(stream=True, stream_options={"include_usage": True}).usage_wanted


def test_what_has_no_word_is_kept_by_its_path() -> None:
    asked = ask(
        messages=[{"role": "user", "content": [{"type": "text", "text": "a", "mood": 1}], "prefix": True}],
        modalities=["text", "audio"],
        nothing=None,
        stream_options={"include_obfuscation": False},
        functions=[],
        tools=[],
        stream=True,
        reasoning_effort="huge",
        reasoning={"mode": 1},
    )
    assert asked.extra == {
        "messages[0].content[0].mood": 1,
        "messages[0].prefix": True,
        "modalities": ["text", "audio"],
        "stream_options.include_obfuscation": False,
        "functions": [],
        "reasoning_effort": "huge",
        "reasoning.mode": 1,
    }


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [7]}, "messages[0]"),
        ({"messages": [{"content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "king", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": 7}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages[0].tool_calls[0].function"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"type": "x"}]}]}, "messages[0].tool_calls[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop": [1]}, "stop"),
        ({"thinking": {"type": "x"}}, "thinking.type"),
        ({"response_format": {"type": "json_schema", "json_schema": 7}}, "response_format.json_schema"),
        ({"stream_options": [], "stream": True}, "stream_options"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(members: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        ask(**members)
    assert caught.value.param == param


@given(
    JSON
    | st.fixed_dictionaries(
        {
            "messages": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "role": st.sampled_from(["user", "assistant", "tool", "function", "system"]),
                        "content": JSON,
                        "tool_calls": JSON,
                        "reasoning_details": JSON,
                        "function_call": JSON,
                        "audio": JSON,
                        "name": JSON,
                        "cache_control": JSON,
                    },
                )
            )
        },
        optional=dict.fromkeys(
            ["tools", "tool_choice", "stop", "response_format", "reasoning", "thinking", "metadata", "stream_options"],
            JSON,
        ),
    )
)
def test_no_request_raises_anything_but_a_request_error(value: Any) -> None:
    with contextlib.suppress(RequestError):
        CLIENT.read(json.dumps(value).encode(), "m", stream=True)
