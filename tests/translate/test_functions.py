"""Calls in the words before tools (`functions`, `function_call`), at providers that never had them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import HttpReply, one_provider, running
from tests.support.scripted import Scripted, answering, chunk, completion, reply, scripted, streaming
from tests.translate.asking import FUNCTION, QUESTION
from tests.translate.vendors import ARGUMENTS, INPUT, OUTPUT, TEXT, TOOL, VENDORS, Said, answering_as

OTHERS = [vendor for vendor in VENDORS.values() if vendor.dialect != "openai-chat"]
every_other = pytest.mark.parametrize("vendor", OTHERS, ids=[each.dialect for each in OTHERS])
ASKED: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": QUESTION}],
    "functions": [FUNCTION],
    "function_call": "auto",
}
CALLED = {"name": TOOL, "arguments": json.dumps(ARGUMENTS)}
BACK = [
    *ASKED["messages"],
    {"role": "assistant", "content": None, "function_call": CALLED},
    {"role": "function", "name": TOOL, "content": "sunny"},
]


def at(up: Scripted, dialect: str) -> dict[str, Any]:
    return one_provider(up.url, dialect=dialect, auth="bearer")


@every_other
async def test_a_function_is_called_in_the_old_words(vendor: Any, tmp_path: Path) -> None:
    script = answering_as(vendor, Said(tool=True))
    async with scripted(script) as up, running(tmp_path, at(up, vendor.dialect)) as gateway:
        got = await gateway.openai().chat.completions.create(**ASKED)
    (choice,) = got.choices
    assert choice.message.function_call is not None
    assert choice.message.tool_calls is None
    assert (choice.message.content, choice.finish_reason) == (TEXT, "function_call")
    assert choice.message.function_call.name == TOOL
    assert json.loads(choice.message.function_call.arguments) == ARGUMENTS


@every_other
async def test_a_function_is_called_in_the_old_words_bit_by_bit(vendor: Any, tmp_path: Path) -> None:
    script = answering_as(vendor, Said(tool=True))
    async with scripted(script) as up, running(tmp_path, at(up, vendor.dialect)) as gateway:
        asked = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}
        stream: Any = await gateway.openai().chat.completions.create(**asked)
        chunks = [each async for each in stream]
    choices = [each.choices[0] for each in chunks if each.choices]
    called = [each.delta.function_call for each in choices if each.delta.function_call]
    assert "".join(each.name or "" for each in called) == TOOL
    assert json.loads("".join(each.arguments or "" for each in called)) == ARGUMENTS
    assert not any(each.delta.tool_calls for each in choices)
    assert "".join(each.delta.content or "" for each in choices) == TEXT
    assert [each.finish_reason for each in choices if each.finish_reason] == ["function_call"]
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (INPUT, OUTPUT)


@every_other
async def test_an_answer_without_a_call_is_as_ever(vendor: Any, tmp_path: Path) -> None:
    script = answering_as(vendor, Said())
    async with scripted(script) as up, running(tmp_path, at(up, vendor.dialect)) as gateway:
        got = await gateway.post(ASKED)
        streamed = await gateway.post({**ASKED, "stream": True})
    assert (got.text, got.json["choices"][0]["finish_reason"]) == (TEXT, "stop")
    assert streamed.text == TEXT
    assert streamed.events[-2]["choices"][0]["finish_reason"] == "stop"


async def sent(folder: Path, dialect: str, **members: Any) -> Any:
    """What a provider of that dialect is asked for a client's call."""
    script = answering_as(VENDORS[dialect], Said())
    async with scripted(script) as up, running(folder, at(up, dialect)) as gateway:
        got = await gateway.post(ASKED | members)
        assert got.status == 200, got.body
        assert "x-fairlead-dropped" not in got.headers
    return up.received[0].json


async def test_a_result_belongs_to_its_call(tmp_path: Path) -> None:
    asked = await sent(tmp_path, "anthropic-messages", messages=BACK)
    (call,), (result,) = (asked["messages"][at]["content"] for at in (1, 2))
    assert (call["type"], call["name"], call["input"]) == ("tool_use", TOOL, ARGUMENTS)
    assert (result["type"], result["tool_use_id"]) == ("tool_result", call["id"])
    assert "sunny" in json.dumps(result["content"])
    again = await sent(tmp_path, "anthropic-messages", messages=BACK)
    assert again == asked


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ({"name": TOOL}, {"type": "tool", "name": TOOL}),
        (None, None),
    ],
)
async def test_the_choice_of_a_function(said: Any, choice: Any, tmp_path: Path) -> None:
    asked = await sent(tmp_path, "anthropic-messages", function_call=said)
    assert asked.get("tool_choice") == choice
    (tool,) = asked["tools"]
    assert (tool["name"], tool["description"]) == (FUNCTION["name"], FUNCTION["description"])
    assert tool["input_schema"] == FUNCTION["parameters"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"functions": {}}, "functions"),
        ({"functions": [7]}, "functions[0]"),
        ({"functions": [{"description": "x"}]}, "functions[0].name"),
        ({"functions": [{"name": "x", "parameters": 7}]}, "functions[0].parameters"),
        ({"function_call": "required"}, "function_call"),
        ({"function_call": 7}, "function_call"),
        ({"function_call": {}}, "function_call.name"),
    ],
)
async def test_what_is_wrong_is_told_where_it_stands(members: Any, param: str, tmp_path: Path) -> None:
    script = answering_as(VENDORS["gemini"], Said())
    async with scripted(script) as up, running(tmp_path, at(up, "gemini")) as gateway:
        got = await gateway.post(ASKED | members)
    assert (got.status, got.error["param"]) == (400, param)
    assert not up.received


