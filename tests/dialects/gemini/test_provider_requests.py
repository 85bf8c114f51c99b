"""What Gemini is sent of a call that came in another dialect."""

import json
from typing import Any

import pytest

from fairlead.dialects.codec import Losses
from fairlead.dialects.gemini import PROVIDER
from fairlead.dialects.gemini.provider_parts import UNSIGNED
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

NEW, OLD = "gemini-3-flash-preview", "gemini-2.5-flash"
HELLO = Message("user", [Text("hello")])


def write(request: Request, model: str = NEW) -> tuple[dict[str, Any], Losses]:
    losses = Losses()
    return json.loads(PROVIDER.write(request, model, losses).body), losses


def said(*messages: Message, model: str = NEW) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = write(Request("m", list(messages)), model)[0]["contents"]
    return contents


def asked(model: str = NEW, **members: Any) -> tuple[dict[str, Any], Losses]:
    return write(Request("m", [HELLO], **members), model)


def call(name: str, **members: Any) -> ToolCall:
    return ToolCall(f"id_{name}", name, "{}", **members)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-flash", "/models/gemini-2.5-flash:generateContent"),
        ("models/x", "/models/x:generateContent"),
        ("tunedModels/mine-1", "/tunedModels/mine-1:generateContent"),
        ("publishers/google/models/x", "/publishers/google/models/x:generateContent"),
        ("a/b?c#d:e", "/models/a%2Fb%3Fc%23d%3Ae:generateContent"),
        ("models/../../files", "/models/models%2F..%2F..%2Ffiles:generateContent"),
        ("projects//x", "/models/projects%2F%2Fx:generateContent"),
    ],
)
def test_a_model_is_asked_at_its_own_path_and_nowhere_else(model: str, path: str) -> None:
    assert PROVIDER.write(Request("m", [HELLO]), model, Losses()).path == path
    streamed = PROVIDER.write(Request("m", [HELLO], stream=True), model, Losses()).path
    assert streamed == path.replace(":generateContent", ":streamGenerateContent?alt=sse")


def test_results_of_one_step_stand_together_and_name_their_functions() -> None:
    contents = said(
        HELLO,
        Message("assistant", [Text("I will.")]),
        Message("assistant", [call("f"), call("g")]),
        Message("user", [ToolResult("id_f", [Text("sunny")])]),
        Message("user", [ToolResult("id_g", [Text('{"a":1}')], error=None)]),
        Message("user", [Text("and?")]),
        model=OLD,
    )
    assert [content["role"] for content in contents] == ["user", "model", "user", "user"]
    assert [list(part) for part in contents[1]["parts"]] == [["text"], ["functionCall"], ["functionCall"]]
    assert contents[2]["parts"] == [
        {"functionResponse": {"id": "id_f", "name": "f", "response": {"output": "sunny"}}},
        {"functionResponse": {"id": "id_g", "name": "g", "response": {"a": 1}}},
    ]


def test_ids_that_were_made_here_are_not_sent_back() -> None:
    made = ToolCall("call_0_abc", "f", "")
    contents = said(HELLO, Message("assistant", [made]), Message("user", [ToolResult("call_0_abc", [])]), model=OLD)
    assert contents[1]["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert contents[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": ""}}}]


@pytest.mark.parametrize(
    ("arguments", "args"),
    [("", {}), ("{}", {}), ('{"a":[1]}', {"a": [1]}), ("[1]", {"input": "[1]"}), ('{"a":', {"input": '{"a":'})],
)
def test_no_argument_is_lost(arguments: str, args: dict[str, Any]) -> None:
    contents = said(HELLO, Message("assistant", [ToolCall("i", "f", arguments)]))
    assert contents[1]["parts"][0]["functionCall"]["args"] == args


def test_a_failed_tool_says_so() -> None:
    contents = said(Message("user", [ToolResult("i", [Text("boom")], "f", error=True)]))
    assert contents[0]["parts"][0]["functionResponse"]["response"] == {"error": "boom"}


def test_media_of_a_tool_stand_in_its_result_or_beside_it() -> None:
    image = Media("image", "image/png", "AA")
    message = Message("user", [ToolResult("i", [Text("see"), image], "f")])
    blob = {"inlineData": {"mimeType": "image/png", "data": "AA"}}
    (part,) = said(message)[0]["parts"]
    assert part["functionResponse"]["parts"] == [blob]
    assert said(message, model=OLD)[0]["parts"][1:] == [blob]


# --- signatures


