"""What a client of Gemini may write, in either spelling, and what it is told where it is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given

from fairlead.dialects.gemini import CLIENT
from fairlead.dialects.model import (
    Media,
    Message,
    NativePart,
    NativeTool,
    Output,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.errors import RequestError
from tests.dialects.test_members import JSON

HELLO = [{"role": "user", "parts": [{"text": "hello"}]}]


def read(body: Any = None, **members: Any) -> Request:
    return CLIENT.read(json.dumps(body or {"contents": HELLO, **members}).encode(), "m", stream=False)


def parts(*said: dict[str, Any], role: str = "user") -> list[Any]:
    return read(contents=[{"role": role, "parts": list(said)}]).messages[0].parts


def test_both_spellings_say_the_same() -> None:
    camel = {
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}],
        "systemInstruction": {"parts": [{"text": "s"}]},
        "generationConfig": {
            "maxOutputTokens": 1,
            "topP": 0.5,
            "topK": 3,
            "stopSequences": ["x"],
            "candidateCount": 2,
            "responseLogprobs": True,
            "thinkingConfig": {"thinkingBudget": 5, "includeThoughts": True},
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "properties": {"a_b": {"type": "string"}}},
            "speechConfig": {"languageCode": "de"},
        },
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "safetySettings": [{"category": "c"}],
        "cachedContent": "cachedContents/1",
    }
    assert CLIENT.read(json.dumps(camel).encode(), "m", stream=True) == CLIENT.read(
        json.dumps(snake(camel)).encode(), "m", stream=True
    )


def snake(value: Any) -> Any:
    """The same in snake case, schemas and what nobody looks into left alone."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = ("responseJsonSchema", "parametersJsonSchema", "speechConfig", "safetySettings")
    return {
        "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name): held
        if name in kept
        else snake(held)
        for name, held in value.items()
    }


def test_all_that_is_asked_for_is_read() -> None:
    config = {
        "temperature": 0.1,
        "seed": 7,
        "presencePenalty": 1,
        "frequencyPenalty": -1,
        "logprobs": 4,
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
        "responseModalities": ["TEXT", "IMAGE"],
    }
    request = read(generationConfig=config, serviceTier="flex", labels={"a_b": "c"}, store=False)
    assert (request.temperature, request.seed, request.top_logprobs) == (0.1, 7, 4)
    assert (request.presence_penalty, request.frequency_penalty) == (1, -1)
    assert (request.service_tier, request.store) == ("flex", False)
    assert request.extra == {
        "labels": {"a_b": "c"},
        "generationConfig.mediaResolution": "MEDIA_RESOLUTION_LOW",
        "generationConfig.responseModalities": ["TEXT", "IMAGE"],
    }


def test_what_is_absent_or_null_stays_absent() -> None:
    bare = read()
    assert bare == read(generationConfig=None, tools=None, toolConfig={}, systemInstruction=None)
    assert bare == Request("m", [Message("user", [Text("hello")])])


def test_the_parts_of_a_conversation() -> None:
    assert parts({"text": "a"}) == [Text("a")]
    said = parts(
        {"text": "one ", "thought": True},
        {"text": "two", "thought": True},
        {"text": "", "thought": True, "thoughtSignature": "s"},
        {"text": "b", "thoughtSignature": "t"},
        {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "u"},
        {"executableCode": {"code": "c"}},
        role="model",
    )
    assert said == [
        Reasoning("one two", "s", issuer="gemini", summary=True),
        Text("b"),
        Reasoning("", "t", issuer="gemini"),
        ToolCall("call_0_f", "f", '{"x":1}', signature="u", issuer="gemini"),
        NativePart("gemini", {"executableCode": {"code": "c"}}, "contents[0].parts[5]"),
    ]


def test_media_are_read_by_their_kind() -> None:
    at = "contents[0].parts[0].inlineData"
    assert parts({"inlineData": {"mimeType": "audio/wav", "data": "AA"}}) == [Media("audio", "audio/wav", "AA", at=at)]
    files = "https://generativelanguage.googleapis.com/v1beta/files/x", "gs://b/x.pdf"
    for uri in files:
        (part,) = parts({"fileData": {"fileUri": uri, "mimeType": "application/pdf"}})
        assert (part.kind, part.file_id, part.url) == ("document", uri, None)
    (part,) = parts({"fileData": {"fileUri": "https://x.org/a.PNG?b"}})
    assert (part.kind, part.url, part.mime) == ("image", "https://x.org/a.PNG?b", None)
    (part,) = parts({"fileData": {"fileUri": "https://youtu.be/x"}})
    assert part.kind == "video"
    (part,) = parts(
        {"inlineData": {"mimeType": "image/png", "data": "A"}, "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"}}
    )
    assert part.detail == "high"


def test_results_answer_calls_by_id_or_by_name_in_order() -> None:
    calls = [{"functionCall": {"name": name}} for name in ("f", "g", "f")]
    results = [{"functionResponse": {"name": name, "response": {"output": str(at)}}} for at, name in enumerate("ffg")]
    contents = [{"role": "model", "parts": calls}, {"role": "function", "parts": results}]
    messages = read(contents=contents).messages
    assert [part.id for part in messages[0].parts if isinstance(part, ToolCall)] == ["call_0_f", "call_1_g", "call_2_f"]
    assert [part.id for part in messages[1].parts if isinstance(part, ToolResult)] == [
        "call_0_f",
        "call_2_f",
        "call_1_g",
    ]


