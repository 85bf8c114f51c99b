"""Recorded errors, and the same errors under other statuses: who is told what."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.replay.conftest import Replay
from tests.replay.recorded import VENDORS, Exchange, exchanges, wrong
from tests.replay.test_official_client import ask
from tests.support.gateway import HttpReply, running, two_providers
from tests.support.gateway import ask as asking
from tests.support.scripted import END, STREAM_HEAD, answering, chunk, completion, piece, reply, scripted, streaming

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the others no error is recorded.
REFUSING = [vendor for vendor in VENDORS if vendor not in ("perplexity", "copilot", "mistralrs")]
FORWARDED = {
    400: openai.BadRequestError,
    413: openai.APIStatusError,
    415: openai.APIStatusError,
    422: openai.UnprocessableEntityError,
}
OURS = {
    401: (502, "upstream_auth"),
    402: (502, "upstream_credit"),
    403: (502, "upstream_auth"),
    404: (502, "upstream_model_not_found"),
    429: (429, "upstream_rate_limited"),
    500: (502, "upstream_error"),
    501: (502, "upstream_error"),
    502: (502, "upstream_error"),
    503: (503, "upstream_error"),
    529: (503, "upstream_error"),
}
MEMBERS = {"message", "type", "param", "code"}


def refused(shared: Path, vendor: str) -> list[Exchange]:
    return [each for each in exchanges(shared, vendor) if each.status >= 400]


def extra(replay: Replay, exchange: Exchange, number: int, **changes: Any) -> Exchange:
    """An exchange that was not recorded quite so, for the upstream to answer with."""
    made = replace(exchange, id=f"extra/{exchange.id}", number=number, **changes)
    replay.upstream.answers[made.key] = made
    return made


def recorded_message(exchange: Exchange) -> str:
    value = json.loads(exchange.body)
    error = value.get("error", value)
    return str(error if isinstance(error, str) else error["message"])


def check(exchange: Exchange, got: HttpReply) -> None:
    """That a vendor's error has become the right one of ours, or has been forwarded."""
    assert wrong("error", got.json) == []
    error, theirs = got.json["error"], json.loads(exchange.body).get("error")
    if exchange.status in OURS:
        assert (got.status, error["code"]) == OURS[exchange.status]
        assert error["request_id"] == got.headers["x-request-id"]
        assert error["attempts"][0]["status"] == exchange.status
        assert error["hint"]
    else:
        assert got.status == exchange.status
        assert recorded_message(exchange)[:300] in error["message"]
        if isinstance(theirs, dict) and theirs.keys() >= MEMBERS and isinstance(theirs["code"], str):
            assert got.body == exchange.body
    if exchange.status == 401:
        assert "key" in error["message"]
        assert recorded_message(exchange) not in got.body.decode()


@pytest.mark.parametrize("vendor", REFUSING)
async def test_a_recorded_error_is_forwarded_or_becomes_ours(vendor: str, shared: Path, replay: Replay) -> None:
    answers = await replay.post_all(refused(shared, vendor), Exchange.mended)
    assert answers
    for exchange, got, _ in answers:
        check(exchange, got)


@pytest.mark.parametrize("status", [*FORWARDED, *OURS])
async def test_every_recorded_error_under_every_status(status: int, shared: Path, replay: Replay) -> None:
    every = {each.body: each for vendor in VENDORS for each in refused(shared, vendor)}
    # Under 400 these mean the model, as `tests/pipeline/test_retired_models.py` holds to.
    shapes = {body: each for body, each in every.items() if status != 400 or b'"model_not_found"' not in body}
    exchanges = [extra(replay, each, number, status=status) for number, each in enumerate(shapes.values())]
    for exchange, got, _ in await replay.post_all(exchanges, Exchange.mended):
        check(exchange, got)
        assert "retry-after" in got.headers or status != 429


@pytest.mark.parametrize("vendor", REFUSING)
async def test_the_official_client_raises_what_a_recorded_error_stands_for(
    vendor: str, shared: Path, replay: Replay
) -> None:
    client = replay.gateway.openai()
    for exchange in refused(shared, vendor):
        with pytest.raises(openai.APIStatusError) as caught:
            await ask(client, exchange)
        if exchange.status in OURS:
            assert type(caught.value) is openai.InternalServerError
            assert (caught.value.status_code, caught.value.code) == OURS[exchange.status]
        else:
            assert type(caught.value) is FORWARDED[exchange.status]
            assert recorded_message(exchange) in caught.value.message


