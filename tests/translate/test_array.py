"""Gemini's stream without `alt=sse` is one JSON array, which is whole only where the answer is."""

import json
from pathlib import Path

import pytest

from tests.support.gateway import one_provider, running
from tests.support.scripted import STREAM_HEAD, piece, saying, scripted
from tests.translate.vendors import TEXT, VENDORS, Said, answering_as, message_events

PATH = "/v1beta/models/m:streamGenerateContent"
ASKED = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


@pytest.mark.parametrize("dialect", VENDORS)
async def test_the_array_has_all_that_is_said(dialect: str, tmp_path: Path) -> None:
    async with (
        scripted(answering_as(VENDORS[dialect], Said())) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect, auth="bearer")) as gateway,
    ):
        got = await gateway.post(ASKED, PATH)
    assert got.headers["content-type"] == "application/json"
    parts = [
        part for each in json.loads(got.body) for part in each["candidates"][0].get("content", {}).get("parts", ())
    ]
    assert "".join(part["text"] for part in parts) == TEXT


async def test_one_that_broke_ends_with_the_error(tmp_path: Path) -> None:
    begun = b"".join(piece(event) for event in message_events(Said())[:4])
    async with (
        scripted(saying(STREAM_HEAD, begun, then="fin")) as up,
        running(tmp_path, one_provider(up.url, dialect="anthropic-messages")) as gateway,
    ):
        got = await gateway.post(ASKED, PATH)
    assert json.loads(got.body)[-1]["error"]["code"] == 502
