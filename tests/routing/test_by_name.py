"""Which provider serves a model that a call names: the first that has it, has a key, and may serve it."""

import itertools
import logging
from collections.abc import Mapping

import pytest

from fairlead import policies
from fairlead.config.load import load
from fairlead.errors import NoTarget, UnknownModel
from fairlead.routing import notes
from fairlead.routing.names import offered
from fairlead.routing.plan import Wanted, explain, plan
from fairlead.routing.policy import Policy

KEYS = {
    "google": {"GEMINI_API_KEY": "k"},
    "openai": {"OPENAI_API_KEY": "k"},
    "anthropic": {"ANTHROPIC_API_KEY": "k"},
    "mistral": {"MISTRAL_API_KEY": "k"},
    "custom": {"CUSTOM_API_URL": "http://127.0.0.1:1/v1", "CUSTOM_MODEL_NAME": "gpt-4"},
    "portkey": {"PORTKEY_API_KEY": "k", "PORTKEY_VIRTUAL_KEY": "virtual"},
    "openrouter": {"OPENROUTER_API_KEY": "k"},
    "aimlapi": {"AIMLAPI_KEY": "k"},
}


@pytest.fixture
def made(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def make(*keyed: str, text: str = "", **environ: str) -> Policy:
        (tmp_path / "fairlead.yaml").write_text(text)
        environ = {"HOME": str(tmp_path), **_keys(keyed), **environ}
        return policies.make_policy(load(None, environ, tmp_path).config, environ)

    return make


def _keys(keyed: tuple[str, ...]) -> dict[str, str]:
    return {name: value for provider in keyed for name, value in KEYS[provider].items()}


def targets(name: str, policy: Policy, provider: str | None = None) -> list[tuple[str, str]]:
    return [(target.provider.name, target.model) for target in plan(Wanted(name, provider), policy).targets]


def passed(name: str, policy: Policy) -> Mapping[str, str]:
    return {c.provider: c.reason for c in explain(Wanted(name), policy).candidates if c.target is None}


IN_ORDER = ("openai", "custom", "portkey", "openrouter", "aimlapi")


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(IN_ORDER, 2)))
def test_b01_of_every_pair_that_has_a_model_the_first_in_the_order_wins(made, first: str, second: str) -> None:
    assert [name for name, _ in targets("gpt-4", made(second, first))] == [first, second]


