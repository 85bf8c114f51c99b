"""Tools that take free text, as Codex edits files, work at targets whose tools take JSON alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.support.gateway import KEY, one_provider, running
from tests.support.scripted import scripted
from tests.translate import vendors
from tests.translate.vendors import VENDORS, Said, answering_as

PATCH = '*** Begin Patch\n+ a "quoted" line ☕\n*** End Patch'
TOOL: dict[str, Any] = {
    "type": "custom",
    "name": vendors.TOOL,
    "description": "Edits files",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: LINE+"},
}
HISTORY: Any = [
    {"role": "user", "content": "edit it"},
    {"type": "custom_tool_call", "call_id": "c1", "name": vendors.TOOL, "input": PATCH},
    {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    {"role": "user", "content": "again"},
]


@pytest.mark.parametrize("dialect", [name for name in VENDORS if name != "openai-responses"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_they_go_as_functions_and_come_back(
    dialect: str, stream: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vendors.ARGUMENTS, "input", PATCH)
    for name in ("city", "days"):
        monkeypatch.delitem(vendors.ARGUMENTS, name)
    monkeypatch.setitem(vendors._CHAT_CALL["function"], "arguments", json.dumps({"input": PATCH}))
    async with (
        scripted(answering_as(VENDORS[dialect], Said(tool=True))) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect, auth="bearer")) as gateway,
        AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as client,
    ):
        asked: Any = {"model": "m", "input": HISTORY, "tools": [TOOL]}
        if stream:
            async with client.responses.stream(**asked) as events:
                async for _ in events:
                    pass
                got: Any = await events.get_final_response()
        else:
            got = await client.responses.create(**asked)
    (call,) = [item for item in got.output if item.type == "custom_tool_call"]
    assert (call.name, call.input) == (vendors.TOOL, PATCH)
    sent = up.received[0].body.decode()
    assert "start: LINE+" in sent
    assert "Begin Patch" in sent
    assert '"custom"' not in sent


async def test_openai_itself_takes_them_as_they_are(tmp_path: Path) -> None:
    async with scripted(answering_as(VENDORS["openai-chat"], Said())) as up:
        settings = one_provider(up.url, flavor={"free_text": True})
        async with (
            running(tmp_path, settings) as gateway,
            AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as client,
        ):
            await client.responses.create(model="m", input=HISTORY, tools=[TOOL])  # type: ignore[list-item]
    assert up.received[0].json["tools"][0]["type"] == "custom"
