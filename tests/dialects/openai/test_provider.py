"""What a provider of chat completions is sent, and what it cannot be sent."""

import json
from typing import Any

import pytest

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    Cache,
    Media,
    Message,
    NativePart,
    NativeTool,
    Output,
    Part,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.dialects.openai.flavor import PLAIN, Flavor
from fairlead.dialects.openai.provider import ChatProvider

OWN = "openai-chat"
OTHER = "anthropic-messages"


def send(request: Request, model: str = "up", flavor: Flavor = PLAIN) -> tuple[Any, Losses]:
    losses = Losses()
    outgoing = ChatProvider(flavor).write(request, model, losses)
    assert outgoing.path == "/chat/completions"
    return json.loads(outgoing.body), losses


def messages(*said: Message, flavor: Flavor = PLAIN) -> tuple[Any, Losses]:
    body, losses = send(Request("m", list(said)), flavor=flavor)
    return body["messages"], losses


def test_a_bare_request_is_bare() -> None:
    body, losses = send(Request("m", [Message("user", [Text("hi")])]))
    assert body == {"model": "up", "messages": [{"role": "user", "content": "hi"}]}
    assert (losses.meaning, losses.hints) == ([], [])


def test_usage_of_a_stream_is_always_asked_for() -> None:
    asked = Request("m", [], stream=True, usage_wanted=False)
    assert send(asked)[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in send(asked, flavor=Flavor(ask_usage=False))[0]


def test_results_of_tools_come_first_and_their_images_after_all_of_them() -> None:
    image = Media("image", "image/png", "QQ")
    sent, losses = messages(
        Message("assistant", [Text("a"), Text("b"), ToolCall("1", "f", "{}"), ToolCall("2", "g", "x", custom=True)]),
        Message("user", [ToolResult("1", [Text("one"), image], error=True), ToolResult("2", []), Text("so?")]),
    )
    assert sent == [
        {
            "role": "assistant",
            "content": "ab",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ"}},
                {"type": "text", "text": "so?"},
            ],
        },
    ]
    assert (losses.meaning, losses.hints) == ([], ["is_error"])


def test_who_speaks_as_developer_where_nobody_knows_him_speaks_as_system() -> None:
    asked = Request("m", [Message("developer", [Text("a")])])
    assert send(asked, "llama")[0]["messages"][0]["role"] == "system"
    assert send(asked, "gpt-5-mini")[0]["messages"][0]["role"] == "developer"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "max_tokens"),
        ("deepseek-chat", "max_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("gpt-5.2", "max_completion_tokens"),
        ("openai/gpt-5", "max_completion_tokens"),
        ("qwen-o3", "max_tokens"),
        ("gpt-oss-120b", "max_tokens"),
    ],
)
def test_the_most_tokens_in_the_models_own_word(model: str, name: str) -> None:
    assert send(Request("m", [], max_tokens=5), model)[0] == {"model": model, "messages": [], name: 5}


@pytest.mark.parametrize(
    ("media", "flavor", "part"),
    [
        (Media("image", url="https://a", detail="low"), PLAIN, {"image_url": {"url": "https://a", "detail": "low"}}),
        (Media("audio", "audio/mpeg", "QQ"), PLAIN, {"input_audio": {"data": "QQ", "format": "mp3"}}),
        (Media("audio", "audio/x-wav", "QQ"), PLAIN, {"input_audio": {"data": "QQ", "format": "wav"}}),
        (Media("video", url="https://a"), PLAIN, {"video_url": {"url": "https://a"}}),
        (
            Media("document", "application/pdf", "QQ", name="a.pdf"),
            PLAIN,
            {"file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ"}},
        ),
        (Media("document", file_id="f"), PLAIN, {"file": {"file_id": "f"}}),
        (Media("document", text="words", name="a"), PLAIN, {"text": "a\n\nwords"}),
        (
            Media("document", url="https://a"),
            Flavor(documents="file_url"),
            {"file": {"filename": "document.pdf", "file_data": "https://a"}},
        ),
        (
            Media("document", url="https://a", name="n"),
            Flavor(documents="document_url"),
            {"document_url": "https://a", "document_name": "n"},
        ),
    ],
)
def test_media_are_written(media: Media, flavor: Flavor, part: dict[str, Any]) -> None:
    sent, losses = messages(Message("user", [media, Text("?")]), flavor=flavor)
    assert sent[0]["content"][0] == {"type": next(iter(part)), **part}
    assert not losses.meaning


