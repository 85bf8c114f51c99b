"""Command lines that cannot be understood: exit code 2, and what was probably meant."""

import pytest

from fairlead.cli import main
from fairlead.cli.root import meant
from tests.cli.conftest import Program


@pytest.mark.parametrize("line", [["--model"], ["-m"], ["--model", ""], ["--model", "--json", "hello"], ["hi", "-m"]])
async def test_a_model_option_without_a_value(ai: Program, line: list[str]) -> None:
    ran = await ai(*line)
    assert (ran.code, ran.out) == (2, "")
    assert "Model option requires a value" in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["modles"], "did you mean `ai models`? To ask a model: `ai -- modles`"),
        (["Doctr"], "did you mean `ai doctor`?"),
        (["help"], "did you mean `ai --help`? To ask a model: `ai -- help`"),
        (["version"], "did you mean `ai --version`?"),
        (["modles", "list"], "did you mean `ai models list`?"),
        (["--modle", "x", "hello"], "did you mean `--model`? Words that begin with a dash go after `--`"),
        (["--mystery"], "there is no option `--mystery`"),
        (["models", "lsit"], "did you mean `ai models list`?"),
        (["serve", "--prot", "1"], "did you mean `--port`?"),
        (["serve", "the", "people"], "`ai serve` does not take `the people`"),
        (["serve", "the", "people"], "`ai -- serve …`"),
        (["serve", "--port", "99999"], "it must be at most 65535"),
        (["serve", "--port", "web"], "invalid value for `--port`"),
        (["completion"], "`ai completion` needs SHELL"),
        (["models", "pull", "smolm2"], "did you mean `smollm2`?"),
        (["-o", "temperature", "hello"], "is not KEY=VALUE"),
        (["-o", "stream=false", "hello"], "use --no-stream"),
        (["-o", "a=1", "-o", "a.b=2", "hello"], "which has a value already"),
        (["completion", "tcsh"], "`bash`"),
        (["--gateway", "localhost", "hello"], "not a gateway's URL"),
        (["--config", "nowhere.yaml", "hello"], "no such file"),
    ],
)
async def test_what_was_meant_is_said(ai: Program, line: list[str], said: str) -> None:
    ran = await ai(*line)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


async def test_words_after_a_double_dash_are_asked(ai: Program) -> None:
    ran = await ai("--", "modles")
    assert ran.code == 0
    assert "You said: modles" in ran.out


async def test_a_word_near_a_command_is_asked_about_what_is_piped_in(ai: Program) -> None:
    ran = await ai("complete", stdin=b"one two three")
    assert ran.code == 0
    assert "one two three\n\ncomplete" in ran.out


@pytest.mark.parametrize("line", ["hello", "explain", "what models are there", "model behaviour"])
def test_ordinary_words_are_no_mistyped_command(line: str) -> None:
    assert meant(tuple(line.split())) is None


async def test_a_group_without_a_command_shows_its_help(ai: Program) -> None:
    ran = await ai("config")
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: ai config" in ran.err


async def test_errors_are_plain_where_no_colour_is_wanted(ai: Program) -> None:
    ran = await ai("modles", NO_COLOR="1")
    assert "\x1b" not in ran.err


def test_a_bug_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(main, "chosen", lambda args: 1 / 0)
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    assert main.run(["hello"], "ai") == 1
    told = capsys.readouterr().err
    assert "this is a bug in Fairlead: ZeroDivisionError" in told
    assert "Traceback" not in told
    assert main.run(["hello", "--verbose"], "ai") == 1
    assert "Traceback" in capsys.readouterr().err
