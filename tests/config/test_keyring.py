"""`${keyring:NAME}`: the environment first, then the operating system's keyring under the service `payready`."""

import sys
import types

import pytest

from tests.config.conftest import Desk

TEXT = "providers:\n  openrouter:\n    api_key: ${keyring:openrouter,OPENROUTER_API_KEY}\n"


class KeyringError(Exception):
    """The library's own name for what goes wrong."""


class Locked(KeyringError):
    pass


@pytest.fixture(name="kept")
def _kept(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str | Exception]:
    """What a keyring holds, by service and name, behind the functions that the library has."""
    held: dict[tuple[str, str], str | Exception] = {}

    def get_password(service: str, name: str) -> str | None:
        found = held.get((service, name))
        if isinstance(found, Exception):
            raise found
        return found

    library, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    vars(library)["get_password"] = get_password
    vars(errors)["KeyringError"] = KeyringError
    monkeypatch.setitem(sys.modules, "keyring", library)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return held


@pytest.fixture(name="without")
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is not installed."""
    monkeypatch.setitem(sys.modules, "keyring", None)


def key(desk: Desk, text: str = TEXT, **env: str) -> str | None:
    return desk.load(text, **env).config.providers["openrouter"].api_key


def test_what_the_keyring_has_is_the_key(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    kept["payready", "openrouter"] = "from-the-keyring\n"
    assert key(desk) == "from-the-keyring"


def test_the_environment_comes_first(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    kept["payready", "openrouter"] = "from-the-keyring"
    assert key(desk, OPENROUTER_API_KEY=" from-the-environment ") == "from-the-environment"


def test_the_environment_is_enough_where_there_is_no_keyring(desk: Desk, without: None) -> None:
    assert key(desk, OPENROUTER_API_KEY="from-the-environment") == "from-the-environment"


def test_one_name_serves_for_both(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    text = TEXT.replace("openrouter,OPENROUTER_API_KEY", "OUR_KEY")
    kept["payready", "OUR_KEY"] = "from-the-keyring"
    assert key(desk, text) == "from-the-keyring"
    assert key(desk, text, OUR_KEY="from-the-environment") == "from-the-environment"


def test_the_key_is_not_shown(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    kept["payready", "openrouter"] = "from-the-keyring"
    assert "from-the-keyring" not in str(desk.load(TEXT).settings)


def test_a_secret_that_is_nowhere_is_named_by_both_names(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    problem = desk.problem(TEXT)
    assert problem.message == "Missing secret: openrouter (keychain) and OPENROUTER_API_KEY (env)"
    assert problem.hint == "`keyring set payready openrouter` keeps one, or set OPENROUTER_API_KEY"
    assert (problem.line, problem.path) == (3, "providers.openrouter.api_key")


def test_without_the_library_it_says_how_to_have_it(desk: Desk, without: None) -> None:
    problem = desk.problem(TEXT)
    assert problem.message.startswith("Missing secret: openrouter (keychain) and OPENROUTER_API_KEY (env); ")
    assert "fairlead[keyring]" in (problem.hint or "")


def test_a_keyring_that_is_locked_is_told_of(desk: Desk, kept: dict[tuple[str, str], str | Exception]) -> None:
    kept["payready", "openrouter"] = Locked("the collection is locked")
    problem = desk.problem(TEXT)
    assert problem.message.endswith("the keyring cannot be asked: Locked")
    assert "unlock" in (problem.hint or "")


def test_a_name_is_needed(desk: Desk, kept: dict[tuple[str, str], str]) -> None:
    assert desk.problem(TEXT.replace("openrouter,", ",")).message == "`${keyring:}` names no secret"