@pytest.mark.parametrize(
    ("name", "winner", "model"),
    [
        ("mistral", "mistral", "mistral-large-2407"),
        ("flash", "google", "gemini-1.5-flash"),
        ("o1", "openai", "o1-preview"),
        ("openai", "openai", "gpt-4"),
        ("Claude", "anthropic", "claude-3-5-sonnet-20241022"),
        ("google", "google", "gemini-1.5-pro"),
        ("anthropic", "anthropic", "claude-3-5-sonnet-20241022"),
        ("llama", "portkey", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"),
    ],
)
def test_b23_x10_who_answers_an_alias_that_is_a_word_for_a_provider_too(
    made, name: str, winner: str, model: str
) -> None:
    policy = made(*KEYS, CUSTOM_MODEL_NAME="other")
    assert targets(name, policy)[0] == (winner, model)
    assert plan(Wanted(name), policy).reason.startswith(f"`{name}` is an alias of ")


def test_explain_says_why_each_other_was_passed_over(made) -> None:
    assert passed("openai", made("portkey", "mistral", PORTKEY_ALLOWED_MODELS="claude")) == {
        "openai": "OPENAI_API_KEY is not set",
        "mistral": "does not have it",
        "portkey": "PORTKEY_ALLOWED_MODELS does not list it",
        "openrouter": "OPENROUTER_API_KEY is not set",
        "aimlapi": "AIMLAPI_KEY or AIMLAPI_API_KEY is not set",
    }


@pytest.mark.parametrize(
    ("slug", "openrouter", "aimlapi"),
    [
        ("deepseek/deepseek-coder", "deepseek/deepseek-coder", "deepseek/deepseek-coder"),
        ("google/gemini-flash", "~google/gemini-flash-latest", "google/gemini-flash-latest"),
        ("groq/llama-3-70b", "meta-llama/llama-3-70b-instruct", "meta-llama/Llama-3-70b-chat-hf"),
        ("meta-llama/llama-3-70b", "meta-llama/llama-3-70b-instruct", "meta-llama/Llama-3-70b-chat-hf"),
        ("mistral/mistral-large", "mistralai/mistral-large-2407", "mistralai/mistral-large-2407"),
        ("claude-3-opus", "anthropic/claude-3-opus", "anthropic/claude-3-opus"),
    ],
)
def test_a05_x09_a_slug_of_the_seeds_is_what_each_provider_calls_it(
    made, slug: str, openrouter: str, aimlapi: str | None
) -> None:
    expected = [("openrouter", openrouter), *([("aimlapi", aimlapi)] if aimlapi else [])]
    assert targets(slug, made("openrouter", "aimlapi")) == expected


def test_a05_the_models_of_an_intent_too(made) -> None:
    assert targets("intent:fast", made("openrouter")) == [
        ("openrouter", "~google/gemini-flash-latest"), ("openrouter", "meta-llama/llama-3-70b-instruct"),
    ]  # fmt: skip


def test_the_provider_that_a_slug_begins_with_goes_first(made) -> None:
    policy = made("openai", "openrouter", "portkey", text="providers: {groq: {api_key: k}, together: {api_key: k}}")
    assert [name for name, _ in targets("groq/llama-3-70b", policy)] == ["groq", "together", "portkey", "openrouter"]
    assert [name for name, _ in targets("openai/gpt-4", policy)] == ["openai", "portkey", "openrouter"]


def test_a_pinned_model_goes_nowhere_else_under_the_name_that_it_has_there(made) -> None:
    policy = made("openai", "openrouter", "portkey")
    assert targets("@openrouter/claude", policy) == [("openrouter", "anthropic/claude-3.5-sonnet")]
    assert targets("gpt4", policy, provider="portkey") == [("portkey", "gpt-4")]
    assert targets("openrouter/anthropic/claude-3-opus", policy) == [("openrouter", "anthropic/claude-3-opus")]


def test_a_pinned_name_of_the_providers_own_kind_is_taken_as_it_is(made) -> None:
    assert targets("@openai/o1", made("openai")) == [("openai", "o1")]
    assert targets("@openai/gpt4", made("openai")) == [("openai", "gpt-4")]


def test_a_server_of_ones_own_comes_before_portkey(made) -> None:
    text = "providers: {gpu: {dialect: openai-chat, base_url: 'http://h/v1', key_optional: true, models: ['llama-*']}}"
    policy = made("portkey", "openrouter", text=text)
    assert [name for name, _ in targets("llama", policy)] == ["gpu", "portkey", "openrouter"]
    assert targets("llama", policy)[0] == ("gpu", "llama-3.1-405b")


def test_a_model_of_the_configuration_wins_over_the_registry(made) -> None:
    text = "models: {big: {aliases: [claude], targets: [{provider: openai, model: gpt-x}]}}"
    assert targets("claude", made("openai", "anthropic", text=text)) == [("openai", "gpt-x")]


def test_null_says_that_a_provider_does_not_have_a_model(made) -> None:
    policy = made("openrouter", text="providers: {deepseek: {api_key: k}}")
    assert targets("deepseek-v3", policy) == [("openrouter", "deepseek/deepseek-chat")]
    assert passed("deepseek-v3", policy)["deepseek"] == "does not have it"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-9", [("openai", "gpt-9"), ("portkey", "gpt-9"), ("openrouter", "openai/gpt-9")]),
        ("grok-9", [("portkey", "grok-9"), ("openrouter", "x-ai/grok-9")]),
        ("anthropic/claude-9", [("portkey", "claude-9"), ("openrouter", "anthropic/claude-9")]),
        ("qwen/qwen-9", [("openrouter", "qwen/qwen-9")]),
    ],
)
def test_a_name_that_the_registry_does_not_know(made, name: str, expected: list[tuple[str, str]]) -> None:
    assert targets(name, made("openai", "portkey", "openrouter")) == expected


def test_b12_a_name_that_nobody_claims_is_passed_through_with_a_warning(made) -> None:
    made_plan = plan(Wanted("foo"), made("custom", "portkey", "openrouter", CUSTOM_MODEL_NAME="llama3.2"))
    assert [(t.provider.name, t.model) for t in made_plan.targets] == [("custom", "foo"), ("portkey", "foo")]
    assert made_plan.notes == ((logging.WARNING, "model 'foo' is not in the registry, and is passed through as it is"),)


def test_b22_openrouter_is_not_sent_a_bare_name_that_nobody_knows(made) -> None:
    with pytest.raises(UnknownModel, match="there is no model `foo` here"):
        plan(Wanted("foo"), made("openrouter"))


