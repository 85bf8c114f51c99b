"""Responses that a provider keeps are asked for where they were made, and encrypted thoughts go back there."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.gateway import Running, running, two_providers
from tests.support.scripted import Connection, Scripted, reply, scripted
from tests.translate.vendors import Said, response, response_events

SAID = Said(thought=True)


@dataclass
class Stage:
    """A gateway before two providers that keep responses; the first one breaks as often as it is told."""

    gateway: Running
    one: Scripted
    two: Scripted
    breaks: list[int]

    @property
    def paths(self) -> list[tuple[int, str, str]]:
        return [(at, each.method, each.path) for at, up in enumerate((self.one, self.two)) for each in up.received]

    def forget(self) -> None:
        self.one.received.clear()
        self.two.received.clear()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    breaks = [0]

    def keeping(number: int) -> Any:
        async def script(connection: Connection) -> None:
            while asked := await connection.request():
                made = {**response(SAID), "id": f"resp_{number}"}
                if asked.body and number == 1 and breaks[0]:
                    breaks[0] -= 1
                    await connection.send(reply({"error": {"message": "down"}}, 500))
                elif asked.body and asked.json.get("stream"):
                    body = b"".join(response_events(SAID)).replace(b"resp_9", b"resp_%d" % number)
                    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n"
                    await connection.send(head.encode() + body)
                elif asked.body or f"resp_{number}" in asked.path:
                    await connection.send(reply(made))
                else:
                    await connection.send(reply({"error": {"message": "not here", "type": "x"}}, 404))

        return script

    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(scripted(keeping(number))) for number in (1, 2)]
        settings = two_providers(one.url, two.url, dialect="openai-responses")
        gateway = await stack.enter_async_context(running(folder, settings))
        yield Stage(gateway, one, two, breaks)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_kept_response_is_asked_for_where_it_was_made(stream: bool, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.breaks[0] = 1
        client = stage.gateway.openai()
        made = await client.responses.create(model="m", input="hello", stream=stream)
        if stream:
            events = [event async for event in made]  # type: ignore[union-attr]
            assert events[-1].response.id == "resp_2"  # type: ignore[union-attr]
        stage.forget()
        assert (await client.responses.retrieve("resp_2")).id == "resp_2"
        assert stage.paths == [(1, "GET", "/v1/responses/resp_2")]
        stage.forget()
        await client.responses.input_items.list("resp_2", limit=3)
        await client.responses.cancel("resp_2")
        await client.responses.delete("resp_2")
        assert stage.paths == [
            (1, "GET", "/v1/responses/resp_2/input_items?limit=3"),
            (1, "POST", "/v1/responses/resp_2/cancel"),
            (1, "DELETE", "/v1/responses/resp_2"),
        ]


async def test_one_whose_maker_was_forgotten_is_looked_for(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        assert (await stage.gateway.openai().responses.retrieve("resp_2")).id == "resp_2"
        assert [at for at, _, _ in stage.paths] == [0, 1]
        with pytest.raises(openai.NotFoundError, match="no provider here has a response `resp_3`"):
            await stage.gateway.openai().responses.retrieve("resp_3")


async def test_a_call_that_goes_on_from_a_response_goes_back_to_its_maker(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.breaks[0] = 1
        client = stage.gateway.openai()
        await client.responses.create(model="m", input="hello")
        stage.forget()
        await client.responses.create(model="m", input="and?", previous_response_id="resp_2")
        assert [at for at, _, _ in stage.paths] == [1]
        stage.forget()
        await client.responses.create(model="m", input="a new one")
        assert [at for at, _, _ in stage.paths] == [0]


async def test_encrypted_thoughts_go_back_to_whoever_issued_them(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.breaks[0] = 1
        client = stage.gateway.openai()
        made = await client.responses.create(model="m", input="hello")
        stage.forget()
        thought = made.output[0].model_dump(exclude_none=True)
        assert thought["encrypted_content"]
        said: Any = [{"role": "user", "content": "hello"}, thought, {"role": "user", "content": "and?"}]
        await client.responses.create(model="m", input=said)
        assert [at for at, _, _ in stage.paths] == [1]
        assert json.loads(stage.two.received[0].body)["input"][1]["encrypted_content"] == thought["encrypted_content"]


async def test_a_method_that_a_kept_response_does_not_take(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        got = await stage.gateway.request("PUT", "/v1/responses/resp_2")
    assert got.status == 405
    assert "use GET or DELETE" in got.json["error"]["hint"]
