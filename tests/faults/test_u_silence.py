"""An upstream that stops talking."""

import asyncio
import time

import pytest
from openai import APIError

from tests.faults.stage import Stages, broke, failed, well, well_streamed
from tests.support.scripted import (
    STREAM_HEAD,
    Connection,
    chunk,
    completion,
    piece,
    reply,
    saying,
)

ROLE = chunk({"role": "assistant", "content": ""})


@pytest.mark.parametrize("stream", [False, True])
async def test_u06_no_headers_ends_by_the_first_byte_clock(play: Stages, stream: bool) -> None:
    async with play(saying(), timeouts={"first_byte": 0.15}) as stage:
        began = time.perf_counter()
        failed(await stage.ask(stream=stream), 504, "upstream_timeout", "first_byte_timeout")
        assert 0.15 <= time.perf_counter() - began < 4
        await stage.up.closed()


async def test_u06_the_default_clocks_are_a_minute_streamed_and_five_whole(play: Stages) -> None:
    async with play(saying()) as stage:
        for stream, seconds in ((True, 60), (False, 300)):
            call = asyncio.create_task(stage.ask(stream=stream))
            while len(stage.up.received) < 1:
                await asyncio.sleep(0.005)
            stage.up.received.clear()
            stage.clock.ahead += seconds - 1
            await asyncio.sleep(0.12)
            assert not call.done()
            stage.clock.ahead += 1.1
            failed(await call, 504, "upstream_timeout", "first_byte_timeout")
        await stage.up.closed()


async def test_u06_the_next_target_has_a_clock_of_its_own(play: Stages) -> None:
    async with play(saying(), well, timeouts={"first_byte": 0.15}) as stage:
        assert (await stage.ask()).text == "rescued"


@pytest.mark.parametrize("before", [(), (piece(ROLE),), (piece(b": waiting\n\n"),)], ids=["nothing", "role", "comment"])
async def test_u07_headers_then_silence_goes_to_the_next_target(play: Stages, before: tuple[bytes, ...]) -> None:
    async with play(saying(STREAM_HEAD, *before), well_streamed, timeouts={"idle": 0.15}) as stage:
        got = await stage.ask(stream=True)
        assert (got.status, got.text, got.headers["x-fairlead-attempts"]) == (200, "rescued", "2")
        assert got.events[-1] == "[DONE]"
        await stage.up.closed()


async def test_u07_headers_then_silence_with_none_left_is_504(play: Stages) -> None:
    async with play(saying(STREAM_HEAD), timeouts={"idle": 0.15}) as stage:
        failed(await stage.ask(stream=True), 504, "upstream_timeout", "idle_timeout")
        await stage.up.closed()


@pytest.mark.parametrize("tokens", [1, 2, 20])
async def test_u08_silence_after_tokens_is_an_error_in_the_stream(play: Stages, tokens: int) -> None:
    said = [piece(chunk({"content": f"{n} "})) for n in range(tokens)]
    async with play(saying(STREAM_HEAD, *said), well, timeouts={"idle": 0.15}) as stage:
        got = await stage.ask(stream=True)
        broke(got, "upstream_timeout", "".join(f"{n} " for n in range(tokens)))
        assert [attempt["failure"] for attempt in got.error["attempts"]] == ["idle_timeout"]
        assert not stage.ups[1].received
        await stage.up.closed()


async def test_u08_the_official_client_raises_what_broke(play: Stages) -> None:
    async with play(saying(STREAM_HEAD, piece(chunk({"content": "so"}))), timeouts={"idle": 0.15}) as stage:
        stream = await stage.gateway.openai().chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        heard = aiter(stream)
        assert (await anext(heard)).choices[0].delta.content == "so"
        with pytest.raises(APIError, match=r"the stream broke: nothing came for 0\.15 s"):
            await anext(heard)


@pytest.mark.parametrize("stream", [False, True])
async def test_u18_a_trickle_resets_the_idle_clock_and_ends_by_the_total(play: Stages, stream: bool) -> None:
    body = reply(completion("x" * 1000))
    head, rest = body.split(b"\r\n\r\n", 1)

    async def trickle(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD if stream else head + b"\r\n\r\n")
        for at in range(1000):
            await connection.send(piece(chunk({"content": "x"})) if stream else rest[at : at + 1])
            await asyncio.sleep(0.04)

    async with play(trickle, timeouts={"idle": 0.3, "total": 0.8}) as stage:
        began = time.perf_counter()
        got = await stage.ask(stream=stream)
        assert 0.8 <= time.perf_counter() - began < 4
        if stream:
            broke(got, "upstream_timeout", got.text)
            assert len(got.text) > 5
            assert got.error["attempts"][0]["failure"] == "total_timeout"
        else:
            failed(got, 504, "upstream_timeout", "total_timeout")
        await stage.up.closed()
