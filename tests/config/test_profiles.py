"""What each shipped profile stands for."""

from itertools import pairwise

import pytest

from fairlead import policies
from fairlead.config.environment import kept
from fairlead.config.schema import Config
from fairlead.providers.catalog import load_rows
from fairlead.providers.registry import load as registry
from fairlead.routing.plan import Wanted, explain
from fairlead.routing.policy import Policy
from tests.config.conftest import Desk

PORTKEY = {
    "PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk", "PORTKEY_CONFIG_OPENAI": "pc", "PORTKEY_VK_XAI": "vk",
    "PORTKEY_BASE_URL": "http://h", "OPENAI_VK": "vk", "USE_PORTKEY": "1", "PORTKEY_ALLOWED_MODELS": "gpt4",
}  # fmt: skip
OTHERS = {"OPENROUTER_API_KEY": "k", "AIMLAPI_KEY": "k", "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}


def policy(desk: Desk, **environ: str) -> Policy:
    return policies.make_policy(desk.load(**environ).config, environ)


def test_registry_is_the_profile_that_is_meant_by_default(desk: Desk) -> None:
    assert Config().profile == "registry"
    assert desk.load().config == desk.load(FAIRLEAD_PROFILE="registry").config


def test_b01_native_then_custom_then_portkey_then_openrouter(desk: Desk) -> None:
    order = desk.load().config.provider_order
    seed = ("google", "openai", "xai", "dial", "custom", "portkey", "openrouter")
    assert all(order.index(one) < order.index(two) for one, two in pairwise(seed))
    rows = load_rows()
    assert set(order) == {name for name in rows if name not in ("github", "stability", "local", "echo")}
    native = order[: order.index("custom")]
    assert not [name for name in native if rows[name].serves]


def test_the_intents_are_those_of_direct(desk: Desk) -> None:
    assert desk.load().config.intents == desk.load(FAIRLEAD_PROFILE="direct").config.intents


@pytest.mark.parametrize("others", [{}, OTHERS])
def test_in_direct_nothing_goes_to_portkey(desk: Desk, others: dict[str, str]) -> None:
    made = policy(desk, FAIRLEAD_PROFILE="direct", **PORTKEY, **others)
    assert (made.providers["portkey"].api_key, made.providers["portkey"].configured) == (None, False)
    assert made.providers["portkey"].base_url == "https://api.portkey.ai/v1"
    names = ["auto", *(f"intent:{name}" for name in made.intents), "@portkey/gpt-4", "portkey/gpt-4", "openai/gpt-9"]
    for name in (*names, *(name for known in registry().models for name in known.names if "/" in name)):
        found = explain(Wanted(name), made)
        assert not [target for target in found.targets if target.provider.name == "portkey"], name
        assert not [target for target in found.targets if target.headers], name


def test_direct_knows_no_registry_and_sends_slugs_as_they_are(desk: Desk) -> None:
    made = policy(desk, FAIRLEAD_PROFILE="direct", OPENROUTER_API_KEY="k", AIMLAPI_KEY="k")
    assert (bool(made.registry), made.order, made.strict) == (False, (), False)
    found = [(t.provider.name, t.model) for t in explain(Wanted("groq/llama-3-70b"), made).targets]
    assert found == [("openrouter", "groq/llama-3-70b"), ("aimlapi", "groq/llama-3-70b")]
    fast = explain(Wanted("intent:fast"), made).targets
    assert [target.model for target in fast] == ["google/gemini-flash", "groq/llama-3-70b"]


def test_the_registry_profile_warns_of_nothing(desk: Desk) -> None:
    assert desk.load(**PORTKEY).warnings == ()


def test_what_is_ignored_is_not_read() -> None:
    assert kept({"A_1": "x", "B": "y"}, ["A_*"]) == {"B": "y"}


def test_an_order_of_ones_own_names_providers_that_there_are(desk: Desk) -> None:
    assert desk.load("provider_order: [openrouter, openai]\n").config.provider_order == ["openrouter", "openai"]
    problem = desk.problem("provider_order: [opnrouter]\n")
    assert (problem.path, problem.hint) == ("provider_order[0]", "did you mean `openrouter`?")


def test_a_virtual_key_in_a_file_is_not_shown(desk: Desk) -> None:
    loaded = desk.load("portkey: {virtual_keys: {openai: canary}, configs: {claude: pc-it}}\n")
    shown = {path: value for path, value, _ in loaded.settings}
    assert (shown["portkey.virtual_keys.openai"], shown["portkey.configs.claude"]) == ("***", "pc-it")
    problem = desk.problem('portkey: {virtual_keys: {openai: "canary\\r\\nEvil: 1"}}\n')
    assert problem.message == "a header's value is one line of ASCII"
    assert "canary" not in str(desk.problem("portkey: {virtual_keys: {openai: [canary]}}\n"))
