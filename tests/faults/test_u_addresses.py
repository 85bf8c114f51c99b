"""Names that lead nowhere, elsewhere, or to several places at once."""

import asyncio
import errno
import functools
import os
import socket
from collections.abc import Sequence

import pytest

from fairlead.upstream.connect import Connector
from tests.faults.ports import deaf
from tests.faults.stage import Stages, failed, well
from tests.support.scripted import scripted

NAME = "api.example.com"


class Resolver:
    """Says what a test wants of every name, and counts how often it was asked."""

    def __init__(self) -> None:
        self.answers: list[Sequence[str] | OSError | asyncio.Event] = []
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, OSError):
            raise answer
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return []
        return answer


@pytest.fixture(name="resolver")
def _resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr("fairlead.app.Connector", functools.partial(Connector, lookup=resolver))
    return resolver


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        ([], "has no address"),
    ],
    ids=["no such name", "no address"],
)
async def test_u03_a_name_that_leads_nowhere_goes_to_the_next_target(
    play: Stages, resolver: Resolver, answer: Sequence[str] | OSError, words: str
) -> None:
    resolver.answers = [answer]
    async with play(f"http://{NAME}/v1", well) as stage:
        got = await stage.ask()
        assert (got.status, got.text, got.headers["x-fairlead-attempts"]) == (200, "rescued", "2")
    async with play(f"http://{NAME}/v1") as stage:
        got = await stage.ask()
        failed(got, 503, "upstream_unavailable", "connect")
        assert words in got.error["attempts"][0]["detail"]


async def test_u03_a_name_that_is_not_answered_for_ends_by_the_connect_clock(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [asyncio.Event()]
    async with play(f"http://{NAME}/v1", timeouts={"connect": 0.2}) as stage:
        failed(await stage.ask(), 503, "upstream_unavailable", "connect_timeout")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
async def test_u03_a_public_name_that_leads_inside_is_refused(play: Stages, resolver: Resolver, address: str) -> None:
    resolver.answers = [[address]]
    async with scripted(well) as inside, play(f"http://{NAME}:{inside.port}/v1") as stage:
        got = await stage.ask()
        failed(got, 502, "upstream_address", "address")
        assert address in got.error["attempts"][0]["detail"]
        assert "private_network" in got.error["hint"]
        assert got.headers["x-should-retry"] == "false"
        assert inside.connections == 0


async def test_u03_a_refused_address_leaves_the_call_to_the_next_target(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [["127.0.0.1"]]
    async with scripted(well) as inside, play(f"http://{NAME}:{inside.port}/v1", well) as stage:
        assert (await stage.ask()).text == "rescued"
        assert inside.connections == 0


async def test_a_provider_said_to_be_in_a_private_network_is_reached_there(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [["127.0.0.1"]]
    async with scripted(well) as inside, play(f"http://{NAME}:{inside.port}/v1", private_network=True) as stage:
        assert (await stage.ask()).text == "rescued"
        assert inside.received[0].headers["host"] == f"{NAME}:{inside.port}"


async def test_a_name_is_looked_up_once_for_each_connection_and_not_for_each_call(
    play: Stages, resolver: Resolver
) -> None:
    # What is looked up is what is connected to: a second answer, were it asked for, would lead to nobody.
    resolver.answers = [["127.0.0.1"], ["192.0.2.1"]]
    async with scripted(well) as inside, play(f"http://{NAME}:{inside.port}/v1", private_network=True) as stage:
        for _ in range(3):
            assert (await stage.ask()).text == "rescued"
        assert (resolver.asked, inside.connections) == (1, 1)


async def test_u04_an_address_that_refuses_costs_nothing(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [["::1", "127.0.0.9", "127.0.0.1"]]
    async with scripted(well) as up, play(f"http://{NAME}:{up.port}/v1", private_network=True) as stage:
        assert (await stage.ask()).text == "rescued"
        assert up.connections == 1


async def test_u04_an_address_that_does_not_answer_is_overtaken(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [["127.0.0.9", "127.0.0.1"]]
    async with (
        scripted(well) as up,
        deaf("127.0.0.9", up.port),
        play(f"http://{NAME}:{up.port}/v1", private_network=True, timeouts={"connect": 20.0}) as stage,
    ):
        async with asyncio.timeout(15):
            assert (await stage.ask()).text == "rescued"


async def test_u04_where_no_address_answers_the_first_ones_reason_is_told(play: Stages, resolver: Resolver) -> None:
    resolver.answers = [["127.0.0.8", "127.0.0.9"]]
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.8", 0))
        async with play(f"http://{NAME}:{unheard.getsockname()[1]}/v1", private_network=True) as stage:
            got = await stage.ask()
            failed(got, 503, "upstream_unavailable", "connect")
            assert got.error["attempts"][0]["detail"].endswith(f": {os.strerror(errno.ECONNREFUSED)}")
