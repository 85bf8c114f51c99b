"""The official client gets through the gateway what the recordings say, whole and streamed."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.chat.completions import AsyncCompletions
from openai.resources.embeddings import AsyncEmbeddings

from tests.replay.conftest import Replay, each
from tests.replay.recorded import VENDORS, Exchange, Told, good, told, told_by_reply, told_by_stream
from tests.replay.test_mended import differences

pytestmark = pytest.mark.asyncio(loop_scope="module")
_OWN = {
    "/chat/completions": {*inspect.signature(AsyncCompletions.create).parameters},
    "/embeddings": {*inspect.signature(AsyncEmbeddings.create).parameters},
}


def arguments(exchange: Exchange) -> dict[str, Any]:
    """The recorded request as arguments of the client's method; what it does not know goes as `extra_body`."""
    asked = {**exchange.asked, "model": f"mended-{exchange.key}"}
    own = {name: value for name, value in asked.items() if name in _OWN[exchange.endpoint]}
    return own | {"extra_body": {name: value for name, value in asked.items() if name not in own}}


async def ask(client: AsyncOpenAI, exchange: Exchange) -> Told:
    """What the client gets, as its own objects say it."""
    if exchange.endpoint == "/embeddings":
        return told_by_reply((await client.embeddings.create(**arguments(exchange))).to_dict(warnings=False))
    answer = await client.chat.completions.create(**arguments(exchange))
    if exchange.streams:
        said = told_by_stream([chunk.to_dict(warnings=False) async for chunk in answer])
        for calls in (what for place, what in said.items() if place[0] == "calls"):
            for call in calls:
                assert isinstance(call.pop("index"), int)
        return said
    return told_by_reply(answer.to_dict(warnings=False))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_official_client_gets_all_that_was_recorded(vendor: str, shared: Path, replay: Replay) -> None:
    client = replay.gateway.openai()

    async def compare(exchange: Exchange) -> None:
        assert differences(told(exchange, exchange.body), await ask(client, exchange)) == [], exchange.id

    await each(good(shared, vendor), compare)
