from tests.config.conftest import Desk

TEXT = """\
providers:
  groq: {api_key: sk-canary, headers: {X-Auth: sk-canary}, api_key_env: [A, B]}
models:
  gpt-4.1:
    targets:
      - {provider: groq, model: a}
      - {provider: xai, model: b}
"""


def test_every_setting_is_shown_with_its_value_and_origin(desk: Desk) -> None:
    shown = {path: (value, origin) for path, value, origin in desk.load(TEXT, FAIRLEAD_PORT="1").settings}
    assert shown["server.port"] == (1, "environment FAIRLEAD_PORT")
    assert shown["server.host"] == ("127.0.0.1", "default")
    assert shown["default_provider"] == (None, "default")
    assert shown["providers.groq.api_key_env"] == (["A", "B"], "fairlead.yaml:2")
    assert shown['models."gpt-4.1".targets[1].model'] == ("b", "fairlead.yaml:7")
    assert shown['models."gpt-4.1".aliases'] == ([], "default")


def test_secrets_are_not_shown(desk: Desk) -> None:
    loaded = desk.load(TEXT)
    shown = {path: value for path, value, _origin in loaded.settings}
    assert shown["providers.groq.api_key"] == shown["providers.groq.headers.X-Auth"] == "***"
    assert "canary" not in f"{loaded} {loaded.settings}"
