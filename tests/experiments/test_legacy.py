"""Rollback, through the real server: `USE_LEGACY_PORTKEY=1` keeps Portkey behind those one has moved to (A21)."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import running
from tests.support.scripted import answering, completion, reply, scripted

SET = {"OPENROUTER_API_KEY": "or-key", "PORTKEY_API_KEY": "pk-key", "PORTKEY_VIRTUAL_KEY": "vk-0123456789abcdef"}
QUICK: dict[str, Any] = {"profile": "direct", "reliability": {"max_retries": 0}}
CODE = {"model": "intent:code", "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("flag", [{}, {"USE_LEGACY_PORTKEY": "1"}])
async def test_portkey_answers_when_nobody_else_does_and_only_then(tmp_path: Path, flag: dict[str, str]) -> None:
    down = answering(reply({"error": {"message": "no"}}, 503))
    async with scripted(down) as new, scripted(answering(reply(completion("from portkey")))) as old:
        made = {**QUICK, "providers": {"openrouter": {"base_url": new.url}, "portkey": {"base_url": old.url}}}
        async with running(tmp_path, made, {**SET, **flag}) as gateway:
            got = await gateway.post(CODE)
    if not flag:
        assert (got.status, old.received) == (503, [])
        return
    assert got.text == "from portkey"
    assert len(new.received) >= 1
    sent = old.received[0]
    assert (sent.headers["x-portkey-api-key"], sent.headers["x-portkey-virtual-key"]) == (
        "pk-key",
        "vk-0123456789abcdef",
    )
    assert sent.json["model"] == "deepseek-coder"


async def test_portkey_is_not_asked_while_the_others_answer(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion("new")))) as new,
        scripted(answering(reply(completion("old")))) as old,
    ):
        made = {**QUICK, "providers": {"openrouter": {"base_url": new.url}, "portkey": {"base_url": old.url}}}
        async with running(tmp_path, made, {**SET, "USE_LEGACY_PORTKEY": "1"}) as gateway:
            assert (await gateway.post(CODE)).text == "new"
    assert old.received == []
