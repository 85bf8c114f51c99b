"""What a client's request is read as, and what is wrong with it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import (
    Cache,
    Citation,
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
from fairlead.dialects.responses import CLIENT, STATEFUL
from fairlead.errors import RequestError
from tests.dialects.test_members import JSON

OWN = "openai-responses"


def read(value: Any = None, **members: Any) -> Request:
    body = {"model": "m", **members} if value is None else value
    return CLIENT.read(json.dumps(body).encode(), "m", stream=False)


def parts(*content: Any) -> list[Any]:
    return read(input=[{"role": "user", "content": list(content)}]).messages[0].parts


def said(*items: Any) -> list[Message]:
    return read(input=list(items)).messages


def test_a_string_is_what_the_user_says_and_instructions_are_the_systems() -> None:
    assert read(input="hi", instructions="be brief").messages == [
        Message("system", [Text("be brief")]),
        Message("user", [Text("hi")]),
    ]


def test_a_message_needs_no_type_and_its_content_may_be_a_string() -> None:
    whole = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    assert said({"role": "user", "content": "hi"}) == said(whole) == [Message("user", [Text("hi")])]


def test_content_of_every_kind_is_read() -> None:
    assert parts(
        {"type": "input_text", "text": "t", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
        {"type": "input_image", "image_url": "https://x/y.png", "detail": "high"},
        {"type": "input_image", "image_url": "data:image/png;base64,QQ=="},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"},
        {"type": "input_file", "file_data": "QQ==", "filename": "a.PDF"},
        {"type": "input_file", "file_url": "https://x/y.pdf"},
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
        {"type": "input_video", "x": 1},
    ) == [
        Text("t", cache=Cache("12h")),
        Media("image", url="https://x/y.png", detail="high", at="input[0].content[1]"),
        Media("image", "image/png", "QQ==", at="input[0].content[2]"),
        Media("image", file_id="file-1", at="input[0].content[3]"),
        Media("document", "application/pdf", "QQ==", name="a.pdf", at="input[0].content[4]"),
        Media("document", "application/pdf", "QQ==", name="a.PDF", at="input[0].content[5]"),
        Media("document", url="https://x/y.pdf", at="input[0].content[6]"),
        Media("audio", "audio/mpeg", "QQ==", at="input[0].content[7]"),
        NativePart(OWN, {"type": "input_video", "x": 1}, "input[0].content[8]"),
    ]


def test_what_the_model_said_in_a_row_is_one_message_and_so_are_results_in_a_row() -> None:
    cited = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 2}
    text = {"type": "output_text", "text": "hm", "annotations": [cited], "logprobs": []}
    refusal = {"type": "refusal", "refusal": "no"}
    assert said(
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "s"}]},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text, refusal]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "two"}]},
        {"role": "user", "content": "go on"},
    ) == [
        Message(
            "assistant",
            [
                Reasoning("s", id="rs_1", issuer=OWN, summary=True),
                Text("hm", [Citation("u", "t", None, 0, 2, OWN, cited)]),
                Refusal("no"),
                ToolCall("c1", "f", "{}"),
                ToolCall("c2", "g", "free", custom=True),
            ],
        ),
        Message("user", [ToolResult("c1", [Text("one")]), ToolResult("c2", [Text("two")], custom=True)]),
        Message("user", [Text("go on")]),
    ]


def test_a_reasoning_item_is_read_whole() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
        "content": [{"type": "reasoning_text", "text": "c"}],
        "encrypted_content": "gAAA",
    }
    assert said(item)[0].parts == [
        Reasoning("a\n\nb", id="rs_1", issuer=OWN, summary=True),
        Reasoning("c", id="rs_1", issuer=OWN, encrypted="gAAA"),
    ]
    assert said({"type": "reasoning", "summary": [], "encrypted_content": "x"})[0].parts == [
        Reasoning(encrypted="x", issuer=OWN)
    ]


def test_the_signature_of_a_call_that_was_left_out_goes_to_no_other_call() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    signed = {"type": "reasoning", "summary": [], "encrypted_content": "fl~gemini.call.sig"}
    assert said(signed, call)[0].parts == [ToolCall("c", "f", "{}", signature="sig", issuer="gemini")]
    assert said(signed, {"role": "user", "content": "x"}, call)[1].parts == [ToolCall("c", "f", "{}")]


@pytest.mark.parametrize(
    "kind",
    [
        *("web_search_call", "file_search_call", "computer_call", "image_generation_call", "code_interpreter_call"),
        *("mcp_call", "mcp_list_tools", "mcp_approval_request", "local_shell_call", "shell_call", "apply_patch_call"),
        *("item_reference", "compaction", "program", "tool_search_call", "something_new"),
    ],
)
def test_the_providers_own_items_are_kept_as_they_are(kind: str) -> None:
    item = {"type": kind, "id": "x_1", "anything": {"deep": [1]}}
    assert said(item) == [Message("assistant", [NativePart(OWN, item, "input[0]")])]


@pytest.mark.parametrize("kind", ["computer_call_output", "shell_call_output", "mcp_approval_response"])
def test_what_a_client_did_for_the_providers_tools_stands_in_the_users_message(kind: str) -> None:
    assert said({"type": kind})[0].role == "user"


def test_a_reference_to_an_item_needs_no_type() -> None:
    assert said({"id": "msg_1"})[0].parts == [NativePart(OWN, {"id": "msg_1", "type": "item_reference"}, "input[0]")]


def test_tools_of_every_kind_are_read() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "x"}
    request = read(
        tools=[
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
            {"type": "function", "name": "g", "defer_loading": True},
            {"type": "custom", "name": "h", "format": grammar},
            {"type": "web_search", "filters": {}},
        ]
    )
    assert request.tools == [
        Tool("f", "d", {"type": "object"}, strict=True),
        Tool("g"),
        Tool("h", custom=True, format=grammar),
        NativeTool(OWN, {"type": "web_search", "filters": {}}, "tools[3]"),
    ]
    assert request.extra == {"tools[1].defer_loading": True}


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        (None, None),
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "f"}, ToolChoice("required", ["f"])),
        ({"type": "custom", "name": "f"}, ToolChoice("required", ["f"])),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
            ToolChoice("auto", ["f"]),
        ),
    ],
)
def test_a_choice_of_tools_is_read(choice: Any, read_as: Any) -> None:
    assert read(tool_choice=choice).tool_choice == read_as


def test_a_choice_of_a_providers_own_tool_is_left_over() -> None:
    assert read(tool_choice={"type": "mcp", "server_label": "x"}).extra == {
        "tool_choice": {"type": "mcp", "server_label": "x"}
    }
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}
    assert read(tool_choice=allowed).extra == {"tool_choice.tools[0]": {"type": "web_search"}}


def test_settings_are_read() -> None:
    request = read(
        max_output_tokens=9,
        temperature=0,
        top_p=0.5,
        top_logprobs=3,
        include=["message.output_text.logprobs", "reasoning.encrypted_content", "file_search_call.results"],
        parallel_tool_calls=False,
        service_tier="flex",
        user="u",
        metadata={"a": "b"},
        prompt_cache_key="k",
        store=True,
        text={"format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": True}, "verbosity": "low"},
        reasoning={"effort": "xhigh", "summary": "auto", "mode": "pro"},
    )
    assert request == Request(
        "m",
        [],
        max_tokens=9,
        temperature=0,
        top_p=0.5,
        logprobs=True,
        top_logprobs=3,
        parallel_tools=False,
        output=Output("schema", {"a": 1}, "n", strict=True),
        verbosity="low",
        thinking=Thinking(effort="xhigh", summary="auto", shown=True),
        service_tier="flex",
        user="u",
        metadata={"a": "b"},
        cache_key="k",
        store=True,
        extra={"include": ["file_search_call.results"], "reasoning.mode": "pro"},
    )


def test_what_has_no_word_is_left_over_by_its_path() -> None:
    kept = {"previous_response_id": "resp_1", "conversation": {"id": "conv_1"}, "prompt": {"id": "pmpt_1"}}
    state = {**kept, "background": True}
    others = {"truncation": "auto", "max_tool_calls": 3, "stream_options": {}, "prompt_cache_retention": "24h"}
    message = {"type": "message", "role": "assistant", "content": "x", "phase": "commentary", "id": "m", "status": "s"}
    request = read(input=[message], **state, **others)
    assert request.extra == {**state, **others, "input[0].phase": "commentary"}
    assert state.keys() == STATEFUL


def test_the_newer_name_of_a_user_stands_in_for_the_older() -> None:
    assert read(safety_identifier="s").user == "s"
    both = read(user="u", safety_identifier="s")
    assert (both.user, both.extra) == ("u", {"safety_identifier": "s"})


@pytest.mark.parametrize(
    "absent", [{}, {"reasoning": {}}, {"reasoning": {"effort": None}}, {"text": {}, "tools": None}]
)
def test_absent_and_null_are_absent(absent: dict[str, Any]) -> None:
    assert read(**absent) == Request("m", [])


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": 7}, "input"),
        ({"input": [7]}, "input[0]"),
        ({"input": [{"type": 7}]}, "input[0].type"),
        ({"input": [{}]}, "input[0].type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": 7, "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": ["x"]}]}, "input[0].content[0]"),
        ({"input": [{"role": "user", "content": [{}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].image_url"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input[0].content[0].input_audio"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}]}, "input[0].arguments"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": 7}]}, "input[0].output"),
        ({"input": [{"type": "reasoning", "summary": [{}]}]}, "input[0].summary[0].text"),
        ({"instructions": ["x"]}, "instructions"),
        ({"tools": [7]}, "tools[0]"),
        ({"tools": [{}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": 7}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "x"}}, "tool_choice.mode"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "schema": 7}}}, "text.format.schema"),
        ({"reasoning": {"effort": "lots"}}, "reasoning.effort"),
        ({"max_output_tokens": "9"}, "max_output_tokens"),
        ({"temperature": True}, "temperature"),
        ({"metadata": []}, "metadata"),
        ({"include": "x"}, "include"),
    ],
)
def test_a_wrong_member_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as raised:
        read(**members)
    assert raised.value.param == param


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        CLIENT.read(body, "m", stream=False)


ITEMS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["message", "reasoning", "function_call", "custom_tool_call", "function_call_output", "x", None]
        )
    },
    optional=dict.fromkeys(
        ("role", "content", "summary", "encrypted_content", "call_id", "name", "arguments", "output", "id"), JSON
    ),
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "input": JSON | st.lists(ITEMS | JSON, max_size=3),
        "tools": JSON | st.lists(st.fixed_dictionaries({"type": st.sampled_from(["function", "custom"])}), max_size=2),
        **dict.fromkeys(("instructions", "tool_choice", "text", "reasoning", "include", "store", "user"), JSON),
    },
)


@given(BODIES)
def test_no_body_raises_anything_but_a_request_error(body: dict[str, Any]) -> None:
    with contextlib.suppress(RequestError):
        read(body)