def test_the_first_call_of_each_step_is_signed_where_signatures_are_checked() -> None:
    messages = (HELLO, Message("assistant", [call("f"), call("g")]), HELLO, Message("assistant", [call("h")]))
    signatures = [[part.get("thoughtSignature") for part in content["parts"]] for content in said(*messages)]
    assert signatures == [[None], [UNSIGNED, None], [None], [UNSIGNED]]
    assert all("thoughtSignature" not in part for content in said(*messages, model=OLD) for part in content["parts"])


def test_only_geminis_own_signatures_are_sent() -> None:
    parts: list[Part] = [
        Reasoning("mine", "s1", issuer="gemini"),
        Reasoning("theirs", "s2", issuer="anthropic-messages"),
        Text("a"),
        Reasoning("", "s3", issuer="gemini"),
        call("f", signature="s4", issuer="gemini"),
        call("g", signature="s5", issuer="openai-responses"),
    ]
    body, losses = write(Request("m", [HELLO, Message("assistant", parts)]))
    assert body["contents"][1]["parts"] == [
        {"text": "mine", "thought": True, "thoughtSignature": "s1"},
        {"text": "a", "thoughtSignature": "s3"},
        {"functionCall": {"id": "id_f", "name": "f", "args": {}}, "thoughtSignature": "s4"},
        {"functionCall": {"id": "id_g", "name": "g", "args": {}}},
    ]
    assert losses.hints == ["thinking"]


def test_a_signature_that_stands_before_a_call_is_the_calls() -> None:
    parts: list[Part] = [Reasoning("", "s", issuer="gemini"), call("f")]
    assert said(HELLO, Message("assistant", parts))[1]["parts"] == [
        {"functionCall": {"id": "id_f", "name": "f", "args": {}}, "thoughtSignature": "s"}
    ]


# --- instructions


def test_instructions_go_to_their_place_and_are_told_where_they_moved() -> None:
    body, losses = write(Request("m", [Message("system", [Text("a")]), HELLO, Message("developer", [Text("b")])]))
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert losses.hints == ["messages"]


def test_instructions_alone_are_what_the_user_says() -> None:
    body, losses = write(Request("m", [Message("system", [Text("a")])]))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}
    assert losses.hints == ["messages"]


# --- how much to think


@pytest.mark.parametrize(
    ("model", "thinking", "config"),
    [
        (NEW, Thinking(effort="high"), {"thinkingLevel": "HIGH"}),
        (NEW, Thinking(effort="none"), {"thinkingLevel": "MINIMAL"}),
        (NEW, Thinking(budget=10000, shown=True), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        (NEW, Thinking(effort="max"), {"thinkingLevel": "HIGH"}),
        (NEW, Thinking(enabled=True), None),
        (NEW, Thinking(summary="auto"), {"includeThoughts": True}),
        ("gemini-3.1-pro-preview", Thinking(effort="minimal"), {"thinkingLevel": "LOW"}),
        ("gemini-3.8-flash", Thinking(effort="none"), {"thinkingLevel": "LOW"}),
        ("gemini-3.5-flash-lite", Thinking(effort="minimal"), {"thinkingLevel": "MINIMAL"}),
        ("gemini-flash-latest", Thinking(effort="low"), {"thinkingLevel": "LOW"}),
        (OLD, Thinking(effort="high"), {"thinkingBudget": 24576}),
        (OLD, Thinking(effort="max"), {"thinkingBudget": 24576}),
        (OLD, Thinking(enabled=False), {"thinkingBudget": 0}),
        (OLD, Thinking(enabled=True), {"thinkingBudget": -1}),
        (OLD, Thinking(), None),
        ("gemini-2.5-pro", Thinking(effort="none"), {"thinkingBudget": 128}),
        ("gemini-2.5-pro", Thinking(budget=64000), {"thinkingBudget": 32768}),
        ("gemini-2.5-flash-lite", Thinking(budget=100), {"thinkingBudget": 512}),
    ],
)
def test_thinking_is_said_as_the_model_takes_it(model: str, thinking: Thinking, config: dict[str, Any] | None) -> None:
    body, _ = asked(model, thinking=thinking)
    assert body.get("generationConfig", {}).get("thinkingConfig") == config


def test_another_amount_of_thinking_than_asked_for_is_told() -> None:
    assert asked(thinking=Thinking(effort="high"))[1].hints == []
    assert asked(thinking=Thinking(effort="none"))[1].hints == ["thinking"]
    assert asked(OLD, thinking=Thinking(budget=99999))[1].hints == ["thinking"]
    assert asked(OLD, thinking=Thinking(budget=2048))[1].hints == []


# --- the form of the answer, and tools


def test_a_schema_goes_as_it_is_and_what_gemini_passes_over_is_told() -> None:
    fine = {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"pattern": {"type": "string"}}}}}
    body, losses = asked(output=Output("schema", fine, strict=True))
    assert body["generationConfig"] == {"responseMimeType": "application/json", "responseJsonSchema": fine}
    assert losses.meaning == losses.hints == []
    odd = {"type": "object", "properties": {"a": {"anyOf": [{"type": "string", "pattern": "^x"}]}}, "not": {}}
    body, losses = asked(output=Output("schema", odd, strict=True))
    assert body["generationConfig"]["responseJsonSchema"] == odd
    assert losses.why == {"output": "Gemini does not hold to not, pattern"}
    assert losses.meaning == ["output"]
    assert asked(output=Output("schema", odd))[1].hints == ["output"]


