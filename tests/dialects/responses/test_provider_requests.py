"""What a provider is asked, and what cannot be asked."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

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
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from fairlead.dialects.responses import CLIENT, PROVIDER
from tests.dialects.responses.making import requests
from tests.dialects.responses.recordings import exchanges

OWN = "openai-responses"


def write(request: Request) -> tuple[dict[str, Any], Losses]:
    losses = Losses()
    outgoing = PROVIDER.write(request, "up", losses)
    assert outgoing.path == "/responses"
    return json.loads(outgoing.body), losses


def asked(**members: Any) -> tuple[dict[str, Any], Losses]:
    body, losses = write(Request("m", [], **members))
    assert (body.pop("model"), body.pop("input"), body.pop("store")) == ("up", [], False)
    return body, losses


def items(*messages: Message) -> tuple[list[Any], Losses]:
    body, losses = write(Request("m", list(messages)))
    return body["input"], losses


def user(*parts: Part) -> tuple[list[Any], Losses]:
    return items(Message("user", list(parts)))


def model(*parts: Part) -> tuple[list[Any], Losses]:
    return items(Message("assistant", list(parts)))


def kept(losses: Losses) -> bool:
    return not losses.meaning and not losses.hints


def test_words_of_the_system_before_all_others_are_instructions() -> None:
    body, _ = write(Request("m", [Message("system", [Text("a"), Text("b")]), Message("developer", [Text("c")])]))
    assert body["instructions"] == "a\n\nb"
    assert body["input"] == [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "c"}]}]


def test_a_turn_with_tools_is_written_in_its_order() -> None:
    written, losses = items(
        Message("user", [Text("hi"), Media("image", "image/png", "QQ==", detail="low")]),
        Message(
            "assistant",
            [
                Reasoning("s", encrypted="e", id="rs_1", issuer=OWN, summary=True),
                Text("so", [Citation("u", "t", start=0, end=2)]),
                ToolCall("c1", "f", ""),
                ToolCall("c2", "g", "free", custom=True),
            ],
        ),
        Message("user", [ToolResult("c1", [Text("one")]), ToolResult("c2", [Text("2"), Text("3")]), Text("go on")]),
        Message("assistant", [Refusal("no")]),
    )
    cited = {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "u", "title": "t"}
    image = {"type": "input_image", "image_url": "data:image/png;base64,QQ==", "detail": "low"}
    two = [{"type": "input_text", "text": text} for text in "23"]
    assert written == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}, image]},
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "s"}],
            "encrypted_content": "e",
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "so", "annotations": [cited]}],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": two},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go on"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
    ]
    assert kept(losses)


def test_thoughts_of_one_item_become_one_item_again() -> None:
    thoughts = [Reasoning("a", id="rs_1", issuer=OWN, summary=True), Reasoning("b", id="rs_1", issuer=OWN)]
    thoughts[1].encrypted = "e"
    written, _ = model(*thoughts, Reasoning("c", id="rs_2", issuer=OWN))
    assert [item["id"] for item in written] == ["rs_1", "rs_2"]
    assert written[0]["encrypted_content"] == "e"
    assert written[0]["content"] == [{"type": "reasoning_text", "text": "b"}]


def test_a_proof_that_came_back_as_a_signature_is_sent_as_what_it_is() -> None:
    written, losses = model(Reasoning("", signature="gAAA", issuer=OWN))
    assert written == [{"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}]
    assert kept(losses)


@pytest.mark.parametrize("issuer", ["", "anthropic-messages"])
def test_nobody_elses_thoughts_are_sent(issuer: str) -> None:
    written, losses = model(Reasoning("x", signature="s", issuer=issuer), Text("y"))
    assert [item["type"] for item in written] == ["message"]
    assert losses.hints == ["thinking"]


@pytest.mark.parametrize(
    ("media", "written"),
    [
        (Media("image", url="https://x"), {"type": "input_image", "image_url": "https://x"}),
        (Media("image", file_id="f"), {"type": "input_image", "file_id": "f"}),
        (
            Media("document", "application/pdf", "QQ==", name="a report"),
            {"type": "input_file", "file_data": "data:application/pdf;base64,QQ==", "filename": "a report.pdf"},
        ),
        (
            Media("document", text="hi"),
            {"type": "input_file", "file_data": "data:text/plain;base64,aGk=", "filename": "document.txt"},
        ),
        (
            Media("document", url="https://x", name="n"),
            {"type": "input_file", "file_url": "https://x", "filename": "n"},
        ),
        (
            Media("audio", "audio/x-wav", "QQ=="),
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
        ),
    ],
)
def test_media_is_written(media: Media, written: dict[str, Any]) -> None:
    (message,), losses = user(media)
    assert message["content"] == [written]
    assert kept(losses)
    (result,), losses = user(ToolResult("c", [media]))
    assert result["output"] == [written]


@pytest.mark.parametrize(
    "part",
    [
        Media("video", url="https://x", at="here"),
        Media("audio", url="https://x", at="here"),
        Media("audio", "audio/flac", "QQ==", at="here"),
        Media("image", at="here"),
        NativePart("anthropic-messages", {"type": "x"}, "here"),
        ToolResult("c", [NativePart("gemini", {}, "here")]),
    ],
)
def test_what_cannot_be_said_is_named_where_it_stands(part: Part) -> None:
    _, losses = user(part)
    assert losses.meaning == ["here"]


def test_an_image_cannot_be_the_models_own_words() -> None:
    written, losses = model(Media("image", url="https://x", at="here"))
    assert (written, losses.meaning) == ([], ["here"])


def test_parts_of_this_dialect_stand_where_they_stood() -> None:
    item, inner = {"type": "web_search_call", "id": "ws_1"}, {"type": "input_video"}
    written, losses = model(NativePart(OWN, item, "input[0]"), NativePart(OWN, inner, "input[1].content[0]"))
    assert written == [item, {"type": "message", "role": "assistant", "content": [inner]}]
    assert kept(losses)


def test_a_function_is_never_left_to_be_made_strict() -> None:
    tools: Any = [Tool("f", parameters={}), Tool("g", strict=True), NativeTool(OWN, {"type": "web_search"})]
    body, losses = asked(tools=[*tools, NativeTool("gemini", {}, "tools[3]")])
    assert body["tools"] == [
        {"type": "function", "name": "f", "parameters": {}, "strict": False},
        {"type": "function", "name": "g", "parameters": None, "strict": True},
        {"type": "web_search"},
    ]
    assert losses.meaning == ["tools[3]"]


def test_a_grammar_is_written_flat() -> None:
    grammar = {"syntax": "lark", "definition": "x"}
    body, _ = asked(tools=[Tool("f", custom=True, format={"type": "grammar", "grammar": grammar})])
    assert body["tools"] == [{"type": "custom", "name": "f", "format": {"type": "grammar", **grammar}}]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none", ["f"]), "none"),
        (ToolChoice("required"), "required"),
        (ToolChoice("required", ["f"]), {"type": "function", "name": "f"}),
        (ToolChoice("required", ["g"]), {"type": "custom", "name": "g"}),
        (
            ToolChoice("auto", ["f", "g"]),
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}],
            },
        ),
    ],
)
def test_a_choice_of_tools_is_written(choice: ToolChoice, written: Any) -> None:
    body, _ = asked(tools=[Tool("f"), Tool("g", custom=True)], tool_choice=choice)
    assert body["tool_choice"] == written


@pytest.mark.parametrize(
    ("thinking", "written"),
    [
        (Thinking(effort="high", summary="detailed"), {"effort": "high", "summary": "detailed"}),
        (Thinking(budget=8192, shown=True), {"effort": "medium", "summary": "auto"}),
        (Thinking(enabled=False), {"effort": "none"}),
        (Thinking(enabled=True), None),
    ],
)
def test_thinking_becomes_an_effort(thinking: Thinking, written: Any) -> None:
    body, _ = asked(thinking=thinking)
    assert body.get("reasoning") == written
    assert ("reasoning.encrypted_content" in body.get("include", [])) is (thinking.enabled is not False)


def test_forms_are_written() -> None:
    assert asked(output=Output("json"), verbosity="low")[0] == {
        "text": {"format": {"type": "json_object"}, "verbosity": "low"}
    }
    assert asked(output=Output("schema", {"a": 1}))[0]["text"]["format"]["name"] == "response"


def test_fewer_tokens_than_the_least_are_the_least() -> None:
    body, losses = asked(max_tokens=1)
    assert (body, losses.hints) == ({"max_output_tokens": 16}, ["max_tokens"])
    assert asked(max_tokens=16)[0] == {"max_output_tokens": 16}


@pytest.mark.parametrize(
    "members",
    [
        *({"n": 2}, {"stop": ["x"]}, {"logit_bias": {"1": 1}}, {"frequency_penalty": 1}, {"presence_penalty": -1}),
        *({"top_k": 3}, {"min_p": 0.1}),
    ],
)
def test_what_has_no_word_and_changes_the_answer_is_said(members: dict[str, Any]) -> None:
    body, losses = asked(**members)
    assert (body, losses.meaning, losses.hints) == ({}, list(members), [])


@pytest.mark.parametrize(
    ("members", "hint"), [({"seed": 1}, "seed"), ({"cache": Cache()}, "cache"), ({"extra": {"x": 1}}, "x")]
)
def test_what_has_no_word_and_changes_nothing_is_a_hint(members: dict[str, Any], hint: str) -> None:
    body, losses = asked(**members)
    assert (body, losses.meaning, losses.hints) == ({}, [], [hint])


def test_members_of_openais_dialects_are_carried_but_nothing_is_done_in_the_background() -> None:
    carried = {"previous_response_id": "resp_1", "truncation": "auto", "prompt_cache_retention": "24h"}
    body, losses = asked(logprobs=True, extra={**carried, "include": ["x"], "background": True})
    assert body == {**carried, "include": ["message.output_text.logprobs", "x"]}
    assert (losses.meaning, losses.hints) == (["background"], [])


@pytest.mark.parametrize("members", [{"n": 1}, {"frequency_penalty": 0}, {"top_k": 0}, {"logit_bias": {}}])
def test_a_member_that_asks_for_what_is_anyway_is_no_loss(members: dict[str, Any]) -> None:
    body, losses = asked(**members)
    assert body == {}
    assert kept(losses)


def test_marks_that_a_prompt_may_be_cached_are_hints() -> None:
    mark = Cache("5m")
    for part in (Text("x", cache=mark), ToolResult("c", [], cache=mark), Media("image", url="u", cache=mark)):
        assert user(part)[1].hints == ["cache"]
    assert asked(tools=[Tool("f", cache=mark)])[1].hints == ["cache"]


def test_half_a_surrogate_pair_does_not_stop_a_request() -> None:
    assert user(Text("half \ud83d"))[0][0]["content"][0]["text"] == "half \ud83d"


@settings(deadline=None)
@given(requests())
def test_what_can_be_carried_survives(request: Request) -> None:
    losses = Losses()
    outgoing = PROVIDER.write(request, "m", losses)
    assert kept(losses)
    assert CLIENT.read(outgoing.body, "m", stream=request.stream) == request


def paths(before: Any, after: Any, at: str = "") -> list[str]:
    """Where two JSON values differ; places in lists are one."""
    if isinstance(before, dict) and isinstance(after, dict):
        changed = [f"{at}.{name} {'gone' if name in before else 'new'}" for name in before.keys() ^ after.keys()]
        return changed + [
            path for name in before.keys() & after.keys() for path in paths(before[name], after[name], f"{at}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [path for one, other in zip(before, after, strict=True) for path in paths(one, other, f"{at}[]")]
    return [] if before == after else [f"{at} changed"]


def spelled(body: dict[str, Any]) -> dict[str, Any]:
    """A recorded body where a text has the one of its two spellings that we use, and so have the system's words."""
    found = [{**item} for item in body["input"]]
    for item in found:
        if item.get("type") == "message" and isinstance(item["content"], str):
            kind = "output_text" if item["role"] == "assistant" else "input_text"
            item["content"] = [{"type": kind, "text": item["content"]}]
    spelt = {**body, "input": found}
    if not body.get("instructions"):
        spelt.pop("instructions", None)
        if found[0].get("role") == "system":
            spelt["instructions"] = "\n\n".join(part["text"] for part in found[0]["content"])
            spelt["input"] = found[1:]
    return spelt


# What differs between what was recorded and what is written of it, and why.
FROZEN = {
    ".store new": 159,  # what nobody asked to be kept is not
    ".tools[].strict new": 142,  # told rather than left to be made strict
    ".input[].status gone": 77,  # where a provider keeps an item
    ".input[].id gone": 51,
    ".include gone": 19,  # encrypted thoughts, asked for without a word on thinking
    ".include new": 1,  # and the other way round
    ".reasoning.mode gone": 11,  # hints
    ".reasoning.context gone": 11,
    ".max_output_tokens changed": 1,  # 8, which OpenAI refuses
}


def test_recorded_requests_are_written_as_they_were_recorded(shared: Path) -> None:
    seen: Counter[str] = Counter()
    for exchange in exchanges(shared):
        request = CLIENT.read(json.dumps(exchange.request).encode(), "m", stream=bool(exchange.request.get("stream")))
        losses = Losses(CLIENT.names)
        body = json.loads(PROVIDER.write(request, exchange.request["model"], losses).body)
        assert losses.meaning == []
        assert set(losses.hints) <= {"reasoning.mode", "reasoning.context", "max_output_tokens"}
        seen.update(paths(spelled(exchange.request), body))
    assert seen == FROZEN
