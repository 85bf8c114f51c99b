"""Requests as Converse takes them, and what they lose."""

import json
from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.bedrock.blocks import tool_id
from fairlead.dialects.bedrock.provider import PROVIDER
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
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tests.dialects.bedrock.recorded import exchanges
from tests.dialects.test_members import JSON

OWN = "bedrock-converse"
NOVA, CLAUDE, LLAMA = "amazon.nova-lite-v1:0", "us.anthropic.claude-opus-4-6-v1", "meta.llama3-3-70b-instruct-v1:0"
OPUS_5 = "global.anthropic.claude-opus-5"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
ADD = Tool("add", "Adds", {"type": "object", "properties": {"x": {"type": "number"}}})
PNG = Media("image", "image/png", "iVBORw0KGgo=", at="messages[0].content[1]")


def user(*parts: Part) -> Message:
    return Message("user", list(parts) or [Text("hi")])


def said(*parts: Part) -> Message:
    return Message("assistant", list(parts))


def write(*messages: Message, model: str = CLAUDE, **members: Any) -> tuple[dict[str, Any], Losses]:
    losses = Losses()
    out = PROVIDER.write(Request(model, list(messages) or [user()], **members), model, losses)
    return json.loads(out.body), losses


def carried(*messages: Message, model: str = CLAUDE, **members: Any) -> dict[str, Any]:
    body, losses = write(*messages, model=model, **members)
    assert (losses.meaning, losses.hints) == ([], [])
    return body


def content(*parts: Part, model: str = CLAUDE) -> list[Any]:
    found: list[Any] = carried(user(*parts), model=model)["messages"][0]["content"]
    return found


# Against what was recorded


def from_recorded(body: dict[str, Any]) -> dict[str, Any]:
    """The canonical members of a recorded body, as far as recordings go."""
    inference, config = body["inferenceConfig"], body.get("toolConfig", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", [])]
    chosen = config.get("toolChoice")
    choice = None
    if chosen is not None:
        choice = ToolChoice("required", [chosen["tool"]["name"]] if "tool" in chosen else [])
    return {
        "temperature": inference.get("temperature"),
        "max_tokens": inference.get("maxTokens"),
        "tools": [Tool(each["name"], each["description"], each["inputSchema"]["json"]) for each in specs],
        "tool_choice": choice,
        "extra": {"guardrailConfig": body["guardrailConfig"]} if "guardrailConfig" in body else {},
    }


def recorded_messages(body: dict[str, Any]) -> list[Message]:
    messages = [Message("system", _parts(body["system"]))] if "system" in body else []
    return [*messages, *(Message(each["role"], _parts(each["content"])) for each in body["messages"])]


def _parts(blocks: list[Any]) -> list[Part]:
    parts: list[Part] = []
    for block in blocks:
        if "text" in block:
            parts.append(Text(block["text"]))
        elif "cachePoint" in block:
            last = parts[-1]
            assert isinstance(last, Text)
            last.cache = Cache()
        else:
            held = block["document"]
            parts.append(Media("document", "text/plain", held["source"]["bytes"], name=held["name"]))
    return parts


def test_recorded_requests_are_written_again(shared: Path) -> None:
    for each in exchanges(shared):
        sent, path = json.loads(each["request"]["body"]), each["request"]["path"]
        stream = path.endswith("-stream")
        model = path.split("/")[2].replace("%3A", ":").replace("%3a", ":")
        losses = Losses()
        request = Request(model, recorded_messages(sent), stream=stream, **from_recorded(sent))
        out = PROVIDER.write(request, model, losses)
        assert out.path == path
        assert (losses.meaning, losses.hints) == ([], [])
        again = json.loads(out.body)
        assert blocks(again) == blocks(sent)
        if not sent["inferenceConfig"]:
            del sent["inferenceConfig"]
        assert again == sent


def blocks(body: dict[str, Any]) -> list[Any]:
    """All blocks of all messages, which are taken out; the names of documents as Bedrock takes them."""
    found = [block for message in body.pop("messages") for block in message["content"]]
    for block in found:
        if "document" in block:
            block["document"]["name"] = block["document"]["name"].replace("REDACTED_1", "REDACTED-1")
    return found


# Where it goes


def test_a_model_stands_in_the_path_and_not_in_the_body() -> None:
    for stream, verb in ((False, "converse"), (True, "converse-stream")):
        out = PROVIDER.write(Request("x", [user()], stream=stream), PROFILE, Losses())
        arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc"
        assert out.path == f"/model/{arn}/{verb}"
        assert json.loads(out.body) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


# Messages


def test_messages_of_one_role_in_a_row_become_one() -> None:
    body = carried(user(Text("a")), user(Text("b")), said(Text("c")), user(Text("d")))
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}]},
        {"role": "user", "content": [{"text": "d"}]},
    ]


