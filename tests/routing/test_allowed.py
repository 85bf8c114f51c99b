"""The only models that may be asked of a provider."""

import logging

import pytest

from fairlead.errors import NoTarget
from fairlead.routing import notes
from fairlead.routing.plan import Wanted, explain, plan
from tests.routing.test_by_name import made, passed, targets

__all__ = ["made"]

OPENROUTER = ("openrouter", "anthropic/claude-3.5-sonnet")
PORTKEY = ("portkey", "claude-3-5-sonnet-20241022")


@pytest.mark.parametrize(
    "listed",
    ["claude", "gpt4,claude,gemini", " GPT4 , CLAUDE ,, ", "claude-3-5-sonnet", "anthropic",
     "claude-3-5-sonnet-20241022", "anthropic/claude-3.5-sonnet", "", " , "],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["claude", "SONNET", "claude-3-5-sonnet", "claude-3-5-sonnet-20241022"])
def test_b13_an_alias_allows_its_model_and_the_model_its_aliases(made, listed: str, asked: str) -> None:
    assert targets(asked, made("portkey", "openrouter", PORTKEY_ALLOWED_MODELS=listed)) == [PORTKEY, OPENROUTER]


@pytest.mark.parametrize("asked", ["claude", "anthropic/claude-3.5-sonnet", "claude-3-5-sonnet"])
def test_b13_what_is_not_listed_goes_to_the_next_provider(made, asked: str) -> None:
    policy = made("portkey", "openrouter", PORTKEY_ALLOWED_MODELS="gpt4,gemini")
    assert targets(asked, policy) == [OPENROUTER]
    assert passed(asked, policy)["portkey"] == "PORTKEY_ALLOWED_MODELS does not list it"


@pytest.mark.parametrize(
    ("provider", "variable", "asked"),
    [("openai", "OPENAI_ALLOWED_MODELS", "gpt4"), ("google", "GOOGLE_ALLOWED_MODELS", "flash"),
     ("openrouter", "OPENROUTER_ALLOWED_MODELS", "qwen/qwen-9"), ("anthropic", "ANTHROPIC_ALLOWED_MODELS", "claude-9")],
)  # fmt: skip
def test_b14_every_provider_has_its_list(made, provider: str, variable: str, asked: str) -> None:
    assert targets(asked, made(provider))
    with pytest.raises(NoTarget, match=f"No models available: .*{variable} does not list it") as caught:
        plan(Wanted(asked), made(provider, **{variable: "o1"}))
    assert caught.value.hint == f"see `{variable}`"


def test_a_list_in_the_configuration_and_the_environment_over_it(made) -> None:
    text = "providers: {openrouter: {allowed_models: [gpt4]}}"
    assert passed("claude", made("openrouter", text=text))["openrouter"] == (
        "providers.openrouter.allowed_models does not list it"
    )
    assert targets("claude", made("openrouter", text=text, OPENROUTER_ALLOWED_MODELS="claude")) == [OPENROUTER]


def test_a_pinned_call_a_configured_model_and_an_intent_are_held_to_it(made) -> None:
    text = "models: {big: {targets: [{provider: openrouter, model: anthropic/claude-3-opus}]}}"
    policy = made("openrouter", text=text, OPENROUTER_ALLOWED_MODELS="gpt4")
    for name in ("@openrouter/claude", "openrouter/qwen/qwen-9", "big", "intent:code"):
        assert not explain(Wanted(name), policy).targets
    allowed = made("openrouter", text=text, OPENROUTER_ALLOWED_MODELS="big")
    assert targets("big", allowed) == [("openrouter", "anthropic/claude-3-opus")]


def test_an_intent_skips_what_is_not_allowed(made) -> None:
    policy = made("openrouter", OPENROUTER_ALLOWED_MODELS="claude-3-sonnet")
    assert targets("intent:code", policy) == [("openrouter", "anthropic/claude-3-sonnet")]


def test_b16_with_nothing_left_for_auto_the_error_says_so_and_no_small_model_stands_in(made) -> None:
    with pytest.raises(NoTarget) as caught:
        plan(Wanted("auto"), made("openrouter", OPENROUTER_ALLOWED_MODELS="o1"))
    assert str(caught.value) == (
        "No models available for auto mode due to restrictions. "
        "Please adjust your allowed model settings or disable auto mode."
    )
    assert "OPENROUTER_ALLOWED_MODELS" in str(caught.value.hint)


def test_b16_without_any_key_a_named_model_is_not_available(made) -> None:
    with pytest.raises(NoTarget, match="No models available: no provider can serve `claude`"):
        plan(Wanted("claude"), made())


def test_b14_a_listed_name_that_no_model_has_is_warned_of(made, caplog: pytest.LogCaptureFixture) -> None:
    policy = made("openai", OPENAI_ALLOWED_MODELS="gpt4,gpt-9,claud,vendor/model")
    notes.announce(policy)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "OPENAI_ALLOWED_MODELS lists `claud`, which is no name of a model that is known here")
    ]
