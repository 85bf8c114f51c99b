"""Which config or virtual key carries a call through Portkey."""

from itertools import pairwise

import pytest

from fairlead.errors import ConfigError
from fairlead.providers import portkey
from fairlead.providers.portkey import Portkey, Way, vendor_of
from fairlead.providers.registry import load

SPELLED = {
    "portkey_virtual_key_openai": "one",
    "OPENAI_VK": "two",
    "PORTKEY_VK_OPENAI": "three",
    "PORTKEY_VIRTUAL_KEY": "four",
}


def read(**environ: str) -> Portkey:
    return portkey.read({}, {}, environ)


def way(held: Portkey, model: str, vendor: str | None = None) -> Way:
    found = held.way(model, vendor or vendor_of(model))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("gpt-4", "OPENAI"), ("gpt4", "OPENAI"), ("gpt-3.5-turbo", "GPT"), ("openai", "OPENAI"),
        ("claude-9", "CLAUDE"), ("anthropic", "ANTHROPIC"), ("gemini-9", "GEMINI"), ("google", "GOOGLE"),
        ("llama-9", "LLAMA"), ("meta-9", "META"), ("mistral-9", "MISTRAL"),
    ],
)  # fmt: skip
def test_b05_a_model_goes_by_the_config_of_its_vendor(model: str, variable: str) -> None:
    held = read(**{f"PORTKEY_CONFIG_{variable}": "pc-it", "PORTKEY_CONFIG_OTHER": "pc-other"})
    assert way(held, model).headers == (("x-portkey-config", "pc-it"),)


def test_b05_a_model_of_the_registry_goes_by_its_explicit_route() -> None:
    known = load().named("o1")
    assert known is not None
    held = read(PORTKEY_CONFIG_OPENAI="pc-openai")
    assert way(held, known.name, known.provider_route).headers == (("x-portkey-config", "pc-openai"),)
    assert vendor_of(known.name) is None


def test_a_config_for_that_very_model_wins() -> None:
    held = read(PORTKEY_CONFIG_OPENAI="pc-all", PORTKEY_CONFIG_GPT_4="pc-four")
    assert way(held, "gpt-4").headers == (("x-portkey-config", "pc-four"),)
    assert way(held, "gpt-4o").headers == (("x-portkey-config", "pc-all"),)


def test_x04_a_config_wins_over_a_virtual_key_and_without_either_there_is_no_way() -> None:
    held = read(PORTKEY_CONFIG_CLAUDE="pc-claude", PORTKEY_VIRTUAL_KEY="vk")
    assert way(held, "claude-9").headers == (("x-portkey-config", "pc-claude"),)
    assert way(held, "gpt-4").headers == (("x-portkey-virtual-key", "vk"),)
    assert read(PORTKEY_CONFIG_CLAUDE="pc-claude").way("gpt-4", "openai") is None
    assert read().way("gpt-4", "openai") is None


@pytest.mark.parametrize(("winner", "next_one"), list(pairwise(SPELLED)))
def test_x05_the_spellings_of_a_virtual_key_in_their_order(winner: str, next_one: str) -> None:
    both = read(**{next_one: SPELLED[next_one], winner: SPELLED[winner]})
    assert way(both, "gpt-4").headers == (("x-portkey-virtual-key", SPELLED[winner]),)


def test_x05_what_the_configuration_says_wins_over_all() -> None:
    held = portkey.read({}, {"openai": "mine"}, SPELLED)
    assert way(held, "gpt-4").headers == (("x-portkey-virtual-key", "mine"),)
    assert [key.source for key in held.keys_for("openai")] == ["portkey.virtual_keys.openai", *SPELLED]
    held = portkey.read({"Claude": "pc-mine"}, {}, {"PORTKEY_CONFIG_CLAUDE": "pc-theirs"})
    assert way(held, "claude-9").headers == (("x-portkey-config", "pc-mine"),)


