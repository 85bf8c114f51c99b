"""Calls to a model whose targets are equals, through a real gateway: who gets them, and which stay where they are."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairlead import policies
from fairlead.clock import Clock
from fairlead.config.load import load
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.openai.chat import CHAT
from fairlead.ledger.prices import PriceBook
from fairlead.pipeline.call import Call, CallRequest, Principal
from fairlead.pipeline.moments import Moments
from fairlead.pipeline.pins import Pins
from fairlead.pipeline.plan import Planner
from fairlead.routing.sticky import Sessions
from tests.support.administered import ADMIN_KEY, asked
from tests.support.gateway import KEY, HttpReply, Running, ask, config_for, running, two_providers
from tests.support.scripted import Connection, Script, Scripted, completion, reply, scripted

TOOL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BEGUN = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello"}]
GONE_ON = [*BEGUN, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And now?"}]
IN_A_TURN = [
    *BEGUN,
    {"role": "assistant", "content": None, "tool_calls": [TOOL]},
    {"role": "tool", "tool_call_id": "c1", "content": "4"},
]


@dataclass
class Stage:
    """A gateway in front of several providers that serve one model alike."""

    gateway: Running
    providers: list[Scripted]
    answers: list[bytes]

    @property
    def got(self) -> list[int]:
        """How many calls each provider got."""
        return [len(each.received) for each in self.providers]

    async def ask(self, times: int = 1, headers: dict[str, str] | None = None, **members: Any) -> None:
        for _ in range(times):
            assert (await self.gateway.post({**ask(), **members}, **(headers or {}))).status == 200


@asynccontextmanager
async def stage(folder: Path, *weights: float, **model: Any) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        answers = [reply(completion())] * len(weights)
        ups = [await stack.enter_async_context(scripted(_saying(answers, at))) for at in range(len(weights))]
        names = [f"p{at}" for at in range(len(weights))]
        settings = {
            "reliability": {"max_retries": 0},
            "providers": {
                name: {"dialect": "openai-chat", "base_url": f"{up.url}/v1", "api_key": "k"}
                for name, up in zip(names, ups, strict=True)
            },
            "models": {
                "m": {
                    "targets": [
                        {"provider": name, "model": "x", "weight": weight}
                        for name, weight in zip(names, weights, strict=True)
                    ],
                    **model,
                }
            },
        }
        gateway = await stack.enter_async_context(running(folder, settings, {"FAIRLEAD_ADMIN_KEY": ADMIN_KEY}))
        yield Stage(gateway, ups, answers)


async def explained(at: Stage, body: dict[str, Any], headers: dict[str, str] | None = None) -> HttpReply:
    said = {"body": body, "headers": headers or {}, "key": "default"}
    return await asked(at.gateway, "POST", "/api/route/explain", body=said)


def _saying(answers: list[bytes], at: int) -> Script:
    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(answers[at])

    return script


@pytest.mark.parametrize("by", ["weighted", "cheapest", "fastest", "least-busy", "best"])
async def test_every_way_of_choosing_serves(by: str, tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, 1, balance=by) as at:
        await at.ask(6)
        assert sum(at.got) == 6


async def test_calls_are_spread_by_weight(tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, balance="weighted") as at:
        await at.ask(40)
        assert min(at.got) >= 8  # with a chance of 1 in 10,000 to be less


async def test_a_target_of_weight_0_gets_no_call(tmp_path: Path) -> None:
    async with stage(tmp_path, 0, 1, 1, balance="weighted") as at:
        await at.ask(12)
        assert at.got[0] == 0


async def test_a_conversation_stays_where_it_is(tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, 1, 1, balance="weighted") as at:
        await at.ask(messages=BEGUN)
        where = at.got.index(1)
        await at.ask(8, messages=GONE_ON)
        assert at.got[where] == 9


async def test_a_tool_loop_stays_where_it_is(tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, 1, 1, balance="best") as at:
        await at.ask(messages=BEGUN)
        where = at.got.index(1)
        await at.ask(8, messages=IN_A_TURN)
        assert at.got[where] == 9


@pytest.mark.parametrize("said", ["header", "member"])
async def test_a_session_that_is_named_stays_where_it_is(said: str, tmp_path: Path) -> None:
    named: dict[str, Any] = {"prompt_cache_key": "s1"} if said == "member" else {}
    async with stage(tmp_path, 1, 1, 1, 1, balance="weighted") as at:
        for number in range(8):
            headers = {"x-session-id": "s1"} if said == "header" else {}
            await at.ask(messages=[{"role": "user", "content": f"{number}"}], headers=headers, **named)
        assert sorted(at.got) == [0, 0, 0, 8]


async def test_no_session_stays_where_that_is_turned_off(tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, balance="weighted", sticky=0) as at:
        await at.ask(40, messages=GONE_ON)
        assert min(at.got) >= 8


async def test_a_session_moves_on_with_who_answered(tmp_path: Path) -> None:
    """E03: the target that failed is left, and the next call goes where the last answer came from."""
    async with stage(tmp_path, 1, 1, balance="weighted") as at:
        await at.ask(headers={"x-session-id": "s1"})
        first = at.got.index(1)
        at.answers[first] = reply(b'{"error":{"message":"no"}}', status=500)
        await at.ask(headers={"x-session-id": "s1"})
        at.answers[first] = reply(completion())
        before = at.got[first]
        await at.ask(3, headers={"x-session-id": "s1"})
        assert at.got[first] == before


async def test_the_api_explains_where_a_call_would_go(tmp_path: Path) -> None:
    async with stage(tmp_path, 3, 1, 0, balance="weighted") as at:
        await at.ask(headers={"x-session-id": "s1"})
        reply = await explained(at, {"model": "m", "messages": BEGUN})
        rows = reply.json["candidates"]
        assert [row["used"] for row in rows] == [True, True, False]
        assert "drawn first for 75.0% of calls" in rows[0]["reason"]
        assert "its weight is 0" in rows[2]["reason"]
        assert rows[0]["scores"]["state"] == "closed"
        assert at.got.count(0) == 2  # nothing was sent
        where = at.got.index(1)
        row = (await explained(at, {"model": "m", "messages": BEGUN}, {"X-Session-Id": "s1"})).json["candidates"][0]
        assert row["provider"] == f"p{where}"
        assert row["reason"].endswith("the session is here")


async def test_the_api_refuses_to_explain_what_is_no_call(tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, balance="best") as at:
        reply = await explained(at, {"model": "nobody-has-this"})
        assert (reply.status, reply.json["error"]["type"]) == (404, "invalid_request_error")


async def test_a_plan_that_leaves_nothing_open_is_remembered_as_it_is(tmp_path: Path) -> None:
    """No draw, no health, no facts: the very same plan for every call."""
    settings = two_providers("http://127.0.0.1:9", "http://127.0.0.1:9")
    config = load(str(config_for(tmp_path, settings)), {"HOME": str(tmp_path)}, tmp_path).config
    policy = policies.make_policy(config, {})

    def never() -> float:
        raise AssertionError("it drew")

    planner = Planner(policy, Pins(), Moments(Clock(), never, PriceBook(), Sessions()))
    body = json.dumps(ask()).encode()
    calls = [Call("", CallRequest(CHAT, body), Principal("k"), 0.0, Envelope(CHAT, body)) for _ in range(2)]
    assert planner.plan(calls[0]) is planner.plan(calls[1])


@pytest.mark.parametrize(("key", "status"), [(KEY, 403), ("fla-nobodys", 401), (None, 401)])
async def test_only_who_may_administer_is_told_of_routing(key: str | None, status: int, tmp_path: Path) -> None:
    async with stage(tmp_path, 1, 1, balance="best") as at:
        reply = await asked(at.gateway, "POST", "/api/route/explain", key, {"body": {"model": "m"}})
        assert reply.status == status


async def test_who_is_left_alone_is_asked_last(tmp_path: Path) -> None:
    """A refused key opens the breaker at once: one call found out, and no other had to."""
    async with stage(tmp_path, 1, 1, balance="weighted") as at:
        at.answers[0] = reply(b'{"error":{"message":"no such key"}}', status=401)
        await at.ask(20)
        assert at.got == [1, 20]
        rows = (await explained(at, {"model": "m", "messages": BEGUN})).json["candidates"]
        assert [row["provider"] for row in rows] == ["p1", "p0"]
        assert rows[1]["reason"].endswith("left alone, and asked when no other is left")
        assert (rows[1]["scores"]["state"], rows[1]["scores"]["cause"]) == ("open", "auth")
