"""The registry of models: what is shipped, and what a user lays over it."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from fairlead.errors import ConfigError
from fairlead.providers import registry
from fairlead.providers.catalog import load_rows

SHIPPED = registry.load()
# Seed 001's table and mission.md 5.6: name, its dated form, aliases, context, most out, whose.
NINE = [
    ("gpt-4", "gpt-4", "gpt4 openai", 128000, 4096, "openai"),
    ("gpt-3.5-turbo", "gpt-3.5-turbo", "gpt35 turbo", 16385, 4096, "openai"),
    ("claude-3-5-sonnet", "claude-3-5-sonnet-20241022", "claude sonnet anthropic", 200000, 8192, "anthropic"),
    ("claude-3-haiku", "claude-3-haiku-20240307", "haiku claude-fast", 200000, 4096, "anthropic"),
    ("gemini-1.5-pro", "gemini-1.5-pro", "gemini google", 2097152, 8192, "google"),
    ("gemini-1.5-flash", "gemini-1.5-flash", "flash gemini-fast", 1048576, 8192, "google"),
    ("o1-preview", "o1-preview", "o1 openai-reasoning", 128000, 32768, "openai"),
    ("llama-3.1-405b", "llama-3.1-405b-instruct", "llama meta", 131072, 4096, "meta"),
    ("mistral-large-2407", "mistral-large-2407", "mistral mistral-large", 128000, 4096, "mistral"),
]
# K06 of mission.md: every model identifier of every seed.
SLUGS = """deepseek/deepseek-coder anthropic/claude-3-sonnet anthropic/claude-3-opus openai/gpt-4-turbo
google/gemini-flash groq/llama-3-70b openai/gpt-4 meta-llama/llama-3-70b mistral/mistral-large gpt-4 gpt-3.5-turbo
claude-3-5-sonnet claude-3-5-sonnet-20241022 gemini-1.5-flash o1-preview llama-3.1-405b mistral-large-2407
claude-3-haiku gemini-1.5-pro claude-3-opus gpt-4o gpt-4o-mini gpt-4-vision-preview text-embedding-3-large gpt-4-turbo
deepseek-v3""".split()  # noqa: SIM905 - reads better so


def written(folder: Path, *models: dict[str, Any], **rest: Any) -> Path:
    path = folder / "models.json"
    path.write_text(json.dumps({"models": list(models), **rest}))
    return path


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        registry.load(path)
    return str(caught.value)


@pytest.mark.parametrize(("name", "dated", "aliases", "context", "out", "vendor"), NINE, ids=[row[0] for row in NINE])
def test_b09_the_nine_models_of_the_seed(
    name: str, dated: str, aliases: str, context: int, out: int, vendor: str
) -> None:
    for spelled in (name, dated, *aliases.split()):
        for cased in (spelled, spelled.upper(), spelled.title()):
            known = SHIPPED.named(cased)
            assert known is not None, cased
            assert (known.name, known.context_window, known.max_output_tokens) == (name, context, out)
    assert known is not None
    assert known.provider_route == vendor


def test_b09_o1_has_no_system_prompt_no_streams_no_tools_and_a_fixed_temperature() -> None:
    known = SHIPPED.named("o1")
    assert known is not None
    has = (known.supports_system_prompts, known.supports_streaming, known.supports_function_calling)
    assert has == (False, False, False)
    assert known.temperature_constraint == "fixed"


def test_b09_who_sees_images() -> None:
    blind = {"gpt-3.5-turbo", "llama-3.1-405b", "mistral-large-2407"}
    for name, *_ in NINE:
        known = SHIPPED.named(name)
        assert known is not None
        assert (known.supports_images, known.max_image_size_mb) == ((False, 0.0) if name in blind else (True, 20.0))


@pytest.mark.parametrize("slug", SLUGS)
def test_k06_every_slug_of_every_seed_is_known_at_openrouter(slug: str) -> None:
    known = SHIPPED.named(slug)
    assert known is not None
    assert "/" in str(known.ids["openrouter"])


def test_every_id_is_of_a_provider_that_there_is_and_has_its_source() -> None:
    told = registry.provenance()
    named = {provider for known in SHIPPED.models for provider in known.ids}
    assert named <= set(load_rows())
    assert named <= set(told)
    assert told["date"] == SHIPPED.date == "2026-11-21"


def test_every_id_says_what_names_it_so() -> None:
    for known in SHIPPED.models:
        assert known.checked.keys() == {provider for provider, there in known.ids.items() if there}, known.name
        assert set(known.checked.values()) <= set(registry.checks())
        for provider, state in known.checked.items():
            assert (state == "vendor") == (provider == "portkey"), (known.name, provider)
    said = [state for known in SHIPPED.models for state in known.checked.values()]
    assert set(said) == set(get_args(registry.Check)) == set(registry.checks())
    assert said.count("unconfirmed") <= 4


def test_the_page_says_what_was_checked_and_what_could_not_be() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/use-models-by-name.md").read_text(encoding="utf-8")
    assert f"checked on {SHIPPED.date}" in page
    told = page.partition(f"checked on {SHIPPED.date}")[2].partition("\n## ")[0]
    assert set(re.findall(r"^- `(\w+)`: ", told, re.MULTILINE)) == set(registry.checks())
    unconfirmed = {known.name for known in SHIPPED.models if "unconfirmed" in known.checked.values()}
    assert set(re.findall(r"`([\w.-]+)`", told.partition("- `unconfirmed`: ")[2])) == unconfirmed
    for known in SHIPPED.models:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{known.name}` |"))
        assert all(f"`{provider}` {day}" in row for provider, day in known.until.items()), known.name


def test_every_score_is_of_ours_or_the_seeds_and_each_model_that_answers_has_one() -> None:
    for known in SHIPPED.models:
        assert (known.intelligence_score is None) == (known.max_output_tokens == 0), known.name
        assert known.intelligence_score is None or known.intelligence_source in ("ours", "seed")


@pytest.mark.parametrize(
    ("name", "provider", "day"),
    [
        ("gpt-4", "openai", "2026-10-23"),
        ("gpt-4", "portkey", "2026-10-23"),
        ("claude-3-opus", "anthropic", "2026-01-05"),
        ("gemini-1.5-pro", "vertex", "2025-09-24"),
        ("mistral-large-2407", "mistral", "2025-03-30"),
    ],
)
def test_a_model_that_a_provider_ended_says_when(name: str, provider: str, day: str) -> None:
    known = SHIPPED.named(name)
    assert known is not None
    assert known.until[provider] == day
    assert known.ended(provider, day)
    assert not known.ended(provider, "2025-01-01")
    assert not known.ended("nobody", "9998-12-31")


def test_an_id_of_ones_own_is_not_said_to_have_ended(tmp_path: Path) -> None:
    known = registry.load(written(tmp_path, {"model_name": "gpt-4", "ids": {"openai": "mine"}})).named("gpt-4")
    assert known is not None
    assert (known.ids["openai"], known.ids["openrouter"]) == ("mine", "openai/gpt-4")
    assert "openai" not in known.until
    assert "openai" not in known.checked


def test_a_model_of_ones_own_needs_a_name_and_no_more(tmp_path: Path) -> None:
    made = registry.load(written(tmp_path, {"model_name": "mine", "aliases": ["m"]}))
    known = made.named("M")
    assert known is not None
    assert (known.name, known.context_window, known.max_output_tokens) == ("mine", 32_768, 32_768)
    assert made.named("gpt4") == SHIPPED.named("gpt4")


def test_a_member_that_we_do_not_know_is_an_error_and_not_a_silence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown field `contxt_window`"):
        registry.load(written(tmp_path, {"model_name": "mine", "contxt_window": 5}))


def test_what_a_file_says_of_our_model_is_laid_over_it(tmp_path: Path) -> None:
    path = written(
        tmp_path, {"model_name": "gpt-4", "context_window": 5, "ids": {"azure": "our-gpt4"}, "aliases": ["g"]}
    )
    known, ours = registry.load(path).named("g"), SHIPPED.named("gpt-4")
    assert known is not None
    assert ours is not None
    assert (known.context_window, known.max_output_tokens, known.provider_route) == (5, 4096, "openai")
    assert known.ids == {**ours.ids, "azure": "our-gpt4"}
    assert known == registry.load(path).named("openai")


def test_b10_the_dated_name_is_the_same_model(tmp_path: Path) -> None:
    path = written(tmp_path, {"model_name": "claude-3-5-sonnet-20241022", "aliases": ["claude", "sonnet"]}, _README={})
    made = registry.load(path)
    known = made.named("claude-3-5-sonnet")
    assert known is not None
    assert known.name == "claude-3-5-sonnet-20241022"
    assert known == made.named("anthropic") == made.named("CLAUDE")
    assert len(made.models) == len(SHIPPED.models)


def test_an_alias_of_ours_may_be_given_to_another_model(tmp_path: Path) -> None:
    made = registry.load(written(tmp_path, {"model_name": "claude-9", "aliases": ["Claude"]}))
    known, old = made.named("claude"), made.named("sonnet")
    assert known is not None
    assert old is not None
    assert (known.name, old.name) == ("claude-9", "claude-3-5-sonnet")
    assert "claude" not in old.aliases


def test_b11_a_duplicate_alias_names_both_models(tmp_path: Path) -> None:
    path = written(tmp_path, {"model_name": "a", "aliases": ["x"]}, {"model_name": "b", "aliases": ["X"]})
    assert refused(path) == "Duplicate alias 'X' found for models 'a' and 'b'"


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.json").endswith("none.json: no such file or directory")
    (tmp_path / "bad.json").write_text("{")
    assert "bad.json: not a registry of models: " in refused(tmp_path / "bad.json")
    assert "Expected `int`, got `str`" in refused(written(tmp_path, {"model_name": "a", "context_window": "big"}))
    assert "missing required field `model_name`" in refused(written(tmp_path, {"aliases": []}))


def test_an_empty_registry_knows_nothing() -> None:
    assert not registry.Registry()
    assert registry.Registry().named("gpt-4") is None
