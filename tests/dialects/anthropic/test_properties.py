"""What holds for any request, reply and stream."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    BadReply,
    Cache,
    Event,
    Media,
    Message,
    Reasoning,
    ReasoningDelta,
    Reply,
    Request,
    Text,
    TextDelta,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolResult,
    ToolStart,
)
from fairlead.errors import RequestError
from tests.dialects.anthropic.support import FACTS, MODEL, frames, message, request
from tests.dialects.test_members import JSON

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
CACHES = st.none() | st.sampled_from([Cache(), Cache("5m"), Cache("1h")])
TEXTS = st.builds(Text, WORDS, cache=CACHES)
IMAGES = st.builds(Media, st.just("image"), st.just("image/png"), st.just("QQ=="), cache=CACHES)
DOCUMENTS = st.builds(
    Media, st.just("document"), url=WORDS, name=st.none() | WORDS, cite=st.none() | st.booleans(), cache=CACHES
)
ARGUMENTS = st.dictionaries(WORDS, st.integers(-9, 9) | WORDS, max_size=2).map(
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
)
RESULTS = st.builds(
    ToolResult, IDS, st.lists(TEXTS | IMAGES, max_size=2), error=st.none() | st.booleans(), cache=CACHES
)
CALLS = st.builds(ToolCall, IDS, WORDS, ARGUMENTS, cache=CACHES)
THOUGHTS = st.builds(Reasoning, WORDS, WORDS, issuer=st.just(PROVIDER.name)) | st.builds(
    Reasoning, encrypted=WORDS, issuer=st.just(PROVIDER.name)
)
SAID = st.tuples(st.lists(RESULTS, max_size=2), st.lists(TEXTS | IMAGES | DOCUMENTS, min_size=1, max_size=3)).map(
    lambda both: Message("user", [*both[0], *both[1]])
)
ANSWERED = st.lists(TEXTS | CALLS | THOUGHTS, min_size=1, max_size=3).map(
    lambda parts: Message("assistant", list(parts))
)
TALKS = st.lists(st.tuples(SAID, ANSWERED), max_size=2).flatmap(
    lambda turns: SAID.map(lambda last: [*(each for turn in turns for each in turn), last])
)
SYSTEM = st.lists(TEXTS, max_size=2).map(lambda parts: [Message("system", list(parts))] if parts else [])
TOOLS = st.lists(
    st.builds(Tool, IDS, st.none() | WORDS, st.just({"type": "object"}), st.none() | st.booleans(), cache=CACHES),
    min_size=1,
    max_size=2,
    unique_by=lambda tool: tool.name,
)
CHOICES = st.none() | st.sampled_from([ToolChoice("auto"), ToolChoice("none"), ToolChoice("required")])


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request of which Anthropic can carry all."""
    made = Request(MODEL, [*draw(SYSTEM), *draw(TALKS)], max_tokens=draw(st.integers(1, 9999)))
    made.temperature = draw(st.none() | st.floats(0, 1))
    made.top_k = draw(st.none() | st.integers(1, 99))
    made.stop = draw(st.lists(WORDS, max_size=2))
    made.user = draw(st.none() | WORDS)
    made.cache = draw(CACHES)
    if draw(st.booleans()):
        made.tools = list(draw(TOOLS))
        made.tool_choice = draw(CHOICES)
    return made


def _placed(parts: list[Any]) -> list[Any]:
    """The parts without the places that the client gave them."""
    for part in parts:
        if isinstance(part, Media):
            part.at = ""
        if isinstance(part, ToolResult):
            _placed(part.parts)
    return parts


@given(requests())
def test_a_request_that_can_be_carried_comes_back_as_it_was(made: Request) -> None:
    losses = Losses()
    body = PROVIDER.write(made, MODEL, losses).body
    back = CLIENT.read(body, MODEL, stream=False)
    for each in back.messages:
        _placed(each.parts)
    assert (losses.meaning, losses.hints) == ([], [])
    assert back == made


BLOCKS = st.lists(
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["text", "thinking", "redacted_thinking", "tool_use", "image", "tool_result"])
            | JSON,
            "text": JSON,
            "thinking": JSON,
            "signature": JSON,
            "data": JSON,
            "id": JSON,
            "name": JSON,
            "input": JSON,
            "content": JSON,
            "source": JSON,
            "citations": JSON,
        },
    ),
    max_size=3,
)


