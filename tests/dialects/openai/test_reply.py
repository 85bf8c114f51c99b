"""What a whole reply under status 200 says."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import BadReply, ErrorFacts, Usage
from fairlead.dialects.openai.chat import CHAT, COMPLETIONS, EMBEDDINGS, read_reply
from tests.dialects.test_members import JSON
from tests.support.scripted import completion


def read(value: Any, endpoint: Any = CHAT) -> Any:
    return read_reply(endpoint, json.dumps(value).encode())


def with_usage(usage: Any) -> dict[str, Any]:
    return {**completion(), "usage": usage}


def test_usage_is_read() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 3},
        "cost": 0.25,
    }
    assert read(with_usage(usage)) == Usage(10, 5, 4, 3)
    assert read({"data": [{}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}, EMBEDDINGS) == Usage(2)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, None),
        ({}, None),
        ({"prompt_tokens": 3.0, "completion_tokens": 2}, Usage(3, 2)),
        ({"prompt_tokens": 3, "completion_tokens": "2"}, Usage(3)),
        ({"prompt_tokens": None, "completion_tokens": 2}, Usage(0, 2)),
        ({"prompt_tokens": -3, "completion_tokens": 2}, Usage(0, 2)),
        ({"prompt_tokens": 3, "prompt_tokens_details": None}, Usage(3)),
        ({"prompt_tokens": 3, "prompt_tokens_details": "x"}, Usage(3)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1.5}}, Usage(3, 0, 1)),
        ([], None),
        ("many", None),
    ],
)
def test_usage_that_is_badly_written_is_read_as_far_as_it_goes(usage: Any, counted: Usage | None) -> None:
    assert read(with_usage(usage)) == counted


def test_a_reply_without_usage_is_a_reply() -> None:
    value = completion()
    del value["usage"]
    assert read(value) is None


ERRORS: list[tuple[Any, int, str]] = [
    ({"error": {"message": "m", "code": 429}}, 429, "m"),
    ({"error": {"message": "m", "code": "429"}}, 429, "m"),
    ({"error": {"message": "m", "type": "rate_limit_error"}}, 429, "m"),
    ({"error": {"message": "m"}}, 502, "m"),
    ({"error": {"message": "m", "code": 200}}, 502, "m"),
    ({"error": "m"}, 502, "m"),
    ({"error": "m", "statusCode": 403}, 403, "m"),
    ({"error": {"code": 402}}, 402, "HTTP 402"),
    ({**completion(), "error": {"message": "m", "code": 503}}, 503, "m"),
    ({**completion(), "choices": [{"error": {"message": "m", "code": 502}, "finish_reason": "error"}]}, 502, "m"),
    ({"object": "error", "message": "m", "code": 400}, 400, "m"),
    ({"message": "m", "path": "/", "requestId": "r", "statusCode": 404, "timestamp": "t"}, 404, "m"),
    ({"code": "3051", "message": "m", "object": "error", "raw_status_code": 400}, 400, "m"),
    ([{"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}], 503, "m"),
    ({"choices": None, "error": {"message": "m"}}, 502, "m"),
    ({"choices": [], "error": {"message": "m"}}, 502, "m"),
]


@pytest.mark.parametrize(("value", "status", "message"), ERRORS)
def test_an_error_inside_a_200_is_found(value: Any, status: int, message: str) -> None:
    found = read(value)
    assert isinstance(found, ErrorFacts)
    assert (found.status, found.message) == (status, message)
    assert found == read(value, COMPLETIONS)


@pytest.mark.parametrize("nothing", [None, {}, "", False, []])
def test_an_empty_error_is_none(nothing: Any) -> None:
    assert read({**completion(), "error": nothing}) == Usage(1, 1)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"7", b'"text"', b"<html></html>", b"{}", b'{"choices":null}', b'{"choices":[]}'),
        *(
            b'{"choices":{}}',
            b'{"choices":[{"message":{"content":"\xff"}}]}',
            b'{"choices":"x"}',
            b'{"data":[]}',
            b'{"choices":[1],"x":"\xff"}',
            b'[{"choices":[{}]}]',
        ),
        b'{"choices":[{}]} trailing',
    ],
)
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        read_reply(CHAT, body)


def test_embeddings_are_known_by_their_data() -> None:
    assert read({"data": []}, EMBEDDINGS) is None
    with pytest.raises(BadReply, match="`data`"):
        read(completion(), EMBEDDINGS)
    with pytest.raises(BadReply, match="`data`"):
        read({"data": None}, EMBEDDINGS)


def test_a_reply_that_ends_in_half_a_surrogate_pair_is_a_reply() -> None:
    body = json.dumps(completion("half of \ud83d")).encode()
    assert read_reply(CHAT, body) == Usage(1, 1)


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "choices": JSON
        | st.lists(
            JSON
            | st.fixed_dictionaries({}, optional={"index": JSON, "finish_reason": JSON, "delta": JSON, "error": JSON})
        ),
        "data": JSON,
        "error": JSON,
        "usage": JSON | st.fixed_dictionaries({}, optional={"prompt_tokens": JSON, "prompt_tokens_details": JSON}),
        "message": JSON,
        "object": JSON,
        "code": JSON,
    },
)


@given(JSON | ANSWERS | st.lists(ANSWERS, max_size=2), st.sampled_from([CHAT, COMPLETIONS, EMBEDDINGS]))
def test_no_json_raises_anything_but_bad_reply(value: Any, endpoint: Any) -> None:
    try:
        found = read(value, endpoint)
    except BadReply:
        return
    assert isinstance(found, ErrorFacts | Usage | None)
    if isinstance(found, ErrorFacts):
        assert found.status >= 400
        assert found.message.encode()


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_bad_reply(body: bytes) -> None:
    for around in (b"%b", b'{"choices":[{"message":{"content":"%b"}}]}', b'{"choices":[{}],"usage":%b}'):
        with contextlib.suppress(BadReply):
            read_reply(CHAT, around % body)
