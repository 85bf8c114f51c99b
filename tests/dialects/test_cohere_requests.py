"""What Cohere is sent for a call, and what is said of all that it cannot be sent."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.codec import Losses
from fairlead.dialects.cohere import PROVIDER
from fairlead.dialects.model import (
    Cache,
    Citation,
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
from tests.dialects.exchanges import differences, exchanges

CHOICES = {"REQUIRED": ToolChoice("required"), "NONE": ToolChoice("none"), None: None}


def sent(request: Request, model: str = "m") -> tuple[dict[str, Any], Losses]:
    losses = Losses()
    outgoing = PROVIDER.write(request, model, losses)
    assert outgoing.path == "/chat"
    body: dict[str, Any] = json.loads(outgoing.body)
    return body, losses


def user(*parts: Part, **members: Any) -> Request:
    return Request("m", [Message("user", list(parts))], **members)


def asked(*messages: Message) -> list[Any]:
    body, losses = sent(Request("m", list(messages)))
    assert (losses.meaning, losses.hints) == ([], [])
    written: list[Any] = body["messages"]
    return written


# Recordings


def plainly(body: dict[str, Any]) -> Request:
    """The call that a recorded request makes, read by plain means."""
    request = Request(body["model"], [_message(each) for each in body["messages"]], stream=body.get("stream", False))
    request.max_tokens, request.temperature = body.get("max_tokens"), body.get("temperature")
    documents = [Media("document", text=each["data"]["text"]) for each in body["documents"]]
    request.messages[-1].parts[:0] = documents
    strict = body.get("strict_tools")
    functions = [each["function"] for each in body.get("tools", [])]
    request.tools = [Tool(each["name"], each["description"], each["parameters"], strict) for each in functions]
    request.tool_choice = CHOICES[body.get("tool_choice")]
    return request


def _message(said: dict[str, Any]) -> Message:
    content = said["content"]
    texts = [content] if isinstance(content, str) else [each["text"] for each in content]
    return Message(said["role"], [Text(each) for each in texts])


# Every difference to what was recorded, and why it is none in meaning.
EXPECTED = {
    ".documents: [] -> absent",  # a list of nothing
    ".messages[].citations: [] -> absent",
    ".messages[].tool_calls: [] -> absent",
    ".messages[].tool_plan: null -> absent",
    ".messages[].content: list -> str",  # one text
    ".documents[].id: str -> absent",  # no word for it: Cohere makes one
    ".documents[].data.region: str -> absent",  # nor for a document's metadata
    ".documents[].data.source: str -> absent",
}


def test_a_call_is_written_as_it_was_recorded(shared: Path) -> None:
    found: set[str] = set()
    for each in exchanges(shared, "cohere", "/chat$"):
        body, losses = sent(plainly(each.asked), each.asked["model"])
        assert (losses.meaning, losses.hints) == ([], [])
        found |= set(differences(each.asked, body))
    assert found == EXPECTED


# Messages


def test_what_is_said_stands_in_its_order() -> None:
    assert asked(
        Message("developer", [Text("d")]),
        Message("user", [Text("a"), Text("b")]),
        Message("assistant", [Reasoning("t"), Text("c"), Refusal("no")]),
        Message("user", [ToolResult("1", [Text("r")]), Text("d")]),
    ) == [
        {"role": "system", "content": "d"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t"},
                {"type": "text", "text": "c"},
                {"type": "text", "text": "no"},
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "r"},
        {"role": "user", "content": "d"},
    ]


def test_thoughts_before_a_call_are_its_plan() -> None:
    parts: list[Part] = [
        Reasoning("a"),
        Reasoning("b"),
        Text(""),
        ToolCall("1", "f", ""),
        ToolCall("2", "g", "x", True),
    ]
    assert asked(Message("assistant", parts)) == [
        {
            "role": "assistant",
            "tool_plan": "a\n\nb",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "function", "function": {"name": "g", "arguments": '{"input":"x"}'}},
            ],
        }
    ]


def test_images_go_as_data_or_by_url() -> None:
    images: list[Part] = [Media("image", "image/gif", "AA==", detail="low"), Media("image", url="https://e.com/i")]
    assert asked(Message("user", images))[0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/gif;base64,AA==", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://e.com/i"}},
    ]


def test_documents_stand_beside_the_messages_or_in_a_tools_result() -> None:
    data = base64.b64encode("é".encode()).decode()
    plain = Media("document", text="x", name="n", context="c")
    coded = Media("document", "text/plain", data)
    body, losses = sent(user(plain, coded, Text("q"), ToolResult("1", [plain, Text("y")])))
    held = {"data": {"text": "x", "title": "n", "context": "c"}}
    assert body["documents"] == [held, {"data": {"text": "é"}}]
    assert body["messages"] == [
        {"role": "user", "content": "q"},
        {
            "role": "tool",
            "tool_call_id": "1",
            "content": [{"type": "document", "document": held}, {"type": "text", "text": "y"}],
        },
    ]
    assert losses.meaning == []


@pytest.mark.parametrize(("cites", "mode"), [([None], None), ([True, False], None), ([False, None], "OFF")])
def test_citations_are_off_where_the_client_wants_none(cites: list[bool | None], mode: str | None) -> None:
    body, _ = sent(user(*(Media("document", text="x", cite=cite) for cite in cites), Text("q")))
    assert body.get("citation_options") == (mode and {"mode": mode})


# Members


@pytest.mark.parametrize(
    ("members", "written"),
    [
        ({"max_tokens": 5, "seed": 0, "temperature": 0}, {"max_tokens": 5, "seed": 0, "temperature": 0}),
        ({"top_p": 0.5, "top_k": 4.0, "logprobs": False}, {"p": 0.5, "k": 4, "logprobs": False}),
        ({"top_k": -1}, {"k": 0}),
        ({"frequency_penalty": 0.5, "stop": ["a"]}, {"frequency_penalty": 0.5, "stop_sequences": ["a"]}),
        ({"stream": True}, {"stream": True}),
        ({"output": Output("text")}, {"response_format": {"type": "text"}}),
        ({"output": Output("json")}, {"response_format": {"type": "json_object"}}),
        ({"output": Output("schema", {"a": 1})}, {"response_format": {"type": "json_object", "json_schema": {"a": 1}}}),
        ({"thinking": Thinking(effort="none")}, {"thinking": {"type": "disabled"}}),
        ({"thinking": Thinking(enabled=False)}, {"thinking": {"type": "disabled"}}),
        ({"thinking": Thinking(enabled=True)}, {"thinking": {"type": "enabled"}}),
        ({"thinking": Thinking(effort="medium")}, {"thinking": {"type": "enabled", "token_budget": 8192}}),
        ({"thinking": Thinking(budget=77)}, {"thinking": {"type": "enabled", "token_budget": 77}}),
        ({"thinking": Thinking()}, {}),
        ({"tool_choice": ToolChoice("auto"), "n": 1, "top_logprobs": 0, "parallel_tools": True, "store": False}, {}),
    ],
)
def test_a_member_is_written(members: dict[str, Any], written: dict[str, Any]) -> None:
    body, losses = sent(user(Text("q"), **members))
    assert body == {"model": "m", "messages": [{"role": "user", "content": "q"}], **written}
    assert (losses.meaning, losses.hints) == ([], [])


def test_tools_are_written_and_limited_to_those_that_may_be_chosen() -> None:
    tools: list[Tool | NativeTool] = [
        Tool("f", "d", {"type": "object"}, True),
        Tool("g"),
        NativeTool("cohere", {"x": 1}),
    ]
    body, losses = sent(user(Text("q"), tools=tools, tool_choice=ToolChoice("required", ["f"])))
    described = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert body["tools"] == [{"type": "function", "function": described}, {"x": 1}]
    assert (body["tool_choice"], body["strict_tools"]) == ("REQUIRED", True)
    assert losses.hints == []
    body, losses = sent(user(Text("q"), tools=tools))
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert "tool_choice" not in body
    assert "strict_tools" not in body
    assert losses.hints == ["strict"]


# Losses


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"n": 2}, "n"),
        ({"min_p": 0.1}, "min_p"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"parallel_tools": False}, "parallel_tools"),
        ({"verbosity": "low"}, "verbosity"),
        ({"frequency_penalty": -1}, "frequency_penalty"),
        ({"presence_penalty": 2}, "presence_penalty"),
        ({"stop": list("abcdef")}, "stop"),
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
        ({"top_p": 1}, "top_p"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"user": "u"}, "user"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"cache": Cache()}, "cache"),
        ({"cache_key": "k"}, "cache_key"),
        ({"store": True}, "store"),
        ({"extra": {"x.y": 1}}, "x.y"),
        ({"thinking": Thinking(shown=False)}, "thinking"),
        ({"output": Output("json", description="d")}, "description"),
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
        Media("image", file_id="f", at="p"),
        Media("document", "application/pdf", "AA==", at="p"),
        Media("document", "text/plain", "?", at="p"),
        Media("document", "text/plain", "/w==", at="p"),
        Media("document", url="https://e.com/d", at="p"),
        NativePart("gemini", {}, "p"),
        ToolResult("1", [Media("image", "image/png", "AA==", at="p")]),
    ],
)
def test_a_part_that_cannot_be_sent_is_said_by_its_place(part: Part) -> None:
    _, losses = sent(user(part))
    assert losses.meaning == ["p"]


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Reasoning("t", "sig", issuer="anthropic-messages"), "thinking"),
        (Reasoning(encrypted="e"), "thinking"),
        (ToolCall("1", "f", "{}", signature="s"), "thinking"),
        (Text("t", cache=Cache()), "cache"),
        (Text("t", [Citation("u")]), "citations"),
        (ToolResult("1", [], error=True, cache=Cache()), "is_error"),
    ],
)
def test_what_a_part_loses_is_said(part: Part, lost: str) -> None:
    role: Any = "user" if isinstance(part, ToolResult) else "assistant"
    body, losses = sent(Request("m", [Message(role, [part])]))
    assert losses.meaning == []
    assert losses.hints[0] == lost
    assert b"sig" not in json.dumps(body).encode()


def test_half_a_surrogate_pair_can_be_sent() -> None:
    assert sent(user(Text("\ud83d")))[0]["messages"][0]["content"] == "\ud83d"


# Whatever is said arrives


WORDS = st.text(min_size=1, max_size=8)
CALLS = st.builds(ToolCall, WORDS, WORDS, st.just('{"a":1}'))
THOUGHTS = st.builds(Reasoning, st.text("ab", min_size=1))
ANSWERS = st.lists(st.builds(Text, WORDS) | THOUGHTS | CALLS, min_size=1, max_size=4)
IMAGES = st.builds(Media, st.just("image"), st.just("image/png"), st.just("AA=="))
DOCUMENTS = st.builds(Media, st.just("document"), text=WORDS)
RESULTS = st.builds(ToolResult, WORDS, st.lists(st.builds(Text, WORDS) | DOCUMENTS, max_size=2))
QUESTIONS = st.lists(st.builds(Text, WORDS) | IMAGES | DOCUMENTS | RESULTS, min_size=1, max_size=4)
MESSAGES = st.lists(
    st.builds(Message, st.just("user"), QUESTIONS) | st.builds(Message, st.just("assistant"), ANSWERS), max_size=4
)


def atoms(parts: list[Part]) -> list[Any]:
    """All that parts say, without their order."""
    told: list[Any] = []
    for part in parts:
        match part:
            case Text():
                told.append(("text", part.text))
            case Reasoning():
                told.append(("thought", part.text))
            case ToolCall():
                told.append(("call", part.id, part.name, part.arguments))
            case Media(kind="document"):
                told.append(("document", part.text))
            case Media():
                told.append(("image", f"data:{part.mime};base64,{part.data}"))
            case ToolResult():
                told += [("result", part.id), *atoms(part.parts)]
    return told


def atoms_of(body: dict[str, Any]) -> list[Any]:
    """All that a written request says, without its order."""
    told: list[Any] = [("document", each["data"]["text"]) for each in body.get("documents", [])]
    for message in body["messages"]:
        content = message.get("content", [])
        told += map(_atom, [{"type": "text", "text": content}] if isinstance(content, str) else content)
        told += [("thought", each) for each in message.get("tool_plan", "").split("\n\n") if each]
        told += [("result", message["tool_call_id"])] if message["role"] == "tool" else []
        for call in message.get("tool_calls", []):
            told.append(("call", call["id"], call["function"]["name"], call["function"]["arguments"]))
    return [each for each in told if each != ("text", "")]


def _atom(block: dict[str, Any]) -> Any:
    match block["type"]:
        case "text":
            return ("text", block["text"])
        case "thinking":
            return ("thought", block["thinking"])
        case "image_url":
            return ("image", block["image_url"]["url"])
    return ("document", block["document"]["data"]["text"])


@given(MESSAGES)
def test_all_that_is_said_arrives(messages: list[Message]) -> None:
    body, losses = sent(Request("m", messages))
    assert (losses.meaning, losses.hints) == ([], [])
    told = [each for message in messages for each in atoms(message.parts)]
    assert sorted(atoms_of(body), key=repr) == sorted(told, key=repr)