@given(
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "content": BLOCKS,
            "usage": JSON,
            "stop_reason": JSON,
            "id": JSON,
            "error": JSON,
            "type": JSON,
        },
    )
)
def test_no_reply_raises_anything_but_bad_reply(value: Any) -> None:
    with contextlib.suppress(BadReply):
        found = PROVIDER.read(json.dumps(value).encode())
        if isinstance(found, Reply):
            assert json.loads(CLIENT.write(found, FACTS))


@given(
    st.fixed_dictionaries(
        {
            "messages": st.lists(
                st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": BLOCKS})
            )
        },
        optional={
            "system": JSON | BLOCKS,
            "tools": JSON | st.lists(st.fixed_dictionaries({"name": JSON}, optional={"input_schema": JSON})),
            "tool_choice": JSON,
            "thinking": JSON,
            "output_config": JSON,
            "metadata": JSON,
            "cache_control": JSON,
            "more": JSON,
        },
    )
)
def test_no_request_raises_anything_but_request_error(value: Any) -> None:
    with contextlib.suppress(RequestError):
        made = CLIENT.read(json.dumps(value).encode(), MODEL, stream=False)
        assert json.loads(PROVIDER.write(made, MODEL, Losses()).body)


STREAMED = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop",
                "error",
            ]
        )
    },
    optional={
        "index": st.integers(0, 2) | JSON,
        "message": JSON,
        "content_block": BLOCKS.map(lambda blocks: blocks[0] if blocks else None),
        "delta": JSON
        | st.fixed_dictionaries(
            {"type": st.sampled_from(["text_delta", "thinking_delta", "signature_delta", "input_json_delta", "new"])},
            optional={name: JSON | st.text() for name in ("text", "thinking", "signature", "partial_json", "content")},
        ),
        "usage": JSON,
        "error": JSON,
    },
)


@given(st.lists(JSON | STREAMED, max_size=8))
def test_no_stream_raises_anything_but_bad_reply_and_all_of_it_can_be_written(values: list[Any]) -> None:
    reader, writer = PROVIDER.stream(1), CLIENT.stream(request(), FACTS)
    data = b""
    for value in values:
        with contextlib.suppress(BadReply):
            data += writer.write(reader.read(json.dumps(value).encode()))
    for frame in frames(data + writer.end()):
        assert json.loads(frame)["type"]


TALK: st.SearchStrategy[Event] = (
    st.builds(TextDelta, WORDS)
    | st.builds(ReasoningDelta, WORDS)
    | st.builds(ToolDelta, st.integers(0, 2), st.sampled_from(['"a"', ":", "1", ","]))
)


@given(st.permutations(range(3)), st.lists(TALK, max_size=12))
def test_no_token_is_lost_however_a_provider_mixes_its_blocks(order: list[int], talk: list[Event]) -> None:
    starts: list[Event] = [ToolStart(index, f"t{index}", "f") for index in order]
    opened: list[Event] = [ToolDelta(index, "{") for index in order]
    closed: list[Event] = [ToolDelta(index, "}") for index in order]
    writer = CLIENT.stream(request(), FACTS)
    data = writer.write([*starts, *opened, *talk, *closed]) + writer.end()
    given = {index: "{" + "".join(_of(talk, index)) + "}" for index in order}
    said = [json.loads(frame) for frame in frames(data)]
    calls = {
        value["index"]: value["content_block"]["id"]
        for value in said
        if value["type"] == "content_block_start" and value["content_block"]["type"] == "tool_use"
    }
    for index, tool in calls.items():
        deltas = [value["delta"]["partial_json"] for value in said if value.get("index") == index and "delta" in value]
        assert "".join(deltas) == given[int(tool[1:])]
    texts = [value["delta"]["text"] for value in said if value.get("delta", {}).get("type") == "text_delta"]
    assert "".join(texts) == "".join(event.text for event in talk if isinstance(event, TextDelta))


def _of(talk: list[Event], index: int) -> list[str]:
    return [event.text for event in talk if isinstance(event, ToolDelta) and event.index == index]


def test_blocks_never_overlap() -> None:
    writer = CLIENT.stream(request(), FACTS)
    mixed: list[Event] = [ToolStart(0, "a", "f"), TextDelta("x"), ToolStart(1, "b", "f"), ToolDelta(0, "{}")]
    assert len(message(frames(writer.write(mixed) + writer.end()))["content"]) == 3
