"""A server of one's own: its model's name, its tags, its clocks and its models file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead import policies
from fairlead.config.load import load
from fairlead.errors import ConfigError, UnknownModel
from fairlead.providers.custom import is_here
from fairlead.routing.plan import Wanted, plan
from fairlead.routing.policy import Policy

Make = Callable[..., Policy]
HERE = "http://127.0.0.1:1/v1"
AWAY = "https://models.example/v1"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.chdir(tmp_path)

    def make(text: str = "", **environ: str) -> Policy:
        (tmp_path / "fairlead.yaml").write_text(text)
        environ = {"HOME": str(tmp_path), "CUSTOM_API_URL": HERE, **environ}
        return policies.make_policy(load(None, environ, tmp_path).config, environ)

    return make


def targets(name: str, policy: Policy) -> list[tuple[str, str]]:
    return [(target.provider.name, target.model) for target in plan(Wanted(name), policy).targets]


def clocks(policy: Policy) -> tuple[float, float, float, float]:
    whole = plan(Wanted("custom/m"), policy).targets[0].whole
    return whole.connect, whole.first_byte, whole.idle, whole.total


def test_b21_its_model_is_llama_unless_another_is_named(made: Make) -> None:
    assert targets("@custom/", made()) == targets("auto", made()) == [("custom", "llama3.2")]
    assert targets("auto", made(CUSTOM_MODEL_NAME="qwen")) == [("custom", "qwen")]
    assert not made(CUSTOM_API_URL="").providers["custom"].usable


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("llama3.2", "llama3.2"),
        ("llama3.2:latest", "llama3.2"),
        ("custom/llama3.2:latest", "llama3.2"),
        ("@custom/llama3.2:latest", "llama3.2"),
        ("phi4:latest", "phi4"),
        ("phi4:14b", "phi4:14b"),
        ("custom/phi4:14b", "phi4:14b"),
    ],
)
def test_b21_a_name_with_a_tag(made: Make, asked: str, sent: str) -> None:
    assert targets(asked, made(OPENROUTER_API_KEY="k")) == [("custom", sent)]


@pytest.mark.parametrize("asked", ["llama3.2", "llama3.2:latest", "custom/llama3.2:latest", "llama3.2:1b"])
def test_b21_a_list_of_allowed_models_need_not_have_the_tag(made: Make, asked: str) -> None:
    assert targets(asked, made(CUSTOM_ALLOWED_MODELS="llama3.2"))[0][0] == "custom"


def test_b21_a_slug_keeps_what_comes_after_its_colon(made: Make) -> None:
    policy = made(OPENROUTER_API_KEY="k")
    assert targets("openai/gpt-4o:free", policy) == [("openrouter", "openai/gpt-4o:free")]


@pytest.mark.parametrize("asked", ["custom/phi4:free", "@custom/phi4:free", "phi4:free"])
def test_b21_a_tag_of_ours_is_none_of_openrouters_variants(made: Make, asked: str) -> None:
    assert targets(asked, made(OPENROUTER_API_KEY="k", CUSTOM_MODEL_NAME="phi4:free")) == [("custom", "phi4:free")]
    assert targets(asked, made(CUSTOM_ALLOWED_MODELS="phi4:free"))[0] == ("custom", "phi4:free")


def test_b21_a_models_file_of_its_own(made: Make, tmp_path: Path) -> None:
    theirs = {"model_name": "llama3.2", "aliases": ["local-llama"], "friendly_name": "L", "is_custom": True}
    (tmp_path / "custom.json").write_text(
        json.dumps({"models": [theirs, {"model_name": "q", "ids": {"custom": "q4"}}]})
    )
    (tmp_path / "other.json").write_text(json.dumps({"models": [{"model_name": "ours", "ids": {"openai": "o1"}}]}))
    both = {"CUSTOM_MODELS_CONFIG_PATH": "custom.json", "PORTKEY_MODELS_CONFIG_PATH": "other.json"}
    policy = made(**both, OPENAI_API_KEY="k")
    for name in ("llama3.2", "Local-Llama", "llama3.2:1b"):
        assert targets(name, policy) == [("custom", "llama3.2")]
    assert targets("custom/q:8b", policy) == targets("q", policy) == [("custom", "q4")]
    assert targets("ours", policy) == [("openai", "o1")]


def test_b21_strict_names_are_looked_up_without_their_tag(made: Make, tmp_path: Path) -> None:
    (tmp_path / "custom.json").write_text('{"models":[{"model_name":"llama3.2"}]}')
    policy = made("strict_models: true", CUSTOM_MODELS_CONFIG_PATH="custom.json")
    assert targets("llama3.2:latest", policy) == [("custom", "llama3.2")]
    with pytest.raises(UnknownModel):
        targets("phi4:latest", policy)


@pytest.mark.parametrize(
    ("url", "usual"),
    [
        (HERE, (60, 1800, 1800, 5460)),
        ("http://localhost:11434/v1", (60, 1800, 1800, 5460)),
        ("http://[::1]:1", (60, 1800, 1800, 5460)),
        (AWAY, (45, 900, 900, 2745)),
        ("http://localhost.example/v1", (45, 900, 900, 2745)),
    ],
)
def test_b21_its_clocks_by_where_it_is(made: Make, url: str, usual: tuple[float, ...]) -> None:
    assert clocks(made(CUSTOM_API_URL=url)) == usual


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("CUSTOM_CONNECT_TIMEOUT", (7.5, 900, 900, 2707.5)),
        ("CUSTOM_READ_TIMEOUT", (45, 7.5, 7.5, 1852.5)),
        ("CUSTOM_WRITE_TIMEOUT", (45, 900, 900, 1852.5)),
        ("CUSTOM_POOL_TIMEOUT", (45, 900, 900, 1852.5)),
    ],
)
def test_b21_each_variable_sets_its_clocks(made: Make, variable: str, expected: tuple[float, ...]) -> None:
    assert clocks(made(CUSTOM_API_URL=AWAY, **{variable: " 7.5 "})) == expected


def test_b21_a_variable_wins_over_the_file_and_the_file_over_the_usual(made: Make) -> None:
    text = "providers: {custom: {timeouts: {connect: 3, idle: 4, total: 5}}}"
    assert clocks(made(text, CUSTOM_API_URL=AWAY)) == (3, 900, 4, 5)
    assert clocks(made(text, CUSTOM_API_URL=AWAY, CUSTOM_READ_TIMEOUT="9")) == (3, 9, 9, 1854)


def test_other_providers_keep_their_clocks(made: Make) -> None:
    target = plan(Wanted("openai/gpt-9"), made(OPENAI_API_KEY="k", CUSTOM_READ_TIMEOUT="9")).targets[0]
    assert (target.whole.connect, target.whole.idle) == (2, 60)


@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
def test_b21_what_is_no_number_of_seconds_is_refused(made: Make, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(CUSTOM_READ_TIMEOUT=value)
    said = "environment CUSTOM_READ_TIMEOUT: providers.custom.timeouts: expected a number of seconds above 0"
    assert said in str(caught.value)


def test_what_is_this_machine() -> None:
    assert [is_here(url) for url in (HERE, "http://LOCALHOST", "http://127.9.9.9", AWAY, "http://10.0.0.1", "x")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
