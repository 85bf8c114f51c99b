"""What OpenRouter's clients read of a stream: comments while nothing comes, the cost, and how it was routed."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.openrouter.stage import WELL, staged
from tests.support.gateway import request_bytes
from tests.support.scripted import DONE, END, STREAM_HEAD, Connection, answering, chunk, completion, piece, reply

OTHER = "mistral/mistral-large-latest"


async def test_a_stream_has_comments_while_nothing_comes_and_official_clients_pass_over_them(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def slow(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + piece(chunk({"content": "he"})))
        await seen.wait()
        await connection.send(piece(chunk({"content": "llo"})) + piece(chunk({}, "stop")) + piece(DONE) + END)

    async with staged(tmp_path, openai=slow, server={"comment_after": 0.05}) as stage:
        stream = await stage.gateway.openai().chat.completions.create(
            model="openai/gpt-4.1", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        raw = stream.response
        assert raw.status_code == 200
        async with stage.gateway.connect() as (reader, writer):
            body = b'{"model":"openai/gpt-4.1","messages":[],"stream":true}'
            writer.write(request_bytes("POST", "/v1/chat/completions", body))
            assert await reader.readuntil(b": fairlead is waiting for the provider\n\n\r\n")
            seen.set()
        text = "".join([each.choices[0].delta.content or "" async for each in stream])
    assert text == "hello"


WORDS = piece(chunk({"content": "hello"})) + piece(chunk({}, "stop"))
WHOLE = answering(STREAM_HEAD + WORDS + piece(DONE) + END)


@pytest.mark.parametrize("stream", [False, True])
async def test_how_a_call_was_routed_is_told_where_it_is_asked_for(stream: bool, tmp_path: Path) -> None:
    down = answering(reply({"error": {"message": "down"}}, 503))
    rescuer = WHOLE if stream else WELL
    async with staged(tmp_path, openai=down, mistral=rescuer, openrouter=down) as stage:
        got = await stage.ask(models=[OTHER], stream=stream, headers={"x_openrouter_metadata": "enabled"})
        plain = await stage.ask(models=[OTHER], stream=stream)
    assert b"openrouter_metadata" not in plain.body
    told = (got.events[-2] if stream else got.json)["openrouter_metadata"]
    assert (told["requested"], told["strategy"], told["attempt"]) == (
        "openai/gpt-4.1",
        "fallback",
        len(told["attempts"]),
    )
    assert told["attempts"][0] == {"provider": "openai", "model": "gpt-4.1", "status": 503}
    assert told["attempts"][-1]["status"] == 200
    chosen = [each for each in told["endpoints"]["available"] if each["selected"]]
    assert [each["provider"] for each in chosen] == ["mistral"]
    assert got.text == ("hello" if stream else "hi")
    assert not stream or got.events[-1] == "[DONE]"


async def test_an_error_tells_how_it_was_routed_too(tmp_path: Path) -> None:
    down = answering(reply({"error": {"message": "down"}}, 503))
    async with staged(tmp_path, openai=down) as stage:
        got = await stage.ask(headers={"x_openrouter_metadata": "enabled"})
        assert got.status == 503
        assert got.json["openrouter_metadata"]["attempts"][0]["provider"] == "openai"
        assert "openrouter_metadata" not in (await stage.ask()).json


async def test_a_stream_that_breaks_says_so_in_a_chunk_and_is_over(tmp_path: Path) -> None:
    """HTTP stays 200: a chunk with `error` and `finish_reason: "error"`, then the end mark."""
    cut = answering(STREAM_HEAD + piece(chunk({"content": "he"})) + END)
    async with staged(tmp_path, openai=cut) as stage:
        got = await stage.ask(stream=True, headers={"x_openrouter_metadata": "enabled"})
    assert got.status == 200
    broken = next(each for each in got.events if "error" in each)
    assert broken["choices"][0]["finish_reason"] == "error"
    assert got.events[-2]["openrouter_metadata"]["requested"] == "openai/gpt-4.1"
    assert got.events[-1] == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_usage_has_the_cost_where_it_is_asked_for(stream: bool, tmp_path: Path) -> None:
    usage: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    last = piece(b"data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "up",
                                         "choices": [], "usage": usage}).encode() + b"\n\n")  # fmt: skip
    script = answering(STREAM_HEAD + WORDS + last + piece(DONE) + END if stream else reply(completion("hi", **usage)))
    async with staged(tmp_path, openai=script, prices={"openai/gpt-4.1": {"input": 2, "output": 8}}) as stage:
        got = await stage.ask(stream=stream, usage={"include": True})
    assert (got.events[-2] if stream else got.json)["usage"]["cost"] == 0.0028


async def test_a_stream_opens_before_its_provider_answers_where_the_operator_wants_that(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def slow(connection: Connection) -> None:
        await connection.request()
        await seen.wait()
        await connection.send(STREAM_HEAD + WORDS + piece(DONE) + END)

    settings = {"open_streams_after": 0.02, "comment_after": 0.05}
    async with staged(tmp_path, openai=slow, server=settings) as stage, stage.gateway.connect() as (reader, writer):
        body = b'{"model":"openai/gpt-4.1","messages":[],"stream":true}'
        writer.write(request_bytes("POST", "/v1/chat/completions", body))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        for _ in range(2):
            await reader.readuntil(b": fairlead is waiting for the provider\n\n\r\n")
        seen.set()
        assert b"hello" in await reader.readuntil(b"data: [DONE]\n\n")


@pytest.mark.parametrize("status", [400, 503])
async def test_a_failure_on_a_stream_that_is_open_is_told_in_it(status: int, tmp_path: Path) -> None:
    """OpenRouter's mid-stream error: HTTP stays 200, and a chunk has `error` and `finish_reason: "error"`."""

    async def fails(connection: Connection) -> None:
        while await connection.request():
            await opened.wait()
            await connection.send(reply({"error": {"message": "no", "type": "invalid_request_error"}}, status))

    opened = asyncio.Event()
    async with staged(tmp_path, openai=fails, server={"open_streams_after": 0.02}) as stage:
        events = await stage.gateway.openai().chat.completions.create(
            model="openai/gpt-4.1", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        opened.set()
        with pytest.raises(openai.APIError, match="no"):
            _ = [each async for each in events]


async def test_who_leaves_an_early_stream_takes_the_providers_with_it(tmp_path: Path) -> None:
    """D5: a client that leaves cancels the upstream."""
    gone = asyncio.Event()

    async def silent(connection: Connection) -> None:
        await connection.request()
        await connection.gone()
        gone.set()

    async with staged(tmp_path, openai=silent, server={"open_streams_after": 0.02}) as stage:
        async with stage.gateway.connect() as (reader, writer):
            body = b'{"model":"openai/gpt-4.1","messages":[],"stream":true}'
            writer.write(request_bytes("POST", "/v1/chat/completions", body))
            await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(2):
            await gone.wait()