@pytest.mark.parametrize(
    "part",
    [
        Media("image", file_id="f", at="x"),
        Media("audio", url="https://a", at="x"),
        Media("document", url="https://a", at="x"),
        Media("document", data="QQ", cite=True, at="x"),
        NativePart(OTHER, {"type": "search_result"}, "x"),
    ],
)
def test_what_cannot_be_carried_is_named_by_its_place(part: Part) -> None:
    assert messages(Message("user", [part]))[1].meaning == ["x"]


def test_a_part_in_a_place_where_none_can_be_is_a_loss() -> None:
    assert messages(Message("assistant", [Media("image", url="https://a", at="x")]))[1].meaning == ["x"]
    assert messages(Message("system", [ToolCall("1", "f", "")]))[1].meaning == ["messages"]


def test_parts_of_the_dialect_itself_are_written_as_they_are() -> None:
    odd = {"type": "hologram"}
    sent, losses = messages(
        Message("user", [NativePart(OWN, odd)]), Message("assistant", [NativePart(OWN, {"audio": {"id": "a"}})])
    )
    assert sent == [{"role": "user", "content": [odd]}, {"role": "assistant", "audio": {"id": "a"}}]
    assert not losses.meaning


def test_a_proof_goes_to_its_issuer_alone() -> None:
    own = Reasoning("a", "google-gemini-v1|sig", issuer=OWN)
    foreign = Reasoning("b", "sig", issuer=OTHER)
    sent, losses = messages(Message("assistant", [own, foreign, Text("x")]))
    assert sent[0]["reasoning_details"] == [
        {"type": "reasoning.text", "text": "a", "signature": "sig", "format": "google-gemini-v1", "index": 0}
    ]
    assert losses.hints == ["thinking"]
    calls = [ToolCall("1", "f", "", signature="s", issuer=issuer) for issuer in (OWN, OTHER)]
    sent, losses = messages(Message("assistant", [*calls]))
    assert [each.get("extra_content") for each in sent[0]["tool_calls"]] == [
        {"google": {"thought_signature": "s"}},
        None,
    ]
    assert losses.hints == ["thinking"]


@pytest.mark.parametrize(
    ("thoughts", "members"),
    [
        ("reasoning_content", {"reasoning_content": "a\n\nb"}),
        ("reasoning", {"reasoning": "a\n\nb"}),
        (None, {}),
    ],
)
def test_plain_thoughts_go_where_the_provider_takes_them(thoughts: Any, members: dict[str, str]) -> None:
    said = Message("assistant", [Reasoning("a"), Reasoning("b", issuer=OTHER), Text("x")])
    sent, losses = messages(said, flavor=Flavor(thoughts=thoughts))
    assert sent == [{"role": "assistant", "content": "x", **members}]
    assert losses.hints == ([] if members else ["thinking"])


def test_what_may_be_cached_is_marked_where_a_provider_takes_marks() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    asked = Request("m", [Message("system", [Text("a", cache=Cache("1h"))])], tools=[Tool("f", cache=Cache())])
    body, losses = send(asked, flavor=Flavor(cache_marks=True))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "a", "cache_control": mark}]
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}]
    assert not losses.hints
    body, losses = send(asked)
    assert body["messages"][0]["content"] == "a"
    assert losses.hints == ["cache"]


TOOLS: list[Tool | NativeTool] = [
    Tool("f", "d", {"type": "object"}, strict=True),
    Tool("g"),
    Tool("h", custom=True, format={"type": "text"}),
]


