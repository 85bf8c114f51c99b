"""What a provider of chat completions streams is read, however it writes it."""

import json
from typing import Any

import pytest

from fairlead.dialects.model import (
    Aside,
    BadReply,
    Began,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Shown,
    TextDelta,
    TokenLogprob,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai.provider import PROVIDER

OWN = "openai-chat"


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **members: Any) -> bytes:
    choice = {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}
    return json.dumps({"choices": [choice], **members}).encode()


def stream(*frames: bytes) -> list[Event]:
    reader = PROVIDER.stream(1)
    first, *events = [event for frame in frames for event in reader.read(frame)]
    assert isinstance(first, Began)
    return events


def deltas(*said: Any) -> list[Event]:
    return stream(*map(chunk, said))


def test_a_stream_is_read() -> None:
    reader = PROVIDER.stream(1)
    head: dict[str, Any] = {"id": "i", "model": "m", "created": 5}
    assert reader.read(chunk({"role": "assistant", "content": ""}, **head)) == [Began("i", "m", 5)]
    assert not reader.content
    assert reader.read(chunk({"content": "hi"})) == [TextDelta("hi")]
    assert reader.content
    assert not reader.finished
    assert reader.read(chunk({}, "stop")) == [Finished("stop")]
    assert reader.read(b'{"choices":[],"usage":{"prompt_tokens":2}}') == [Counted(Usage(2))]
    assert reader.finished
    assert (reader.usage, reader.done) == (Usage(2), False)
    assert reader.read(b"  ") == []
    assert reader.read(b"[DONE]") == []
    assert reader.done


def test_all_choices_must_end() -> None:
    reader = PROVIDER.stream(2)
    assert reader.read(chunk({}, "stop"))[1:] == [Finished("stop")]
    assert not reader.finished
    assert reader.read(chunk({"content": "b"}, "length", 1)) == [TextDelta("b", 1), Finished("length", 1)]
    assert reader.finished


def test_a_choice_ends_once() -> None:
    assert stream(chunk({}, "stop"), chunk({}, "stop")) == [Finished("stop")]


def test_a_stream_that_says_nothing_is_no_reply() -> None:
    for data in (b"[DONE]", b"{", b"[]", b"7"):
        with pytest.raises(BadReply):
            PROVIDER.stream(1).read(data)


def test_calls_are_counted_from_nought_whatever_their_index() -> None:
    def call(**members: Any) -> dict[str, Any]:
        return {"tool_calls": [members]}

    google = {"google": {"thought_signature": "s"}}
    assert deltas(
        call(index=3, id="a", function={"name": "f", "arguments": ""}, extra_content=google),
        call(index=3, function={"arguments": "{}"}),
        call(id="b", function={"name": "g", "arguments": {"x": 1}}),
        call(id="c", type="custom", custom={"name": "h", "input": "free"}),
    ) == [
        ToolStart(0, "a", "f", signature="s", issuer=OWN),
        ToolDelta(0, "{}"),
        ToolStart(1, "b", "g", issuer=OWN),
        ToolDelta(1, '{"x":1}'),
        ToolStart(2, "c", "h", custom=True, issuer=OWN),
        ToolDelta(2, "free"),
    ]


def test_a_call_begins_with_its_name() -> None:
    frames = (chunk({"tool_calls": [{"index": 0, "id": "a"}]}), chunk({"function_call": {"name": "f"}}))
    assert stream(*frames) == [ToolStart(0, "a", "f", issuer=OWN)]
    assert stream(frames[0], chunk({}, "tool_calls")) == [ToolStart(0, "a", "", issuer=OWN), Finished("tool_calls")]


def test_thoughts_end_with_what_proves_them() -> None:
    def detail(**members: Any) -> dict[str, Any]:
        return {"content": "", "reasoning_details": [{"format": "f", **members}]}

    assert deltas(
        {"reasoning": "a", **detail(type="reasoning.text", text="a")},
        {"reasoning_content": "b", "content": None},
        detail(type="reasoning.text", text="ab", signature="s"),
        detail(type="reasoning.summary", summary="c"),
        detail(type="reasoning.encrypted", data="e", id="i"),
    ) == [
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        ReasoningEnd(signature="f|s", issuer=OWN),
        ReasoningDelta("c", summary=True),
        ReasoningEnd(encrypted="f|e", id="i", issuer=OWN),
    ]


def test_several_thoughts_in_one_delta_keep_their_own_proofs() -> None:
    entries = [{"type": "reasoning.text", "text": text, "signature": f"s{text}"} for text in "ab"]
    assert deltas({"reasoning": "ab", "reasoning_details": entries}) == [
        ReasoningDelta("a"),
        ReasoningEnd(signature="sa", issuer=OWN),
        ReasoningDelta("b"),
        ReasoningEnd(signature="sb", issuer=OWN),
    ]


def test_all_else_that_deltas_say() -> None:
    entry = {"type": "url_citation", "url_citation": {"url": "https://a"}}
    events = stream(
        chunk({"refusal": "no"}),
        chunk({"annotations": [entry]}),
        chunk({"images": [{"image_url": {"url": "https://i"}}]}),
        chunk({"audio": {"id": "a", "transcript": "q"}}),
        chunk({"audio": {"data": "QQ"}}),
        chunk({}, "stop", citations=["https://b"]),
    )
    assert events == [
        RefusalDelta("no"),
        Cited(Citation("https://a", dialect=OWN, native=entry)),
        Shown(Media("image", url="https://i")),
        Aside({"citations": ["https://b"]}),
        Shown(Media("audio", data="QQ", file_id="a", text="q")),
        Cited(Citation("https://b", dialect=OWN)),
        Finished("stop"),
    ]


def test_likely_tokens_are_streamed() -> None:
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [{"token": "a", "logprob": -1}]}}
    data = json.dumps({"choices": [choice]}).encode()
    assert stream(data) == [TextDelta("a", logprobs=[TokenLogprob("a", -1)])]
