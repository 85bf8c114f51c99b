"""An upstream that asks for patience."""

import time
from email.utils import formatdate

import pytest
from openai import RateLimitError

from tests.faults.stage import Stages, failed, well
from tests.support.scripted import answering, chunk, reply, streaming

FULL = {"error": {"message": "slow down", "type": "rate_limit_error"}}
DATE = 1_800_000_000

WAITS = {
    "seconds": ("retry-after: 7\r\n", "7"),
    "a part of a second": ("retry-after: 0.2\r\n", "1"),
    "milliseconds": ("retry-after-ms: 2500\r\n", "3"),
    "a date": (f"date: {formatdate(DATE, usegmt=True)}\r\nretry-after: {formatdate(DATE + 9, usegmt=True)}\r\n", "9"),
    "a date that is past": (
        f"date: {formatdate(DATE, usegmt=True)}\r\nretry-after: {formatdate(DATE - 9, usegmt=True)}\r\n",
        "1",
    ),
    "nothing": ("", "1"),
    "nonsense": ("retry-after: soon\r\n", "1"),
    "nonsense before sense": ("retry-after-ms: soon\r\nretry-after: 5\r\n", "5"),
    "absurd": ("retry-after: 1000000000\r\n", "3600"),
    "infinite": ("retry-after: inf\r\n", "3600"),
    "not a number": ("retry-after: nan\r\n", "1"),
    "negative": ("retry-after: -5\r\n", "1"),
    "a year beyond all": (
        f"date: {formatdate(DATE, usegmt=True)}\r\nretry-after: Thu, 1 Jan {'9' * 20} 00:00:00 GMT\r\n",
        "1",
    ),
    "a zone beyond all": (
        f"date: {formatdate(DATE, usegmt=True)}\r\nretry-after: Thu, 1 Jan 2026 00:00:00 +{'9' * 20}\r\n",
        "1",
    ),
}


@pytest.mark.parametrize(("lines", "seconds"), WAITS.values(), ids=WAITS)
async def test_u19_a_429_with_none_left_says_when_to_come_back(play: Stages, lines: str, seconds: str) -> None:
    async with play(answering(reply(FULL, 429, lines))) as stage:
        began = time.perf_counter()
        got = await stage.ask()
        failed(got, 429, "upstream_rate_limited", "rate_limit")
        assert got.headers["retry-after"] == seconds
        assert got.error["type"] == "rate_limit_error"
        assert time.perf_counter() - began < 4


@pytest.mark.parametrize("stream", [False, True])
async def test_u19_a_429_goes_to_the_next_target_at_once(play: Stages, stream: bool) -> None:
    rescue = streaming(chunk({"content": "rescued"}), chunk({}, "stop")) if stream else well
    async with play(answering(reply(FULL, 429, "retry-after: 60\r\n")), rescue) as stage:
        began = time.perf_counter()
        assert (await stage.ask(stream=stream)).text == "rescued"
        assert time.perf_counter() - began < 4
        assert len(stage.up.received) == 1


async def test_u19_the_official_client_raises_a_rate_limit_error(play: Stages) -> None:
    async with play(answering(reply(FULL, 429, "retry-after: 7\r\n"))) as stage:
        with pytest.raises(RateLimitError) as caught:
            await stage.gateway.openai().chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        assert caught.value.response.headers["retry-after"] == "7"