def test_instructions_go_to_the_front_and_it_is_said_where_they_did_not_stand_there() -> None:
    system = Message("system", [Text("be"), NativePart(OWN, {"guardContent": {"text": {"text": "g"}}})])
    body = carried(system, Message("developer", [Text("brief")]), user())
    assert body["system"] == [{"text": "be"}, {"guardContent": {"text": {"text": "g"}}}, {"text": "brief"}]
    body, losses = write(user(), Message("system", [Text("late")]))
    assert (body["system"], losses.hints, losses.meaning) == ([{"text": "late"}], ["messages"], [])
    assert write(Message("system", [PNG]), user())[1].meaning == ["messages[0].content[1]"]


def test_blank_texts_and_messages_that_are_empty_then_are_left_out() -> None:
    assert carried(user(Text("a"), Text("")), said(Text(" \n")), user(Text("b")))["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]}
    ]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (PNG, {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}),
        (Media("image", None, "/9j/AA=="), {"image": {"format": "jpeg", "source": {"bytes": "/9j/AA=="}}}),
        (
            Media("video", "video/quicktime", url="s3://b/k"),
            {"video": {"format": "mov", "source": {"s3Location": {"uri": "s3://b/k"}}}},
        ),
        (Media("audio", "audio/mpeg", "AA=="), {"audio": {"format": "mp3", "source": {"bytes": "AA=="}}}),
        (
            Media("document", "application/pdf", "AA==", name="q3 report_v1.pdf", context="c", cite=True),
            {
                "document": {
                    "format": "pdf",
                    "name": "q3 report-v1-pdf",
                    "source": {"bytes": "AA=="},
                    "context": "c",
                    "citations": {"enabled": True},
                }
            },
        ),
        (Media("document", text="t"), {"document": {"name": "document", "source": {"text": "t"}}}),
        (
            Media("document", None, "AA==", name="a.XLSX"),
            {"document": {"format": "xlsx", "name": "a-XLSX", "source": {"bytes": "AA=="}}},
        ),
        (Refusal("no"), {"text": "no"}),
        (NativePart(OWN, {"searchResult": {"x": 1}}), {"searchResult": {"x": 1}}),
        (
            Reasoning("hm", "s", issuer=OWN),
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        ),
        (Reasoning(encrypted="AAA=", issuer=OWN), {"reasoningContent": {"redactedContent": "AAA="}}),
        (
            Text("x", [Citation(dialect=OWN, native={"title": "T"})]),
            {"citationsContent": {"content": [{"text": "x"}], "citations": [{"title": "T"}]}},
        ),
    ],
)
def test_every_part_is_carried(part: Any, block: Any) -> None:
    assert content(Text("a"), part) == [{"text": "a"}, block]


def test_documents_of_one_name_get_names_of_their_own() -> None:
    blocks = content(*(Media("document", "text/plain", "AA==", name="a!") for _ in range(3)))
    assert [block["document"]["name"] for block in blocks] == ["a-", "a- (2)", "a- (3)"]


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Media("image", "image/png", url="https://x/y.png", at="a[0]"), "a[0]"),
        (Media("image", "image/png", file_id="f"), "image"),
        (Media("image", "image/tiff", "AA=="), "image"),
        (Media("audio", "audio/midi", "AA=="), "audio"),
        (Media("document", "application/zip", "AA==", at="a[3]"), "a[3]"),
        (Media("image", text="no image"), "image"),
        (NativePart("gemini", {"x": 1}, at="a[1]"), "a[1]"),
        (ToolResult("t", [Media("audio", "audio/wav", "AA==", at="a[2]")]), "a[2]"),
    ],
)
def test_what_cannot_be_carried_is_named(part: Any, lost: str) -> None:
    assert write(user(Text("a"), part), tools=[ADD])[1].meaning == [lost]


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning("hm"),
        Reasoning("hm", issuer=OWN),
        Reasoning("hm", "s", issuer="anthropic-messages"),
        Reasoning(encrypted="e", issuer="openai-responses"),
    ],
)
def test_a_thought_that_bedrock_did_not_sign_is_not_sent(thought: Reasoning) -> None:
    body, losses = write(user(), said(thought, Text("x")))
    assert body["messages"][1]["content"] == [{"text": "x"}]
    assert (losses.hints, losses.meaning) == (["thinking"], [])


# Caching


def test_cache_points_stand_behind_what_they_mark() -> None:
    mark = Cache("1h")
    body = carried(
        Message("system", [Text("s", cache=Cache())]),
        user(Text("a", cache=mark), Text("b")),
        tools=[Tool("f", cache=mark)],
        cache=Cache(),
    )
    hour, plain = {"cachePoint": {"type": "default", "ttl": "1h"}}, {"cachePoint": {"type": "default"}}
    assert body["system"] == [{"text": "s"}, plain]
    assert body["messages"][0]["content"] == [{"text": "a"}, hour, {"text": "b"}, plain]
    assert body["toolConfig"]["tools"][1] == hour
    assert content(Text("a", cache=mark), model=NOVA)[1] == plain
    assert content(Text("a", cache=mark), model=PROFILE)[1] == hour