@pytest.mark.parametrize("name", ["foo", "gpt-9", "openai/gpt-9", "@openai/gpt-9", "qwen/qwen-9"])
def test_b12_strict_mode_refuses_what_the_registry_does_not_know(made, name: str) -> None:
    policy = made("openai", "openrouter", "portkey", text="strict_models: true")
    with pytest.raises(UnknownModel, match="Model not found in registry"):
        plan(Wanted(name), policy)


@pytest.mark.parametrize("name", ["gpt4", "@openai/gpt-4", "openai/gpt-4", "auto", "intent:code", "echo", "mine"])
def test_strict_mode_leaves_the_rest_alone(made, name: str) -> None:
    text = "strict_models: true\nmodels: {mine: {targets: [{provider: openai, model: x}]}}"
    assert targets(name, made("openai", "openrouter", text=text))


def test_a_file_of_ones_own_adds_models(made, tmp_path) -> None:
    (tmp_path / "models.json").write_text('{"models":[{"model_name":"ours","ids":{"azure":"deployment-7"}}]}')
    azure = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://h"}
    for variable in ("FAIRLEAD_MODELS_FILE", "PORTKEY_MODELS_CONFIG_PATH"):
        policy = made("openrouter", **{variable: "models.json"}, **azure)
        assert targets("OURS", policy) == [("azure", "deployment-7")]
        assert policy.providers["azure"].base_url == "https://h"


def test_b15_without_a_config_or_a_virtual_key_portkey_is_passed_over(made) -> None:
    policy = made("openrouter", PORTKEY_API_KEY="k", PORTKEY_CONFIG_CLAUDE="pc")
    assert passed("gpt4", policy)["portkey"] == "Neither Portkey config nor virtual key available"
    assert targets("gpt4", policy) == [("openrouter", "openai/gpt-4")]
    with pytest.raises(NoTarget) as caught:
        plan(Wanted("@portkey/gpt4"), policy)
    assert str(caught.value) == "Neither Portkey config nor virtual key available"


@pytest.mark.parametrize("key", ["", "your_portkey_api_key_here"])
def test_b03_without_a_key_of_its_own_portkey_is_not_there(made, key: str) -> None:
    policy = made("openrouter", PORTKEY_API_KEY=key, PORTKEY_VIRTUAL_KEY="vk")
    assert passed("gpt4", policy)["portkey"] == "PORTKEY_API_KEY is not set"


def test_b07_a_target_at_portkey_has_the_headers_of_its_way(made) -> None:
    policy = made("portkey", PORTKEY_CONFIG_CLAUDE="pc-claude-xxxxx")
    claude, gpt = (plan(Wanted(name), policy).targets[0] for name in ("claude", "gpt4"))
    assert (claude.headers, claude.once) == ((("x-portkey-config", "pc-claude-xxxxx"),), True)
    assert (gpt.headers, gpt.once) == ((("x-portkey-virtual-key", "virtual"),), False)
    assert gpt.provider.auth == "x-portkey-api-key"
    assert {"x-portkey-trace-id", "x-portkey-metadata", "x-portkey-request-timeout"} <= {*gpt.provider.pass_headers}
    assert claude.note == "Using Portkey config 'pc-claude-xxxxx' for model 'claude-3-5-sonnet'"


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("https://api.portkey.ai", "https://api.portkey.ai/v1"),
        ("https://api.portkey.ai/", "https://api.portkey.ai/v1"),
        ("https://api.portkey.ai/v1", "https://api.portkey.ai/v1"),
        ("http://127.0.0.1:8787/v1/", "http://127.0.0.1:8787/v1"),
        ("http://h:1/portkey/v1", "http://h:1/portkey/v1"),
    ],
)
def test_x06_portkeys_address_with_or_without_its_version(made, said: str, base: str) -> None:
    assert made("portkey", PORTKEY_BASE_URL=said).providers["portkey"].base_url == base


def test_no_virtual_key_is_in_a_plan_that_is_shown(made) -> None:
    policy = made("portkey", PORTKEY_VIRTUAL_KEY="virtual-canary-0123456789")
    shown = explain(Wanted("gpt4"), policy)
    assert "canary" not in f"{shown!r} {policy!r}"
    assert "(ends in 6789)" in repr(shown)


