"""What Anthropic gets of a request of any dialect, and what of it is lost."""

from typing import Any

import pytest

from fairlead.dialects.anthropic import PROVIDER
from fairlead.dialects.codec import Losses
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
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tests.dialects.anthropic.support import MODEL, request, written

TOOL = Tool("f", "d", {"type": "object"})
OLD, NEW, LAST = "claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5"


def lost(made: Any, model: str = MODEL) -> tuple[dict[str, Any], list[str], list[str]]:
    losses = Losses()
    return written(made, losses, model), losses.meaning, losses.hints


def user(*parts: Part) -> Message:
    return Message("user", list(parts))


def assistant(*parts: Part) -> Message:
    return Message("assistant", list(parts))


def test_where_and_under_which_version_it_is_sent() -> None:
    sent = PROVIDER.write(request(), "m", Losses())
    assert (sent.path, sent.headers) == ("/messages", [("anthropic-version", "2023-06-01")])
    assert written(request(), model="m") == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert written(request(stream=True))["stream"] is True


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-3-5-haiku-20241022", 8192),
        ("claude-opus-4-1-20250805", 32_000),
        ("anthropic/claude-haiku-4.5", 64_000),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
        ("claude-sonnet-4-20250514", 64_000),
        ("claude-opus-4-8", 128_000),
        ("claude-whatever-7", 128_000),
        ("kimi-k3", 8192),
    ],
)
def test_max_tokens_is_the_models_limit_where_the_client_names_none(model: str, limit: int) -> None:
    assert written(request(), model=model)["max_tokens"] == limit
    assert written(request(max_tokens=5), model=model)["max_tokens"] == 5


def test_system_texts_are_hoisted_in_order() -> None:
    body = written(
        request(
            Message("system", [Text("a", cache=Cache())]),
            user(Text("hi")),
            Message("developer", [Text("b")]),
            user(Text("there")),
        )
    )
    assert body["system"] == [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "b"},
    ]
    assert [len(each["content"]) for each in body["messages"]] == [2]
    assert written(request(Message("system", [Text("a")]), user(Text("hi"))))["system"] == "a"


def test_a_system_text_alone_is_what_the_user_says() -> None:
    body = written(request(Message("system", [Text("a")])))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    assert "system" not in body


def test_results_of_parallel_calls_stand_first_in_one_turn() -> None:
    image = Media("image", "image/png", "QQ==")
    body = written(
        request(
            assistant(ToolCall("a.1", "f", '{"x":1}'), ToolCall("b", "f", "")),
            user(ToolResult("a.1", [Text("t"), image], error=True)),
            user(Text("and")),
            user(ToolResult("b", [])),
        )
    )
    assert body["messages"][0]["content"] == [
        {"type": "tool_use", "id": "a_1", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "f", "input": {}},
    ]
    source = {"type": "base64", "media_type": "image/png", "data": "QQ=="}
    assert body["messages"][1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "a_1",
            "content": [{"type": "text", "text": "t"}, {"type": "image", "source": source}],
            "is_error": True,
        },
        {"type": "tool_result", "tool_use_id": "b"},
        {"type": "text", "text": "and"},
    ]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [("", {}), ("[1]", {"input": [1]}), ('{"x":', {"input": '{"x":'}), ("free", {"input": "free"})],
)
def test_arguments_that_are_no_object_are_kept_in_one(arguments: str, given: Any) -> None:
    body = written(request(assistant(ToolCall("a", "f", arguments))))
    assert body["messages"][0]["content"][0]["input"] == given


def test_only_thoughts_that_anthropic_signed_are_sent_to_it() -> None:
    name = PROVIDER.name
    body, meaning, hints = lost(
        request(
            assistant(
                Reasoning("a", "s", issuer=name),
                Reasoning(encrypted="e", issuer=name),
                Reasoning("b", "s", issuer="gemini"),
                Reasoning("c"),
                Text("x"),
            )
        )
    )
    assert body["messages"][0]["content"] == [
        {"type": "thinking", "thinking": "a", "signature": "s"},
        {"type": "redacted_thinking", "data": "e"},
        {"type": "text", "text": "x"},
    ]
    assert (meaning, hints) == ([], ["thinking"])


def test_documents_have_their_title_context_and_citations() -> None:
    pdf = Media("document", "application/pdf", "QQ==", name="t", context="c", cite=True, cache=Cache("1h"))
    [block] = written(request(user(pdf)))["messages"][0]["content"]
    assert block == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "QQ=="},
        "title": "t",
        "context": "c",
        "citations": {"enabled": True},
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }


