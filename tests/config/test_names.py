import pytest

from fairlead.config.names import providers_in
from fairlead.providers.catalog import build
from tests.config.conftest import Desk

MODEL = "{targets: [{provider: groq, model: m}], aliases: [%s]}"


def test_a_provider_of_ones_own_is_known(desk: Desk) -> None:
    text = """
providers:
  mine: {dialect: openai-chat, base_url: "http://10.0.0.1:8000/v1"}
models:
  m: {targets: [{provider: mine, model: x}]}
default_provider: mine
"""
    config = desk.load(text).config
    assert config.default_provider == "mine"
    assert providers_in(config) == {"mine", "openrouter", "aimlapi"}


def test_a_provider_of_ones_own_needs_a_dialect_and_a_base_url(desk: Desk) -> None:
    found = desk.problems("providers:\n  mine: {api_key_env: MINE}\n")
    assert [(p.path, p.message) for p in found] == [
        ("providers.mine.base_url", "missing"),
        ("providers.mine.dialect", "missing"),
    ]


def test_an_empty_entry_of_ones_own_is_no_provider(desk: Desk) -> None:
    found = desk.problems("providers:\n  groq:\n  mine:\n")
    assert [(p.line, p.path) for p in found] == [(3, "providers.mine.base_url"), (3, "providers.mine.dialect")]


def test_an_empty_entry_sets_a_shipped_provider_up(desk: Desk) -> None:
    config = desk.load("providers:\n  ollama:\n").config
    assert build(config.providers, {})["ollama"].configured


def test_what_the_configuration_counts_on_is_set_up(desk: Desk) -> None:
    config = desk.load("default_provider: ollama\n").config
    assert build(config.providers, {}, providers_in(config))["ollama"].configured
    assert not build(config.providers, {}, providers_in(config))["custom"].configured


def test_a_shipped_provider_needs_neither(desk: Desk) -> None:
    assert desk.load("providers: {groq: {timeouts: {total: 5}}}\n").config.providers["groq"].dialect is None


def test_a_base_url_may_come_from_a_variable_alone(desk: Desk) -> None:
    desk.load("providers: {mine: {dialect: openai-chat, base_url_env: MINE_URL}}\n")


def test_two_models_cannot_share_an_alias(desk: Desk) -> None:
    problem = desk.problem(f"models:\n  one: {MODEL % 'x'}\n  two: {MODEL % 'X'}\n")
    assert problem.message == "alias `X` of `two` already stands for the model `one` (fairlead.yaml:2)"
    assert problem.line == 3


def test_an_alias_cannot_be_another_models_name(desk: Desk) -> None:
    problem = desk.problem(f"models:\n  one: {MODEL % 'Two'}\n  two: {MODEL % 'y'}\n")
    assert problem.message == "alias `Two` of `one` already stands for the model `two` (fairlead.yaml:3)"


def test_a_model_may_be_its_own_alias(desk: Desk) -> None:
    desk.load(f"models:\n  one: {MODEL % 'one, ONE, x, x'}\n")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://", "expected `http://` or `https://` and a host"),
        ("https:///v1", "expected `http://` or `https://` and a host"),
        ("https://h:70000/v1", "not a URL"),
        ("https://[::1/v1", "not a URL"),
        ("https://user@h/v1", "a URL with a name or password in it; a key goes into `api_key_env`"),
        ("https://h/v1?a=b", "a base URL ends with its path; `?` and `#` have no place in it"),
        ("https://h/v1#a", "a base URL ends with its path; `?` and `#` have no place in it"),
        ("https://h/a b", "a URL has no spaces or special characters"),
        ("https://hé/v1", "a URL has no spaces or special characters"),
        ("h/v1", "it must match `^https?://`; got text"),
        ("file:///etc/passwd", "it must match `^https?://`; got text"),
    ],
)
def test_a_base_url_must_be_one(desk: Desk, url: str, message: str) -> None:
    problem = desk.problem(f'providers:\n  groq: {{base_url: "{url}"}}\n')
    assert (problem.path, problem.line, problem.message) == ("providers.groq.base_url", 2, message)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://[::1]:8443/v1/", "https://h.example/openai/v1"])
def test_any_http_address_can_be_a_base_url(desk: Desk, url: str) -> None:
    desk.load(f'providers:\n  groq: {{base_url: "{url}"}}\n')


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('providers: {groq: {headers: {X-A: "a\\r\\nX-B: b"}}}', "X-A", "a header's value is one line of ASCII"),
        ('providers: {groq: {headers: {X-A: "a\\0"}}}', "X-A", "a header's value is one line of ASCII"),
        ('providers: {groq: {headers: {"X A": b}}}', '"X A"', "not the name of a header"),
        ('providers: {groq: {headers: {"": b}}}', '""', "not the name of a header"),
        ('app: {title: "a\\nX: b"}', "title", "a header's value is one line of ASCII"),
        ('app: {referer: "a\\rb"}', "referer", "a header's value is one line of ASCII"),
    ],
)
def test_a_header_cannot_carry_another(desk: Desk, text: str, path: str, message: str) -> None:
    problem = desk.problem(text)
    assert problem.path.endswith(path)
    assert problem.message == message


def test_a_key_where_a_variables_name_belongs_gets_a_hint(desk: Desk) -> None:
    problem = desk.problem("providers: {groq: {api_key_env: [GROQ_API_KEY, gsk-123]}}\n")
    assert problem.message == "not the name of an environment variable"
    assert problem.hint == "a key itself goes into `api_key`"


@pytest.mark.parametrize("field", ["primary: a", "fallback: a", "providers: [groq]", "primary: a, fallback: b"])
def test_an_intent_among_the_models_is_sent_to_its_place(desk: Desk, field: str) -> None:
    problem = desk.problem(f"models:\n  code: {{{field}}}\n  m: {{targets: [{{provider: groq, model: m}}]}}\n")
    assert (problem.line, problem.path) == (2, "models.code")
    assert problem.message == "an intent among the models"
    assert "intents:" in str(problem.hint)


def test_an_intents_name_is_in_lower_case(desk: Desk) -> None:
    text = "intents: {Code: {primary: a, fallback: b, providers: [openrouter]}}\n"
    assert desk.problem(text).message == "an intent's name is in lower case"
