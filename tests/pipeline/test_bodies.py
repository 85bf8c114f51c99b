"""What calls say and are told is kept where the operator wants that, and nowhere else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fairlead.errors import NotFound
from fairlead.ledger.row import Bodies, Row
from tests.money.house import on_disk, settings
from tests.support.gateway import Running, ask
from tests.support.scripted import Scripted, answering, chunk, completion, reply, scripted, streaming

SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


async def kept(gateway: Running, name: str) -> tuple[Row, Bodies | None]:
    """The call, once it is recorded."""
    usage = gateway.service.records.usage
    assert usage
    async with asyncio.timeout(10):
        while True:
            try:
                return await asyncio.to_thread(usage.call, name)
            except NotFound:
                await asyncio.sleep(0.01)


async def asked(up: Scripted, folder: Path, *, stream: bool, **more: Any) -> tuple[Row, Bodies | None, bytes]:
    async with on_disk(folder, settings(up.url, **more)) as (gateway, _):
        got = await gateway.post(ask(f"my key is {SECRET}", stream=stream))
        assert got.status == 200
        row, texts = await kept(gateway, got.headers["x-fairlead-request-id"])
        return row, texts, got.body


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_both_sides_are_kept_without_keys(stream: bool, tmp_path: Path) -> None:
    script = streaming(chunk({"content": "well "}), chunk({"content": SECRET}), chunk({}, "stop"))
    async with scripted(script if stream else answering(reply(completion(f"well {SECRET}")))) as up:
        row, texts, body = await asked(up, tmp_path, stream=stream, keep_bodies=True)
    assert row.bodies
    assert texts
    assert "my key is ***" in texts.request
    assert SECRET not in texts.request + texts.reply
    assert texts.reply == body.decode().replace(SECRET, "***")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_nothing_is_kept_where_nobody_wants_it(stream: bool, tmp_path: Path) -> None:
    script = streaming(chunk({"content": "well"}), chunk({}, "stop"))
    async with scripted(script if stream else answering(reply(completion("well")))) as up:
        row, texts, _ = await asked(up, tmp_path, stream=stream)
    assert (row.bodies, texts) == (False, None)


async def test_of_a_long_stream_a_part_is_kept(tmp_path: Path) -> None:
    script = streaming(*[chunk({"content": "word " * 2000}) for _ in range(60)], chunk({}, "stop"))
    async with scripted(script) as up:
        _, texts, body = await asked(up, tmp_path, stream=True, keep_bodies=True)
    assert texts
    assert len(texts.reply) == 64 * 1024 < len(body)
    assert body.decode().startswith(texts.reply[:-1])
