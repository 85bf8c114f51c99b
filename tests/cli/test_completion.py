"""What a shell is told."""

import shutil
from typing import Any

import pytest

from tests.cli.conftest import KEYS, Program


async def completed(ai: Program, line: str, **environ: Any) -> list[str]:
    words = line.split(" ")
    ran = await ai(_AI_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), **environ)
    return [item.partition(",")[2] for item in ran.out.splitlines() if item]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_a_script_for_each_shell(ai: Program, shell: str) -> None:
    ran = await ai("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"_AI_COMPLETE={shell}_complete" in ran.out
    assert f"_FAIRLEAD_COMPLETE={shell}_complete" in ran.out
    if shutil.which(shell):
        assert (await ai("-n", command=(shell,), stdin=ran.out.encode())).err == ""


async def test_commands_and_options(ai: Program) -> None:
    assert await completed(ai, "ai mo") == ["models"]
    assert await completed(ai, "ai models pu") == ["pull"]
    assert await completed(ai, "ai --mod") == ["--model"]
    assert await completed(ai, "ai serve --po") == ["--port"]


async def test_names_are_those_that_can_be_asked_for(ai: Program) -> None:
    assert await completed(ai, "ai --intent c", **KEYS) == ["code", "creative"]
    assert await completed(ai, "ai hello --provider open", **KEYS) == ["openrouter"]
    assert "intent:code" in await completed(ai, "ai -m int", **KEYS)


async def test_a_wrong_configuration_completes_to_nothing(ai: Program) -> None:
    ai.config({"modles": {}})
    assert await completed(ai, "ai -m ") == []
