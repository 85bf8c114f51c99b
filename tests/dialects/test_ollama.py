"""Ollama's replies and streams: all that they say is read, however they are cut and however badly they are written."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.framing import LINES
from fairlead.dialects.model import (
    BadReply,
    Began,
    ErrorFacts,
    Event,
    Finished,
    Media,
    Reply,
    Shown,
    TextDelta,
    TokenLogprob,
    Usage,
)
from fairlead.dialects.ollama import PROVIDER
from tests.dialects.exchanges import Exchange, Told, exchanges, of_events, of_reply
from tests.dialects.test_members import JSON


def recorded(shared: Path, *, streamed: bool) -> list[Exchange]:
    return [each for each in exchanges(shared, "ollama", "/api/chat$") if each.asked["stream"] is streamed]


def reply(message: Any, **members: Any) -> Any:
    return PROVIDER.read(json.dumps({"message": message, "done": True, "done_reason": "stop", **members}).encode())


def stream(*lines: Any) -> Any:
    reader = PROVIDER.stream(1)
    told: list[Event] = []
    for line in lines:
        told += reader.read(line if isinstance(line, bytes) else json.dumps(line).encode())
    return reader, told


def said(**message: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", **message}, "done": False}


# Recordings


def raw(lines: list[Any]) -> list[tuple[str, ...]]:
    """The parts of recorded lines, read by plain means."""
    thought = "".join(line["message"].get("thinking", "") for line in lines)
    text = "".join(line["message"]["content"] for line in lines)
    calls = [call for line in lines for call in line["message"].get("tool_calls", [])]
    parts = [part for part in (("thought", thought), ("text", text)) if part[1]]
    return parts + [("call", each["id"], each["function"]["name"], each["function"]["arguments"]) for each in calls]


def comparable(told: Told) -> list[tuple[Any, ...]]:
    return [(*part[:3], json.loads(part[3])) if part[0] == "call" else part for part in told.parts]


def expect(told: Told, lines: list[Any]) -> None:
    last = lines[-1]
    assert comparable(told) == raw(lines)
    called = any("tool_calls" in line["message"] for line in lines)
    assert told.native == last["done_reason"]
    assert told.finish == ("tool_calls" if called else last["done_reason"])
    assert told.usage == Usage(last["prompt_eval_count"], last["eval_count"])
    assert told.model == last["model"]


def test_a_whole_reply_tells_all_that_was_recorded(shared: Path) -> None:
    found = recorded(shared, streamed=False)
    assert len(found) == 22
    for each in found:
        answer = PROVIDER.read(each.body)
        assert isinstance(answer, Reply)
        expect(of_reply(answer), [each.said])


def test_a_streamed_reply_tells_all_that_was_recorded(shared: Path) -> None:
    found = recorded(shared, streamed=True)
    assert len(found) == 12
    for each in found:
        reader, events = PROVIDER.stream(1), list[Event]()
        for line in each.body.splitlines():
            assert not reader.done
            events += reader.read(line)
        assert reader.done
        assert reader.finished
        assert reader.content
        told = of_events(events)
        expect(told, [json.loads(line) for line in each.body.splitlines()])
        assert told.usage == reader.usage
        assert type(events[0]) is Began
        assert told.created is not None


@given(cuts=st.lists(st.integers(0, 1_000_000), max_size=6))
def test_a_stream_says_the_same_wherever_it_is_cut(shared: Path, cuts: list[int]) -> None:
    body = min((each.body for each in recorded(shared, streamed=True) if b"tool_calls" in each.body), key=len)
    splitter, reader = LINES.splitter(), PROVIDER.stream(1)
    places = sorted({0, len(body), *(cut % len(body) for cut in cuts)})
    lines = [line for start, end in pairwise(places) for line in splitter.feed(body[start:end])]
    assert splitter.end() == b""
    told = of_events(event for line in lines if (data := LINES.data_of(line)) for event in reader.read(data))
    assert comparable(told) == raw([json.loads(line) for line in body.splitlines()])


# What the recordings have none of


def test_how_likely_tokens_were() -> None:
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1.5}]}
    made = [TokenLogprob("a", -0.5, [97], [TokenLogprob("b", -1.5)])]
    assert reply({"content": "a"}, logprobs=[entry]).choices[0].logprobs == made
    assert reply({"content": "a"}).choices[0].logprobs is None
    _, events = stream({**said(content="a"), "logprobs": [entry]})
    assert events == [Began(), TextDelta("a", logprobs=made)]


def test_images_that_a_model_made_are_shown() -> None:
    assert reply({"content": "", "images": ["AA=="]}).choices[0].parts == [Media("image", data="AA==")]
    _, events = stream(said(images=["AA=="]))
    assert events == [Began(), Shown(Media("image", data="AA=="))]


def test_a_call_without_an_id_gets_one_from_the_moment_of_its_reply() -> None:
    calls = [{"function": {"name": "f", "arguments": {"b": 1, "a": "é"}}}, {"function": {"name": "g"}}]
    moment = {"created_at": "2026-08-17T15:59:47.549333Z"}
    one, two = reply({"content": "", "tool_calls": calls}, **moment).choices[0].parts
    assert (one.id, one.name, one.arguments) == ("call_20260817155947549333_0", "f", '{"b":1,"a":"é"}')
    assert (two.id, two.name, two.arguments) == ("call_20260817155947549333_1", "g", "{}")
    _, events = stream({**said(tool_calls=calls[:1]), **moment}, {**said(tool_calls=calls[1:]), **moment})
    assert of_events(events).parts == of_reply(reply({"content": "", "tool_calls": calls}, **moment)).parts


@pytest.mark.parametrize(
    ("moment", "created"),
    [
        ("2026-08-17T15:57:12.772341Z", 1786982232),
        ("2026-08-17T15:57:12Z", 1786982232),
        ("2026-08-17T08:57:12.188240254-07:00", 1786982232),
        ("2026-08-17T17:57:12+02:00", 1786982232),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-17T15:57:12Z", None),
        ("yesterday", None),
        (7, None),
    ],
)
def test_when_a_reply_was_made(moment: Any, created: int | None) -> None:
    assert reply({"content": ""}, created_at=moment).created == created


@pytest.mark.parametrize(
    ("members", "finish"),
    [
        ({"done_reason": "length"}, "length"),
        ({"done_reason": "load"}, "stop"),
        ({"done_reason": None}, "stop"),
        ({"done_reason": None, "done": False}, None),
    ],
)
def test_why_an_answer_ended(members: dict[str, Any], finish: str | None) -> None:
    assert reply({"content": "a"}, **members).choices[0].finish == finish


def test_usage_is_none_where_there_is_none() -> None:
    assert reply({"content": "a"}).usage is None
    assert reply({"content": "a"}, eval_count=3).usage == Usage(0, 3)
    reader, events = stream({**said(content="a"), "done": True})
    assert reader.usage is None
    assert events[-1] == Finished("stop")


def test_an_error_ends_a_stream_that_is_not_whole() -> None:
    reader, events = stream(said(content="a"), {"error": "an error was encountered while running the model"})
    assert reader.error == ErrorFacts(502, "an error was encountered while running the model")
    assert not reader.finished
    assert events == [Began(), TextDelta("a")]
    assert PROVIDER.read(b'{"error":"m"}') == ErrorFacts(502, "m")
    assert PROVIDER.error(404, b'{"error":"model \'m\' not found"}') == ErrorFacts(404, "model 'm' not found")


def test_what_says_nothing_commits_to_nothing() -> None:
    reader, events = stream(b"", b" \n", said(content=""), said(content="", thinking=""))
    assert events == [Began()]
    assert not reader.content


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "model": JSON,
        "created_at": JSON,
        "done": JSON,
        "done_reason": JSON,
        "error": JSON,
        "logprobs": JSON | st.lists(st.fixed_dictionaries({"token": JSON, "top_logprobs": JSON})),
        "eval_count": JSON,
        "message": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "content": JSON,
                "thinking": JSON,
                "images": JSON | st.lists(JSON),
                "tool_calls": JSON
                | st.lists(st.fixed_dictionaries({"function": JSON | st.fixed_dictionaries({"arguments": JSON})})),
            },
        ),
    },
)


@given(JSON | ANSWERS)
def test_no_json_raises_anything_but_bad_reply(value: Any) -> None:
    try:
        answer = PROVIDER.read(json.dumps(value).encode())
    except BadReply:
        return
    assert isinstance(answer, Reply | ErrorFacts)


@given(st.lists(JSON | ANSWERS, max_size=5))
def test_no_stream_raises_anything_but_bad_reply(lines: list[Any]) -> None:
    reader, told = PROVIDER.stream(1), list[Event]()
    for line in lines:
        try:
            told += reader.read(json.dumps(line).encode())
        except BadReply:
            assert not isinstance(line, dict)
    assert not told or type(told[0]) is Began


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"{}", b'{"message":"a"}', b'{"error":""}'])
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)
