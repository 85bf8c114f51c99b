from typing import Any

import jsonschema
import pytest
import yaml

from fairlead.config.json_schema import schema
from fairlead.errors import ConfigError
from tests.config.conftest import Desk

EXAMPLE = """\
profile: direct
server: {host: 0.0.0.0, port: 9000, drain: 5}
app: {referer: "https://example.com", title: Example}
default_provider: openrouter
data_dir: null
log_level: WARNING
providers:
  openrouter:
    headers: {X-Team: platform}
    timeouts: {connect: 1, idle: 2.5}
  mine:
    dialect: openai-chat
    base_url: http://10.0.0.1:8000/v1
    api_key_env: [MINE, MINE_TOO]
    quirks: []
    fidelity: raw
    usage: always
    models: ["mine-*"]
    key_optional: true
models:
  gpt-4.1:
    aliases: [big]
    targets: [{provider: openai, model: gpt-4.1}, {provider: mine, model: mine-1}]
intents:
  code: {primary: a/b, fallback: c/d, providers: [openrouter, mine]}
"""
VALID = ["{}", EXAMPLE, "server:\n  port: ${PORT:-1}\n", "providers: {groq: {api_key_env: A}}", "log_level: INFO"]
INVALID = [
    "servr: {}",
    "server: {port: many}",
    "server: {port: -1}",
    "server: {max_body: 0}",
    "server: {drain: true}",
    "log_level: LOUD",
    "log_level: debug",
    "app: {title: [a]}",
    "providers: {groq: {dialect: telepathy}}",
    "providers: {groq: {base_url: 'ftp://h'}}",
    "providers: {groq: {timeouts: {total: 0}}}",
    "providers: {groq: {key_optional: 'maybe'}}",
    "providers: {groq: {headers: {a: 1}}}",
    "models: {m: {targets: []}}",
    "models: {m: {gateway: 1}}",
    "models: {m: {targets: [{provider: groq}]}}",
    "models: {m: {targets: [{provider: groq, model: ''}]}}",
    "models: []",
    "intents: {mine: {primary: a}}",
]


def accepts(text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema()).is_valid(yaml.safe_load(text)))


def test_it_is_a_json_schema_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["title"] == "Fairlead configuration"


def test_every_field_has_a_description() -> None:
    definitions: dict[str, Any] = schema()["$defs"]
    assert {"Config", "Server", "ProviderEntry", "Timeouts", "Model", "Target", "Intent"} <= set(definitions)
    missing = [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, body in definition["properties"].items()
        if not body.get("description")
    ]
    assert missing == []


@pytest.mark.parametrize("text", VALID)
def test_what_it_accepts_loads(desk: Desk, text: str) -> None:
    assert accepts(text)
    desk.load(text)


@pytest.mark.parametrize("text", INVALID)
def test_what_it_refuses_does_not_load(desk: Desk, text: str) -> None:
    assert not accepts(text)
    with pytest.raises(ConfigError):
        desk.load(text)
