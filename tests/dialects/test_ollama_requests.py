"""What Ollama is sent for a call, and what is said of all that it cannot be sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

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
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.dialects.ollama import PROVIDER
from tests.dialects.exchanges import differences, exchanges
from tests.dialects.test_cohere_requests import MESSAGES


def sent(request: Request, model: str = "m") -> tuple[dict[str, Any], Losses]:
    losses = Losses()
    outgoing = PROVIDER.write(request, model, losses)
    assert outgoing.path == "/api/chat"
    body: dict[str, Any] = json.loads(outgoing.body)
    return body, losses


def user(*parts: Part, **members: Any) -> Request:
    return Request("m", [Message("user", list(parts))], **members)


# Recordings


def plainly(body: dict[str, Any]) -> Request:
    """The call that a recorded request makes, read by plain means. Calls without an id get their tool's name."""
    request = Request(body["model"], [_message(each) for each in body["messages"]], stream=body["stream"])
    request.max_tokens = body["options"].get("num_predict")
    request.thinking = Thinking(enabled=body["think"])
    functions = [each["function"] for each in body.get("tools", [])]
    request.tools = [Tool(each["name"], each["description"], each["parameters"]) for each in functions]
    request.output = Output("schema", body["format"]) if "format" in body else None
    return request


def _message(said: dict[str, Any]) -> Message:
    text = Text(said["content"])
    if said["role"] == "tool":
        return Message("user", [ToolResult(said["tool_name"], [text])])
    parts: list[Part] = [Reasoning(said["thinking"])] if "thinking" in said else []
    for call in said.get("tool_calls", []):
        function = call["function"]
        parts.append(ToolCall(function["name"], function["name"], json.dumps(function["arguments"])))
    return Message(said["role"], [*parts, text])


# Every difference to what was recorded, and why it is none in meaning.
EXPECTED = {
    ".options: {} -> absent",  # an object or a list of nothing
    ".messages[].tool_calls: [] -> absent",
    ".messages[].tool_calls[].type: str -> absent",  # Ollama does not read it
    ".messages[].tool_calls[].id: absent -> str",  # nor did the recorded client send these
    ".messages[].tool_call_id: absent -> str",
}


def test_a_call_is_written_as_it_was_recorded(shared: Path) -> None:
    found: set[str] = set()
    for each in exchanges(shared, "ollama", "/api/chat$"):
        body, losses = sent(plainly(each.asked), each.asked["model"])
        assert (losses.meaning, losses.hints) == ([], [])
        found |= set(differences(each.asked, body))
    assert found == EXPECTED


# Messages


def test_what_is_said_stands_in_its_order() -> None:
    image = Media("image", "image/png", "AA==")
    body, losses = sent(
        Request(
            "m",
            [
                Message("developer", [Text("d")]),
                Message("user", [Text("a"), image, Text("b")]),
                Message("assistant", [Reasoning("t"), Text("c"), Refusal("no"), ToolCall("1", "f", '{"a":1}')]),
                Message("user", [ToolResult("1", [Text("r"), image]), ToolResult("2", [], name="g"), Text("d")]),
            ],
        )
    )
    assert body["messages"] == [
        {"role": "system", "content": "d"},
        {"role": "user", "content": "a\nb", "images": ["AA=="]},
        {
            "role": "assistant",
            "content": "c\nno",
            "thinking": "t",
            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {"a": 1}}}],
        },
        {"role": "tool", "content": "r", "images": ["AA=="], "tool_name": "f", "tool_call_id": "1"},
        {"role": "tool", "content": "", "tool_name": "g", "tool_call_id": "2"},
        {"role": "user", "content": "d"},
    ]
    assert (losses.meaning, losses.hints) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "custom", "sent_as"),
    [
        ("", False, {}),
        ('{"a":[1]}', False, {"a": [1]}),
        ("[1]", False, {"input": [1]}),
        ("no json", False, {"input": "no json"}),
        ('"\ud83d', False, {"input": '"\ud83d'}),
        ('{"a":1}', True, {"input": '{"a":1}'}),
    ],
)
def test_arguments_are_always_an_object(arguments: str, custom: bool, sent_as: dict[str, Any]) -> None:
    body, _ = sent(Request("m", [Message("assistant", [ToolCall("1", "f", arguments, custom)])]))
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == sent_as


def test_a_document_is_words_of_its_message() -> None:
    body, losses = sent(user(Media("document", text="x", name="n", context="c", cite=True), Text("q")))
    assert body["messages"] == [{"role": "user", "content": "n\nc\nx\nq"}]
    assert losses.meaning == ["citations"]


# Members


