"""A cap holds where what is asked for is no text: pictures, speech, transcripts, documents put in order."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.money.house import IN, OUT, PRICE, Still, priced, settings
from tests.support.gateway import HttpReply, Running, ask
from tests.support.scripted import Script, answering, completion, reply, scripted

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
DRAWN = {"created": 1, "data": [{"b64_json": "QUJD"}]}
WORST_OF_A_PICTURE = 16_384 * IN


def asked_with(*parts: Any) -> dict[str, Any]:
    said: Any = [{"type": "text", "text": "what is it?"}, *parts]
    return ask(said, max_tokens=10)


def form(path: str, size: int = 100_000, **fields: str) -> tuple[str, bytes, str]:
    parts = [b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), value.encode())
             for name, value in fields.items()]  # fmt: skip
    parts.append(b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n' + b"\xff" * size)
    return path, b"\r\n".join(parts) + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def plain(path: str, **body: Any) -> tuple[str, bytes, str]:
    return path, json.dumps(body).encode(), "application/json"


def counted(given: int, made: int, **more: Any) -> Script:
    usage = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
    return answering(reply({**DRAWN, "text": "hi", "usage": {**usage, **more}}))


CHAT = completion("hi", prompt_tokens=16_000, completion_tokens=10, total_tokens=16_010)
CALLS: dict[str, tuple[tuple[str, bytes, str], dict[str, Any], Script]] = {
    "picture by url": (plain("/v1/chat/completions", **asked_with(PICTURE)), PRICE, answering(reply(CHAT))),
    "drawn": (
        plain("/v1/images/generations", model="m", prompt="a cat", n=2, quality="high"), PRICE, counted(10, 2 * 6240)
    ),
    "drawn, by the piece": (
        plain("/v1/images/generations", model="m", prompt="a cat", n=3), {"image": "0.08"}, answering(reply(DRAWN))
    ),
    "changed": (form("/v1/images/edits", model="m", prompt="a hat", n="2"), PRICE, counted(7000, 2 * 6240)),
    "spoken, by the letter": (
        plain("/v1/audio/speech", model="m", input="hello " * 50, voice="alloy"), {"characters": "15"},
        answering(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 3\r\n\r\nmp3"),
    ),
    "spoken": (
        plain("/v1/audio/speech", model="m", input="hello " * 50, voice="alloy"), PRICE,
        answering(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 3\r\n\r\nmp3"),
    ),
    "heard, by the second": (
        form("/v1/audio/transcriptions", model="m"), {"seconds": "0.0001"},
        answering(reply({"text": "hi", "usage": {"type": "duration", "seconds": 100}})),
    ),
    "heard": (form("/v1/audio/transcriptions", model="m"), PRICE, counted(200 * 10, 200 * 5)),
    "translated": (form("/v1/audio/translations", model="m"), PRICE, counted(200 * 10, 200 * 5)),
    "put in order": (
        plain("/v1/rerank", model="m", query="q", documents=["d"] * 250), {"rerank": "0.002"},
        answering(reply({"results": [{"index": 0, "relevance_score": 0.9}]})),
    ),
}  # fmt: skip


async def send(gateway: Running, call: tuple[str, bytes, str]) -> HttpReply:
    path, data, kind = call
    return await gateway.request("POST", path, data, **{"content-type": kind})


@pytest.mark.parametrize("kind", CALLS)
async def test_ten_at_once_do_not_pass_a_cap_with_room_for_two(kind: str, tmp_path: Path) -> None:
    call, price, script = CALLS[kind]
    async with scripted(script) as up:
        told = {**settings(up.url), "prices": {"up/*": price}, "daily_budget": 1000}
        async with priced(tmp_path, told, Still()) as (gateway, rows, _):
            assert (await send(gateway, call)).status == 200
        (row,) = rows
        reserved = row.reserved
        assert reserved
        spent = sum(row.charges.values())
        assert 0 < spent <= reserved
        told["daily_budget"] = f"{(2 * reserved + reserved // 2) / 1e9:.9f}"
        async with priced(tmp_path, told, Still()) as (gateway, rows, _):
            got = await asyncio.gather(*(send(gateway, call) for _ in range(10)))
            cap = 2.5 * reserved
    assert {each.status for each in got} == {200, 402}
    assert sum(sum(row.charges.values()) for row in rows) <= cap
    assert [each.status for each in got].count(200) >= 2


async def test_a_picture_is_no_whole_context(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(CHAT))) as up,
        priced(tmp_path, settings(up.url, daily_budget=5), Still()) as (gateway, rows, _),
    ):
        data = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 50_000}}
        for parts in ((PICTURE,), (data,), (PICTURE, data)):
            assert (await gateway.post(asked_with(*parts))).status == 200
    words = 300 * IN + 10 * OUT
    for row, pictures in zip(rows, (1, 1, 2), strict=True):
        assert pictures * WORST_OF_A_PICTURE < (row.reserved or 0) < pictures * WORST_OF_A_PICTURE + words


async def test_what_is_drawn_or_spoken_and_nobody_counts_is_charged_as_it_was_set_aside(tmp_path: Path) -> None:
    """Three pictures at 8 cents; 300 letters at 15 dollars a million; 250 documents, which are three searches."""
    for kind, nano in (("drawn, by the piece", 240_000_000), ("spoken, by the letter", 4_500_000)):
        call, price, script = CALLS[kind]
        async with scripted(script) as up:
            told = {**settings(up.url), "prices": {"up/*": price}, "daily_budget": 5}
            async with priced(tmp_path, told, Still()) as (gateway, rows, _):
                assert (await send(gateway, call)).status == 200
        assert sum(rows[0].charges.values()) == nano


async def test_the_shipped_prices_of_speech_and_sound_are_known_to_budgets(tmp_path: Path) -> None:
    """They have no price for a token."""
    async with scripted(CALLS["heard, by the second"][2]) as up:
        rows = settings(up.url)["providers"]
        told = {
            "providers": {"openai": {**rows["up"], "base_url": up.url}},
            "models": {"m": {"targets": [{"provider": "openai", "model": "whisper-1"}]}},
            "daily_budget": 5,
        }
        async with priced(tmp_path, told) as (gateway, kept, _):
            got = await send(gateway, CALLS["heard, by the second"][0])
    assert got.status == 200
    assert (kept[0].reserved, kept[0].cost) == (200 * 100_000, 100 * 100_000)
