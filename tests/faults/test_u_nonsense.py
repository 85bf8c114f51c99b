"""An upstream that answers with something that is not an answer, or with an error under the wrong status."""

import json
from typing import Any

import pytest

from tests.faults.stage import CANARY, Stages, broke, failed, well, well_streamed
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    answering,
    chunk,
    completion,
    piece,
    reply,
    saying,
    streaming,
)

PAUSE = 0.05
GOOD = json.dumps(completion("good")).encode()
HTML = b"<!doctype html><title>502</title><p>It works!"

NO_REPLY = {
    "truncated JSON": GOOD[:-20],
    "trailing garbage": GOOD + b"}",
    "two replies in one": GOOD + GOOD,
    "HTML": HTML,
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "no choices": b'{"id": "x"}',
    "invalid UTF-8": GOOD.replace(b"good", b"\xff\xfe"),
    "half a character": GOOD.replace(b"good", "é".encode()[:1]),
    "UTF-16": GOOD.decode().encode("utf-16"),
}


@pytest.mark.parametrize("body", NO_REPLY.values(), ids=NO_REPLY)
async def test_u12_u14_what_is_no_reply_is_502_or_the_next_target(play: Stages, body: bytes) -> None:
    async with play(answering(reply(body))) as stage:
        failed(await stage.ask(), 502, "upstream_bad_response", "bad_response")
    async with play(answering(reply(body)), well) as stage:
        assert (await stage.ask()).text == "rescued"


NO_STREAM = {
    "HTML": HTML,
    "empty": b"",
    "no events": b": nothing\n\n: to say\n\n",
    "an event that is no JSON": b"data: {oops}\n\n",
    "half an event": chunk({"content": "x"})[:20],
}


@pytest.mark.parametrize("body", NO_STREAM.values(), ids=NO_STREAM)
@pytest.mark.parametrize("kind", ["text/event-stream", "text/html", "application/json"])
async def test_u12_what_is_no_stream_is_502_or_the_next_target(play: Stages, body: bytes, kind: str) -> None:
    head = STREAM_HEAD.replace(b"text/event-stream", kind.encode())
    bad = saying(head, piece(body) if body else b"", END)
    async with play(bad) as stage:
        failed(await stage.ask(stream=True), 502, "upstream_bad_response", "bad_response")
    async with play(bad, well_streamed) as stage:
        assert (await stage.ask(stream=True)).text == "rescued"


async def test_u12_nonsense_within_a_stream_is_an_error_after_what_was_said(play: Stages) -> None:
    said = chunk({"content": "so"}) + b"data: {oops}\n\n" + chunk({"content": "never"})
    async with play(saying(STREAM_HEAD, piece(chunk({"content": "and "})), PAUSE, piece(said))) as stage:
        broke(await stage.ask(stream=True), "upstream_bad_response", "and so")
        await stage.up.closed()


def error(**members: Any) -> dict[str, Any]:
    return {"error": {"message": "it broke", **members}}


ERRORS: dict[str, tuple[dict[str, Any], int, str]] = {
    "OpenRouter's": (error(code=502), 502, "upstream_error"),
    "OpenRouter's without credit": (error(code=402), 502, "upstream_credit"),
    "rate limited": (error(code=429), 429, "upstream_rate_limited"),
    "vLLM's": ({"object": "error", "message": "it broke", "code": 500}, 502, "upstream_error"),
    "SGLang's unavailable": (error(code=503), 503, "upstream_error"),
    "a wrong key": (error(type="authentication_error"), 502, "upstream_auth"),
    "a missing model": (error(code="model_not_found"), 502, "upstream_model_not_found"),
    "bare text": ({"error": "it broke"}, 502, "upstream_error"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("body", "status", "code"), ERRORS.values(), ids=ERRORS)
async def test_u13_an_error_under_200_is_that_error(
    play: Stages, body: dict[str, Any], status: int, code: str, stream: bool
) -> None:
    event = b"data: " + json.dumps(body).encode() + b"\n\n"
    bad = saying(STREAM_HEAD, piece(event), END) if stream else answering(reply(body))
    async with play(bad) as stage:
        got = await stage.ask(stream=stream)
        assert (got.status, got.error["code"]) == (status, code)
        assert len(got.error["attempts"]) == 1
    async with play(bad, well_streamed if stream else well) as stage:
        assert (await stage.ask(stream=stream)).text == "rescued"


@pytest.mark.parametrize("stream", [False, True])
async def test_u13_a_refusal_under_200_is_the_clients(play: Stages, stream: bool) -> None:
    body = error(type="invalid_request_error", param="messages", code="bad_messages")
    event = b"data: " + json.dumps(body).encode() + b"\n\n"
    async with play(saying(STREAM_HEAD, piece(event), END) if stream else answering(reply(body)), well) as stage:
        got = await stage.ask(stream=stream)
        assert (got.status, got.json) == (400, body)
        assert not stage.ups[1].received


async def test_u13_an_error_after_content_ends_the_stream(play: Stages) -> None:
    event = b"data: " + json.dumps(error(code=429)).encode() + b"\n\n"
    async with play(saying(STREAM_HEAD, piece(chunk({"content": "so"})), PAUSE, piece(event)), well_streamed) as stage:
        broke(await stage.ask(stream=True), "upstream_rate_limited", "so")
        assert not stage.ups[1].received


async def test_u13_an_error_that_comes_with_the_first_content_still_goes_to_the_next_target(play: Stages) -> None:
    both = chunk({"content": "so"}) + b"data: " + json.dumps(error(code=500)).encode() + b"\n\n"
    async with play(saying(STREAM_HEAD, piece(both)), well_streamed) as stage:
        assert (await stage.ask(stream=True)).text == "rescued"


@pytest.mark.parametrize("when", ["whole", "first event", "after content", "refusal"])
async def test_u13_an_error_that_echoes_the_key_does_not_tell_it(play: Stages, when: str) -> None:
    body = {"error": {"message": f"Incorrect key provided: {CANARY}", "code": 400 if when == "refusal" else 500}}
    event = piece(b"data: " + json.dumps(body).encode() + b"\n\n")
    scripts = {
        "whole": answering(reply(body)),
        "refusal": answering(reply(body, 400)),
        "first event": saying(STREAM_HEAD, event),
        "after content": saying(STREAM_HEAD, piece(chunk({"content": "so"})), PAUSE, event),
    }
    async with play(scripts[when]) as stage:
        got = await stage.ask(stream="event" in when or "content" in when)
        assert "Incorrect key provided: ***" in got.body.decode()


async def test_u14_invalid_utf_8_in_a_stream_is_replaced_and_only_that(play: Stages) -> None:
    said = chunk({"content": "caf@"}).replace(b"@", b"\xff"), chunk({"content": "é🙂"}), chunk({}, "stop")
    assert b"\\u" in said[1]
    plain = said[1].decode().encode().replace(b"\\u00e9", "é".encode()).replace(b"\\ud83d\\ude42", "🙂".encode())
    async with play(streaming(said[0], plain, said[2])) as stage:
        got = await stage.ask(stream=True)
        assert got.text == "caf�é🙂"
        assert plain in got.body


@pytest.mark.parametrize("where", ["first", "later"])
async def test_u14_half_a_surrogate_pair_passes_through(play: Stages, where: str) -> None:
    half = chunk({"content": "x"}).replace(b'"x"', b'"\\ud83d"')
    events = (half,) if where == "first" else (chunk({"content": "a"}), half)
    async with play(streaming(*events, chunk({}, "stop"), DONE)) as stage:
        got = await stage.ask(stream=True)
        assert got.status == 200
        assert half in got.body
