"""How the small model's process is kept, shown with stand-ins for it that behave and misbehave."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from fairlead.clock import Clock
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.local.supervisor import LocalModel

HEAR = "import json, os, sys, time; key = json.loads(sys.stdin.readline())['api_key']; "
TELL = "print(json.dumps({'url': 'http://127.0.0.1:1'}), flush=True); "
OBEDIENT = HEAR + TELL + "sys.stdin.read()"
DEAF = HEAR + TELL + "time.sleep(60)"
FAINT = HEAR + TELL
MUTE = HEAR + "sys.exit(3)"
BABBLING = HEAR + "print('llama_model_loader: loaded'); sys.stdout.flush(); time.sleep(60)"
SORRY = HEAR + "print(json.dumps({'error': 'xllamacpp is not installed'}))"
LATE = HEAR + "open(sys.argv[1]).read(); " + TELL + "sys.stdin.read()"
SHOWS = HEAR + "print(json.dumps({'error': ' '.join([key, *os.environ])}))"

SOON = 20.0


class Rests:
    """Stands in for sleeping: notes the delays, and after enough of them never wakes."""

    def __init__(self, enough: int) -> None:
        self.delays: list[float] = []
        self.enough = enough
        self.done = asyncio.Event()

    async def __call__(self, delay: float) -> None:
        self.delays.append(delay)
        if len(self.delays) == self.enough:
            self.done.set()
            await asyncio.Event().wait()


def stand_in(script: str, path: Path = Path("weights"), **more) -> LocalModel:
    return LocalModel(path, Clock(), command=(sys.executable, "-c", script), **more)


async def test_start_returns_before_there_is_a_model():
    model = stand_in(OBEDIENT)
    await model.start()
    assert model.url is None
    assert await model.ready(SOON) == "http://127.0.0.1:1" == model.url
    await model.aclose()
    assert model.url is None


async def test_who_waits_while_it_loads_is_served_when_it_has(tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    model = stand_in(LATE, gate)
    await model.start()
    waiting = asyncio.create_task(model.ready(SOON))
    await asyncio.to_thread(gate.write_text, "open")
    assert await waiting == "http://127.0.0.1:1"
    await model.aclose()


async def test_who_waits_while_it_loads_waits_no_longer_than_asked(tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    model = stand_in(LATE, gate)
    await model.start()
    with pytest.raises(UpstreamFailure, match=r"still starting after 0\.05 s") as caught:
        await model.ready(0.05)
    assert caught.value.failure.kind is FailureKind.STARTING
    await model.aclose()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (SORRY, "xllamacpp is not installed"),
        (MUTE, "ended with status 3 before it was ready"),
        (BABBLING, "before it was ready"),
    ],
)
async def test_why_there_is_no_model_is_said_at_once(script: str, why: str):
    model = stand_in(script, sleep=Rests(1))
    await model.start()
    with pytest.raises(UpstreamFailure, match=why):
        await model.ready(SOON)
    await model.aclose()


async def test_a_program_that_is_not_there_is_said():
    model = LocalModel(Path("weights"), Clock(), command=("/nonexistent",), sleep=Rests(1))
    await model.start()
    with pytest.raises(UpstreamFailure, match="No such file"):
        await model.ready(SOON)
    await model.aclose()


async def test_each_death_in_a_row_is_followed_by_a_longer_rest_up_to_thirty_seconds():
    rests = Rests(10)
    model = LocalModel(Path("weights"), Clock(), command=("false",), sleep=rests)
    await model.start()
    await rests.done.wait()
    await model.aclose()
    assert rests.delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


async def test_after_a_minute_of_health_a_death_is_the_first_again():
    minutes = count(step=61)
    clock = Clock()
    clock.monotonic = lambda: float(next(minutes))
    rests = Rests(3)
    model = LocalModel(Path("weights"), clock, command=("false",), sleep=rests)
    await model.start()
    await rests.done.wait()
    await model.aclose()
    assert rests.delays == [0.2, 0.2, 0.2]


async def test_who_comes_after_a_death_waits_for_the_next_life():
    rests = Rests(2)
    model = stand_in(FAINT, sleep=rests)
    await model.start()
    await rests.done.wait()
    assert model.url is None
    with pytest.raises(UpstreamFailure, match="still starting"):
        await model.ready(0.01)
    await model.aclose()


async def test_the_address_of_a_dead_process_is_not_given_out_again():
    model = stand_in(OBEDIENT, sleep=lambda _: asyncio.sleep(0))
    await model.start()
    url = await model.ready(SOON)
    dead = model.pid
    assert dead
    os.kill(dead, signal.SIGKILL)
    await model.doubt(url, SOON)
    await model.ready(SOON)
    assert model.pid != dead
    await model.aclose()


async def test_a_process_that_lives_keeps_its_address_whoever_doubts_it():
    model = stand_in(OBEDIENT)
    await model.start()
    url = await model.ready(SOON)
    await model.doubt(url, 0.01)
    assert model.url == url
    await model.aclose()


async def test_one_that_does_not_listen_is_killed():
    model = stand_in(DEAF)
    await model.start()
    await model.ready(SOON)
    pid = model.pid
    assert pid
    began = time.monotonic()
    await model.aclose()
    assert 1.9 < time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_closed_while_it_loads_it_is_gone(tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    model = stand_in(LATE, gate)
    await model.start()
    await asyncio.sleep(0)
    await model.aclose()
    with pytest.raises(UpstreamFailure, match="it was stopped"):
        await model.ready(SOON)


async def test_the_keys_of_providers_stay_with_the_gateway(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-canary")
    model = stand_in(SHOWS, sleep=Rests(1))
    await model.start()
    with pytest.raises(UpstreamFailure) as caught:
        await model.ready(SOON)
    assert "PATH" in caught.value.failure.detail
    assert "OPENROUTER_API_KEY" not in caught.value.failure.detail
    await model.aclose()


async def test_its_own_key_is_new_in_every_life():
    keys = []
    for _ in range(2):
        model = stand_in(OBEDIENT)
        await model.start()
        await model.ready(SOON)
        assert repr(model.api_key) == "***"
        keys.append(model.api_key)
        await model.aclose()
    assert keys[0] != keys[1]


async def test_every_change_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "fairlead.local")
    model = stand_in(FAINT, sleep=Rests(1))
    await model.start()
    await model._sleep.done.wait()  # type: ignore[attr-defined]
    await model.aclose()
    lines = [record.getMessage().split(" after ")[0] for record in caplog.records]
    assert lines == [
        "local model: starting",
        "local model: ready at http://127.0.0.1:1",
        "local model: ended with status 0; starting again in 0.2 s",
        "local model: stopped",
    ]


def test_the_gateway_does_not_load_what_only_the_child_needs():
    code = (
        "import json, sys; import fairlead.local.echo, fairlead.local.supervisor, fairlead.local.upstream,"
        " fairlead.local.weights; print(json.dumps(list(sys.modules)))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert not {"xllamacpp", "numpy", "zipfile", "fairlead.local.wheel"} & set(loaded)
