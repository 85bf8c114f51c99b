"""What is known of a call, and what a provider is sent for it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.envelope import Envelope
from fairlead.dialects.openai.chat import CHAT, COMPLETIONS, EMBEDDINGS
from fairlead.errors import RequestError
from tests.dialects.test_members import JSON


def envelope(**members: Any) -> Envelope:
    return Envelope(CHAT, json.dumps({"model": "m", **members}).encode())


def test_a_call_is_known_by_its_model_and_whether_it_streams() -> None:
    whole, streamed = envelope(), envelope(stream=True)
    assert (whole.model, whole.stream, whole.wants_usage) == ("m", False, False)
    assert (streamed.model, streamed.stream, streamed.wants_usage) == ("m", True, False)
    assert not envelope(stream=None).stream
    assert not Envelope(EMBEDDINGS, b'{"model":"m","stream":true}').stream
    assert Envelope(COMPLETIONS, b'{"model":"m","stream":true}').stream


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (b'{"include_usage":true}', True),
        (b'{ "include_usage" : true }', True),
        (b'{"include_\\u0075sage":true,"x":1}', True),
        (b'{"include_usage":false}', False),
        (b'{"include_usage":null}', False),
        (b'{"x":"include_usage"}', False),
        (b"{}", False),
        (b"null", False),
    ],
)
def test_whether_the_client_asks_for_usage(options: bytes, wanted: bool) -> None:
    body = b'{"model":"m","stream":true,"stream_options":' + options + b"}"
    asked = Envelope(CHAT, body)
    assert asked.wants_usage is wanted
    sent = asked.write("m", ask_usage=True)
    assert json.loads(sent)["stream_options"]["include_usage"] is True
    assert (sent == body) is wanted
    assert asked.write("m", ask_usage=False) == body


def test_options_without_a_stream_are_none_of_our_business() -> None:
    body = b'{"model":"m","stream_options":{"include_usage":true}}'
    asked = Envelope(CHAT, body)
    assert not asked.wants_usage
    assert asked.write("m", ask_usage=True) == body


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=4), st.booleans())
def test_the_provider_gets_all_that_the_client_sent(extra: dict[str, Any], stream: bool) -> None:
    for name in ("model", "stream", "stream_options"):
        extra.pop(name, None)
    body = json.dumps({**extra, "model": "m", "stream": stream}).encode()
    assert Envelope(CHAT, body).write("m", ask_usage=False) is body
    sent = Envelope(CHAT, body).write('up "é"', ask_usage=True)
    options = {"stream_options": {"include_usage": True}} if stream else {}
    assert json.loads(sent) == {**extra, "model": 'up "é"', "stream": stream, **options}
    assert sent.startswith(body.partition(b'"model": "m"')[0])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{}", "model"),
        (b'{"model":null}', "model"),
        (b'{"model":7}', "model"),
        (b'{"model":""}', "model"),
        (b'{"model":" "}', "model"),
        (b'{"model":["m"]}', "model"),
        (b'{"model":"m","stream":"yes"}', "stream"),
        (b'{"model":"m","stream":1}', "stream"),
        (b'{"model":"m","stream":true,"stream_options":[]}', "stream_options"),
        (b'{"model":"m","stream":true,"stream_options":"x"}', "stream_options"),
        (b'{"model":"m","stream":true,"stream_options":{"include_usage":1}}', "include_usage"),
        (b'{"model":"m","stream":true,"stream_options":{"a":1,"a":2}}', "stream_options"),
    ],
)
def test_a_call_that_cannot_be_understood_is_refused_by_the_members_name(body: bytes, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        Envelope(CHAT, body)
    assert caught.value.param == param
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("n", "choices"), [("3", 3), ("1", 1), ("null", 1), ('"3"', 1), ("2.5", 1), ("-4", 1), ("0", 1), ("9" * 99, 1)]
)
def test_how_many_choices_are_asked_for(n: str, choices: int) -> None:
    assert Envelope(CHAT, b'{"model":"m","n":%b}' % n.encode()).choices == choices
    assert envelope().choices == 1


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]}, "one"),
        ({"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]}, "two"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, 5]}]}, "a"),
        ({"messages": [{"role": "user", "content": None}]}, ""),
        ({"messages": [{"role": "system", "content": "one"}]}, ""),
        ({"messages": "hello"}, "hello"),
        ({"messages": 7}, ""),
        ({"prompt": ["a", "b"]}, "b"),
        ({"prompt": "a"}, "a"),
        ({"input": "a"}, "a"),
        ({"input": [[1, 2]]}, ""),
        ({}, ""),
    ],
)
def test_the_last_text_of_the_user(members: dict[str, Any], text: str) -> None:
    assert envelope(**members).last_user_text() == text


@given(st.sampled_from(["messages", "prompt", "input"]), JSON)
def test_no_message_breaks_the_reading_of_the_last_text(name: str, value: Any) -> None:
    assert isinstance(envelope(**{name: value}).last_user_text(), str)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_request_error(body: bytes) -> None:
    for around in (b"%b", b'{"model":"m",%b}', b'{"model":"m","stream":true,"stream_options":%b}'):
        with contextlib.suppress(RequestError):
            Envelope(CHAT, around % body).write("up", ask_usage=True)