def test_b17_the_lines_of_the_seed_are_logged(made, caplog: pytest.LogCaptureFixture) -> None:
    configs = {f"PORTKEY_CONFIG_{name}": f"pc-{name.lower()}-xxxxx" for name in ("CLAUDE", "OPENAI", "GEMINI")}
    policy = made("portkey", **configs)
    with caplog.at_level(logging.DEBUG):
        notes.announce(policy)
        made_plan = plan(Wanted("claude"), policy)
        notes.planned(made_plan)
        notes.tried(made_plan.targets[0])
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.INFO, "Portkey model configs loaded: ['claude', 'openai', 'gemini']"),
        (logging.DEBUG, "Resolved model alias 'claude' to 'claude-3-5-sonnet'"),
        (logging.DEBUG, "Using Portkey config 'pc-claude-xxxxx' for model 'claude-3-5-sonnet'"),
    ]


def test_a_warning_is_told_for_a_new_plan_alone(made, caplog: pytest.LogCaptureFixture) -> None:
    made_plan = plan(Wanted("foo"), made("portkey"))
    notes.planned(made_plan, new=True)
    notes.planned(made_plan, new=False)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_the_models_of_the_registry_are_offered_where_somebody_serves_them(made) -> None:
    assert {model.name for model in offered(made("mistral"))} & {"mistral-large-2407", "gpt-4"} == {
        "mistral-large-2407"
    }
    found = {model.name: model for model in offered(made("openrouter"))}
    assert found["gpt-4"].about == "of the registry; also gpt4, openai, openai/gpt-4"


@pytest.mark.parametrize(
    ("name", "region", "base"),
    [
        ("bedrock", {}, "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("bedrock", {"AWS_DEFAULT_REGION": "eu-west-1"}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ("bedrock", {"AWS_REGION": "b", "AWS_DEFAULT_REGION": "a"}, "https://bedrock-runtime.b.amazonaws.com"),
        ("bedrock", {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://h/x"}, "http://h/x"),
        ("vertex", {"GOOGLE_CLOUD_PROJECT": "p"}, "https://aiplatform.googleapis.com/v1/projects/p/locations/global"),
        ("vertex", {}, ""),
        ("dial", {"DIAL_API_HOST": "https://dial.example"}, "https://dial.example"),
        ("dial", {}, "https://core.dialx.ai"),
    ],
)
def test_an_address_that_depends_on_the_environment(made, name: str, region: dict[str, str], base: str) -> None:
    assert made(**region).providers[name].base_url == base


def test_what_an_address_lacks_is_named(made) -> None:
    assert passed("gemini", made("openrouter"))["vertex"] == "GOOGLE_CLOUD_PROJECT is not set"


@pytest.mark.parametrize(
    ("model", "there", "virtual_key"),
    [
        ("@groq/llama-3.1-70b-versatile", "llama-3.1-70b-versatile", "of-groq"),
        ("@Groq/llama-3.1-70b-versatile", "llama-3.1-70b-versatile", "of-groq"),
        ("@together/meta-llama/Llama-3-70b-chat", "meta-llama/Llama-3-70b-chat-hf", "of-together"),
        ("@gemini/gemini-1.5-pro", "gemini-1.5-pro", "of-google"),
        ("@openai/gpt-4-turbo", "gpt-4-turbo", "of-all"),
        ("@anthropic/claude", "claude-3-5-sonnet-20241022", "of-all"),
    ],
)
def test_d01_portkey_may_be_told_whose_model_it_is(made, model: str, there: str, virtual_key: str) -> None:
    keys = {"GROQ_VK": "of-groq", "TOGETHER_VK": "of-together", "GOOGLE_VK": "of-google"}
    policy = made(PORTKEY_API_KEY="k", PORTKEY_VIRTUAL_KEY="of-all", LLAMA_VK="of-llama", **keys)
    for name in (f"@portkey/{model}", f"portkey/{model}"):
        (target,) = plan(Wanted(name), policy).targets
        assert (target.provider.name, target.model) == ("portkey", there)
        assert target.headers == (("x-portkey-virtual-key", virtual_key),)


def test_a_vendor_that_portkey_has_nothing_for_is_not_guessed_at(made) -> None:
    policy = made(PORTKEY_API_KEY="k", LLAMA_VK="of-llama")
    with pytest.raises(NoTarget, match="Neither Portkey config nor virtual key available"):
        plan(Wanted("@portkey/@groq/llama-3.1-70b-versatile"), policy)


def test_strict_models_hold_for_a_vendors_models_too(made) -> None:
    policy = made("portkey", text="strict_models: true")
    assert plan(Wanted("@portkey/@openai/gpt4"), policy).targets
    with pytest.raises(UnknownModel):
        plan(Wanted("@portkey/@openai/no-such"), policy)
