import time
import timeit

import pytest

from fairlead.config.environment import VARIABLES
from fairlead.config.load import Loaded
from tests.config.conftest import Desk


def test_flags_win_over_the_environment_over_the_file_over_defaults(desk: Desk) -> None:
    text = "server: {port: 1, host: 0.0.0.0}\n"
    assert desk.load(text).config.server.port == 1
    assert desk.load(FAIRLEAD_PORT="2").config.server.port == 2
    desk.flags["server.port"] = 3
    loaded = desk.load(FAIRLEAD_PORT="2")
    assert (loaded.config.server.port, loaded.config.server.host) == (3, "0.0.0.0")


def test_every_setting_says_what_set_it(desk: Desk) -> None:
    text = "server:\n  port: 1\n  host: 0.0.0.0\n  drain: 5\nproviders:\n  groq: {headers: {X-A: b}}\n"
    desk.flags["server.port"] = 3
    origins = desk.load(text, FAIRLEAD_HOST="::1").origins
    assert origins["server.port"] == "flag --port"
    assert origins["server.host"] == "environment FAIRLEAD_HOST"
    assert origins["server.drain"] == "fairlead.yaml:4"
    assert origins["server.body_timeout"] == "default"
    assert origins["providers.groq.headers.X-A"] == "fairlead.yaml:6"
    assert origins["intents.code.primary"].startswith("profile registry:")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("FAIRLEAD_HOST", "::", lambda loaded: loaded.config.server.host),
        ("FAIRLEAD_PORT", "9", lambda loaded: str(loaded.config.server.port)),
        ("FAIRLEAD_PROFILE", "direct", lambda loaded: loaded.config.profile),
        ("GATEWAY_PROFILE", "direct", lambda loaded: loaded.config.profile),
        ("DEFAULT_PROVIDER", "aimlapi", lambda loaded: loaded.config.default_provider),
        ("FAIRLEAD_DATA_DIR", "/data", lambda loaded: loaded.config.data_dir),
        ("LOG_LEVEL", "DEBUG", lambda loaded: loaded.config.log_level),
        ("OPENROUTER_REFERER", "https://a.example", lambda loaded: loaded.config.app.referer),
        ("OPENROUTER_TITLE", "1234", lambda loaded: loaded.config.app.title),
    ],
)
def test_a_variable_sets_its_setting(desk: Desk, name: str, value: str, read) -> None:
    loaded: Loaded = desk.load(**{name: value})
    path = next(variable.path for variable in VARIABLES if variable.name == name)
    assert read(loaded) == value
    assert loaded.origins[path] == f"environment {name}"


def test_every_variable_is_explained() -> None:
    assert len({variable.name for variable in VARIABLES}) == len(VARIABLES)
    assert all(variable.meaning for variable in VARIABLES)


def test_an_empty_variable_sets_nothing(desk: Desk) -> None:
    loaded = desk.load("log_level: ERROR\n", LOG_LEVEL="  ", FAIRLEAD_PORT="")
    assert (loaded.config.log_level, loaded.config.server.port) == ("ERROR", 8787)


def test_the_log_level_of_the_environment_may_be_in_lower_case(desk: Desk) -> None:
    assert desk.load(LOG_LEVEL="warning").config.log_level == "WARNING"


def test_the_own_name_of_the_profile_variable_wins(desk: Desk) -> None:
    assert desk.load(FAIRLEAD_PROFILE="direct", GATEWAY_PROFILE="nonesuch").config.profile == "direct"


def test_a_wrong_variable_is_named(desk: Desk) -> None:
    problem = desk.problem(FAIRLEAD_PORT="http")
    assert str(problem).startswith("environment FAIRLEAD_PORT: server.port: expected a whole number")


def test_a_wrong_flag_is_named(desk: Desk) -> None:
    desk.flags.update({"server.prot": 1, "server.port": "http", "intents.mine.primary": "x"})
    assert [str(problem).partition("\n")[0] for problem in desk.problems()] == [
        "flag --port: server.port: expected a whole number, got `http`",
        "flag --primary: intents.mine.fallback: missing; expected text",
        "flag --primary: intents.mine.providers: missing; expected a list",
        "flag --prot: server.prot: unknown name",
    ]


def test_an_unknown_profile_is_one_problem(desk: Desk) -> None:
    problem = desk.problem("profile: dierct\n")
    assert problem.message == "expected one of `agents`, `direct`, `hybrid`, `registry`, got `dierct`"
    assert problem.hint == "did you mean `direct`?"


def test_an_intent_of_the_file_is_laid_over_the_shipped_one(desk: Desk) -> None:
    loaded = desk.load("intents:\n  fast: {primary: openai/gpt-5.6-luna}\n")
    fast = loaded.config.intents["fast"]
    assert (fast.primary, fast.fallback, fast.providers) == ("openai/gpt-5.6-luna", "groq/llama-3-70b", ["openrouter"])
    assert loaded.origins["intents.fast.primary"] == "fairlead.yaml:2"


def test_a_section_that_is_left_empty_changes_nothing(desk: Desk) -> None:
    loaded = desk.load("intents:\nproviders:\nserver:\n  # port: 1\n")
    assert set(loaded.config.intents) == {"code", "analyze", "fast", "creative"}
    assert loaded.config.server.port == 8787


def test_portkey_variables_are_ignored_with_one_warning_that_names_them(desk: Desk) -> None:
    env = dict.fromkeys(("USE_PORTKEY", "PORTKEY_VK_XAI", "PORTKEY_API_KEY", "PORTKEY_BASE_URL"), "pk-secret")
    loaded = desk.load(PORTKEY_CONFIG_OPENAI="", FAIRLEAD_PROFILE="direct", **env)
    names = "PORTKEY_API_KEY, PORTKEY_BASE_URL, PORTKEY_VK_XAI, USE_PORTKEY"
    assert loaded.warnings == (f"the profile `direct` ignores {names}",)
    assert "pk-secret" not in f"{loaded} {loaded.config} {loaded.origins}"


def test_loading_twice_gives_the_same_and_remembers_nothing(desk: Desk) -> None:
    first = desk.load("server: {port: 1}\n")
    assert first == desk.load()
    assert desk.load("server: {port: 2}\n").config.server.port == 2
    assert first.config.server.port == 1


def test_loading_is_quick(desk: Desk) -> None:
    desk.load("server: {port: 1}\n")
    spent = timeit.repeat(desk.load, timer=time.process_time, number=1, repeat=5)
    assert min(spent) < 0.1