@pytest.mark.parametrize(
    ("choice", "names", "written"),
    [
        (None, ["f", "g", "h"], None),
        (ToolChoice("auto"), ["f", "g", "h"], "auto"),
        (ToolChoice("none"), ["f", "g", "h"], "none"),
        (ToolChoice("required"), ["f", "g", "h"], "required"),
        (ToolChoice("required", ["g"]), ["f", "g", "h"], {"type": "function", "function": {"name": "g"}}),
        (ToolChoice("required", ["h"]), ["f", "g", "h"], {"type": "custom", "custom": {"name": "h"}}),
        (ToolChoice("required", ["f", "h"]), ["f", "h"], "required"),
        (ToolChoice("auto", ["g"]), ["g"], "auto"),
    ],
)
def test_tools_and_the_choice_among_them(choice: ToolChoice | None, names: list[str], written: Any) -> None:
    body, losses = send(Request("m", [], tools=TOOLS, tool_choice=choice, parallel_tools=False))
    assert [each[each["type"]]["name"] for each in body["tools"]] == names
    assert body.get("tool_choice") == written
    assert body["parallel_tool_calls"] is False
    assert not losses.meaning


def test_a_tool_of_another_dialect_is_a_loss() -> None:
    own = NativeTool(OWN, {"type": "x"})
    body, losses = send(Request("m", [], tools=[own, NativeTool(OTHER, {"type": "y"}, "tools[1]")]))
    assert body["tools"] == [{"type": "x"}]
    assert losses.meaning == ["tools[1]"]
    body, losses = send(Request("m", [], tool_choice=ToolChoice("none")))
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("thinking", "flavor", "members", "lost"),
    [
        (Thinking(effort="high"), "effort", {"reasoning_effort": "high"}, False),
        (Thinking(enabled=True, budget=2000), "effort", {"reasoning_effort": "low"}, True),
        (Thinking(enabled=True), "effort", {}, True),
        (Thinking(enabled=False), "effort", {}, True),
        (Thinking(effort="low", shown=False), "effort", {"reasoning_effort": "low"}, True),
        (Thinking(effort="low", shown=False), "reasoning", {"reasoning": {"effort": "low", "exclude": True}}, False),
        (Thinking(enabled=True, budget=2000), "reasoning", {"reasoning": {"max_tokens": 2000}}, False),
        (Thinking(enabled=False), "reasoning", {"reasoning": {"enabled": False}}, False),
        (Thinking(enabled=False), "switch", {"thinking": {"type": "disabled"}}, False),
        (Thinking(effort="none"), "switch", {"thinking": {"type": "disabled"}}, False),
        (Thinking(effort="low"), "switch", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}, False),
    ],
)
def test_how_much_to_think(thinking: Thinking, flavor: Any, members: Any, lost: bool) -> None:
    body, losses = send(Request("m", [], thinking=thinking), flavor=Flavor(thinking=flavor))
    assert body == {"model": "up", "messages": [], **members}
    assert losses.hints == (["thinking"] if lost else [])


def test_openais_own_models_are_not_asked_what_they_refuse() -> None:
    body, losses = send(Request("m", [], thinking=Thinking(effort="low"), top_k=5, min_p=0.1), "gpt-4.1")
    assert body == {"model": "gpt-4.1", "messages": []}
    assert losses.hints == ["top_k", "min_p", "thinking"]
    assert send(Request("m", [], top_k=5, min_p=0.1))[0] == {"model": "up", "messages": [], "top_k": 5, "min_p": 0.1}


def test_all_other_members() -> None:
    members: dict[str, Any] = {"temperature": 0.5, "top_p": 1, "seed": 3, "n": 2, "logprobs": True, "top_logprobs": 1}
    members |= {"logit_bias": {"1": 2}, "user": "u", "metadata": {"a": "b"}, "store": False, "stop": ["x"]}
    members |= {"frequency_penalty": 1, "presence_penalty": 2, "service_tier": "flex", "verbosity": "low"}
    body, losses = send(Request("m", [], **members, cache_key="k"))
    assert body == {"model": "up", "messages": [], **members, "prompt_cache_key": "k"}
    assert not losses.hints
    odd = Request("m", [], metadata={"a": 1}, service_tier="standard_only", cache=Cache(), extra={"mood": 1})
    body, losses = send(odd)
    assert body == {"model": "up", "messages": []}
    assert losses.hints == ["service_tier", "metadata", "cache", "mood"]


@pytest.mark.parametrize(
    ("output", "form"),
    [
        (Output("text"), {"type": "text"}),
        (Output("json"), {"type": "json_object"}),
        (
            Output("schema", {"type": "object"}, strict=True),
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True}},
        ),
    ],
)
def test_the_form_of_the_answer(output: Output, form: Any) -> None:
    assert send(Request("m", [], output=output))[0]["response_format"] == form
