"""The names to ask for, and the small model's way here."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.cli import main
from fairlead.cli import pull as pulling
from fairlead.config.schema import Config
from fairlead.local import weights
from fairlead.local.weights import Progress, PullError
from tests.cli.conftest import KEYS, Program
from tests.cli.test_serve import UNREACHABLE


async def test_the_list_has_what_can_be_asked_for_and_who_serves_it(ai: Program) -> None:
    ran = await ai("models", **KEYS)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (await ai("models", "list", **KEYS)).out
    intents, registry = ran.out.split("\n\n")
    assert intents.startswith("Intents, models of the configuration, and default models of providers\n  auto ")
    assert registry.startswith("Models of the registry, by name\n  gpt-4 ")
    rows = dict(line.split()[:2] for line in ran.out.splitlines() if line.startswith("  "))
    assert rows["intent:code"] == "openrouter/deepseek/deepseek-coder"
    assert "aimlapi/google/gemini-3-5-flash-lite     the provider's default model\n" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 81
    assert "openai/gpt-5.6-luna" not in rows


async def test_the_list_as_json(ai: Program) -> None:
    for line in (["models", "--json"], ["models", "list", "--json"]):
        ran = await ai(*line, **KEYS)
        names = {model["name"]: model for model in json.loads(ran.out)}
        assert names["intent:code"] == {
            "name": "intent:code", "provider": "openrouter", "model": "deepseek/deepseek-coder", "about": "intent",
        }  # fmt: skip


async def test_a_name_is_explained(ai: Program) -> None:
    ran = await ai("models", "explain", "anthropic/claude-3-opus", AIMLAPI_KEY=KEYS["AIMLAPI_KEY"])
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("`anthropic/claude-3-opus` is an alias of `claude-3-opus`")
    assert [line.split(maxsplit=2)[:2] for line in lines[1:5]] == [
        ["-", "anthropic/claude-3-opus-20240229"],
        ["-", "bedrock/anthropic.claude-3-opus-20240229-v1:0"],
        ["-", "portkey/claude-3-opus-20240229"],
        ["-", "openrouter/anthropic/claude-3-opus"],
    ]
    assert lines[4].endswith("OPENROUTER_API_KEY is not set")
    assert lines[5].split(maxsplit=2)[:2] == ["1.", "aimlapi/anthropic/claude-3-opus"]
    assert lines[5].endswith("the first in the order that has it, until 2026-08-21")
    assert lines[6] == "Anthropic's Claude 3 Opus: 200,000 tokens, 4,096 of them out"


async def test_a_name_that_is_empty_is_none(ai: Program) -> None:
    ran = await ai("models", "explain", " ", **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: `ai models explain` needs NAME\n")


async def test_a_name_is_explained_as_json(ai: Program) -> None:
    ran = await ai("models", "explain", "o1", "--json", **KEYS)
    told = json.loads(ran.out)
    assert told["serves"] == {"provider": "openrouter", "model": "openai/o1-preview"}
    assert told["model"]["model_name"] == "o1-preview"
    assert not told["model"]["supports_streaming"]


async def test_under_strict_models_a_name_that_the_registry_does_not_know_is_refused(ai: Program) -> None:
    ran = await ai("models", "explain", "gpt-5", FAIRLEAD_STRICT_MODELS="true", **KEYS)
    assert ran.code == 2
    assert "error: Model not found in registry: `gpt-5`" in ran.err


async def test_a_vendors_slug_is_explained(ai: Program) -> None:
    ran = await ai("models", "explain", "qwen/qwen3-coder", AIMLAPI_KEY=KEYS["AIMLAPI_KEY"])
    assert "a vendor's slug" in ran.out
    assert "-   openrouter/qwen/qwen3-coder  OPENROUTER_API_KEY is not set" in ran.out
    assert "1.  aimlapi/qwen/qwen3-coder     serves models of many vendors by slug" in ran.out


async def test_a_name_that_nobody_has_suggests_another(ai: Program) -> None:
    for name in ("intent-code", "code"):
        ran = await ai("models", "explain", name)
        assert (ran.code, ran.out) == (2, "")
        assert "did you mean" in ran.err
        assert "`intent:code`" in ran.err


async def test_a_pull_that_fails_says_what_to_do(ai: Program) -> None:
    ran = await ai("models", "pull", **UNREACHABLE)
    assert (ran.code, ran.out) == (1, "")
    assert "error: the package index " in ran.err
    assert "hint: " in ran.err
    assert not list((ai.home / "data").rglob("*.gguf"))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path), "FAIRLEAD_DATA_DIR": str(tmp_path)})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fetched(folder: Path, report: Callable[[Progress], None], _: object = None) -> Path:
    for done in (0, 49_000_000, 49_500_000, 98_000_000):
        report(Progress(done, 98_000_000))
    return folder / "weights"


def test_a_pull_tells_its_progress_and_prints_the_place(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "pull", fetched)
    assert main.run(["models", "pull"], "ai") == 0
    told = capsys.readouterr()
    assert told.out == f"{own}/weights\n"
    assert told.err.splitlines() == ["smollm2: 0 %", "smollm2: 50 %", "smollm2: 100 %"]


def test_on_a_terminal_the_progress_is_a_bar(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "pull", fetched)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        assert main.run(["models", "pull"], "ai") == 0
        shown = ""
        while "100%" not in shown:  # a terminal hands on what it has, not all that was written
            shown += os.read(ours, 65536).decode()
    os.close(ours)
    assert "smollm2" in shown


def test_a_pull_at_the_start_is_announced_and_its_failure_is_no_error(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Path:
        raise PullError("the disk is full", hint="free some room")

    monkeypatch.setattr(pulling, "find_spec", lambda _: object())
    environ = {"FAIRLEAD_DATA_DIR": str(own), "HOME": str(own)}
    for way, last in (
        (fetched, f"`smollm2` is kept as {own}/fairlead/weights"),
        (fails, "the `echo` model answers instead"),
    ):
        monkeypatch.setattr(weights, "pull", way)
        pulling.pull_if_needed(Config(), {**environ, "XDG_DATA_HOME": str(own)})
        told = capsys.readouterr().err
        assert told.startswith("no provider key is set: fetching the small local model `smollm2` (98 MB)\n")
        assert told.splitlines()[-1] == last


def test_without_the_runtime_nothing_is_pulled(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "pull", lambda *_: pytest.fail("pulled"))
    monkeypatch.setattr(pulling, "find_spec", lambda _: None)
    pulling.pull_if_needed(Config(), {"XDG_DATA_HOME": str(own)})
    assert "the `echo` model answers instead" in capsys.readouterr().err
    pulling.pull_if_needed(Config(), {"XDG_DATA_HOME": str(own), **KEYS})
    assert capsys.readouterr().err == ""