def test_a_model_that_does_not_cache_gets_no_cache_points() -> None:
    body, losses = write(user(Text("a", cache=Cache())), model=LLAMA)
    assert body["messages"][0]["content"] == [{"text": "a"}]
    assert (losses.hints, losses.meaning) == (["cache"], [])


# Tools


def test_calls_and_results_are_carried() -> None:
    results = [
        ToolResult("a", [Text("3"), PNG], error=False),
        ToolResult("b", [Text("")], error=True),
        ToolResult("c", []),
    ]
    body = carried(user(), said(ToolCall("a", "add", '{"x":1}'), ToolCall("b", "add", "")), user(*results), tools=[ADD])
    assert body["messages"][1]["content"] == [
        {"toolUse": {"toolUseId": "a", "name": "add", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "b", "name": "add", "input": {}}},
    ]
    image = {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    assert body["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "a", "content": [{"text": "3"}, image], "status": "success"}},
        {"toolResult": {"toolUseId": "b", "content": [], "status": "error"}},
        {"toolResult": {"toolUseId": "c", "content": []}},
    ]


def test_arguments_that_are_no_object_are_carried_in_one() -> None:
    for text in ("not JSON", "[1]", '"x"', "{"):
        body = carried(user(), said(ToolCall("a", "add", text)), tools=[ADD])
        assert body["messages"][1]["content"][0]["toolUse"]["input"] == {"arguments": text}
    body = carried(user(), said(ToolCall("a", "sh", "ls", custom=True)), tools=[ADD])
    assert body["messages"][1]["content"][0]["toolUse"]["input"] == {"input": "ls"}


@given(st.text(max_size=80))
def test_an_id_is_made_to_fit(given_: str) -> None:
    made = tool_id(given_)
    assert 1 <= len(made) <= 64
    assert all(sign.isascii() and (sign.isalnum() or sign in "_.:-") for sign in made)
    assert tool_id(made) == made


def test_ids_that_fit_stay_and_others_do_not_become_one() -> None:
    assert tool_id("call_a.b:c-1") == "call_a.b:c-1"
    assert len({tool_id(each) for each in ("a|b", "a/b", "a b", "a_b", "x" * 70, "x" * 71, "")}) == 7


def test_tools_and_the_choice_among_them_are_carried() -> None:
    spec = {"name": "add", "description": "Adds", "inputSchema": {"json": ADD.parameters}}
    choices: list[tuple[ToolChoice | None, Any]] = [
        (None, None),
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("required", ["add"]), {"tool": {"name": "add"}}),
    ]
    for choice, shown in choices:
        config = carried(tools=[ADD], tool_choice=choice)["toolConfig"]
        assert config["tools"] == [{"toolSpec": spec}]
        assert config.get("toolChoice") == shown
    config = carried(tools=[ADD, Tool("b"), Tool("c", strict=True)], tool_choice=ToolChoice("required", ["b", "c"]))
    empty = {"json": {"type": "object", "properties": {}}}
    assert config["toolConfig"] == {
        "tools": [
            {"toolSpec": {"name": "b", "inputSchema": empty}},
            {"toolSpec": {"name": "c", "inputSchema": empty, "strict": True}},
        ],
        "toolChoice": {"any": {}},
    }
    native = NativeTool(OWN, {"systemTool": {"name": "nova_grounding"}})
    assert carried(tools=[native])["toolConfig"] == {"tools": [native.value]}


def test_no_tool_may_be_called_where_none_is_given() -> None:
    assert "toolConfig" not in carried(tools=[ADD], tool_choice=ToolChoice("none"))
    history = (user(), said(ToolCall("a", "add", "{}")), user(ToolResult("a", [Text("3")])))
    assert write(*history, tools=[ADD], tool_choice=ToolChoice("none"))[1].meaning == ["tool_choice"]


def test_tools_of_the_history_are_declared() -> None:
    body, losses = write(user(), said(ToolCall("a", "add", "{}")), user(ToolResult("a", [Text("3")])))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["add"]
    assert (losses.hints, losses.meaning) == (["tools"], [])


def test_tools_that_bedrock_does_not_know_are_named() -> None:
    _, losses = write(tools=[NativeTool("gemini", {}, at="tools[0]"), Tool("sh", custom=True)])
    assert losses.meaning == ["tools[0]", "tools"]


# All else


