"""What a client's request is read into."""

from typing import Any

import pytest

from fairlead.dialects.anthropic import CLIENT
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
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.errors import RequestError
from tests.dialects.anthropic.support import read

NAME = CLIENT.name


def parts(*blocks: Any, role: str = "user") -> list[Part]:
    found: list[Part] = read({"messages": [{"role": role, "content": list(blocks)}]}).messages[0].parts
    return found


def test_a_text_is_a_text_however_it_is_given() -> None:
    made = read({"system": "be brief", "messages": [{"role": "user", "content": "hi"}]})
    assert made.messages == [Message("system", [Text("be brief")]), Message("user", [Text("hi")])]
    blocks = [{"type": "text", "text": "be", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert read({"system": blocks}).messages[0].parts == [Text("be", cache=Cache("1h"))]


def test_a_system_text_within_the_conversation_stays_where_it_is() -> None:
    made = read({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]})
    assert [each.role for each in made.messages] == ["user", "system"]


SOURCES: list[tuple[dict[str, Any], Media]] = [
    ({"type": "base64", "media_type": "image/png", "data": "QQ=="}, Media("image", "image/png", "QQ==")),
    ({"type": "url", "url": "https://a/b.png"}, Media("image", url="https://a/b.png")),
    ({"type": "file", "file_id": "file_1"}, Media("image", file_id="file_1")),
]


@pytest.mark.parametrize(("source", "expected"), SOURCES)
def test_images_and_documents_come_from_anywhere(source: dict[str, Any], expected: Media) -> None:
    [found] = parts({"type": "image", "source": source})
    expected.at = "messages[0].content[0]"
    assert found == expected
    [document] = parts({"type": "document", "source": source, "title": "t", "citations": {"enabled": True}})
    assert isinstance(document, Media)
    assert (document.kind, document.name, document.cite, document.data) == ("document", "t", True, expected.data)


def test_a_document_of_text_and_one_of_blocks() -> None:
    text = {"type": "text", "media_type": "text/plain", "data": "words"}
    [found] = parts({"type": "document", "source": text, "context": "c"})
    assert isinstance(found, Media)
    assert (found.text, found.context) == ("words", "c")
    blocks = {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}]}}
    assert parts(blocks) == [NativePart(NAME, blocks, "messages[0].content[0]")]


def test_thoughts_know_whose_they_are() -> None:
    found = parts(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "thinking", "thinking": "hm", "signature": "fl~gemini.sig"},
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "redacted_thinking", "data": "fl~openai-responses.d"},
        role="assistant",
    )
    assert found == [
        Reasoning("hm", "sig", issuer=NAME),
        Reasoning("hm", "sig", issuer="gemini"),
        Reasoning("hm"),
        Reasoning(encrypted="d", issuer=NAME),
        Reasoning(encrypted="d", issuer="openai-responses"),
    ]


def test_tool_calls_and_their_results() -> None:
    assert parts({"type": "tool_use", "id": "a", "name": "f", "input": {"x": "ü"}}, role="assistant") == [
        ToolCall("a", "f", '{"x":"ü"}')
    ]
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "t"}, image]}
    [found] = parts(result | {"is_error": True})
    assert found == ToolResult(
        "a", [Text("t"), Media("image", url="u", at="messages[0].content[0].content[1]")], error=True
    )
    assert parts({"type": "tool_result", "tool_use_id": "a"}) == [ToolResult("a", [])]
    assert parts({"type": "tool_result", "tool_use_id": "a", "content": "t"}) == [ToolResult("a", [Text("t")])]


def test_a_citation_of_the_web_says_where_and_keeps_its_proof() -> None:
    value = {
        "type": "web_search_result_location",
        "url": "u",
        "title": "t",
        "cited_text": "q",
        "encrypted_index": "e",
    }
    [found] = parts({"type": "text", "text": "x", "citations": [value]}, role="assistant")
    assert found == Text("x", [Citation("u", "t", "q", dialect=NAME, native=value)])
    [ours] = parts({"type": "text", "text": "x", "citations": [value | {"encrypted_index": ""}]}, role="assistant")
    assert ours == Text("x", [Citation("u", "t", "q")])


