"""What a newcomer is told to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead import policies
from fairlead.config.load import load
from fairlead.errors import CannotServe, NoTarget
from fairlead.routing.plan import Wanted, plan
from fairlead.routing.policy import Policy

NOTHING = "Neither Portkey config nor virtual key available"
Made = Callable[..., Policy]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def make(**environ: str) -> Policy:
        environ = {"HOME": str(tmp_path), **environ}
        return policies.make_policy(load(None, environ, tmp_path).config, environ)

    return make


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ant", "`anthropic`"),
        ("Claude", "`anthropic`"),
        ("gemini", "`google`"),
        ("open", "`openai` or `openrouter`"),
        ("mistral-ai", "`mistral`"),
        ("opneai", "`openai`"),
        ("claud", "`anthropic`"),
        ("cluade", "`anthropic`"),
    ],
)
def test_a_provider_that_was_perhaps_meant(made: Made, name: str, meant: str) -> None:
    with pytest.raises(CannotServe, match=f"there is no provider `{name}`") as caught:
        plan(Wanted("auto", provider=name), made(OPENROUTER_API_KEY="k"))
    assert (caught.value.hint or "").startswith(f"did you mean {meant}? the providers are aimlapi, anthropic, ")


@pytest.mark.parametrize("name", ["", "zzz"])
def test_where_none_is_near_those_that_there_are(made: Made, name: str) -> None:
    with pytest.raises(CannotServe) as caught:
        plan(Wanted("auto", provider=name), made(OPENROUTER_API_KEY="k"))
    assert (caught.value.hint or "").startswith("the providers are ")


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("gpt4", "PORTKEY_CONFIG_OPENAI"),
        ("claude", "PORTKEY_CONFIG_CLAUDE"),
        ("flash", "PORTKEY_CONFIG_GEMINI"),
        ("o1", "PORTKEY_CONFIG_OPENAI"),
        ("@groq/llama-3.1-70b", "PORTKEY_CONFIG_GROQ"),
        ("who-knows", "PORTKEY_CONFIG_…"),
    ],
)
def test_the_model_that_portkey_cannot_carry_and_what_to_set(made: Made, model: str, variable: str) -> None:
    with pytest.raises(NoTarget) as caught:
        plan(Wanted(f"@portkey/{model}"), made(PORTKEY_API_KEY="k"))
    assert str(caught.value) == NOTHING
    assert caught.value.hint == (
        f"for `@portkey/{model}` set `{variable}` or `PORTKEY_VIRTUAL_KEY`; `ai doctor` tells which are seen"
    )


def test_where_others_could_serve_it_their_keys_would_do_as_well(made: Made) -> None:
    with pytest.raises(NoTarget, match=NOTHING) as caught:
        plan(Wanted("gpt4"), made(PORTKEY_API_KEY="k"))
    assert (caught.value.hint or "").startswith(
        "for `gpt4` set `PORTKEY_CONFIG_OPENAI` or `PORTKEY_VIRTUAL_KEY`, or another provider's key; "
    )


def test_what_is_set_as_the_hint_says_is_seen(made: Made) -> None:
    assert plan(Wanted("@portkey/flash"), made(PORTKEY_API_KEY="k", PORTKEY_CONFIG_GEMINI="pc-1")).targets


def test_a_provider_without_a_default_model_needs_one_named(made: Made) -> None:
    with pytest.raises(CannotServe) as caught:
        plan(Wanted("auto", provider="portkey", infer=None), made(PORTKEY_API_KEY="k", PORTKEY_VIRTUAL_KEY="vk"))
    assert str(caught.value) == "provider `portkey` has no default model, and the call names none"
    assert caught.value.hint == "name one with it: `@portkey/MODEL`"