def test_a_key_may_be_named_for_the_vendor_or_for_its_models() -> None:
    assert way(read(GEMINI_VK="g"), "gemini-9").headers == (("x-portkey-virtual-key", "g"),)
    assert way(read(PORTKEY_VK_TOGETHER="t"), "llama-9").headers == (("x-portkey-virtual-key", "t"),)
    assert way(read(GROQ_VK="q"), "x", "groq").headers == (("x-portkey-virtual-key", "q"),)


# Seed 000's list; MILVUS is the one of its 15 that it does not write down.
@pytest.mark.parametrize(
    "name",
    ["XAI", "ANTHROPIC", "OPENAI", "PERPLEXITY", "GROQ", "DEEPSEEK", "MISTRAL", "TOGETHER", "COHERE", "GITHUB",
     "HUGGINGFACE", "STABILITY", "OPENROUTER", "MILVUS"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["PORTKEY_VK_{}", "{}_VK", "PORTKEY_VIRTUAL_KEY_{}"])
def test_a23_every_virtual_key_of_the_seed_is_in_the_table(name: str, form: str) -> None:
    held = read(**{form.format(name): "virtual"})
    assert [key.value for key in held.keys_for(name.lower())] == ["virtual"]


def test_what_is_written_with_an_at_sign_is_a_provider_there() -> None:
    assert way(read(OPENAI_VK="@openai-prod"), "gpt-4").headers == (("x-portkey-provider", "@openai-prod"),)


def test_b04_the_config_in_portkey_config_json_is_no_models() -> None:
    held = read(PORTKEY_CONFIG_JSON='{"retry":{"attempts":3}}')
    assert held.configs == {}
    assert held.way("json", None) is None


def test_b03_a_placeholder_is_nothing() -> None:
    assert not read(PORTKEY_VIRTUAL_KEY="your_portkey_virtual_key_here", OPENAI_VK=" ")


def test_x24_only_a_config_can_make_portkey_try_again() -> None:
    assert way(read(PORTKEY_CONFIG_OPENAI="pc"), "gpt-4").once
    assert not way(read(PORTKEY_VIRTUAL_KEY="vk"), "gpt-4").once


def test_b17_the_lines_for_the_log() -> None:
    held = read(PORTKEY_CONFIG_CLAUDE="pc-claude-xxxxx", OPENAI_VK="openai-vk-xxxxx")
    note = way(held, "claude-3-5-sonnet").note
    assert note == "Using Portkey config 'pc-claude-xxxxx' for model 'claude-3-5-sonnet'"
    assert way(held, "gpt-4").note == "Using Portkey virtual key for model 'gpt-4'"


def test_no_credential_is_shown_but_its_end() -> None:
    held = read(OPENAI_VK="virtual-canary-0123456789", PORTKEY_CONFIG_CLAUDE='{"api_key":"sk-canary"}')
    for model in ("gpt-4", "claude-9"):
        found = way(held, model)
        assert "canary" not in f"{found} {found.shown} {found.note}"
    assert way(held, "gpt-4").shown == "virtual key of OPENAI_VK (ends in 6789)"
    assert "canary" not in repr(held.keys)


def test_what_cannot_be_a_header_is_refused_without_being_shown() -> None:
    for name in ("OPENAI_VK", "PORTKEY_CONFIG_OPENAI", "PORTKEY_VIRTUAL_KEY"):
        with pytest.raises(ConfigError) as caught:
            read(**{name: "canary\r\nEvil: 1"})
        assert name in str(caught.value)
        assert "canary" not in str(caught.value)


def test_every_key_within_a_config_is_hidden_and_nothing_else_of_it() -> None:
    config = (
        '{"strategy":{"mode":"fallback"},"targets":[{"provider":"openai","api_key":"sk-one"},'
        '{"virtual_key":"vk-two","headers":{"Authorization":"Bearer three"},"retry":{"attempts":5}}]}'
    )
    assert set(way(read(PORTKEY_CONFIG_OPENAI=config), "gpt-4").hidden) == {config, "sk-one", "vk-two", "Bearer three"}
    assert way(read(PORTKEY_CONFIG_OPENAI="pc-1"), "gpt-4").hidden == ("pc-1",)
    assert way(read(PORTKEY_CONFIG_OPENAI="[" * 100_000), "gpt-4").hidden == ("[" * 100_000,)
