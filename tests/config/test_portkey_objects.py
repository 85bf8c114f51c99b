"""Config objects of a configuration file: what is wrong comes with file, line, path and hint, and all at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import Loaded, load
from fairlead.config.portkey_objects.inline import inline
from fairlead.errors import ConfigError, Problem


def loaded(folder: Path, text: str, **environ: str) -> Loaded:
    (folder / "fairlead.yaml").write_text(text)
    return load(str(folder / "fairlead.yaml"), {"HOME": str(folder), **environ}, folder)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.problems


GOOD = """
configs:
  chat:
    strategy: {mode: fallback, onStatusCodes: [429, 503]}
    retry: {attempts: 2, useRetryAfterHeaders: true}
    targets:
      - {provider: "@openai", overrideParams: {model: gpt-4o}}
      - {provider: azure-openai, weight: 2}
"""


def test_both_spellings_are_taken(tmp_path: Path) -> None:
    chat = loaded(tmp_path, GOOD).config.configs["chat"]
    assert chat.strategy is not None
    assert chat.retry is not None
    assert (chat.strategy.on_status_codes, chat.retry.use_retry_after_header) == ([429, 503], True)
    assert chat.targets[0].override_params == {"model": "gpt-4o"}


def test_the_names_within_params_and_queries_are_the_users(tmp_path: Path) -> None:
    text = """
configs:
  c:
    strategy:
      mode: conditional
      conditions: [{query: {metadata.myPlan: {$eq: paidUp}}, then: a}]
    targets: [{name: a, provider: openai, overrideParams: {myParam: {innerName: 1}}}]
"""
    c = loaded(tmp_path, text).config.configs["c"]
    assert c.strategy is not None
    assert c.strategy.conditions[0].query == {"metadata.myPlan": {"$eq": "paidUp"}}
    assert c.targets[0].override_params == {"myParam": {"innerName": 1}}


def test_an_object_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text(json.dumps({"provider": "@openai", "request_timeout": 1000}))
    made = loaded(tmp_path, "configs: {chat: {file: chat.json}}\ndefault_config: chat")
    assert made.config.configs["chat"].request_timeout == 1000
    assert made.config.default_config == "chat"


def test_what_is_wrong_in_that_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text('{\n  "provider": "@openai",\n  "retri": {}\n}')
    (found,) = problems(tmp_path, "configs: {chat: {file: chat.json}}")
    assert (found.file, found.line, found.path, found.hint) == ("chat.json", 3, "retri", "did you mean `retry`?")


def test_every_problem_comes_with_its_place_and_a_hint(tmp_path: Path) -> None:
    text = """
configs:
  chat:
    strategy:
      mode: conditonal
      conditions:
        - query: {metadata.plan: {$like: x}}
          then: bgi
    targets:
      - {name: big, provider: "@opnai", api_key: sk-1234567890abcdef}
      - {name: small, custom_host: "http://10.0.0.1"}
