"""Connections to providers: kept, handed out, given up."""

import asyncio

from tests.faults.stage import Stages
from tests.support.gateway import ask
from tests.support.scripted import Connection, answering, completion, reply, scripted

well = answering(reply(completion("well")))


async def slow(connection: Connection) -> None:
    while await connection.request():
        await asyncio.sleep(0.05)
        await connection.send(reply(completion("slow")))


async def test_calls_one_after_the_other_share_a_connection(play: Stages) -> None:
    async with play(well) as stage:
        for _ in range(5):
            assert (await stage.ask()).text == "well"
        assert (stage.up.connections, len(stage.up.received)) == (1, 5)


async def test_calls_at_once_have_a_connection_each_and_the_next_use_those(play: Stages) -> None:
    async with play(slow) as stage:
        for _ in range(2):
            await asyncio.gather(*[stage.ask() for _ in range(5)])
        assert stage.up.connections == 5


async def test_idle_connections_are_given_up_after_a_while(play: Stages) -> None:
    async with play(slow) as stage:
        await asyncio.gather(*[stage.ask() for _ in range(5)])
        stage.clock.ahead += 56
        await stage.ask()
        assert stage.up.connections == 6
        async with asyncio.timeout(1):
            while stage.up.open > 1:
                await asyncio.sleep(0.005)


async def test_those_not_needed_are_given_up_while_others_are_in_use(play: Stages) -> None:
    async with play(slow) as stage:
        await asyncio.gather(*[stage.ask() for _ in range(5)])
        for _ in range(3):
            stage.clock.ahead += 20
            await stage.ask()
        assert stage.up.connections == 5
        async with asyncio.timeout(1):
            while stage.up.open > 1:
                await asyncio.sleep(0.005)


async def test_a_server_that_says_close_is_believed(play: Stages) -> None:
    async with play(answering(reply(completion("well"), headers="connection: close\r\n"))) as stage:
        for _ in range(3):
            assert (await stage.ask()).text == "well"
        assert stage.up.connections == 3


async def test_an_http_1_0_server_is_not_kept(play: Stages) -> None:
    async with play(answering(reply(completion("well")).replace(b"HTTP/1.1", b"HTTP/1.0"))) as stage:
        for _ in range(2):
            assert (await stage.ask()).text == "well"
        assert stage.up.connections == 2


async def test_a_body_that_ends_with_the_connection_is_read(play: Stages) -> None:
    _, _, body = reply(completion("well")).partition(b"\r\n\r\n")

    async def closing(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + body)

    async with play(closing) as stage:
        for _ in range(2):
            assert (await stage.ask()).text == "well"
        assert stage.up.connections == 2


async def test_one_providers_connections_are_not_anothers(play: Stages) -> None:
    async with (
        scripted(well) as other,
        play(answering(reply({"error": {"message": "x"}}, 500)), other.url) as stage,
    ):
        for _ in range(3):
            assert (await stage.ask()).text == "well"
        assert (stage.up.connections, other.connections) == (1, 1)


async def test_a_large_call_reaches_the_provider_whole(play: Stages) -> None:
    async with play(well) as stage:
        text = "x" * 20_000_000
        got = await stage.gateway.post({"model": "m", "messages": [{"role": "user", "content": text}]})
        assert got.text == "well"
        assert stage.up.received[0].json["messages"][0]["content"] == text


async def test_u25_a_reply_that_came_before_the_call_was_sent_costs_the_connection(play: Stages) -> None:
    async def hasty(connection: Connection) -> None:
        await connection.reader.readuntil(b"\r\n\r\n")
        await connection.send(reply(completion("early")))
        await asyncio.sleep(60)

    async with play(hasty) as stage:
        for _ in range(2):
            assert (await stage.gateway.post(ask("x" * 20_000_000))).text == "early"
        assert stage.up.connections == 2
