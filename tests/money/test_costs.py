"""What a call cost is known: to its client in a header, and to the ledger item by item."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.anthropic.count import count_text
from fairlead.ledger.row import Item, Row
from tests.money.house import CALLERS, IN, OUT, PRICE, SAID_COST, begun, counting, half, priced, settings
from tests.support.gateway import Running, ask, request_bytes
from tests.support.scripted import Scripted, answering, chunk, completion, reply, scripted, streaming
from tests.translate.vendors import CACHED, INPUT, OUTPUT, VENDORS, Said, answering_as

every_client = pytest.mark.parametrize("client", CALLERS)
every_vendor = pytest.mark.parametrize("vendor", ["openai-chat", "openai-responses", "anthropic-messages", "gemini"])
LONG = "word " * 400


def money(row: Row) -> tuple[int | None, bool, bool]:
    return row.cost, row.estimated, row.reported


@every_client
@every_vendor
async def test_the_header_and_the_row_say_what_it_cost(client: str, vendor: str, tmp_path: Path) -> None:
    async with (
        scripted(answering_as(VENDORS[vendor], Said())) as up,
        priced(tmp_path, settings(up.url, dialect=vendor)) as (gateway, rows, _),
    ):
        headers = await CALLERS[client](gateway.url, 100)
    assert SAID_COST == 23_500
    assert headers["x-fairlead-cost"] == "0.0000235"
    (row,) = rows
    assert money(row) == (SAID_COST, False, False)
    assert row.items == [
        Item("input", INPUT - CACHED, 8000), Item("cached", CACHED, 1500), Item("output", OUTPUT, 14_000)
    ]  # fmt: skip


@every_vendor
@pytest.mark.parametrize("client", ["openai-chat", "anthropic-messages"])
async def test_a_stream_costs_what_its_provider_counted(client: str, vendor: str, tmp_path: Path) -> None:
    path = "/v1/chat/completions" if client == "openai-chat" else "/v1/messages"
    async with (
        scripted(answering_as(VENDORS[vendor], Said())) as up,
        priced(tmp_path, settings(up.url, dialect=vendor)) as (gateway, rows, _),
    ):
        got = await gateway.post(ask(stream=True, max_tokens=100), path)
    assert got.status == 200
    assert "x-fairlead-cost" not in got.headers  # nobody knows it yet
    assert money(rows[0]) == (SAID_COST, False, False)


@every_vendor
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_usage_has_the_cost_where_it_is_asked_for(stream: bool, vendor: str, tmp_path: Path) -> None:
    async with (
        scripted(answering_as(VENDORS[vendor], Said())) as up,
        priced(tmp_path, settings(up.url, dialect=vendor)) as (gateway, rows, _),
    ):
        got = await gateway.post(ask(stream=stream, max_tokens=100, usage={"include": True}))
        plain = await gateway.post(ask(stream=stream, max_tokens=100))
    said = [chunk["usage"] for chunk in (got.events[:-1] if stream else [got.json]) if chunk.get("usage")]
    assert [(usage["cost"], usage["prompt_tokens"]) for usage in said] == [(0.0000235, INPUT)]
    assert b"cost" not in plain.body
    assert "x-fairlead-dropped" not in got.headers
    assert all("usage" not in json.loads(request.body) for request in up.received)
    assert [row.cost for row in rows] == [SAID_COST, SAID_COST]


async def test_what_no_provider_counts_is_estimated(tmp_path: Path) -> None:
    said = completion(LONG)
    del said["usage"]
    whole = chunk({"content": LONG}), chunk({}, "stop")
    async with (
        scripted(answering(reply(said))) as up,
        priced(tmp_path, settings(up.url)) as (gateway, rows, _),
    ):
        got = await gateway.post(ask())
        up.script = streaming(*whole)
        await up.drop()
        await gateway.post(ask(stream=True))
    made = count_text(len(LONG)) * OUT
    for row in rows:
        assert row.estimated
        assert not row.counted
        assert made < (row.cost or 0) < made + 40 * IN
    assert float(got.headers["x-fairlead-cost"]) * 1e9 == pytest.approx(rows[0].cost)


async def test_what_openrouter_says_it_charged_is_the_cost(tmp_path: Path) -> None:
    said = completion("hi")
    said["usage"] |= {"cost": 0.00421}
    row = {"dialect": "openai-chat", "api_key": "k"}
    async with scripted(answering(reply(said))) as up:
        told = {
            "providers": {"openrouter": {**row, "base_url": up.url}},
            "models": {"m": {"targets": [{"provider": "openrouter", "model": "openai/gpt-4o"}]}},
        }
        async with priced(tmp_path, told) as (gateway, rows, _):
            got = await gateway.post(ask())
    assert got.headers["x-fairlead-cost"] == "0.00421"
    assert (money(rows[0]), rows[0].items) == ((4_210_000, False, True), [])


async def test_an_unknown_price_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, prices={})) as (gateway, rows, _),
    ):
        got = await gateway.post(ask())
    assert got.status == 200
    assert "x-fairlead-cost" not in got.headers
    assert rows[0].cost is None
    assert rows[0].tokens.input == 10


@pytest.mark.parametrize("model", ["echo", "free"])
async def test_what_is_free_costs_nothing(model: str, tmp_path: Path) -> None:
    async with scripted(counting(10, 5)) as up:
        told = settings(up.url, prices={"up/*": {"free": True}})
        told["models"] |= {
            "free": told["models"]["m"], "echo": {"targets": [{"provider": "echo", "model": "echo"}]}
        }  # fmt: skip
        async with priced(tmp_path, told) as (gateway, rows, _):
            got = await gateway.post({**ask(), "model": model})
    assert (got.status, got.headers["x-fairlead-cost"], rows[0].cost) == (200, "0", 0)


COUNT = {"/v1/messages/count_tokens": ask(), "/v1/responses/input_tokens": {"model": "m", "input": "hello"}}


@pytest.mark.parametrize("path", COUNT)
async def test_counting_tokens_costs_nothing_even_where_nothing_is_left(path: str, tmp_path: Path) -> None:
    spent: dict[str, Any] = {"budgets": {"none": {"limit": 0}}}
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **spent)) as (gateway, rows, _),
    ):
        got = await gateway.post(COUNT[path], path)
    assert (got.status, rows[0].cost) == (200, 0)
    assert got.headers["x-fairlead-cost"] == "0"


async def test_a_call_that_failed_cost_nothing(tmp_path: Path) -> None:
    no = reply({"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}, 400)
    async with (
        scripted(answering(no, reply({}, 500))) as up,
        priced(tmp_path, settings(up.url)) as (gateway, rows, _),
    ):
        assert (await gateway.post(ask())).status == 400
        assert (await gateway.post(ask())).status == 502
    assert [row.cost for row in rows] == [0, 0]


async def test_a_call_that_no_budget_let_through_cost_nothing(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, daily_budget=0)) as (gateway, rows, _),
    ):
        assert (await gateway.post(ask())).status == 402
    assert (rows[0].outcome, rows[0].code, rows[0].cost, up.received) == ("refused", "budget_exceeded", 0, [])


SAYING = {"content": LONG}


@pytest.mark.parametrize("left", ["cut", "client"])
async def test_a_stream_without_a_count_that_broke_off_costs_what_came(left: str, tmp_path: Path) -> None:
    async with (
        scripted(half([chunk(SAYING), chunk({"content": "!"})])) as up,
        priced(tmp_path, settings(up.url)) as (gateway, _, kept),
    ):
        if left == "client":
            await begun(gateway, b'"!"')
        else:
            await begun_and_cut(gateway, up)
        (row,) = await kept.all(1)
    assert row.outcome == {"cut": "cut", "client": "cancelled"}[left]
    assert row.estimated
    made = count_text(len(LONG)) * OUT
    assert made * 0.9 < (row.cost or 0) < made * 1.2
    assert all(item.nano and item.nano > 0 for item in row.items)


async def begun_and_cut(gateway: Running, up: Scripted) -> None:
    call = asyncio.create_task(gateway.post(ask(stream=True)))
    async with asyncio.timeout(5):
        while not gateway.engine.metrics.open or not up.received:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)  # what was sent has come
    await up.drop()
    assert (await call).error["code"] == "upstream_cut"


async def test_a_count_from_before_the_answer_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    """Anthropic's first event says one token of output, whatever comes after it."""

    def named(kind: str, **members: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()

    usage = {"input_tokens": 50, "output_tokens": 1}
    head: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "up", "content": []}
    head |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    events = [
        named("message_start", message=head),
        named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        named("content_block_delta", index=0, delta={"type": "text_delta", "text": LONG + "!"}),
    ]
    for path in ("/v1/messages", "/v1/chat/completions"):
        async with (
            scripted(half(events)) as up,
            priced(tmp_path, settings(up.url, dialect="anthropic-messages")) as (gateway, _, kept),
        ):
            await begun(gateway, b"!", ask(stream=True, max_tokens=1000), path)
            (row,) = await kept.all(1)
        assert (row.cost, row.estimated) == (50 * IN + count_text(len(LONG) + 1) * OUT, True)


