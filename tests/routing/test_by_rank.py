"""DEFAULT_MODEL: which model answers a call that names none."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fairlead import policies
from fairlead.config.load import load
from fairlead.errors import ConfigError, NoTarget, UnknownModel
from fairlead.providers.registry import Known
from fairlead.routing import by_rank, notes
from fairlead.routing.by_rank import rank, told
from fairlead.routing.names import offer
from fairlead.routing.plan import NONE_LEFT, Plan, Wanted, explain, plan
from fairlead.routing.policy import Policy

Make = Callable[..., Policy]
PLAIN: dict[str, Any] = {"context_window": 1000, "max_output_tokens": 1000, "intelligence_score": 1}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.chdir(tmp_path)

    def make(text: str = "", **environ: str) -> Policy:
        (tmp_path / "fairlead.yaml").write_text(text)
        environ = {"HOME": str(tmp_path), **environ}
        return policies.make_policy(load(None, environ, tmp_path).config, environ)

    return make


def auto(policy: Policy, **more: Any) -> Plan:
    return plan(Wanted("auto", **more), policy)


def first(made_plan: Plan) -> tuple[str, str]:
    return made_plan.targets[0].provider.name, made_plan.targets[0].model


@pytest.mark.parametrize(
    ("said", "points"),
    [
        ({}, 5),
        ({"intelligence_score": 2}, 10),
        ({"intelligence_score": 20}, 100),
        ({"intelligence_score": None}, 50),
        ({"context_window": 0}, 5),
        ({"context_window": 9_999}, 5),
        ({"context_window": 10_000}, 6),
        ({"context_window": 99_999}, 6),
        ({"context_window": 100_000}, 7),
        ({"context_window": 1_000_000}, 8),
        ({"context_window": 10_000_000}, 9),
        ({"context_window": 99_999_999}, 9),
        ({"context_window": 100_000_000}, 10),
        ({"context_window": 10_000_000_000}, 10),
        ({"max_output_tokens": 31_999}, 5),
        ({"max_output_tokens": 32_000}, 6),
        ({"max_output_tokens": 64_999}, 6),
        ({"max_output_tokens": 65_000}, 7),
        ({"supports_extended_thinking": True}, 8),
        ({"supports_function_calling": True}, 6),
        ({"supports_json_mode": True}, 6),
        ({"supports_images": True}, 6),
        ({"intelligence_score": 20, "supports_extended_thinking": True}, 100),
        ({"intelligence_score": 19, "supports_extended_thinking": True, "context_window": 100_000}, 100),
        ({"intelligence_score": 19, "supports_extended_thinking": True, "context_window": 10_000}, 99),
    ],
)
def test_b31_each_bonus_on_both_sides_of_where_it_begins(said: dict[str, Any], points: int) -> None:
    assert rank(Known(name="m", **{**PLAIN, **said})) == points


def test_b31_the_rank_is_told_with_what_it_is_made_of() -> None:
    model = Known(name="m", intelligence_score=15, context_window=1_048_576, max_output_tokens=65_536)
    assert told(model) == "rank 80 (intelligence 75, context 3, output 2)"


def test_b31_the_best_that_somebody_serves_answers_and_then_the_next_best(made: Make) -> None:
    found = auto(made(DEFAULT_MODEL="auto", OPENAI_API_KEY="k", MISTRAL_API_KEY="k"))
    assert [(target.provider.name, target.model) for target in found.targets] == [
        ("openai", "gpt-4o"), ("openai", "gpt-4o-mini"),
    ]  # fmt: skip
    assert found.intent is None
    both = auto(made(DEFAULT_MODEL=" AUTO ", OPENAI_API_KEY="k", OPENROUTER_API_KEY="k"))
    assert first(both) == ("openrouter", "~google/gemini-flash-latest")


def test_b31_it_is_explained_with_the_ranks_and_with_who_could_not(made: Make) -> None:
    told_of = {
        c.model: c.reason for c in explain(Wanted("auto"), made(DEFAULT_MODEL="auto", OPENAI_API_KEY="k")).candidates
    }
    assert told_of["gpt-4o"] == "rank 70 (intelligence 65, context 2, tools 1, JSON 1, images 1)"
    assert told_of["gemini-flash-latest"].startswith("rank 86 (intelligence 75, ")
    assert told_of["gemini-flash-latest"].endswith("), but GEMINI_API_KEY or GOOGLE_API_KEY is not set")
    assert told_of["gpt-4-turbo"].endswith(", but it has ended there (2026-10-23)")
    assert "text-embedding-3-large" not in told_of


def test_b31_a_model_that_may_not_be_asked_for_is_not_the_best(made: Make) -> None:
    some = made(DEFAULT_MODEL="auto", OPENROUTER_API_KEY="k", OPENROUTER_ALLOWED_MODELS="gpt-4o-mini,claude-3-haiku")
    assert [target.model for target in auto(some).targets] == ["openai/gpt-4o-mini", "anthropic/claude-3-haiku"]
    none = made(DEFAULT_MODEL="auto", OPENROUTER_API_KEY="k", OPENROUTER_ALLOWED_MODELS="gemini-1.0")
    with pytest.raises(NoTarget) as caught:
        auto(none)
    assert str(caught.value) == NONE_LEFT


def test_b31_the_last_resort_is_asked_although_it_has_ended_there(made: Make) -> None:
    found = auto(made(DEFAULT_MODEL="auto", GOOGLE_CLOUD_ACCESS_TOKEN="t", GOOGLE_CLOUD_PROJECT="p"))
    assert [(target.provider.name, target.model) for target in found.targets] == [("vertex", by_rank.LAST)]
    assert next(c.reason for c in found.candidates if c.target) == "the last resort"


def test_where_no_model_of_the_registry_can_be_had_others_answer(made: Make) -> None:
    assert first(auto(made(DEFAULT_MODEL="auto", XAI_API_KEY="k")))[0] == "xai"
    assert first(auto(made(DEFAULT_MODEL="auto"))) == ("echo", "echo")


def test_a_score_of_ones_own_wins_and_says_so(made: Make, tmp_path: Path) -> None:
    rows = [
        {"model_name": "gpt-4o-mini", "intelligence_score": 20},
        {"model_name": "mine", "ids": {"openai": "mine-1"}},
    ]
    (tmp_path / "models.json").write_text(json.dumps({"models": rows}))
    policy = made("models_file: models.json", DEFAULT_MODEL="auto", OPENAI_API_KEY="k")
    assert [target.model for target in auto(policy).targets] == ["gpt-4o-mini", "gpt-4o", "mine-1"]
    scored = {model.name: model.intelligence_source for model in policy.registry.models}
    assert (scored["gpt-4o-mini"], scored["gpt-4o"]) == ("yours", "ours")


@pytest.mark.parametrize("score", [0, 21, "high"])
def test_a_score_is_from_1_to_20(made: Make, tmp_path: Path, score: object) -> None:
    (tmp_path / "models.json").write_text(json.dumps({"models": [{"model_name": "m", "intelligence_score": score}]}))
    with pytest.raises(ConfigError, match="intelligence_score"):
        made("models_file: models.json")


def test_a_name_is_the_default(made: Make) -> None:
    policy = made("default_model: Claude", OPENROUTER_API_KEY="k", ANTHROPIC_API_KEY="k")
    found = auto(policy)
    assert first(found) == ("anthropic", "claude-3-5-sonnet-20241022")
    assert found.reason.startswith("the default model `Claude`: `Claude` is an alias of ")
    assert offer("auto", policy).provider == "anthropic"
    assert first(auto(made("default_model: Claude", DEFAULT_MODEL="gpt-4o", OPENAI_API_KEY="k"))) == (
        "openai",
        "gpt-4o",
    )


def test_an_intent_or_a_provider_that_a_call_names_wins_over_the_default(made: Make) -> None:
    for default in ("auto", "gpt-4o"):
        policy = made(DEFAULT_MODEL=default, OPENROUTER_API_KEY="k", OPENAI_API_KEY="k", GROQ_API_KEY="k")
        assert auto(policy, intent="code").intent == "code"
        assert plan(Wanted("intent:code"), policy).intent == "code"
        assert first(auto(policy, provider="groq"))[0] == "groq"
        assert first(plan(Wanted("gpt-4o-mini"), policy)) == ("openai", "gpt-4o-mini")


def test_without_a_default_the_text_says_what_a_call_is_for(made: Make) -> None:
    assert auto(made(OPENROUTER_API_KEY="k")).intent == "fast"
    assert auto(made(OPENROUTER_API_KEY="k", DEFAULT_MODEL=" ")).intent == "fast"
    assert auto(made("profile: direct", OPENROUTER_API_KEY="k", DEFAULT_MODEL="auto")).intent == "fast"


def test_a_default_that_nobody_knows_is_told_at_the_start(made: Make, caplog: pytest.LogCaptureFixture) -> None:
    policy = made(DEFAULT_MODEL="gtp4", OPENAI_API_KEY="k")
    with caplog.at_level(logging.WARNING):
        notes.announce(policy)
    assert "the default model `gtp4` is no name of a model that is known here" in caplog.text
    with pytest.raises(UnknownModel):
        auto(policy)
