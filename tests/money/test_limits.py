"""How fast one may go: what is refused takes nothing, and what a reply says of it is true."""

import asyncio
import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from fairlead.errors import ConfigError
from fairlead.ledger.principal import Principal
from tests.money.house import CALLERS, Still, begun, counting, half, known_as, priced, settings
from tests.support.gateway import HttpReply, Running, ask, request_bytes
from tests.support.scripted import DONE, END, STREAM_HEAD, Connection, answering, chunk, piece, reply, scripted


def limit(**entry: Any) -> dict[str, Any]:
    return {"limits": {"ours": entry}}


def told(got: HttpReply, word: str) -> tuple[str, str, str]:
    part = [got.headers[f"x-ratelimit-{each}-{word}"] for each in ("limit", "remaining", "reset")]
    return part[0], part[1], part[2]


async def test_requests_are_counted_and_the_headers_say_how_many_are_left(tmp_path: Path) -> None:
    clock = Still()
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **limit(requests=3)), clock) as (gateway, rows, _),
    ):
        first = await gateway.post(ask())
        clock.now += 20
        second, third = await gateway.post(ask()), await gateway.post(ask())
        refused = [await gateway.post(ask()) for _ in range(3)]
        clock.now += 39
        late = await gateway.post(ask())
        clock.now += 1
        again = await gateway.post(ask())
    assert [each.status for each in (first, second, third, *refused, late, again)] == [200] * 3 + [429] * 4 + [200]
    assert told(first, "requests") == ("3", "2", "60.000s")
    assert told(third, "requests") == ("3", "0", "60.000s")
    assert [told(each, "requests") for each in refused] == [("3", "0", "60.000s")] * 3
    assert [each.headers["retry-after"] for each in (*refused, late)] == ["40"] * 3 + ["1"]
    assert (late.error["type"], late.error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert "the limit `ours` allows 3 requests within 60 s; 3 are counted" in late.error["message"]
    assert "retry-after" not in first.headers
    assert [row.outcome for row in rows].count("refused") == 4


async def test_calls_that_failed_count(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({}, 500))) as up,
        priced(tmp_path, settings(up.url, **limit(requests=2))) as (gateway, _, _),
    ):
        got = [await gateway.post(ask()) for _ in range(3)]
    assert [each.status for each in got] == [502, 502, 429]
    assert told(got[0], "requests")[:2] == ("2", "1")


@pytest.mark.parametrize(
    ("kind", "most", "served"), [("tokens", 200, 2), ("input_tokens", 150, 2), ("output_tokens", 50, 4)]
)
async def test_tokens_count_as_the_provider_counted_them(kind: str, most: int, served: int, tmp_path: Path) -> None:
    async with (
        scripted(counting(70, 12)) as up,
        priced(tmp_path, settings(up.url, **limit(**{kind: most})), Still()) as (gateway, _, _),
    ):
        got = [await gateway.post(ask(max_tokens=13)) for _ in range(served + 1)]
        await gateway.post({**ask("hello " * 1000), "max_tokens": 1000})
    assert [each.status for each in got] == [200] * served + [429]
    left = most - served * {"tokens": 82, "input_tokens": 70, "output_tokens": 12}[kind]
    assert told(got[-1], "tokens") == (str(most), str(left), "60.000s")
    assert got[-1].headers["retry-after"] == "60"
    never = gateway.seen[-1]
    assert (never.status, never.headers["x-should-retry"]) == (429, "false")
    assert "retry-after" not in never.headers
    assert never.error["retryable"] is False


async def test_a_stream_without_a_count_is_counted_by_us(tmp_path: Path) -> None:
    async with (
        scripted(half([chunk({"content": "word " * 300})])) as up,
        priced(tmp_path, settings(up.url, **limit(tokens=500))) as (gateway, _, kept),
    ):
        await begun(gateway, b"word ")
        await kept.all(1)
        await up.drop()
        up.script = counting(1, 1)
        got = await gateway.post(ask())
    remaining = int(told(got, "tokens")[1])
    assert 500 - 429 - 80 < remaining < 500 - 429 - 20


