"""`ai serve --workers`: one banner, one key, one port; and who takes the place of a worker that dies."""

import asyncio
import os
import re
import signal

import pytest

from tests.cli.conftest import KEY, Program
from tests.support.gateway import read_reply, request_bytes
from tests.support.scripted import scripted
from tests.workers.served import Served, answering, serving, settings


async def works(served_port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", served_port)
    except OSError:
        return False
    writer.close()
    return True


async def test_the_banner_comes_once_and_its_key_works_with_every_worker(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up))
        async with serving(ai, FAIRLEAD_KEY="") as served:
            said = served.said
            assert said.count("Fairlead listens on") == said.count("(shown once)") == 1
            key = said.partition("(shown once): ")[2].split()[0]
            got = await asyncio.gather(*(served.call(key) for _ in range(60)))
            assert {each.status for each in got} == {200}
            assert await served.end() == 0


async def test_a_key_that_cannot_be_stored_works_with_every_worker(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=3))
        async with serving(ai, workers=3, FAIRLEAD_KEY="", FAIRLEAD_DATABASE="postgresql://127.0.0.1:9/none") as served:
            key = served.said.partition("(shown once): ")[2].split()[0]
            got = await asyncio.gather(*(served.call(key) for _ in range(60)))
            assert {each.status for each in got} == {200}


async def test_a_worker_that_dies_is_replaced_and_no_connection_is_refused(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        async with serving(ai, workers=2) as served:
            process = served.workers[2]
            served.kill(process)
            told = await served.told(rf"worker 2 \(process {process}\) was ended by signal 9; another starts in 0.2 s")
            assert (await served.call()).status == 200
            assert told.count("listens on") == 1
            await served.told(r"worker 2 \(process \d+\) is up", 2)
            assert set(served.workers) == {1, 2}
            assert await served.end() == 0


async def test_term_to_one_worker_ends_and_replaces_that_one_alone(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        async with serving(ai, workers=2) as served:
            for _ in range(2):  # a second one does not stop it short
                os.kill(served.workers[1], signal.SIGTERM)
            await served.told(r"worker 1 \(process \d+\) ended with status 0")
            await served.told(r"worker 1 \(process \d+\) is up", 2)
            assert served.process.returncode is None


async def test_hup_reaches_every_worker(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=3))
        async with serving(ai, workers=3) as served:
            more = settings(up, workers=3)
            more["models"]["another"] = more["models"]["m"]
            ai.config(more)
            served.process.send_signal(signal.SIGHUP)
            said = await served.told("the configuration was read again", 3)
            assert set(re.findall(r"fairlead.server\[(\d)\] the configuration was read", said)) == {"1", "2", "3"}
            got = await asyncio.gather(*(served.call(model="another") for _ in range(30)))
            assert {each.status for each in got} == {200}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_all_processes_drains_as_one_to_the_first_does(ai: Program, number: int) -> None:
    """As service managers send it; a worker must not take what is passed on to it for the second one."""

    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        async with serving(ai, workers=2) as served:
            for process in (*served.workers.values(), served.process.pid):
                os.kill(process, number)
            async with asyncio.timeout(15):
                assert await served.process.wait() == 0
            assert "another starts" not in served.said
            assert "stopping now" not in served.said


async def test_workers_do_not_outlive_the_process_that_keeps_them(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        async with serving(ai, workers=2) as served:
            assert (await served.call()).status == 200
            served.process.kill()
            await served.process.wait()
            async with asyncio.timeout(15):
                while await works(served.port):
                    await asyncio.sleep(0.05)


async def test_what_no_worker_could_do_ends_the_server(ai: Program) -> None:
    ai.config({"server": {"host": "0.0.0.0", "port": 0, "workers": 3}})
    ran = await ai("serve")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("listening on 0.0.0.0 without a key of your own is refused") == 1
    none = await ai("serve", "--workers", "0", FAIRLEAD_KEY=KEY)
    assert none.code == 2
    assert "server.workers" in none.err


async def test_metrics_are_those_of_all_workers_and_outlive_a_worker(ai: Program) -> None:
    async with scripted(answering) as up:
        ai.config(settings(up, workers=2))
        async with serving(ai, workers=2) as served:
            await asyncio.gather(*(served.call() for _ in range(40)))
            await counted(served, 40)
            served.kill(served.workers[1])
            await served.told(r"worker 1 \(process \d+\) is up", 2)
            await asyncio.gather(*(served.call() for _ in range(10)))
            for _ in range(10):
                await counted(served, 50)


async def counted(served: Served, calls: int) -> None:
    """Wait until `/metrics` has as many; each time another worker may answer."""
    async with asyncio.timeout(15):
        while f'status="200"}} {calls}.0' not in await scraped(served):
            await asyncio.sleep(0.1)


async def scraped(served: Served) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=2**20)
    writer.write(request_bytes("GET", "/metrics"))
    body = (await read_reply(reader)).body.decode()
    writer.transport.abort()
    return "".join(line + "\n" for line in body.splitlines() if line.startswith("fairlead_calls_total"))
