"""The user leaves before the end."""

import asyncio
import signal
import sys

import pytest

from tests.cli.conftest import AI, KEY, Program, only
from tests.support.scripted import STREAM_HEAD, Connection, chunk, piece, scripted


async def endless(connection: Connection) -> None:
    """Says `tick` ten times a second until nobody listens."""
    await connection.request()
    await connection.send(STREAM_HEAD)
    while True:
        await connection.send(piece(chunk({"content": "tick "})))
        await asyncio.sleep(0.1)


async def silent(connection: Connection) -> None:
    await connection.request()
    await connection.gone()


async def test_an_interrupt_leaves_what_came_and_closes_the_upstream(ai: Program) -> None:
    async with scripted(endless) as up:
        ai.config(only(up))
        process = await ai.start("-m", "m", "hello")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        began = await process.stdout.readexactly(10)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        await up.closed(within=1)
    assert process.returncode == 130
    whole = (began + out).decode()
    assert whole.startswith("tick tick")
    assert whole.endswith("tick \n")
    assert whole.count("\n") == 1
    assert err == b""


async def test_an_interrupt_before_anything_came_prints_nothing(ai: Program) -> None:
    async with scripted(silent) as up:
        ai.config(only(up))
        process = await ai.start("-m", "m", "hello")
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(10):
            while not up.received:
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert await process.communicate() == (b"", b"")
    assert process.returncode == 130


async def test_an_interrupt_through_a_gateway_reaches_the_provider(ai: Program) -> None:
    async with scripted(endless) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            process = await ai.start("-m", "m", "--gateway", gateway.url, "--key", KEY, "hello")
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            await process.stdout.readexactly(5)
            process.send_signal(signal.SIGINT)
            await process.communicate()
            await up.closed(within=2)
    assert process.returncode == 130


@pytest.mark.parametrize("line", [["-m", "m", "hello"], ["models"], ["config", "show"], ["--help"]])
async def test_a_broken_pipe_ends_quietly(ai: Program, line: list[str]) -> None:
    async with scripted(endless) as up:
        ai.config(only(up))
        run = " ".join([*AI, *line])
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", f'({run} < /dev/null; echo "code $?" >&2) | head -c 5; exit 0', cwd=ai.home, env=ai.environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            out, err = await process.communicate()
        await up.closed(within=1)
    assert len(out) == 5
    assert err == b"code 0\n"


async def test_nobody_reads_at_all(ai: Program) -> None:
    ran = await ai("-c", f"{' '.join(AI)} --version | true; exit ${{PIPESTATUS[0]}}", command=("bash",))
    assert (ran.code, ran.err) == (0, ""), sys.version
