"""Two gateways, each with its own machine's journal: what they share holds for both together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.administered import administered
from tests.support.databases import fresh
from tests.support.gateway import KEY, HttpReply, Running, ask
from tests.support.redises import own
from tests.support.scripted import Scripted, answering, completion, reply, scripted

SAID = answering(reply(completion("hi", prompt_tokens=10, completion_tokens=100)))


@pytest.fixture(params=["sqlite", "postgresql", "sqlite and redis", "postgresql and redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """What both gateways are told of where to share."""
    database, _, redis = request.param.partition(" and ")
    with contextlib.ExitStack() as stack:
        found: dict[str, Any] = {"database": stack.enter_context(fresh(database, tmp_path))}
        if redis:
            found["redis"] = f"redis://127.0.0.1:{stack.enter_context(own(tmp_path)).port}"
        elif database == "sqlite":
            found["server"] = {"workers": 2}
        yield found


@contextlib.asynccontextmanager
async def two(folder: Path, up: Scripted, shared: dict[str, Any], **settings: Any) -> AsyncIterator[list[Running]]:
    provider = {"dialect": "openai-chat", "base_url": up.url, "api_key": "k"}
    said = {
        "providers": {"up": provider},
        "models": {"m": {"targets": [{"provider": "up", "model": "x"}]}},
        "prices": {"up/x": {"input": 0, "output": 100}},
        **shared,
        **settings,
    }
    pepper: dict[str, Any] = {"FAIRLEAD_PEPPER": "one for both of the machines, 32 characters"}
    async with (
        administered(folder / "a", said, **pepper) as (one, _),
        administered(folder / "b", said, **pepper) as (other, _),
    ):
        yield [one, other]


async def answers(gateways: list[Running], count: int) -> list[HttpReply]:
    """Replies to so many calls, one gateway and the other in turn, each asking for 100 tokens: a cent."""
    call = ask(max_tokens=100)
    return [await gateways[at % 2].post(call, authorization=f"Bearer {KEY}") for at in range(count)]


async def test_a_budget_is_one_for_both(tmp_path: Path, shared: dict[str, Any]) -> None:
    async with scripted(SAID) as up:
        async with two(tmp_path, up, shared, budgets={"b": {"limit": 0.10}}) as gateways:
            replies = await asyncio.gather(*(answers(gateways, 10) for _ in range(5)))
            spent = [got for some in replies for got in some if got.status == 200]
            refused = [got for some in replies for got in some if got.status == 402]
            assert len(spent) + len(refused) == 50
            assert 5 <= len(spent) <= 10
            assert refused[0].error["code"] == "budget_exceeded"
        async with two(tmp_path, up, shared, budgets={"b": {"limit": 0.10}}) as gateways:
            more = [got for got in await answers(gateways, 20) if got.status == 200]
        assert len(spent) + len(more) == 10 == len(up.received)


async def test_a_limit_is_one_for_both(tmp_path: Path, shared: dict[str, Any]) -> None:
    async with scripted(SAID) as up, two(tmp_path, up, shared, limits={"l": {"requests": 10}}) as gateways:
        replies = [got for some in await asyncio.gather(*(answers(gateways, 10) for _ in range(3))) for got in some]
        assert [got.status for got in replies].count(200) == 10 == len(up.received)
        late = next(got for got in replies if got.status == 429)
        assert int(late.headers["retry-after"]) >= 1
        for got in replies:
            if got.status == 429:
                assert got.headers["x-ratelimit-limit-requests"] == "10"
                assert got.headers["x-ratelimit-remaining-requests"] == "0"
                assert 0 < float(got.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60


async def test_an_alert_is_told_once_for_both(
    tmp_path: Path, shared: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted(SAID) as up, two(tmp_path, up, shared, budgets={"b": {"limit": 0.10}}) as gateways:
        served = [got.status for got in await answers(gateways, 20)].count(200)
        pages = [(await gateway.request("GET", "/metrics")).body.decode() for gateway in gateways]
    assert served >= 9
    alerted = [line for page in pages for line in page.splitlines() if line.startswith("fairlead_budget_alerts_total{")]
    assert alerted == ['fairlead_budget_alerts_total{budget="b",percent="80"} 1.0']
    assert [line.split(":")[0] for line in caplog.messages if "reached" in line] == ["80% budget reached"]