default_config: chta
"""
    found = {each.path: each for each in problems(tmp_path, text)}
    assert found["configs.chat.strategy.mode"].hint == "did you mean `conditional`?"
    assert found["configs.chat.targets[0].provider"].line == 10
    assert (
        found["configs.chat.targets[0].provider"].hint == "did you mean `openai`?"
        or found["configs.chat.targets[0].provider"].hint
    )
    assert "credentials" in found["configs.chat.targets[0].api_key"].message
    assert "destinations" in found["configs.chat.targets[1].custom_host"].message
    assert found["default_config"].hint == "did you mean `chat`?"
    assert not any("sk-1234567890abcdef" in str(each) for each in found.values())


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"targets": [{"provider": "a"}]}, "targets", "without a strategy"),
        ({"strategy": {"mode": "single"}}, "strategy", "without targets"),
        ({"strategy": {"mode": "single"}, "targets": []}, "strategy", "without targets"),
        ({"strategy": {"mode": "fallback"}, "provider": "a", "targets": [{}]}, "provider", "no provider of its own"),
        ({"retry": {}}, "retry.attempts", "missing"),
        ({"retry": {"attempts": 6}}, "retry.attempts", "at most 5"),
        ({"request_timeout": 0}, "request_timeout", "at least 1"),
        ({"weight": "x"}, "weight", "expected a number"),
        ({"drop_params": ["a..b"]}, "drop_params[0]", "not the path"),
        ({"cb_config": {"cooldown_interval": 5}}, "cb_config.cooldown_interval", "at least 30000"),
        ({"overrideParams": {}, "override_params": {}}, "override_params", "two spellings"),
        ({"file": "x.json"}, "file", "named alone"),
        ({"aws_secret_access_key": "x"}, "aws_secret_access_key", "credentials"),
        (
            {"strategy": {"mode": "loadbalance"}, "targets": [{"weight": 0}, {"weight": 0}]},
            "targets",
            "weight 0",
        ),
        (
            {"strategy": {"mode": "conditional"}, "targets": [{"name": "a"}]},
            "strategy",
            "no conditions",
        ),
        (
            {"strategy": {"mode": "fallback"}, "targets": [{"provider": "a"}] * 11},
            "",
            "11 targets; at most 10",
        ),
        (
            {"strategy": {"mode": "loadbalance"}, "targets": [{"provider": "a"}] * 120},
            "targets[99]",
            "more than 100 objects",
        ),
    ],
)
def test_what_cannot_be_meant_is_said(config: dict[str, Any], path: str, message: str) -> None:
    found = inline(json.dumps(config))
    assert found.object is None
    assert any(each.path == path and message in each.message for each in found.problems), found.problems


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"provider": "a"}
    for _ in range(depth):
        node = {"strategy": {"mode": "single"}, "targets": [node]}
    return node


def test_what_is_too_deep_or_too_large_is_refused_before_it_is_looked_at() -> None:
    assert inline(json.dumps(nested(9))).object is not None
    assert "nested more than 10 deep" in str(inline(json.dumps(nested(10))).problems[0])
    assert "deep" in str(inline(json.dumps(nested(40))).problems[0])
    assert "not JSON" in str(inline('{"targets":[' * 2000 + "]}" * 2000).problems[0])
    assert "bytes" in str(inline('{"name":"' + "x" * 40_000 + '"}').problems[0])
    assert "values" in str(inline(json.dumps({"drop_params": ["a"] * 6000})).problems[0])
    assert "not JSON" in str(inline('{"a":').problems[0])
    many: dict[str, Any] = {"strategy": {"mode": "conditional", "conditions": []}, "targets": [{"name": "a"}]}
    many["strategy"]["conditions"] = [{"query": {"metadata.x": {"$regex": "a"}}, "then": "a"}] * 17
    assert "more than 16 patterns" in str(inline(json.dumps(many)).problems[0])


def test_what_is_not_acted_on_yet_is_told_as_it_is_loaded(tmp_path: Path) -> None:
    text = "configs:\n  c:\n    provider: openai\n    cache: {mode: simple}\n    input_guardrails: [pii]\n"
    warnings = loaded(tmp_path, text).warnings
    assert [each.partition("fairlead.yaml")[2] for each in warnings] == [
        ":4: configs.c.cache is accepted, and not acted on yet",
        ":5: configs.c.input_guardrails is accepted, and not acted on yet",
    ]


def test_a_model_may_go_by_a_config(tmp_path: Path) -> None:
    made = loaded(tmp_path, GOOD + "models: {m: {config: chat}}\n")
    assert made.config.models["m"].config == "chat"
    (found,) = problems(tmp_path, GOOD + "models: {m: {config: caht}}\n")
    assert (found.path, found.hint) == ("models.m.config", "did you mean `chat`?")


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("routing: {primary_models: {analysis: m}}", "routing.primary_models.analysis"),
        ("routing: {fallback_chain: [also]}", "routing.fallback_chain[0]"),
        ("routing: {vision: [m]}", "routing.vision[0]"),
        ("routing: {complexity: {high: M}}", "routing.complexity.high"),
    ],
)
def test_a_model_that_goes_by_a_config_has_no_place_in_another_order(tmp_path: Path, where: str, path: str) -> None:
    text = f"configs: {{c: {{provider: openai}}}}\nmodels: {{m: {{config: c, aliases: [also]}}}}\n{where}\n"
    (found,) = problems(tmp_path, text)
    assert (found.path, found.line) == (path, 3)
    assert "goes by a config" in found.message


def test_nor_is_it_for_a_task(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "configs: {c: {provider: openai}}\nmodels: {m: {config: c, use_for: [analysis]}}\n")
    assert (found.path, found.line) == ("models.m.use_for", 2)
