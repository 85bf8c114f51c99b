import pytest

from tests.config.conftest import Desk


def test_every_problem_is_told_at_once_and_in_order(desk: Desk) -> None:
    text = """\
server:
  port: http
  hosst: 0.0.0.0
models:
  big:
    targets:
      - {provider: opnrouter, model: ""}
intents:
  code: {providers: []}
default_provider: nobody
"""
    assert (
        "\n".join(map(str, desk.problems(text)))
        == """\
fairlead.yaml:2:9: server.port: expected a whole number, got `http`
fairlead.yaml:3:3: server.hosst: unknown name
  hint: did you mean `host`?
fairlead.yaml:7:20: models.big.targets[0].provider: there is no provider `opnrouter`
  hint: did you mean `openrouter`?
fairlead.yaml:7:38: models.big.targets[0].model: it must not be empty
fairlead.yaml:9:21: intents.code.providers: it must not be empty
fairlead.yaml:10:19: default_provider: there is no provider `nobody`
  hint: give it an entry under `providers`"""
    )


def test_problems_of_every_layer_are_told_together(desk: Desk) -> None:
    desk.write("models: {x: {primary: 5}}\n", "models.yaml")
    found = desk.problems("server: {prot: 1}\n", MODEL_CONFIG_PATH="models.yaml", LOG_LEVEL="loud")
    assert {problem.file for problem in found} == {"fairlead.yaml", "models.yaml", "environment LOG_LEVEL"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server: {port: 70000}", "it must be at most 65535; got `70000`"),
        ("server: {port: -1}", "it must be at least 0; got `-1`"),
        ("server: {max_body: 0}", "it must be more than 0"),
        ("server: {port: 1.5}", "expected a whole number, got `1.5`"),
        ("server: {port: true}", "expected a whole number, got `true`"),
        ("server: {port: }", "expected a whole number, got nothing"),
        ("server: {drain: .nan}", "expected a number, got `nan`"),
        ("server: {drain: .inf}", "expected a number, got `inf`"),
        ("server: {drain: 1" + "0" * 400 + "}", f"expected a number, got `1{'0' * 39}…`"),
        ("server: [1]", "expected names with values, got a list"),
        ("server: 5", "expected names with values, got `5`"),
        ("server: {host: {a: b}}", "expected text, got names with values"),
        ("models: []", "expected names with values, got a list"),
        ("providers: {groq: {key_optional: 'yes'}}", "expected true or false, got `yes`"),
        ("providers: {groq: {api_key_env: {a: b}}}", "expected text or a list, got names with values"),
        ("providers: {groq: {headers: x}}", "expected names with values, got text"),
        ("providers: {groq: {fidelity: loose}}", "expected one of `mended`, `raw`, got `loose`"),
        ("models: {m: {targets: [x]}}", "expected names with values, got `x`"),
        ("models: {m: {targets: {a: b}}}", "expected a list, got names with values"),
        ("server: {port: " + "x" * 50 + "}", f"expected a whole number, got `{'x' * 40}…`"),
    ],
)
def test_what_was_expected_and_what_is_there(desk: Desk, text: str, message: str) -> None:
    assert message in [problem.message for problem in desk.problems(text)]


def test_text_that_yaml_takes_for_something_else_gets_a_hint(desk: Desk) -> None:
    problem = desk.problem("app: {title: no}\n")
    assert (problem.message, problem.hint) == ("expected text, got `false`", "write it in quotes")


def test_a_value_that_must_be_one_of_several_gets_the_nearest(desk: Desk) -> None:
    assert desk.problem("log_level: debug\n").hint == "did you mean `DEBUG`?"


def test_a_number_may_be_whole_where_a_fraction_is_allowed(desk: Desk) -> None:
    assert desk.load("server: {drain: 5}\n").config.server.drain == 5.0


def test_what_is_missing_is_told_where_it_belongs(desk: Desk) -> None:
    found = desk.problems("models:\n  one:\n  two:\n    targets:\n      - model: m\nintents:\n  mine: {primary: x}\n")
    assert [(p.line, p.path, p.message) for p in found] == [
        (2, "models.one.targets", "missing; expected a list"),
        (5, "models.two.targets[0].provider", "missing; expected text"),
        (7, "intents.mine.fallback", "missing; expected text"),
        (7, "intents.mine.providers", "missing; expected a list"),
    ]


def test_a_name_with_dots_is_quoted_in_a_path(desk: Desk) -> None:
    assert desk.problem("models:\n  gpt-4.1: {targets: 5}\n").path == 'models."gpt-4.1".targets'


def test_null_is_allowed_where_there_may_be_nothing(desk: Desk) -> None:
    loaded = desk.load("default_provider: null\nproviders: {groq: {base_url: null, timeouts: null}}\n").config
    assert loaded.default_provider is None
    assert loaded.providers["groq"].base_url is None


@pytest.mark.parametrize(
    "entry",
    [
        "api_key: [sk-canary]",
        "api_key: {sk-canary: 1}",
        "api_key: 'sk-canary\\n'\n    base_url: ftp://u:sk-canary@h",
        "base_url: https://u:sk-canary@h/v1",
        "base_url: https://h/v1?key=sk-canary",
        'headers: {X: ["sk-canary"]}',
        'headers: {X: "sk-canary\\r\\nEvil: 1"}',
        'api_key: "sk-canary\\nx"',
        "api_key_env: sk-canary",
        "api_key: *sk-canary",
        "api_key: 'sk-canary",
        "api_key: sk-canary: x",
        "timeouts: {total: ${KEY}}",
        "fidelity: ${KEY}",
        "base_url: ${KEY}",
    ],
)
def test_a_secret_is_never_in_a_message(desk: Desk, entry: str) -> None:
    found = desk.problems(f"providers:\n  groq:\n    {entry}\n", KEY="sk-canary")
    assert "canary" not in "\n".join(map(str, found))


def test_a_provider_that_comes_from_a_variable_is_not_shown(desk: Desk) -> None:
    assert "canary" not in str(desk.problem("default_provider: ${P}\n", P="sk-canary"))