@pytest.mark.parametrize(
    ("response", "text", "error"),
    [
        ({"output": "sunny"}, "sunny", None),
        ({"error": "no"}, "no", True),
        ({"output": {"a": 1}}, '{"output":{"a":1}}', None),
        ({"result": "sunny"}, '{"result":"sunny"}', None),
    ],
)
def test_a_tools_answer_is_text(response: dict[str, Any], text: str, error: bool | None) -> None:
    (part,) = parts({"functionResponse": {"id": "i", "name": "f", "response": response}})
    assert part == ToolResult("i", [Text(text)], "f", error)


def test_an_answer_may_have_media_in_it() -> None:
    said = {"name": "f", "response": {}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "A"}}]}
    (part,) = parts({"functionResponse": said})
    assert [(held.kind, held.data) for held in part.parts] == [("image", "A")]


@pytest.mark.parametrize(
    ("config", "thinking"),
    [
        ({"thinkingBudget": 0}, Thinking(enabled=False, budget=0)),
        ({"thinkingBudget": 9}, Thinking(enabled=True, budget=9)),
        ({"thinkingBudget": -1}, Thinking(enabled=True)),
        ({"thinkingLevel": "high", "includeThoughts": True}, Thinking(effort="high", shown=True)),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, Thinking()),
    ],
)
def test_how_much_to_think(config: dict[str, Any], thinking: Thinking) -> None:
    assert read(generationConfig={"thinkingConfig": config}).thinking == thinking


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ({"responseMimeType": "application/json"}, Output("json")),
        ({"responseMimeType": "text/plain"}, Output("text")),
        ({"responseMimeType": "application/json", "responseJsonSchema": {"a": 1}}, Output("schema", {"a": 1})),
        ({"responseSchema": {"type": "STRING", "nullable": True}}, Output("schema", {"type": ["string", "null"]})),
        ({"responseMimeType": "text/x.enum"}, None),
    ],
)
def test_the_form_of_the_answer(config: dict[str, Any], output: Output | None) -> None:
    request = read(generationConfig=config)
    assert request.output == output
    assert request.extra == ({} if output else {"generationConfig.responseMimeType": "text/x.enum"})


def test_tools_and_how_they_are_called() -> None:
    functions = [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}}]
    tools = [{"functionDeclarations": functions, "codeExecution": {}}, {"google_search": {}}]
    request = read(tools=tools, toolConfig={"functionCallingConfig": {"mode": "VALIDATED"}})
    assert request.tools == [
        Tool("f", None, {"type": "object", "properties": {"a": {"type": "string"}}}, strict=True),
        NativeTool("gemini", {"codeExecution": {}}, "tools[0]"),
        NativeTool("gemini", {"googleSearch": {}}, "tools[1]"),
    ]
    assert request.tool_choice == ToolChoice("auto")
    only = read(toolConfig={"functionCallingConfig": {"mode": "any", "allowedFunctionNames": ["f"]}})
    assert only.tool_choice == ToolChoice("required", ["f"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"a": 1}, "contents"),
        ({"contents": "hello"}, "contents"),
        ({"contents": ["hello"]}, "contents[0]"),
        ({"contents": [{"role": "system", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [{"inlineData": {}}]}]}, "contents[0].parts[0].inlineData.data"),
        ({"contents": [{"parts": [{"functionCall": {}}]}]}, "contents[0].parts[0].functionCall.name"),
        ({"contents": [], "generationConfig": {"topP": "1"}}, "generationConfig.topP"),
        ({"contents": [], "generationConfig": {"maxOutputTokens": 1.5}}, "generationConfig.maxOutputTokens"),
        ({"contents": [], "generationConfig": {"stopSequences": [1]}}, "generationConfig.stopSequences"),
        (
            {"contents": [], "generationConfig": {"thinkingConfig": {"thinkingLevel": "huge"}}},
            "generationConfig.thinkingConfig.thinkingLevel",
        ),
        (
            {"contents": [], "toolConfig": {"functionCallingConfig": {"mode": "SOME"}}},
            "toolConfig.functionCallingConfig.mode",
        ),
        ({"contents": [], "systemInstruction": "be nice"}, "systemInstruction"),
    ],
)
def test_what_is_wrong_is_named(body: Any, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(body)
    assert caught.value.param == param


@given(JSON)
def test_no_body_raises_anything_but_a_request_error(value: Any) -> None:
    for body in (
        value,
        {"contents": value},
        {"contents": [{"parts": value}]},
        {"contents": [{"parts": [{"functionResponse": value}, {"functionCall": value}, {"inlineData": value}]}]},
        {"contents": [], "tools": value, "generationConfig": value},
        {"contents": [], "generationConfig": {"responseSchema": value, "thinkingConfig": value}},
    ):
        try:
            CLIENT.read(json.dumps(body).encode(), "m", stream=False)
        except RequestError as error:
            assert error.status == 400  # noqa: PT017 - or it is a request after all
