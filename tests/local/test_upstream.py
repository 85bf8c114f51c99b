"""How a call finds the small model."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.local.echo import Reply
from fairlead.local.supervisor import LocalModel
from fairlead.local.upstream import DEATH, LocalUpstream
from fairlead.providers.row import Provider
from fairlead.upstream.api import Clocks, Request, Response, Upstream
from tests.local.test_supervisor import OBEDIENT, SORRY, Rests, stand_in

COUNTING = """
import json, os, sys
sys.stdin.readline()
print(json.dumps({'url': f'http://127.0.0.1:{os.getpid()}'}), flush=True)
sys.stdin.read()
"""


class Wire:
    """Stands in for the upstream that has sockets: takes what it is sent, after the given failures.

    What it is told to kill dies at each of them.
    """

    def __init__(self, *failures: FailureKind, kill: LocalModel | None = None) -> None:
        self.failures = list(failures)
        self.kill = kill
        self.sent: list[Request] = []
        self.closed = False

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if self.failures:
            if self.kill:
                assert self.kill.pid
                os.kill(self.kill.pid, signal.SIGKILL)
            raise UpstreamFailure(self.failures.pop(0), "as planned")
        return Reply(200, b"application/json", iter([b"{}"]))

    async def aclose(self) -> None:
        self.closed = True


def call(first_byte: float = 60.0) -> Request:
    provider = Provider("local", "openai-chat", "", None, key_optional=True)
    return Request(provider, "POST", "/chat/completions", b"{}", Clocks(first_byte=first_byte))


async def sent(model: LocalModel | None, wire: Wire) -> Response:
    upstream: Upstream = LocalUpstream(model, wire)
    try:
        return await upstream.send(call())
    finally:
        await upstream.aclose()


async def test_a_call_is_sent_to_where_the_model_listens_with_its_key():
    model, wire = stand_in(OBEDIENT), Wire()
    await model.start()
    assert (await sent(model, wire)).status == 200
    (request,) = wire.sent
    assert request.provider.base_url == "http://127.0.0.1:1/v1"
    assert request.provider.api_key is model.api_key is not None
    assert (request.method, request.path, request.body) == ("POST", "/chat/completions", b"{}")


async def test_without_weights_it_says_how_to_get_them():
    with pytest.raises(UpstreamFailure, match="ai models pull smollm2") as caught:
        await sent(None, Wire())
    assert caught.value.failure.kind is FailureKind.STARTING


async def test_a_model_that_cannot_run_fails_the_call_at_once():
    model = stand_in(SORRY, sleep=Rests(1))
    await model.start()
    with pytest.raises(UpstreamFailure, match="xllamacpp is not installed"):
        await sent(model, Wire())


async def test_a_call_waits_no_longer_than_its_own_clock():
    model = LocalModel(Path("weights"), Clock(), command=(sys.executable, "-c", "input(); input()"))
    await model.start()
    with pytest.raises(UpstreamFailure, match=r"still starting after 0\.05 s"):
        await LocalUpstream(model, Wire()).send(call(first_byte=0.05))
    await model.aclose()


@pytest.mark.parametrize("kind", DEATH)
async def test_a_call_that_meets_a_dying_child_is_served_by_the_next_one(kind: FailureKind):
    model = stand_in(COUNTING, sleep=lambda _: asyncio.sleep(0))
    wire = Wire(kind, kill=model)
    await model.start()
    assert (await sent(model, wire)).status == 200
    first, second = (request.provider for request in wire.sent)
    assert first.base_url != second.base_url
    assert first.api_key != second.api_key


async def test_a_broken_connection_alone_is_no_reason_to_replace_the_child():
    model = stand_in(COUNTING)
    wire = Wire(FailureKind.RESET)
    await model.start()
    assert (await sent(model, wire)).status == 200
    first, second = (request.provider for request in wire.sent)
    assert first.base_url == second.base_url


async def test_a_child_that_dies_again_and_again_fails_the_call():
    model = stand_in(COUNTING, sleep=lambda _: asyncio.sleep(0))
    wire = Wire(*[FailureKind.CONNECT] * 9, kill=model)
    await model.start()
    with pytest.raises(UpstreamFailure):
        await sent(model, wire)
    assert len(wire.sent) == 3


async def test_the_model_is_started_by_the_first_call():
    model = stand_in(OBEDIENT)
    assert (await sent(model, Wire())).status == 200


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind not in DEATH])
async def test_no_other_failure_is_tried_again_here(kind: FailureKind):
    wire = Wire(kind)
    model = stand_in(OBEDIENT)
    await model.start()
    with pytest.raises(UpstreamFailure) as caught:
        await sent(model, wire)
    assert caught.value.failure.kind is kind
    assert len(wire.sent) == 1


async def test_closing_ends_the_model_and_leaves_the_sockets_to_their_owner():
    model, wire = stand_in(OBEDIENT), Wire()
    await model.start()
    await model.ready(20)
    await LocalUpstream(model, wire).aclose()
    assert model.pid is None
    assert not wire.closed
