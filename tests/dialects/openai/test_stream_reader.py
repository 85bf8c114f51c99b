"""A streamed reply is followed event by event: what it has said, whether it is over, what the client is to get."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import BadReply, Usage
from fairlead.dialects.openai.chat import StreamReader
from fairlead.dialects.sse import data_of
from tests.dialects.openai.test_reply import ANSWERS, ERRORS
from tests.dialects.test_members import JSON
from tests.support.scripted import chunk

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
DONE = b"[DONE]"


def data(delta: dict[str, Any] | None = None, finish: str | None = None, **members: Any) -> bytes:
    found = data_of(chunk(delta, finish, **members))
    assert found is not None
    return found


def choices(*ends: tuple[int, str | None]) -> bytes:
    return data(choices=[{"index": index, "delta": {}, "finish_reason": finish} for index, finish in ends])


def reader(*events: bytes, hide: bool = False, choices: int = 1) -> StreamReader:
    made = StreamReader(hide_usage=hide, choices=choices)
    for event in events:
        made.read(event)
    return made


# The end


def test_a_stream_is_whole_once_every_choice_has_said_why_it_stopped() -> None:
    following = reader(choices((0, None)))
    assert not following.finished
    following.read(choices((1, None)))
    following.read(choices((0, "stop")))
    assert not following.finished
    following.read(choices((1, "length")))
    assert following.finished
    assert not following.done


def test_a_choice_that_was_asked_for_and_has_not_begun_is_missed() -> None:
    assert reader(choices((0, "stop"))).finished
    assert not reader(choices((0, "stop")), choices=2).finished
    assert reader(choices((0, "stop"), (1, "stop")), choices=2).finished


def test_the_end_mark_ends_whatever_came() -> None:
    following = reader(data({"content": "x"}))
    assert not following.finished
    assert following.read(DONE) is DONE
    assert following.done
    assert following.finished


def test_nothing_is_not_whole() -> None:
    assert not reader().finished
    assert not reader(data(choices=[])).finished
    assert not reader(data(choices=[], usage=USAGE)).finished
    for before in ((), (data(choices=[]),)):
        with pytest.raises(BadReply, match="before it said anything"):
            reader(*before, DONE)


# Content


@pytest.mark.parametrize(
    ("event", "commits"),
    [
        (data({"role": "assistant"}), False),
        (data({"role": "assistant", "content": ""}), False),
        (data({"content": None, "refusal": None, "tool_calls": [], "reasoning": ""}), False),
        (data(choices=[]), False),
        (data(choices=[], usage=USAGE), False),
        (data({"content": "x"}), True),
        (data({"reasoning_content": "x"}), True),
        (data({"refusal": "x"}), True),
        (data({"tool_calls": [{"index": 0}]}), True),
        (data({}, "stop"), True),
        (data(choices=[{"index": 0, "text": ""}]), False),
        (data(choices=[{"index": 0, "text": "x"}]), True),
        (data({"content": "half \ud83d"}), True),
    ],
)
def test_what_commits_us(event: bytes, commits: bool) -> None:
    assert reader(event).content is commits


# What the client gets


def test_an_event_passes_as_the_very_same_bytes() -> None:
    for hide in (False, True):
        event = data({"content": 'x "usage" y'})
        assert reader(hide=hide).read(event) is event


@pytest.mark.parametrize("usage", [None, USAGE])
def test_usage_passes_where_the_client_asked(usage: Any) -> None:
    following = reader()
    for event in (data({"content": "x"}, usage=usage), data(choices=[], usage=usage)):
        assert following.read(event) is event
    assert following.usage == (Usage(1, 2) if usage else None)


def test_usage_that_only_we_asked_for_is_taken_out_and_kept() -> None:
    following = reader(hide=True)
    assert following.read(data({"content": "x"}, usage=None)) == data({"content": "x"})
    assert following.read(data({"content": "x"}, usage=USAGE)) == data({"content": "x"})
    assert following.read(data(choices=[], usage=None)) == data(choices=[])
    assert following.read(data(choices=[], usage={**USAGE, "prompt_tokens": 7})) is None
    assert following.usage == Usage(7, 2)


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (b'{"usage":null,"choices":[{}]}', b'{"choices":[{}]}'),
        (b'{ "usage" : null , "choices":[{}]}', b'{  "choices":[{}]}'),
        (b'{"choices":[{}], "usage": null}', b'{"choices":[{}]}'),
        (b'{"choices":[{}],"us\\u0061ge":null}', b'{"choices":[{}]}'),
        (b'{"choices":[{}],"x":{"a":1,"usage":null}}', b'{"choices":[{}],"x":{"a":1,"usage":null}}'),
        (b'{"choices":[{}],"x":{"a":1,"usage":null},"usage":null}', b'{"choices":[{}],"x":{"a":1,"usage":null}}'),
        (b'{"usage":null,"choices":[{}],"x":{"a":1,"usage":null}}', b'{"choices":[{}],"x":{"a":1,"usage":null}}'),
        (b'{"choices":[{}],"usage":"x"}', b'{"choices":[{}]}'),
        (
            b'{"choices":[{"delta":{"content":"\\ud83d"}}],"usage":null}',
            b'{"choices":[{"delta":{"content":"\\ud83d"}}]}',
        ),
        (b'{"choices":[{}],"usage":null,"usage":null}', b'{"choices":[{}]}'),
    ],
)
def test_only_the_usage_of_the_chunk_itself_is_taken_out(event: bytes, shown: bytes) -> None:
    assert reader(hide=True).read(event) == shown


def test_an_event_with_empty_data_is_left_out() -> None:
    assert reader().read(b"") is None
    assert reader().read(b" ") is None


# Errors


@pytest.mark.parametrize(("value", "status", "message"), ERRORS)
def test_an_error_is_kept_and_not_passed_on(value: Any, status: int, message: str) -> None:
    following = reader(data({"content": "x"}))
    assert following.read(json.dumps(value).encode()) is None
    assert following.error is not None
    assert (following.error.status, following.error.message) == (status, message)
    assert not following.finished


@pytest.mark.parametrize("event", [b"{", b"hello", b"null", b"7", b"[]", b'[{"choices":[]}]', b'"x"', b"[DONE"])
def test_what_is_no_chunk_is_no_reply(event: bytes) -> None:
    with pytest.raises(BadReply):
        reader().read(event)


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"ping"}',
        b'{"choices":null}',
        b'{"choices":[{"index":"0","finish_reason":7,"delta":{"content":"x"}}]}',
        b'{"choices":[null]}',
        b'{"choices":[{"delta":{"content":"\\ud83d"}}]}',
        b'{"choices":[{}],"usage":"x"}',
    ],
)
def test_what_is_oddly_written_passes_as_it_is(event: bytes) -> None:
    following = reader()
    assert following.read(event) is event
    assert following.error is None


def test_a_choice_keeps_its_index_however_oddly_the_chunk_is_written() -> None:
    following = reader(data(choices=[{"index": 2, "delta": {}, "finish_reason": 7}, {"index": None}]))
    assert not following.finished
    following.read(choices((2, "stop"), (1, "stop")))
    assert following.finished


def test_the_end_of_a_broken_stream_is_an_error_for_every_choice_that_was_open() -> None:
    following = reader(choices((0, "stop")), choices((1, None), (2, None)), choices=3)
    error, end = following.error_event({"error": {"message": "cut"}}).split(b"\n\n")[:2]
    said = json.loads(error.removeprefix(b"data: "))
    assert end == b"data: [DONE]"
    assert said == {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "up",
        "choices": [{"index": index, "delta": {}, "finish_reason": "error"} for index in (1, 2)],
        "error": {"message": "cut"},
    }


def test_the_error_event_has_the_shape_of_the_stream_it_ends() -> None:
    following = reader(data(object="text_completion", choices=[{"index": 0, "text": "x"}]))
    said = json.loads(following.error_event({"error": {}}).split(b"\n\n")[0].removeprefix(b"data: "))
    assert said["choices"] == [{"index": 0, "text": "", "finish_reason": "error"}]
    assert said["object"] == "text_completion"


@pytest.mark.parametrize("last", [b"", b'{"id":7,"created":"x","model":null,"choices":[{}]}'])
def test_an_error_event_needs_nothing_that_came_before(last: bytes) -> None:
    following = reader(last)
    said = json.loads(following.error_event({"error": {"message": "half \ud83d"}}).split(b"\n\n")[0][6:])
    assert (said["id"], said["object"], said["created"], said["model"]) == ("", "chat.completion.chunk", 0, "")
    assert said["choices"] == [{"index": 0, "delta": {}, "finish_reason": "error"}]


# Anything at all


@given(st.lists(JSON | ANSWERS, max_size=4), st.booleans())
def test_no_json_raises_anything_but_bad_reply(values: list[Any], hide: bool) -> None:
    following = StreamReader(hide_usage=hide)
    for value in values:
        event = json.dumps(value).encode()
        try:
            shown = following.read(event)
        except BadReply:
            continue
        if shown is not None and shown is not event:
            assert json.loads(shown) == {name: each for name, each in value.items() if name != "usage"}
    assert json.loads(following.error_event({"error": {}}).split(b"\n\n")[0][6:])


@given(st.lists(st.binary(max_size=40), max_size=3), st.booleans())
def test_no_bytes_raise_anything_but_bad_reply(events: list[bytes], hide: bool) -> None:
    following = StreamReader(hide_usage=hide)
    for event in events:
        for around in (b"%b", b'{"choices":[{"delta":{"content":"%b"}}],"usage":null}', b'{"choices":%b,"usage":%b}'):
            with contextlib.suppress(BadReply):
                following.read(around.replace(b"%b", event))
    assert following.error_event({"error": {}}).endswith(b"data: [DONE]\n\n")