def test_a_file_needs_its_beta() -> None:
    sent = PROVIDER.write(request(user(Media("document", file_id="file_1"))), MODEL, Losses())
    assert ("anthropic-beta", "files-api-2025-04-14") in sent.headers


def test_parts_that_cannot_be_carried_are_named_where_they_stood() -> None:
    body, meaning, _ = lost(
        request(
            user(Text("a"), Media("audio", data="QQ==", at="messages[0].content[1]")),
            assistant(Text("b"), Media("image", url="u", at="messages[1].content[1]")),
            user(NativePart("gemini", {}, "contents[2].parts[0]"), Refusal("no")),
        )
    )
    assert meaning == ["messages[0].content[1]", "messages[1].content[1]", "contents[2].parts[0]"]
    assert [[block["text"] for block in turn["content"]] for turn in body["messages"]] == [["a"], ["b"], ["no"]]


def test_citations_of_others_are_lost_and_blank_texts_are_none() -> None:
    body, _, hints = lost(request(assistant(Text(" \n"), Text("x", [Citation("u")]))))
    assert body["messages"] == [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}]
    assert hints == ["messages.citations"]


def test_tools_are_completed_and_those_of_others_lost() -> None:
    native = {"type": "web_search_20250305", "name": "web_search"}
    body, meaning, _ = lost(
        request(
            tools=[
                Tool("bare"),
                Tool("loose", parameters={"properties": {}}, strict=False),
                NativeTool(PROVIDER.name, native),
                NativeTool("gemini", {}, "tools[3]"),
                Tool("text", custom=True),
            ]
        )
    )
    assert body["tools"] == [
        {"name": "bare", "input_schema": {"type": "object", "properties": {}}},
        {"name": "loose", "input_schema": {"type": "object", "properties": {}}, "strict": False},
        native,
    ]
    assert meaning == ["tools[3]", "tools"]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (ToolChoice("auto"), None, {"type": "auto"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("required"), True, {"type": "any", "disable_parallel_tool_use": False}),
        (ToolChoice("required", ["f"]), None, {"type": "tool", "name": "f"}),
        (ToolChoice("none"), False, {"type": "none"}),
    ],
)
def test_the_choice_among_tools(choice: ToolChoice | None, parallel: bool | None, expected: Any) -> None:
    assert written(request(tools=[TOOL], tool_choice=choice, parallel_tools=parallel))["tool_choice"] == expected


def test_a_choice_among_some_leaves_the_others_out() -> None:
    others = [TOOL, Tool("g"), Tool("h")]
    body = written(request(tools=others, tool_choice=ToolChoice("auto", ["f", "g"])))
    assert [each["name"] for each in body["tools"]] == ["f", "g"]


def test_a_choice_without_tools_is_not_sent() -> None:
    assert lost(request(tool_choice=ToolChoice("none")))[1] == []
    body, meaning, _ = lost(request(tool_choice=ToolChoice("required")))
    assert ("tool_choice" in body, meaning) == (False, ["tool_choice"])


def test_an_answer_by_schema_closes_its_objects() -> None:
    inner = {"type": "object", "properties": {"default": {"type": "string"}}, "default": {"type": "object"}}
    body = written(request(output=Output("schema", {"type": "array", "items": inner}, "n", "d")))
    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {"description": "d", "type": "array", "items": {**inner, "additionalProperties": False}},
    }


def test_any_json_is_asked_for_in_words() -> None:
    body = written(request(Message("system", [Text("a")]), user(Text("b")), output=Output("json")))
    assert body["system"][0]["text"] == "a"
    assert "one JSON object" in body["system"][1]["text"]


THOUGHTS: list[tuple[str, Thinking, int | None, Any, Any]] = [
    (OLD, Thinking(enabled=True, budget=2000), 4096, {"type": "enabled", "budget_tokens": 2000}, None),
    (OLD, Thinking(effort="high"), 8192, {"type": "enabled", "budget_tokens": 4096}, None),
    (OLD, Thinking(effort="high"), None, {"type": "enabled", "budget_tokens": 24576}, None),
    (OLD, Thinking(enabled=True), None, {"type": "enabled", "budget_tokens": 8192}, None),
    (OLD, Thinking(enabled=False), None, {"type": "disabled"}, None),
    ("claude-opus-4-5", Thinking(effort="max"), None, {"type": "enabled", "budget_tokens": 32_000}, "high"),
    (MODEL, Thinking(enabled=True), None, {"type": "adaptive"}, None),
    (MODEL, Thinking(budget=1024), 2000, {"type": "enabled", "budget_tokens": 1024}, None),
    (MODEL, Thinking(effort="minimal"), None, {"type": "adaptive"}, "low"),
    (MODEL, Thinking(effort="xhigh"), None, {"type": "adaptive"}, "high"),
    (NEW, Thinking(effort="xhigh", shown=True), None, {"type": "adaptive", "display": "summarized"}, "xhigh"),
    (NEW, Thinking(budget=2000, shown=False), None, {"type": "adaptive", "display": "omitted"}, "low"),
    (NEW, Thinking(effort="none"), None, {"type": "disabled"}, None),
    (LAST, Thinking(enabled=False), None, None, "low"),
    ("claude-sonnet-5-5", Thinking(enabled=False), None, {"type": "between_tools"}, None),
    ("claude-3-5-haiku", Thinking(effort="high"), None, None, None),
]


