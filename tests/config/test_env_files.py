"""The predecessor's env files: read as a shell reads them, never run, and never in the way."""

from pathlib import Path

import pytest

from fairlead.config.env_files import LIMIT, Environ, gathered, open_to_others, origin
from fairlead.config.load import load
from tests.config.conftest import Desk

# Seed 000, "Basic Setup", as it stands there.
SEED = """\
# ~/.config/payready/env.llm (new format)
export OPENROUTER_API_KEY="sk-or-v1-xxxxx"
export AIMLAPI_KEY="xxxxx"
export DEFAULT_PROVIDER="openrouter"
export MODEL_CONFIG_PATH="$HOME/.config/payready/models.yaml"
"""


def put(desk: Desk, text: str | bytes, name: str = "env.llm") -> Path:
    path = desk.home / ".config/payready" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def variables(desk: Desk, **own: str) -> Environ:
    return gathered({"HOME": str(desk.home), **own})


def sets(desk: Desk, text: str, **own: str) -> dict[str, str]:
    """What a file with that text sets."""
    put(desk, text)
    found = variables(desk, **own)
    return {name: value for name, value in found.items() if name not in found.own}


def test_the_file_of_the_seed_is_loaded(desk: Desk) -> None:
    put(desk, SEED)
    put(desk, "models:\n  fast: {primary: a/b, fallback: c/d, providers: [openrouter]}\n", "models.yaml")
    environ = variables(desk)
    loaded = load(None, environ, desk.cwd)
    assert environ["OPENROUTER_API_KEY"] == "sk-or-v1-xxxxx"
    assert loaded.config.default_provider == "openrouter"
    assert loaded.config.intents["fast"].primary == "a/b"
    assert loaded.origins["default_provider"] == "~/.config/payready/env.llm:4"
    assert [file.name for file in loaded.files] == ["models.yaml", "env.llm"]
    assert origin(environ, "AIMLAPI_KEY") == "~/.config/payready/env.llm:3"
    assert environ.warnings == ()


def test_without_the_folder_there_is_what_the_process_has(desk: Desk) -> None:
    assert variables(desk, A="b") == {"HOME": str(desk.home), "A": "b"}
    assert gathered({"A": "b"}) == {"A": "b"}


def test_the_environment_wins_even_with_nothing(desk: Desk) -> None:
    put(desk, SEED)
    environ = variables(desk, OPENROUTER_API_KEY="mine", AIMLAPI_KEY="")
    assert (environ["OPENROUTER_API_KEY"], environ["AIMLAPI_KEY"]) == ("mine", "")
    assert origin(environ, "OPENROUTER_API_KEY") == "environment OPENROUTER_API_KEY"


def test_later_files_win_and_copies_are_left_alone(desk: Desk) -> None:
    for name in ("core", "services", "llm", "a-team", "llm~", "llm.bak", "example.template"):
        put(desk, f"export LAST={name}\nexport FROM_{name.upper()[:4].replace('-', '_')}=1\n", f"env.{name}")
    environ = variables(desk)
    assert environ["LAST"] == "a-team"
    assert [file.path.name for file in environ.files] == ["env.core", "env.services", "env.llm", "env.a-team"]
    assert origin(environ, "LAST") == "~/.config/payready/env.a-team:1"


WORDS = {
    "A=b": "b",
    "export A=b": "b",
    "A='b $HOME \"c\"'": 'b $HOME "c"',
    'A="b # c"': "b # c",
    "A=b # c": "b",
    "A=b#c": "b#c",
    'A=b"c d"e': "bc de",
    r"A=b\ c": "b c",
    r'A="b\"\$c\x"': r'b"$c\x',
    "A=": "",
    "A=b;": "b",
    "A=$X-$X": "y-y",
    "A=${X}z": "yz",
    "A=${NONE:-d}": "d",
    'A="${X:-d}"': "y",
    "A=$NONE": "",
    "A=b$": "b$",
    'A="b\nc"': "b\nc",
    "A=b\r\n": "b",
    "\ufeffA=b": "b",
    "set -a\nA=b\nset +a": "b",
    "export A\nA=b": "b",
    "B=1 A=b": "b",
    "A=1\nA=b$A": "b1",
}


@pytest.mark.parametrize(("text", "value"), WORDS.items())
def test_a_value_is_what_a_shell_would_make_of_it(desk: Desk, text: str, value: str) -> None:
    assert sets(desk, text, X="y")["A"] == value
    assert variables(desk).warnings == ()


def test_a_variable_of_the_process_stands_for_itself_in_later_values(desk: Desk) -> None:
    assert sets(desk, "A=file\nB=$A\n", A="own") == {"B": "own"}


NOT_RUN = {
    "A=$(cat key)": "its value takes a shell",
    "A=`cat key`": "its value takes a shell",
    'A="x$(cat key)"': "its value takes a shell",
    "A=${B%%x}": "its value takes a shell",
    "A=b|c": "its value takes a shell",
    'A="b': "a quote is not closed",
}


@pytest.mark.parametrize(("text", "why"), NOT_RUN.items())
def test_what_a_shell_would_run_sets_nothing_and_is_told_of(desk: Desk, text: str, why: str) -> None:
    found = sets(desk, f"# first\n{text}\nGOOD=1\n" if '"b' not in text else f"GOOD=1\n{text}\n")
    assert found == {"GOOD": "1"}
    (warning,) = variables(desk).warnings
    assert warning.startswith("~/.config/payready/env.llm:2: A is not set")
    assert why in warning


def test_a_line_that_is_no_assignment_is_told_of_and_the_rest_is_read(desk: Desk) -> None:
    assert sets(desk, "source ./other\nGOOD=1\n") == {"GOOD": "1"}
    (warning,) = variables(desk).warnings
    assert warning == "~/.config/payready/env.llm:1: not read, for it does not say NAME=value"


@pytest.mark.parametrize("content", [b"A=\xff\n", b"A=" + b"b" * LIMIT])
def test_a_file_that_cannot_be_read_is_told_of(desk: Desk, content: bytes) -> None:
    put(desk, content)
    put(desk, "GOOD=1", "env.core")
    environ = variables(desk)
    assert environ["GOOD"] == "1"
    (warning,) = environ.warnings
    assert warning.startswith("~/.config/payready/env.llm sets nothing: ")


def test_no_value_is_shown(desk: Desk) -> None:
    put(desk, SEED)
    assert "sk-or" not in repr(variables(desk))


@pytest.mark.parametrize(("mode", "shown"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_noticed(desk: Desk, mode: int, shown: bool) -> None:
    put(desk, SEED).chmod(mode)
    (file,) = variables(desk).files
    assert open_to_others(file) is shown
