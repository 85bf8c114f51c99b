"""What the program says of itself, and how soon."""

import asyncio
import os
import sys
import time
from pathlib import Path

import click
import pytest

from fairlead.cli.root import COMMANDS, ROOT
from tests.cli.conftest import AI, Program

HEAVY = ("asyncio", "msgspec", "uvloop", "uvicorn", "yaml", "ssl", "prometheus_client", "fairlead.app")


async def test_help_shows_how_to_ask_and_every_command(ai: Program) -> None:
    ran = await ai("--help")
    assert (ran.code, ran.err) == (0, "")
    assert 'ai "why is the sky blue"' in ran.out
    for shown in (*COMMANDS, "--model", "--intent", "--provider", "--no-stream", "--gateway", "-o, --option"):
        assert shown in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_each_command_says(name: str) -> None:
    command = ROOT.get_command(click.Context(ROOT), name)
    assert command is not None
    assert (command.help or "").partition("\n")[0] == COMMANDS[name]


async def test_every_command_has_help(ai: Program) -> None:
    lines = [[name] for name in COMMANDS]
    lines += [["models", sub] for sub in ("list", "pull", "explain")] + [["config", sub] for sub in ("check", "show")]
    for line in lines:
        ran = await ai(*line, "-h")
        assert ran.code == 0, line
        assert ran.out.startswith(f"Usage: ai {' '.join(line)}"), line


async def test_help_comes_at_once(ai: Program) -> None:
    await ai("--help")
    began = time.monotonic()
    await ai("--help")
    assert time.monotonic() - began < 1


async def test_help_imports_nothing_heavy(ai: Program) -> None:
    ran = await ai("--help", command=(sys.executable, "-X", "importtime", "-m", "fairlead.cli.main"))
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert "click" in imported
    assert not imported & set(HEAVY)


async def test_the_version(ai: Program) -> None:
    ran = await ai("--version")
    assert ran.code == 0
    assert ran.out.startswith("fairlead ")


@pytest.mark.parametrize("name", ["ai", "fairlead"])
async def test_both_names_are_the_program(ai: Program, name: str) -> None:
    ran = await ai("--help", command=(str(Path(sys.executable).with_name(name)),))
    assert ran.out.startswith(f"Usage: {name} ")
    assert f"cat main.py | {name}" in ran.out


async def test_alone_on_a_terminal_it_shows_its_help(ai: Program) -> None:
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *AI, stdin=theirs, stdout=asyncio.subprocess.PIPE, env=ai.environ, cwd=ai.home
    )
    out, _ = await process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    assert out.startswith(b"Usage: ai ")


async def test_alone_with_nothing_piped_in_there_is_nothing_to_ask(ai: Program) -> None:
    ran = await ai()
    assert (ran.code, ran.out) == (2, "")
    assert "there is nothing to ask" in ran.err