@pytest.mark.parametrize(
    ("choice", "strict", "config"),
    [
        (None, None, None),
        (None, True, {"mode": "VALIDATED"}),
        (ToolChoice("auto"), None, {"mode": "AUTO"}),
        (ToolChoice("none"), None, {"mode": "NONE"}),
        (ToolChoice("required"), None, {"mode": "ANY"}),
        (ToolChoice("required", ["f"]), None, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice("auto", ["f"]), None, {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
    ],
)
def test_how_tools_are_called(choice: ToolChoice | None, strict: bool | None, config: dict[str, Any] | None) -> None:
    body, losses = asked(tools=[Tool("f", "d", {"type": "object"}, strict)], tool_choice=choice)
    function = {"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}
    assert body["tools"] == [{"functionDeclarations": [function]}]
    assert body.get("toolConfig") == (config and {"functionCallingConfig": config})
    assert losses.meaning == losses.hints == []


# --- media


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (Media("image", data="AA"), {"inlineData": {"mimeType": "image/png", "data": "AA"}}),
        (
            Media("document", url="https://x.org/a.pdf"),
            {"fileData": {"fileUri": "https://x.org/a.pdf", "mimeType": "application/pdf"}},
        ),
        (Media("image", url="https://x.org/a"), {"fileData": {"fileUri": "https://x.org/a"}}),
        (
            Media("video", "video/mp4", file_id="gs://b/v"),
            {"fileData": {"fileUri": "gs://b/v", "mimeType": "video/mp4"}},
        ),
        (Media("document", text="words"), {"text": "words"}),
        (
            Media("image", "image/png", "AA", detail="high"),
            {
                "inlineData": {"mimeType": "image/png", "data": "AA"},
                "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"},
            },
        ),
    ],
)
def test_media_are_sent_as_gemini_takes_them(media: Media, part: dict[str, Any]) -> None:
    assert said(Message("user", [media]))[0]["parts"] == [part]


# --- what is lost


@pytest.mark.parametrize(
    ("members", "meaning", "hints"),
    [
        ({"min_p": 0.1, "logit_bias": {"1": 2.0}}, ["min_p", "logit_bias"], []),
        ({"parallel_tools": False, "tools": [Tool("f")]}, ["parallel_tools"], []),
        ({"tools": [NativeTool("anthropic-messages", {}, "tools[0]")]}, ["tools[0]"], []),
        ({"tools": [Tool("f", custom=True)]}, ["tools"], []),
        ({"tools": [Tool("f", strict=True), Tool("g")]}, [], ["tools"]),
        ({"user": "u", "metadata": {}, "verbosity": "low"}, [], ["verbosity", "user", "metadata"]),
        ({"cache": Cache(), "cache_key": "k", "store": True}, [], ["cache", "cache_key", "store"]),
        ({"service_tier": "scale", "extra": {"x.y": 1}}, [], ["service_tier", "x.y"]),
        ({"service_tier": "auto"}, [], []),
    ],
)
def test_what_gemini_has_no_word_for_is_told(members: dict[str, Any], meaning: list[str], hints: list[str]) -> None:
    _, losses = asked(**members)
    assert (losses.meaning, losses.hints) == (meaning, hints)


def test_parts_that_cannot_be_carried_are_told_by_their_place() -> None:
    parts: list[Part] = [
        Media("image", file_id="file-1", at="messages[0].content[0]"),
        NativePart("openai-responses", {}, "messages[0].content[1]"),
        Text("a", cache=Cache()),
    ]
    body, losses = write(Request("m", [Message("user", parts, "bob")]))
    assert body["contents"] == [{"role": "user", "parts": [{"text": "a"}]}]
    assert losses.meaning == ["messages[0].content[0]", "messages[0].content[1]"]
    assert losses.hints == ["name", "cache"]