def test_a_block_of_a_kind_that_is_new_is_kept_whole() -> None:
    block = {"type": "mcp_tool_use", "id": "a", "more": [1]}
    assert parts(block, role="assistant") == [NativePart(NAME, block, "messages[0].content[0]")]


def test_tools_of_the_client_and_of_the_provider() -> None:
    schema = {"type": "object"}
    search = {"type": "web_search_20250305", "name": "web_search"}
    made = read(
        {
            "tools": [
                {"name": "f", "description": "d", "input_schema": schema, "strict": True},
                {"type": "custom", "name": "g", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
                search,
            ]
        }
    )
    assert made.tools == [
        Tool("f", "d", schema, strict=True),
        Tool("g", None, schema, cache=Cache()),
        NativeTool(NAME, search, "tools[2]"),
    ]


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice("auto"), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice("required"), False),
        ({"type": "none"}, ToolChoice("none"), None),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": False},
            ToolChoice("required", ["f"]),
            True,
        ),
    ],
)
def test_the_choice_among_tools(choice: Any, expected: ToolChoice, parallel: bool | None) -> None:
    made = read({"tool_choice": choice})
    assert (made.tool_choice, made.parallel_tools) == (expected, parallel)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Thinking(enabled=True, budget=2000)),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Thinking(enabled=True, shown=False)),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False)),
        ({"thinking": {"type": "between_tools"}}, Thinking(enabled=False)),
        ({"output_config": {"effort": "max"}}, Thinking(effort="max")),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
            Thinking(enabled=True, effort="low", shown=True),
        ),
    ],
)
def test_how_much_to_think(members: Any, expected: Thinking) -> None:
    assert read(members).thinking == expected


@pytest.mark.parametrize("where", [{"output_config": {"format": ...}}, {"output_format": ...}])
def test_the_form_of_the_answer_stands_where_it_does_now_or_did_in_its_beta(where: dict[str, Any]) -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    body = {"output_format": form} if "output_format" in where else {"output_config": {"format": form}}
    assert read(body).output == Output("schema", {"type": "object"})


def test_the_rest_of_what_is_known() -> None:
    made = read(
        {
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 5,
            "stop_sequences": ["a"],
            "metadata": {"user_id": "u"},
            "service_tier": "auto",
            "cache_control": {"type": "ephemeral"},
        },
        stream=True,
    )
    assert (made.temperature, made.top_p, made.top_k, made.max_tokens) == (0.5, 0.9, 5, 16)
    assert (made.stop, made.user, made.service_tier, made.cache) == (["a"], "u", "auto", Cache())
    assert (made.stream, made.extra) == (True, {})


def test_what_is_unknown_never_fails_and_is_kept_by_its_path() -> None:
    made = read(
        {
            "context_management": {"edits": []},
            "mcp_servers": [{"url": "u"}],
            "metadata": {"user_id": "u", "more": 1},
            "output_config": {"task_budget": 5},
            "thinking": {"type": "new", "depth": 1},
            "tools": [{"name": "f", "defer_loading": True}],
            "messages": [
                {
                    "role": "assistant",
                    "id": "m",
                    "content": [{"type": "tool_use", "id": "a", "name": "f", "caller": {"type": "direct"}, "x": 1}],
                }
            ],
        }
    )
    assert made.extra == {
        "context_management": {"edits": []},
        "mcp_servers": [{"url": "u"}],
        "metadata.more": 1,
        "output_config.task_budget": 5,
        "thinking.type": "new",
        "thinking.depth": 1,
        "tools[0].defer_loading": True,
        "messages[0].id": "m",
        "messages[0].content[0].x": 1,
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [7]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0].source.type"),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": 1}]}
                ]
            },
            "messages[0].content[0].input",
        ),
        ({"system": 7}, "system"),
        ({"tools": [{"description": "d"}]}, "tools[0].name"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"stop_sequences": [1]}, "stop_sequences"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1.5}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": "huge"}}, "output_config.effort"),
        ({"temperature": True}, "temperature"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(body: Any, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(body)
    assert caught.value.param == param


def test_what_is_no_json_object_is_no_request() -> None:
    for body in (b"", b"{", b"[]", b"7"):
        with pytest.raises(RequestError):
            CLIENT.read(body, "m", stream=False)