async def test_each_of_a_group_has_its_own_limit(tmp_path: Path) -> None:
    said = limit(requests=1, group_by=["key", "metadata.project"], conditions={"model": "m"})
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **said), Still()) as (gateway, _, _),
    ):
        known_as(gateway, "fl-bob", Principal("bob", "key_2"))
        bob = {"authorization": "Bearer fl-bob"}
        got = [
            await gateway.post(ask(metadata={"project": "x"})),
            await gateway.post(ask(metadata={"project": "x"})),
            await gateway.post(ask(metadata={"project": "y"})),
            await gateway.post(ask(metadata={"project": "x"}), **bob),
            await gateway.post(ask(metadata={"project": "x"}), **bob),
            await gateway.post(ask()),
        ]
    assert [each.status for each in got] == [200, 429, 200, 200, 429, 200]
    assert "of default, x" in got[1].error["message"]
    assert "x-ratelimit-limit-requests" not in got[-1].headers


async def test_official_clients_hear_when_to_come_again(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **limit(requests=0)), Still()) as (gateway, _, _),
    ):
        with pytest.raises(openai.RateLimitError) as gpt:
            await CALLERS["openai-chat"](gateway.url, 10)
        with pytest.raises(anthropic.RateLimitError) as claude:
            await CALLERS["anthropic-messages"](gateway.url, 10)
    assert gpt.value.response.headers["x-ratelimit-limit-requests"] == "0"
    assert claude.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]


async def test_whoever_is_refused_by_a_second_limit_takes_nothing_of_the_first(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "limits": {"many": {"requests": 2}, "few": {"requests": 1, "conditions": {"end_user": "eve"}}}
    }
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **said), Still()) as (gateway, _, _),
    ):
        got = [await gateway.post(ask(user=user)) for user in ("eve", "eve", "eve", "bob", "bob")]
    assert [each.status for each in got] == [200, 429, 429, 200, 429]
    assert told(got[1], "requests")[:2] == ("1", "0")


# --- calls at one time


def waiting(release: asyncio.Event) -> Any:
    """Streams a word at once and the end when it is released."""

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(STREAM_HEAD + piece(chunk({"content": "hi"})))
            await release.wait()
            await connection.send(piece(chunk({}, "stop")) + piece(DONE) + END)

    return script


async def test_a_stream_is_under_way_until_its_end(tmp_path: Path) -> None:
    release = asyncio.Event()
    async with (
        scripted(waiting(release)) as up,
        priced(tmp_path, settings(up.url, **limit(concurrent=1))) as (gateway, _, kept),
        gateway.connect() as (reader, writer),
    ):
        writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask(stream=True)).encode()))
        await reader.readuntil(b'"hi"')
        refused = await gateway.post(ask())
        release.set()
        await reader.readuntil(b"[DONE]")
        await kept.all(2)
        after = await gateway.post(ask(stream=True))
    assert (refused.status, refused.headers["retry-after"], after.status) == (429, "1", 200)
    assert "allows 1 calls at one time" in refused.error["message"]


async def test_a_client_that_leaves_is_not_under_way_any_more(tmp_path: Path) -> None:
    async with (
        scripted(waiting(asyncio.Event())) as up,
        priced(tmp_path, settings(up.url, **limit(concurrent=2))) as (gateway, _, kept),
    ):
        for number in range(1, 6):
            await begun(gateway, b'"hi"')
            await kept.all(number)
        async with gateway.connect() as (reader, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(ask(stream=True)).encode()))
            await reader.readuntil(b'"hi"')
            gate: Any = gateway.engine.accounting._gate
            assert [meter.total for meter in gate._meters.values()] == [1]


async def test_calls_that_fail_are_not_under_way_any_more(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({}, 500))) as up,
        priced(tmp_path, settings(up.url, daily_budget="0.000001", **limit(concurrent=1))) as (gateway, _, _),
    ):
        assert [(await gateway.post(ask())).status for _ in range(3)] == [402] * 3
        unknown = await gateway.post({**ask(), "model": "nobody"})
        assert unknown.status in (400, 404, 503)
        gate: Any = gateway.engine.accounting._gate
        assert [meter.total for meter in gate._meters.values()] == [0]


async def call_many(gateway: Running, number: int) -> list[HttpReply]:
    return list(await asyncio.gather(*(gateway.post(ask()) for _ in range(number))))


async def test_fifty_at_once_at_a_limit_of_ten_are_ten(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **limit(requests=10)), Still()) as (gateway, _, _),
    ):
        got = await call_many(gateway, 50)
    assert sorted(each.status for each in got) == [200] * 10 + [429] * 40
    assert len(up.received) == 10


@pytest.mark.parametrize("entry", [{"conditions": {"provider": "up"}}, {"group_by": ["provider"]}])
async def test_a_limit_by_provider_is_refused_at_the_start(entry: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="before there is a provider"):
        async with priced(tmp_path, settings("http://127.0.0.1:1", **limit(requests=1, **entry))):
            pass
