"""What providers keep is asked for where it was made, by those for whom it was made."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairlead.pipeline.remembered import Remembered
from tests.support.administered import administered, asked
from tests.support.gateway import HttpReply, Running, ask, running, two_providers
from tests.support.scripted import Connection, Received, Script, Scripted, chunk, completion, reply, scripted
from tests.translate.vendors import Said, response

PATHS = {
    "responses": ["GET {id}", "GET {id}/input_items", "POST {id}/cancel", "DELETE {id}"],
    "chat/completions": ["GET {id}", "GET {id}/messages", "POST {id}", "DELETE {id}"],
}


def keeping(number: int) -> Script:
    """A provider whose completions and responses have its number in their ids."""

    async def script(connection: Connection) -> None:
        while request := await connection.request():
            await connection.send(_answer(number, request))

    return script


def _answer(number: int, request: Received) -> bytes:
    kept = {"id": f"chatcmpl-{number}"} if "completions" in request.path else {"id": f"resp_{number}"}
    if f"_{number}" in request.path or f"-{number}" in request.path:
        return reply(kept)
    if request.method != "POST":
        return reply({"error": {"message": "not here", "type": "x"}}, 404)
    if request.path.endswith("/responses"):
        return reply(response(Said()) | kept)
    if not request.json.get("stream"):
        return reply(completion() | kept)
    body = chunk({"content": "hi"}, **kept) + chunk({}, "stop", **kept) + b"data: [DONE]\n\n"
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


@dataclass
class Stage:
    """The second of two providers answers; each dialect of theirs keeps what is made."""

    ups: list[Scripted]
    settings: dict[str, Any]

    @property
    def paths(self) -> list[tuple[int, str, str]]:
        return [(at, each.method, each.path) for at, up in enumerate(self.ups, 1) for each in up.received]

    def forget(self) -> None:
        for up in self.ups:
            up.received.clear()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        ups = [await stack.enter_async_context(scripted(keeping(number))) for number in (1, 2)]
        settings = two_providers(ups[0].url, ups[1].url, also=["openai-responses"])
        settings["models"]["m"]["targets"].pop(0)
        yield Stage(ups, settings)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_stored_completion_is_asked_for_where_it_was_made(stream: bool, tmp_path: Path) -> None:
    async with staged() as stage, running(tmp_path, stage.settings) as gateway:
        made = await gateway.post({**ask(), "store": True, "stream": stream})
        assert made.status == 200
        stage.forget()
        for each in PATHS["chat/completions"]:
            method, path = each.replace("{id}", "chatcmpl-2").split()
            assert (await gateway.request(method, f"/v1/chat/completions/{path}")).status == 200
    assert {at for at, _, _ in stage.paths} == {2}
    assert len(stage.paths) == len(PATHS["chat/completions"])


async def test_one_that_its_provider_kept_is_asked_for_though_it_says_nowhere_that_it_keeps_any(tmp_path: Path) -> None:
    async with staged() as stage:
        for provider in stage.settings["providers"].values():
            del provider["also"]
        async with running(tmp_path, stage.settings) as gateway:
            before = await gateway.request("GET", "/v1/chat/completions/chatcmpl-2")
            await gateway.post({**ask(), "store": True})
            after = await gateway.request("GET", "/v1/chat/completions/chatcmpl-2")
    assert [before.status, after.status] == [404, 200]


@pytest.mark.parametrize("members", [{}, {"store": False}, {"store": None}], ids=json.dumps)
async def test_what_nobody_keeps_is_not_remembered(members: Any, tmp_path: Path) -> None:
    async with staged() as stage, running(tmp_path, stage.settings) as gateway:
        for stream in (False, True):
            assert (await gateway.post({**ask(), **members, "stream": stream})).status == 200
        assert gateway.engine.pins.maker("chatcmpl-2") is None


async def keys(gateway: Running) -> dict[str, str]:
    """Two keys of one team, one of another team, and two of none."""
    await asked(gateway, "POST", "/api/organisations", body={"name": "acme"})
    for team in ("red", "blue"):
        await asked(gateway, "POST", "/api/teams", body={"name": team, "organisation": "acme"})
    wanted: dict[str, str | None] = {"red": "red", "red too": "red", "blue": "blue", "alone": None, "alone too": None}
    made: dict[str, Any] = {}
    for name, its in wanted.items():
        body: dict[str, str] = {"name": name} | ({"team": its} if its else {})
        made[name] = (await asked(gateway, "POST", "/api/keys", body=body)).json["key"]
    return made


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[tuple[Stage, Running, dict[str, str]]]:
    async with staged() as stage, administered(folder, stage.settings) as (gateway, _):
        yield stage, gateway, await keys(gateway)


async def make(gateway: Running, kind: str, key: str, **more: Any) -> HttpReply:
    body = {"model": "m", "input": "hello"} if kind == "responses" else {**ask(), "store": True}
    got = await asked(gateway, "POST", f"/v1/{kind}", key, {**body, **more})
    assert got.status == (200 if not more or got.status == 200 else 400), got.body
    return got


IDS = {"responses": "resp_2", "chat/completions": "chatcmpl-2"}


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize(("maker", "others"), [("red", ["blue", "alone"]), ("alone", ["alone too", "red"])])
async def test_another_key_is_told_that_there_is_nothing(
    kind: str, maker: str, others: list[str], tmp_path: Path
) -> None:
    async with house(tmp_path) as (stage, gateway, made):
        await make(gateway, kind, made[maker])
        stage.forget()
        for other in others:
            for each in PATHS[kind]:
                method, path = each.replace("{id}", IDS[kind]).split()
                got = await asked(gateway, method, f"/v1/{kind}/{path}", made[other])
                assert (got.status, got.error["code"]) == (404, "not_found")
                unknown = await asked(gateway, method, f"/v1/{kind}/{path.replace('2', '7')}", made[other])
                assert unknown.error["message"].replace("7", "2") == got.error["message"]
        assert stage.paths == []


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("reader", ["red", "red too", None], ids=str)
async def test_its_own_team_and_the_operator_get_it(kind: str, reader: str | None, tmp_path: Path) -> None:
    async with house(tmp_path) as (stage, gateway, made):
        await make(gateway, kind, made["red"])
        stage.forget()
        for each in PATHS[kind]:
            method, path = each.replace("{id}", IDS[kind]).split()
            if reader is None:
                got = await gateway.request(method, f"/v1/{kind}/{path}")
            else:
                got = await asked(gateway, method, f"/v1/{kind}/{path}", made[reader])
            assert got.status == 200, got.body
        assert {at for at, _, _ in stage.paths} == {2}


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async with staged() as stage:
        async with administered(tmp_path, stage.settings) as (gateway, _):
            gateway.engine.pins.beyond = Remembered(tmp_path / "made.jsonl")
            made = await keys(gateway)
            await make(gateway, "responses", made["red"])
        async with administered(tmp_path, stage.settings) as (gateway, _):
            gateway.engine.pins.beyond = Remembered(tmp_path / "made.jsonl")
            stage.forget()
            statuses = [
                (await asked(gateway, "GET", "/v1/responses/resp_2", made[name])).status for name in ("red too", "blue")
            ]
    assert statuses == [200, 404]
    assert [at for at, _, _ in stage.paths] == [2]


async def test_what_the_operator_made_is_nobody_elses(tmp_path: Path) -> None:
    async with house(tmp_path) as (_, gateway, made):
        assert (await gateway.post({"model": "m", "input": "hello"}, "/v1/responses")).status == 200
        assert (await asked(gateway, "GET", "/v1/responses/resp_2", made["red"])).status == 404


async def test_all_that_an_account_keeps_is_listed_for_the_operator_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as (stage, gateway, made):
        got = await asked(gateway, "GET", "/v1/chat/completions?limit=3", made["red"])
        assert got.status == 404
        assert "for the operator's key alone" in got.error["message"]
        assert stage.paths == []
        await gateway.request("GET", "/v1/chat/completions?limit=3")
        assert {path for _, _, path in stage.paths} == {"/v1/chat/completions?limit=3"}


async def test_a_call_goes_on_from_its_own_responses_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as (stage, gateway, made):
        await make(gateway, "responses", made["red"])
        stage.forget()
        refused = await make(gateway, "responses", made["blue"], previous_response_id="resp_2")
        assert (refused.status, refused.error["param"]) == (400, "previous_response_id")
        assert stage.paths == []
        for name in ("red", "red too"):
            assert (await make(gateway, "responses", made[name], previous_response_id="resp_2")).status == 200
