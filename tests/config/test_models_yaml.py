"""The predecessor's models.yaml keeps working."""

from collections.abc import Callable

import pytest

from fairlead.config.schema import Intent
from tests.config.conftest import Desk

Blocks = Callable[[str], str]
BOTH = ["openrouter", "aimlapi"]
SHIPPED = {
    "code": Intent("deepseek/deepseek-coder", "anthropic/claude-3-sonnet", BOTH),
    "analyze": Intent("anthropic/claude-3-opus", "openai/gpt-4-turbo", BOTH),
    "fast": Intent("google/gemini-flash", "groq/llama-3-70b", ["openrouter"]),
    "creative": Intent("openai/gpt-4", "anthropic/claude-3-sonnet", BOTH),
}
CUSTOM = Intent("meta-llama/llama-3-70b", "mistral/mistral-large", BOTH)
USUAL = "../home/.config/payready/models.yaml"


def test_the_profile_direct_ships_the_four_intents_of_the_seed(desk: Desk) -> None:
    assert desk.load().config.intents == SHIPPED


def test_the_seeds_models_yaml_loads_verbatim(desk: Desk, seed_block: Blocks) -> None:
    desk.write(seed_block("# config/models.yaml"), "config/models.yaml")
    loaded = desk.load(MODEL_CONFIG_PATH="config/models.yaml")
    assert loaded.config.intents == SHIPPED
    assert loaded.origins["intents.fast.primary"] == "config/models.yaml:17"
    openrouter, aimlapi = loaded.config.providers["openrouter"], loaded.config.providers["aimlapi"]
    assert (openrouter.base_url, openrouter.api_key_env) == ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY")
    assert (aimlapi.base_url, aimlapi.api_key_env) == ("https://api.aimlapi.com/v1", "AIMLAPI_KEY")


def test_the_seeds_custom_mapping_is_merged_over_the_defaults(desk: Desk, seed_block: Blocks) -> None:
    desk.write(seed_block("# ~/.config/payready/models.yaml"), USUAL)
    loaded = desk.load(MODEL_CONFIG_PATH="$HOME/.config/payready/models.yaml")
    assert loaded.config.intents == {**SHIPPED, "custom_task": CUSTOM}
    assert loaded.config.providers == {}


def test_the_usual_place_is_read_without_being_named(desk: Desk, seed_block: Blocks) -> None:
    path = desk.write(seed_block("# ~/.config/payready/models.yaml"), USUAL)
    loaded = desk.load()
    assert loaded.config.intents["custom_task"] == CUSTOM
    assert loaded.origins["intents.custom_task.primary"] == "~/.config/payready/models.yaml:4"
    assert [file.resolve() for file in loaded.files] == [path.resolve()]


@pytest.mark.parametrize("path", ["~/m.yaml", "$HOME/m.yaml", "${HOME}/m.yaml", "../home/m.yaml"])
def test_the_path_may_begin_with_the_home(desk: Desk, path: str) -> None:
    (desk.home / "m.yaml").write_text("models: {fast: {primary: p}}\n")
    assert desk.load(MODEL_CONFIG_PATH=path).config.intents["fast"].primary == "p"


def test_a_path_that_is_named_must_exist(desk: Desk) -> None:
    problem = desk.problem(MODEL_CONFIG_PATH="config/models.yaml")
    assert (problem.file, problem.message) == ("config/models.yaml", "no such file")
    assert problem.hint == "MODEL_CONFIG_PATH names it"


def test_fairlead_yaml_wins_over_models_yaml(desk: Desk) -> None:
    desk.write("models: {fast: {primary: from-models, fallback: from-models}}\n", "models.yaml")
    loaded = desk.load("intents: {fast: {primary: from-fairlead}}\n", MODEL_CONFIG_PATH="models.yaml")
    fast = loaded.config.intents["fast"]
    assert (fast.primary, fast.fallback) == ("from-fairlead", "from-models")


def test_a_provider_that_only_models_yaml_knows_speaks_the_openai_way(desk: Desk) -> None:
    text = "providers: {mine: {base_url: 'http://h/v1', api_key_env: MINE}}\nmodels: {fast: {providers: [mine]}}\n"
    desk.write(text, "models.yaml")
    loaded = desk.load(MODEL_CONFIG_PATH="models.yaml")
    assert loaded.config.providers["mine"].dialect == "openai-chat"
    assert loaded.config.intents["fast"].providers == ["mine"]


def test_its_mistakes_are_told_as_well_as_any(desk: Desk) -> None:
    text = """\
modles: {}
models:
  fast: {primary: 5, providers: [openruter]}
  mine: {primary: a}
providers:
  mine: {api_key_evn: X}
"""
    desk.write(text, "m.yaml")
    assert (
        "\n".join(map(str, desk.problems(MODEL_CONFIG_PATH="m.yaml")))
        == """\
m.yaml:1:1: modles: unknown name
  hint: did you mean `models`?
m.yaml:3:19: models.fast.primary: expected text, got `5`
  hint: write it in quotes
m.yaml:3:34: models.fast.providers[0]: there is no provider `openruter`
  hint: did you mean `openrouter`?
m.yaml:4:3: models.mine.fallback: missing; expected text
m.yaml:4:3: models.mine.providers: missing; expected a list
m.yaml:6:3: providers.mine.base_url: missing
  hint: a provider that is not a shipped one needs a dialect and a base URL
m.yaml:6:10: providers.mine.api_key_evn: unknown name
  hint: did you mean `api_key_env`?"""
    )
