"""The echo says what it is, in a form that OpenAI's own schema accepts."""

import json
from typing import Any

import pytest

from fairlead.clock import Clock
from fairlead.local.echo import LONGEST_ECHO, EchoUpstream
from fairlead.providers.row import Provider
from fairlead.upstream.api import Clocks, Request, Response, Upstream
from tests.openai_schema import ABSENT, TOLERANCES, problems

PROVIDER = Provider("echo", "openai-chat", "", None, key_optional=True)
needs_schema = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))
NULL_USAGE = tuple(each for each in TOLERANCES if each.name == "null-usage")
HELLO = {
    "model": "echo",
    "messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi  you"}],
}


def noon() -> Clock:
    clock = Clock()
    clock.wall = lambda: 1_700_000_000.5
    return clock


async def send(body: object, path: str = "/chat/completions") -> Response:
    upstream: Upstream = EchoUpstream(noon())
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await upstream.send(Request(PROVIDER, "POST", path, raw, Clocks()))


async def whole(body: object, path: str = "/chat/completions") -> dict[str, Any]:
    response = await send(body, path)
    assert response.status == 200
    assert response.header(b"content-type") == b"application/json"
    reply: dict[str, Any] = json.loads(await response.read())
    return reply


async def chunks(body: dict[str, Any], path: str = "/chat/completions") -> list[dict[str, Any]]:
    response = await send({**body, "stream": True}, path)
    assert response.header(b"content-type") == b"text/event-stream"
    events = []
    while event := await response.chunk():
        assert event.startswith(b"data: ")
        assert event.endswith(b"\n\n")
        events.append(event[6:-2])
    assert events.pop() == b"[DONE]"
    return [json.loads(event) for event in events]


async def test_says_what_it_is_how_to_get_more_and_what_it_was_told():
    text = (await whole(HELLO))["choices"][0]["message"]["content"]
    assert text.startswith("This is the `echo` model of Fairlead: no provider key is set, and no local model")
    assert "ai models pull smollm2" in text
    assert text.endswith("You said: hi  you")


@pytest.mark.parametrize("members", [{}, {"messages": []}])
async def test_nothing_said_is_refused_as_a_provider_would(members: dict[str, Any]) -> None:
    response = await send({"model": "echo", **members})
    error = json.loads(await response.read())["error"]
    assert (response.status, error["param"], error["message"]) == (400, "messages", "`messages` is missing or empty")


@needs_schema
async def test_a_whole_reply_is_valid_against_the_published_schema():
    assert problems("reply", await whole(HELLO), ()) == []
    assert problems("completion", await whole({"prompt": "hi"}, "/completions"), ()) == []


@needs_schema
async def test_every_chunk_is_valid_against_the_published_schema():
    assert [problems("chunk", chunk, ()) for chunk in await chunks(HELLO)] == [[]] * len(await chunks(HELLO))
    for chunk in await chunks({**HELLO, "stream_options": {"include_usage": True}}):
        assert problems("chunk", chunk, NULL_USAGE) == []


async def test_a_stream_says_the_same_as_a_whole_reply_word_by_word():
    reply, stream = await whole(HELLO), await chunks(HELLO)
    assert stream[0]["choices"][0]["delta"]["role"] == "assistant"
    words = [chunk["choices"][0]["delta"].get("content", "") for chunk in stream]
    assert "".join(words) == reply["choices"][0]["message"]["content"]
    assert all(len(word.split()) <= 1 for word in words)
    assert [chunk["choices"][0]["finish_reason"] for chunk in stream] == [None] * (len(stream) - 1) + ["stop"]
    assert len({chunk["id"] for chunk in stream}) == 1
    assert {chunk["created"] for chunk in stream} == {1_700_000_000} == {reply["created"]}


async def test_a_stream_counts_its_words_only_when_asked():
    assert all("usage" not in chunk for chunk in await chunks(HELLO))
    *others, last = await chunks({**HELLO, "stream_options": {"include_usage": True}})
    assert all(chunk["usage"] is None for chunk in others)
    assert last["choices"] == []
    assert last["usage"] == (await whole(HELLO))["usage"]
    assert last["usage"]["prompt_tokens"] == 4


async def test_a_message_in_parts_is_echoed_by_its_text():
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "this"},
    ]
    reply = await whole({"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": None}]})
    assert reply["choices"][0]["message"]["content"].endswith("You said: see this")


async def test_what_is_echoed_is_bounded():
    reply = await whole({"messages": [{"role": "user", "content": "x" * 1_000_000}]})
    assert len(reply["choices"][0]["message"]["content"]) < LONGEST_ECHO + 500


@pytest.mark.parametrize(("prompt", "said"), [("hi", "hi"), (["a", "b"], "a b"), ([1, 2], ""), (None, "")])
async def test_a_bare_completion_is_echoed_too(prompt: object, said: str):
    reply = await whole({"model": "echo", "prompt": prompt}, "/completions")
    assert reply["choices"][0]["text"].endswith(f"You said: {said}")
    stream = await chunks({"prompt": prompt}, "/completions")
    assert "".join(chunk["choices"][0]["text"] for chunk in stream) == reply["choices"][0]["text"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embeddings", {"input": "hi"}),
        ("/chat/completions", b"{"),
        ("/chat/completions", b'{"messages": "\xff"}'),
        ("/chat/completions", {"messages": 3}),
        ("/chat/completions", []),
    ],
)
async def test_what_it_cannot_do_is_refused_as_openai_would(path: str, body: object):
    response = await send(body, path)
    assert response.status == 400
    error = json.loads(await response.read())
    assert error["error"]["type"] == "invalid_request_error"
    if ABSENT is None:
        assert problems("error", error, ()) == []


async def test_a_reply_given_up_says_no_more():
    response = await send({**HELLO, "stream": True})
    await response.chunk()
    response.close()
    response.linger()
    assert await response.chunk() == b""
    assert response.header(b"retry-after") is None
