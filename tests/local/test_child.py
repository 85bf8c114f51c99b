"""What the real small model, in its real process, does."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest

from fairlead.clock import Clock, Ticker
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.local.child import threads
from fairlead.local.supervisor import LocalModel
from fairlead.local.upstream import LocalUpstream
from fairlead.providers.row import Provider
from fairlead.upstream.api import Clocks, Request
from fairlead.upstream.client import HttpUpstream
from fairlead.upstream.connect import Connector
from tests.local.talk import LONG, ask, post, running

pytestmark = [pytest.mark.timeout(180), pytest.mark.skipif(os.name != "posix", reason="signals")]

HELLO = Request(
    Provider("local", "openai-chat", "local:", None, key_optional=True),
    "POST",
    "/chat/completions",
    b'{"model": "smollm2", "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}',
    Clocks(),
)

PARENT = """
import asyncio, sys
from pathlib import Path
from fairlead.clock import Clock
from fairlead.local.supervisor import LocalModel

async def main():
    model = LocalModel(Path(sys.argv[1]), Clock())
    await model.start()
    print(await model.ready(60), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_writes_a_function_that_adds_two_numbers_without_any_parameter_from_the_client(weights: Path):
    async with running(weights) as model:
        for _ in range(3):
            answer = await ask(model, "write a Python function that adds two numbers")
            assert all(part in answer for part in ("def ", "return", "+")), answer


async def test_answers_whatever_else_a_request_says(weights: Path):
    extra = {"user": "me", "metadata": {"a": "b"}, "store": False, "service_tier": "auto", "max_tokens": 5}
    async with running(weights) as model:
        assert await ask(model, "hello", **extra)


async def test_a_call_right_after_it_was_killed_is_answered_by_the_next_one(weights: Path):
    clock = Clock()
    http = HttpUpstream(Connector({}), Ticker(clock))
    model = LocalModel(weights, clock)
    local = LocalUpstream(model, http)
    pids = []
    for _ in range(3):
        response = await local.send(HELLO)
        assert response.status == 200
        assert b'"choices"' in await response.read()
        assert model.pid
        pids.append(model.pid)
        os.kill(model.pid, signal.SIGKILL)
    assert len(set(pids)) == 3
    await local.aclose()
    await http.aclose()


async def test_a_signal_to_the_group_does_not_end_it_before_the_parent(weights: Path):
    async with running(weights) as model:
        await model.ready(LONG)
        pid = model.pid
        assert pid
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        assert await ask(model, "hello", max_tokens=5)
        assert model.pid == pid


def test_goes_with_its_parent_within_two_seconds(weights: Path):
    with subprocess.Popen([sys.executable, "-c", PARENT, str(weights)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        url = urlsplit(parent.stdout.readline().decode().strip())
        assert listens(url)
        parent.kill()
        killed = time.monotonic()
        while listens(url):
            assert time.monotonic() - killed < 2


def listens(url: SplitResult) -> bool:
    try:
        socket.create_connection((url.hostname, url.port), timeout=1).close()
    except OSError:
        return False
    return True


async def test_goes_when_the_parent_closes_it(weights: Path):
    async with running(weights) as model:
        url = await model.ready(LONG)
        began = time.monotonic()
        await model.aclose()
        assert time.monotonic() - began < 2
        with pytest.raises(ConnectionRefusedError):
            post(url, "/health", None, {})


async def test_answers_nobody_but_its_parent(weights: Path):
    async with running(weights) as model:
        url = await model.ready(LONG)
        assert urlsplit(url).hostname == "127.0.0.1"
        body = {"messages": [{"role": "user", "content": "hello"}]}
        for key in (None, "guess"):
            status, _ = await asyncio.to_thread(post, url, "/v1/chat/completions", key, body)
            assert status == 401


async def test_weights_that_cannot_be_loaded_are_said_and_not_waited_for(tmp_path: Path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    async with running(broken) as model:
        with pytest.raises(UpstreamFailure, match="the local model does not run") as caught:
            await model.ready(LONG)
    assert caught.value.failure.kind is FailureKind.STARTING


@pytest.mark.parametrize(("cores", "used"), [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
def test_leaves_half_of_the_cores_to_the_gateway(cores: int, used: int):
    assert threads(cores) == used