@pytest.mark.parametrize(("model", "wanted", "most", "thinking", "effort"), THOUGHTS)
def test_a_model_is_told_to_think_in_the_words_it_knows(
    model: str, wanted: Thinking, most: int | None, thinking: Any, effort: Any
) -> None:
    body = written(request(thinking=wanted, max_tokens=most), model=model)
    assert (body.get("thinking"), body.get("output_config", {}).get("effort")) == (thinking, effort)


def test_no_thinking_where_it_would_be_refused() -> None:
    wanted = Thinking(enabled=True, budget=4096)
    calls = (assistant(ToolCall("a", "f", "{}")), user(ToolResult("a", [])))
    for made in (
        request(thinking=wanted, max_tokens=1000),
        request(thinking=wanted, tools=[TOOL], tool_choice=ToolChoice("required")),
        request(user(Text("x")), *calls, thinking=wanted),
    ):
        body, meaning, hints = lost(made, OLD)
        assert ("thinking" in body, meaning, hints) == (False, [], ["thinking"])


def test_a_new_model_thinks_before_a_tool_that_it_has_to_call() -> None:
    made = request(thinking=Thinking(enabled=True), tools=[TOOL], tool_choice=ToolChoice("required"))
    body, _, hints = lost(made, NEW)
    assert (body["thinking"], hints) == ({"type": "adaptive"}, [])


@pytest.mark.parametrize(
    ("model", "members", "sent", "meaning"),
    [
        (OLD, {"temperature": 0.5, "top_k": 4.0}, {"temperature": 0.5, "top_k": 4}, []),
        (OLD, {"temperature": 1.5}, {}, ["temperature"]),
        (OLD, {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5}, ["top_p"]),
        (OLD, {"temperature": 0.5, "top_p": 1}, {"temperature": 0.5}, []),
        (OLD, {"top_p": 0.5}, {"top_p": 0.5}, []),
        (NEW, {"temperature": 1, "top_p": 1.0}, {}, []),
        (NEW, {"temperature": 0, "top_k": 1}, {}, ["temperature", "top_k"]),
        (OLD, {"temperature": 0, "thinking": Thinking(budget=2000)}, {}, ["temperature"]),
        ("kimi-k3", {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}, []),
    ],
)
def test_sampling_is_sent_as_far_as_the_model_takes_it(model: str, members: Any, sent: Any, meaning: Any) -> None:
    body, changed, _ = lost(request(**members), model)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == sent
    assert changed == meaning


def test_what_has_no_word_is_lost_aloud() -> None:
    body, meaning, hints = lost(
        request(
            n=2,
            seed=1,
            min_p=0.1,
            logprobs=True,
            top_logprobs=0,
            logit_bias={"1": 2},
            frequency_penalty=0.5,
            presence_penalty=0,
            verbosity="low",
            metadata={"a": 1},
            store=False,
            cache_key="k",
            service_tier="flex",
            extra={"safety_settings": []},
        )
    )
    assert meaning == ["logit_bias", "logprobs", "min_p", "frequency_penalty", "n", "verbosity"]
    assert hints == ["service_tier", "seed", "metadata", "cache_key", "store", "safety_settings"]
    assert set(body) == {"model", "max_tokens", "messages"}


def test_the_rest_of_what_has_a_word() -> None:
    made = request(
        stop=["a"], user="u", cache=Cache("1h"), service_tier="default", extra={"mcp_servers": [{"url": "u"}]}
    )
    body, meaning, hints = lost(made)
    assert (meaning, hints) == ([], [])
    assert (body["stop_sequences"], body["metadata"]) == (["a"], {"user_id": "u"})
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert (body["service_tier"], body["mcp_servers"]) == ("standard_only", [{"url": "u"}])
    assert ("anthropic-beta", "mcp-client-2025-11-20") in PROVIDER.write(made, MODEL, Losses()).headers
