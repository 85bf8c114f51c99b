"""What the gateway writes for `/v1/messages` and `/v1/responses` is what the official SDKs' strict models take."""

from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.support.gateway import one_provider, running
from tests.support.scripted import scripted
from tests.translate.vendors import TOOL, VENDORS, Said, Vendor, answering_as

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ASKED: dict[str, tuple[str, dict[str, Any], TypeAdapter[Any], TypeAdapter[Any]]] = {
    "anthropic-messages": (
        "/v1/messages",
        {"messages": [{"role": "user", "content": "hi"}], "tools": [{"name": TOOL, "input_schema": SCHEMA}]},
        TypeAdapter(Message),
        TypeAdapter(RawMessageStreamEvent),
    ),
    "openai-responses": (
        "/v1/responses",
        {"input": "hi", "tools": [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]},
        TypeAdapter(Response),
        TypeAdapter(ResponseStreamEvent),
    ),
}
SAID = {"text": Said(), "tool": Said(text=False, tool=True), "all": Said(thought=True, tool=True)}


# Where they speak the same, the provider's own bytes pass.
PAIRS = [(client, vendor) for client in ASKED for vendor in VENDORS.values() if vendor.dialect != client]


@pytest.mark.parametrize(("client", "vendor"), PAIRS, ids=[f"{client} of {each.dialect}" for client, each in PAIRS])
@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_whole_and_streamed(client: str, vendor: Vendor, said: Said, tmp_path: Path) -> None:
    path, body, whole, event = ASKED[client]
    body = {"model": "m", "max_tokens" if client.startswith("anthropic") else "max_output_tokens": 100, **body}
    async with (
        scripted(answering_as(vendor, said)) as up,
        running(tmp_path, one_provider(up.url, dialect=vendor.dialect, auth="bearer")) as gateway,
    ):
        replied = await gateway.post(body, path)
        streamed = await gateway.post({**body, "stream": True}, path)
    whole.validate_python(replied.json, strict=True)
    assert streamed.events
    for each in streamed.events:
        event.validate_python(each, strict=True)