async def test_a_client_that_leaves_after_the_count_pays_by_it(tmp_path: Path) -> None:
    events = [chunk({"content": LONG}), chunk({}, "stop"), chunk(choices=[], usage={"prompt_tokens": 9,
              "completion_tokens": 400, "total_tokens": 409})]  # fmt: skip
    async with (
        scripted(half(events)) as up,
        priced(tmp_path, settings(up.url)) as (gateway, _, kept),
    ):
        await begun(gateway, b'"stop"', ask(stream=True, stream_options={"include_usage": True}))
        (row,) = await kept.all(1)
    assert money(row) == (9 * IN + 400 * OUT, False, False)


async def test_a_client_that_leaves_before_an_answer_pays_for_its_question(tmp_path: Path) -> None:
    async with (
        scripted(half([], head=b"")) as up,
        priced(tmp_path, settings(up.url)) as (gateway, _, kept),
    ):
        async with gateway.connect() as (_, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask()).encode()))
            async with asyncio.timeout(5):
                while not up.received:
                    await asyncio.sleep(0.005)
        (row,) = await kept.all(1)
    assert (row.outcome, row.estimated) == ("cancelled", True)
    assert 5 * IN < (row.cost or 0) < 40 * IN


async def test_pictures_that_nobody_counted_have_an_unknown_cost(tmp_path: Path) -> None:
    picture = {"created": 1, "data": [{"b64_json": "QUJD" * 10_000}]}
    async with (
        scripted(answering(reply(picture))) as up,
        priced(tmp_path, settings(up.url)) as (gateway, rows, _),
    ):
        got = await gateway.post({"model": "m", "prompt": "a cat"}, "/v1/images/generations")
    assert (got.status, rows[0].cost) == (200, None)


async def test_the_tier_that_was_asked_for_has_its_price(tmp_path: Path) -> None:
    tiers = {"up/*": {**PRICE, "tiers": {"flex": {"input": "0.5", "output": "1"}}}}
    async with (
        scripted(counting(100, 10)) as up,
        priced(tmp_path, settings(up.url, prices=tiers, daily_budget=5)) as (gateway, rows, _),
    ):
        for tier in ("flex", "default", "standard_only", "priority"):
            await gateway.post(ask(service_tier=tier))
    assert [row.cost for row in rows] == [60_000, 120_000, 120_000, 0]
    assert rows[-1].code == "price_unknown"