async def test_old_and_new_words_at_once_are_refused(tmp_path: Path) -> None:
    tools = [{"type": "function", "function": FUNCTION}]
    script = answering_as(VENDORS["gemini"], Said())
    async with scripted(script) as up, running(tmp_path, at(up, "gemini")) as gateway:
        got = await gateway.post({**ASKED, "tools": tools})
    assert (got.status, got.error["param"]) == (400, "functions")
    assert not up.received


def arguments(got: HttpReply) -> Any:
    """The arguments of the one call that a stream told in the old words."""
    deltas = [choice["delta"] for event in got.events[:-1] for choice in event["choices"]]
    assert not any("tool_calls" in delta for delta in deltas)
    return json.loads("".join(delta.get("function_call", {}).get("arguments", "") for delta in deltas))


async def test_of_two_calls_at_once_the_old_words_have_the_first(tmp_path: Path) -> None:
    calls = [{"functionCall": {"name": TOOL, "args": {"at": at}}} for at in (1, 2)]
    said = {"candidates": [{"content": {"role": "model", "parts": calls}, "finishReason": "STOP"}]}
    async with scripted(answering(reply(said))) as up, running(tmp_path, at(up, "gemini")) as gateway:
        told = await gateway.post(ASKED)
        whole = told.json["choices"][0]
        up.script = streaming(b"data: " + json.dumps(said).encode() + b"\n\n", done=False)
        await up.drop()
        got = await gateway.post({**ASKED, "stream": True})
    assert json.loads(whole["message"]["function_call"]["arguments"]) == {"at": 1}
    assert told.headers["x-fairlead-dropped"] == "tool_calls"
    assert arguments(got) == {"at": 1}


async def test_where_both_speak_the_old_words_they_pass_as_they_are(tmp_path: Path) -> None:
    said = completion()
    said["choices"][0] |= {"message": {"role": "assistant", "content": None, "function_call": CALLED}}
    async with scripted(answering(reply(said))) as up, running(tmp_path, at(up, "openai-chat")) as gateway:
        got = await gateway.post({**ASKED, "messages": BACK})
        assert got.json == said
        assert up.received[0].json == {**ASKED, "messages": BACK, "model": "up-model"}
        # A provider that does not stream is told in the client's words, too.
        streamed = await gateway.post({**ASKED, "stream": True})
    assert arguments(streamed) == ARGUMENTS


async def test_a_stream_in_the_old_words_passes_as_it_is(tmp_path: Path) -> None:
    events = chunk({"role": "assistant", "function_call": CALLED}), chunk({}, "function_call")
    async with scripted(streaming(*events)) as up, running(tmp_path, at(up, "openai-chat")) as gateway:
        got = await gateway.post({**ASKED, "stream": True})
    assert got.body == b"".join(events) + b"data: [DONE]\n\n"


async def test_each_of_several_answers_has_its_own_call(tmp_path: Path) -> None:
    said = {"candidates": [_candidate(at) for at in range(3)]}
    bits = [{"candidates": [each]} for each in said["candidates"]]
    asked = {**ASKED, "n": 3}
    async with scripted(answering(reply(said))) as up, running(tmp_path, at(up, "gemini")) as gateway:
        whole = (await gateway.post(asked)).json["choices"]
        assert up.received[0].json["generationConfig"]["candidateCount"] == 3
        up.script = streaming(*(b"data: " + json.dumps(each).encode() + b"\n\n" for each in bits), done=False)
        await up.drop()
        got = await gateway.post({**asked, "stream": True})
    assert [_told(each["index"], each["message"], each["finish_reason"]) for each in whole] == _WHOLE
    deltas = [choice for event in got.events[:-1] for choice in event["choices"]]
    streamed = []
    for index in range(3):
        mine = [each for each in deltas if each["index"] == index]
        calls = [each["delta"]["function_call"] for each in mine if "function_call" in each["delta"]]
        called = {name: "".join(call.get(name, "") for call in calls) for name in ("name", "arguments")}
        streamed.append(_told(index, {"function_call": called}, mine[-1]["finish_reason"]))
    assert streamed == _WHOLE


def _candidate(index: int) -> dict[str, Any]:
    parts = [{"functionCall": {"name": TOOL, "args": {"at": index}}}]
    return {"index": index, "content": {"role": "model", "parts": parts}, "finishReason": "STOP"}


def _told(index: int, message: Any, finish: str) -> Any:
    return index, message["function_call"]["name"], json.loads(message["function_call"]["arguments"]), finish


_WHOLE = [(index, TOOL, {"at": index}, "function_call") for index in range(3)]