async def test_the_official_client_raises_a_rate_limit_error_with_the_providers_retry_after(
    shared: Path, replay: Replay
) -> None:
    limited = extra(replay, refused(shared, "groq")[0], 0, status=429, headers=(("retry-after", "7"),))
    with pytest.raises(openai.RateLimitError) as caught:
        await ask(replay.gateway.openai(), limited)
    assert caught.value.response.headers["retry-after"] == "7"


# https://docs.aimlapi.com/errors-and-messages/general-info
AIMLAPI = {
    "message": "The model is not available",
    "path": "/v1/chat/completions",
    "requestId": "cd1f7b5e-75c0-4a4e-a2b1-3a9c0e5a2f3b",
    "statusCode": 404,
    "timestamp": "2026-08-01T12:00:00.000Z",
}
IN_A_200: dict[str, tuple[Any, int, str]] = {
    "openrouter": ({"error": {"code": 429, "message": "busy", "metadata": {}}}, 429, "upstream_rate_limited"),
    "openrouter-credit": ({"error": {"code": 402, "message": "no credit"}}, 502, "upstream_credit"),
    "openrouter-choice": (
        {
            **completion(),
            "choices": [{"index": 0, "finish_reason": "error", "error": {"code": 502, "message": "gone"}}],
        },
        502,
        "upstream_error",
    ),
    "vllm": ({"object": "error", "message": "boom", "type": "InternalServerError", "code": 500}, 502, "upstream_error"),
    "google": ([{"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}], 502, "upstream_error"),
    "aimlapi": (AIMLAPI, 502, "upstream_model_not_found"),
    "text": ({"error": "something broke"}, 502, "upstream_error"),
}
in_a_200 = pytest.mark.parametrize("shape", IN_A_200)


@in_a_200
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_inside_a_200_is_an_error(shape: str, stream: bool, tmp_path: Path) -> None:
    body, status, code = IN_A_200[shape]
    script = streaming(b"data: " + json.dumps(body).encode() + b"\n\n") if stream else answering(reply(body))
    async with (
        scripted(script) as one,
        scripted(script) as two,
        running(tmp_path, two_providers(one.url, two.url)) as up,
    ):
        got = await up.post(asking(stream=stream))
        assert got.json["error"]["code"] == code
        assert got.status in (status, 503)
        assert len(got.json["error"]["attempts"]) == 2


@in_a_200
@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_target_rescues_a_call_from_an_error_inside_a_200(
    shape: str, stream: bool, tmp_path: Path
) -> None:
    body = IN_A_200[shape][0]
    first = streaming(b"data: " + json.dumps(body).encode() + b"\n\n") if stream else answering(reply(body))
    second = (
        streaming(chunk({"content": "rescued"}), chunk({}, "stop"))
        if stream
        else answering(reply(completion("rescued")))
    )
    async with (
        scripted(first) as one,
        scripted(second) as two,
        running(tmp_path, two_providers(one.url, two.url)) as up,
    ):
        got = await up.post(asking(stream=stream))
        assert got.text == "rescued"
        assert got.headers["x-fairlead-provider"] == "two"


async def test_an_error_after_the_first_words_ends_the_stream_as_an_error(tmp_path: Path) -> None:
    error = chunk({}, "error", error={"code": 502, "message": "Provider disconnected"})

    async def script(connection: Any) -> None:
        while await connection.request():
            await connection.send(STREAM_HEAD + piece(chunk({"content": "so far"})))
            await asyncio.sleep(0.05)
            await connection.send(piece(error) + END)

    async with (
        scripted(script) as one,
        scripted(script) as two,
        running(tmp_path, two_providers(one.url, two.url)) as up,
    ):
        got = await up.post(asking(stream=True))
        assert got.text == "so far"
        assert "Provider disconnected" in got.error["message"]
        assert [event["choices"][0]["finish_reason"] for event in got.events[:-1]] == [None, "error"]
        assert two.connections == 0
        stream = await up.openai().chat.completions.create(**asking(), stream=True)
        with pytest.raises(openai.APIError, match="Provider disconnected"):
            async for _ in stream:
                pass


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_aimlapis_own_errors_are_read(status: int, tmp_path: Path) -> None:
    body = {**AIMLAPI, "statusCode": status}
    async with (
        scripted(answering(reply(body, status))) as one,
        running(tmp_path, two_providers(one.url, one.url)) as up,
    ):
        got = await up.post(asking())
        assert (got.status, got.json["error"]["code"]) == OURS.get(status, (400, "upstream_refused"))
        assert wrong("error", got.json) == []
        assert AIMLAPI["message"] in got.json["error"]["message"]