@pytest.mark.parametrize(
    ("members", "written"),
    [
        ({"max_tokens": 5, "seed": 0, "temperature": 0}, {"options": {"num_predict": 5, "seed": 0, "temperature": 0}}),
        ({"top_p": 1, "top_k": 4.0, "min_p": 0.1}, {"options": {"top_p": 1, "top_k": 4, "min_p": 0.1}}),
        ({"stop": ["a"], "presence_penalty": -1}, {"options": {"presence_penalty": -1, "stop": ["a"]}}),
        ({"stream": True}, {"stream": True}),
        ({"logprobs": True, "top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
        ({"output": Output("text")}, {}),
        ({"output": Output("json")}, {"format": "json"}),
        ({"output": Output("schema", {"a": 1})}, {"format": {"a": 1}}),
        ({"thinking": Thinking(enabled=True)}, {"think": True}),
        ({"thinking": Thinking(enabled=False)}, {"think": False}),
        ({"thinking": Thinking(effort="none")}, {"think": False}),
        ({"thinking": Thinking(effort="minimal")}, {"think": "low"}),
        ({"thinking": Thinking(effort="high")}, {"think": "high"}),
        ({"thinking": Thinking(effort="xhigh")}, {"think": "max"}),
        ({"thinking": Thinking(budget=0)}, {"think": False}),
        ({"thinking": Thinking()}, {}),
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("none")}, {}),
    ],
)
def test_a_member_is_written(members: dict[str, Any], written: dict[str, Any]) -> None:
    body, losses = sent(user(Text("q"), **members))
    assert body == {"model": "m", "messages": [{"role": "user", "content": "q"}], "stream": False, **written}
    assert (losses.meaning, losses.hints) == ([], [])


def test_tools_are_limited_to_those_that_may_be_chosen() -> None:
    tools: list[Tool | NativeTool] = [Tool("f", "d", {"type": "object"}), Tool("g"), NativeTool("ollama", {"x": 1})]
    body, losses = sent(user(Text("q"), tools=tools, tool_choice=ToolChoice("auto", ["f"])))
    described = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert body["tools"] == [{"type": "function", "function": described}, {"x": 1}]
    assert losses.meaning == []
    assert len(sent(user(Text("q"), tools=tools))[0]["tools"]) == 3


# Losses


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"n": 2}, "n"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"parallel_tools": False}, "parallel_tools"),
        ({"verbosity": "low"}, "verbosity"),
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("required")}, "tool_choice"),
        ({"tools": [Tool("f", custom=True)]}, "tools"),
        ({"tools": [NativeTool("gemini", {}, "tools[0]")]}, "tools[0]"),
    ],
)
def test_what_changes_the_answer_is_said(members: dict[str, Any], lost: str) -> None:
    _, losses = sent(user(Text("q"), **members))
    assert (losses.meaning, losses.hints) == ([lost], [])


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"service_tier": "flex"}, "service_tier"),
        ({"user": "u"}, "user"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"cache_key": "k"}, "cache_key"),
        ({"store": True}, "store"),
        ({"extra": {"keep_alive": 1}}, "keep_alive"),
        ({"thinking": Thinking(budget=4096)}, "thinking"),
        ({"thinking": Thinking(enabled=True, shown=False)}, "thinking"),
        ({"tools": [Tool("f", strict=True)]}, "strict"),
        ({"tools": [Tool("f", cache=Cache())]}, "cache"),
    ],
)
def test_what_leaves_the_answer_as_it_is_is_said(members: dict[str, Any], lost: str) -> None:
    _, losses = sent(user(Text("q"), **members))
    assert (losses.meaning, losses.hints) == ([], [lost])


@pytest.mark.parametrize(
    "part",
    [
        Media("audio", "audio/wav", "AA==", at="p"),
        Media("image", url="https://e.com/i", at="p"),
        Media("document", "application/pdf", "AA==", at="p"),
        NativePart("gemini", {}, "p"),
        ToolResult("1", [Media("image", file_id="f", at="p")]),
    ],
)
def test_a_part_that_cannot_be_sent_is_said_by_its_place(part: Part) -> None:
    _, losses = sent(user(part, Text("q")))
    assert losses.meaning == ["p"]


def test_a_thought_that_is_signed_stays_with_its_issuer() -> None:
    signed = Reasoning("t", "sig", issuer="anthropic-messages")
    body, losses = sent(Request("m", [Message("assistant", [signed]), Message("assistant", [signed, Text("a")])]))
    assert body["messages"] == [{"role": "assistant", "content": "a"}]
    assert (losses.meaning, losses.hints) == ([], ["thinking"])


# Whatever is said arrives


def words(parts: list[Part]) -> list[str]:
    told: list[str] = []
    for part in parts:
        match part:
            case Text() | Reasoning() | Media(kind="document"):
                told.append(part.text or "")
            case ToolResult():
                told += [part.id, *words(part.parts)]
            case ToolCall():
                told += [part.id, part.name]
            case Media():
                told.append(part.data or "")
    return told


@given(MESSAGES)
def test_all_that_is_said_arrives(messages: list[Message]) -> None:
    body, losses = sent(Request("m", messages))
    assert (losses.meaning, losses.hints) == ([], [])
    arrived = json.dumps(body["messages"], ensure_ascii=False)
    for message in messages:
        for word in words(message.parts):
            assert json.dumps(word, ensure_ascii=False)[1:-1] in arrived
    assert arrived.count('"arguments": {"a": 1}') >= sum(type(p) is ToolCall for m in messages for p in m.parts)