def test_a_schema_is_carried_as_text() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": False}
    form = carried(output=Output("schema", schema, "n", "d", True))["outputConfig"]["textFormat"]
    assert form["type"] == "json_schema"
    held = form["structure"]["jsonSchema"]
    assert (json.loads(held.pop("schema")), held) == (schema, {"name": "n", "description": "d"})
    assert "outputConfig" not in carried(output=Output("text"))
    assert write(output=Output("json"))[1].meaning == ["output"]


def test_the_tier_and_labels_are_carried() -> None:
    assert carried(service_tier="flex")["serviceTier"] == {"type": "flex"}
    assert "serviceTier" not in carried(service_tier="auto")
    assert write(service_tier="scale")[1].hints == ["service_tier"]
    assert carried(metadata={"team": "a/b"})["requestMetadata"] == {"team": "a/b"}
    body, losses = write(metadata={"a": 1, "b": "é", "c": "x" * 257, "": "x", "ok": ""})
    assert (body["requestMetadata"], losses.hints) == ({"ok": ""}, ["metadata"])
    assert len(write(metadata={str(n): "x" for n in range(20)})[0]["requestMetadata"]) == 16


def test_what_only_converse_has_passes_by_its_own_name() -> None:
    guard = {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    body = carried(extra={"guardrailConfig": guard, "additionalModelRequestFields": {"a": 1}}, top_k=3)
    assert body["guardrailConfig"] == guard
    assert body["additionalModelRequestFields"] == {"a": 1, "top_k": 3}
    assert write(extra={"guardrailConfig": 7, "x.y": 1})[1].hints == ["guardrailConfig", "x.y"]


@pytest.mark.parametrize(
    ("members", "meaning", "hints"),
    [
        (
            {"n": 2, "logprobs": True, "top_logprobs": 3, "logit_bias": {"1": 1}},
            ["n", "logprobs", "top_logprobs", "logit_bias"],
            [],
        ),
        ({"n": 1, "logprobs": False, "frequency_penalty": 0, "parallel_tools": True, "store": False}, [], []),
        (
            {"frequency_penalty": 1, "presence_penalty": 1, "min_p": 0.1, "verbosity": "low", "user": "u", "seed": 0},
            [],
            ["frequency_penalty", "presence_penalty", "min_p", "verbosity", "user", "seed"],
        ),
        ({"cache_key": "k", "store": True, "parallel_tools": False}, [], ["cache_key", "store", "parallel_tools"]),
    ],
)
def test_what_bedrock_has_no_word_for_is_said(members: dict[str, Any], meaning: list[str], hints: list[str]) -> None:
    _, losses = write(**members)
    assert (losses.meaning, losses.hints) == (meaning, hints)


# Anything at all


WORDS = st.text(max_size=6)
PARTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(Text, WORDS, cache=st.none() | st.builds(Cache)),
    st.builds(ToolCall, WORDS, WORDS, WORDS | JSON.map(json.dumps), st.booleans()),
    st.builds(ToolResult, WORDS, st.lists(st.builds(Text, WORDS), max_size=2), error=st.none() | st.booleans()),
    st.builds(
        Media,
        st.sampled_from(["image", "document", "audio", "video"]),
        st.sampled_from([None, "image/png", "application/pdf", "audio/wav", "video/mp4", "x/y"]),
        st.none() | st.binary(max_size=4).map(lambda data: b64encode(data).decode()),
        st.none() | WORDS,
        name=st.none() | WORDS,
    ),
    st.builds(Reasoning, WORDS, st.none() | WORDS, issuer=st.sampled_from(["", OWN, "gemini"])),
    st.builds(NativePart, st.sampled_from([OWN, "gemini"]), st.just({"guardContent": {}})),
)


@given(
    st.lists(
        st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.lists(PARTS, max_size=4)), max_size=5
    ),
    st.sampled_from([NOVA, CLAUDE, LLAMA, OPUS_5, PROFILE]),
)
def test_no_word_is_lost_whatever_the_messages(messages: list[Message], model: str) -> None:
    losses = Losses()
    out = json.loads(PROVIDER.write(Request(model, messages), model, losses).body)
    roles = [message["role"] for message in out["messages"]]
    assert all(one != other for one, other in pairwise(roles))
    assert all(message["content"] for message in out["messages"])
    for role in ("user", "assistant"):
        sent = [p for m in messages if m.role == role for p in m.parts]
        blocks = [b for m in out["messages"] if m["role"] == role for b in m["content"]]
        texts = [p.text for p in sent if isinstance(p, Text) and p.text.strip()]
        assert [b["text"] for b in blocks if "text" in b] == [text for text in texts if not text.isspace()]
        assert sum("toolUse" in b for b in blocks) == sum(isinstance(p, ToolCall) for p in sent)
        assert sum("toolResult" in b for b in blocks) == sum(isinstance(p, ToolResult) for p in sent)
