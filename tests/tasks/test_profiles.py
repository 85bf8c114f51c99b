"""The profiles `hybrid` and `agents` are data, and no code asks which profile it is."""

import re
from pathlib import Path

import pytest

import fairlead
from fairlead.config.schema import Config
from fairlead.routing.names import offered
from tests.tasks.policies import config, policy

SOURCE = Path(fairlead.__file__).parent


@pytest.mark.parametrize("profile", ["hybrid", "agents", "direct", "registry"])
def test_every_profile_loads_without_a_warning(profile: str) -> None:
    loaded = config({"profile": profile})
    assert loaded.profile == profile
    assert set(loaded.intents) == {"code", "analyze", "fast", "creative"}


def test_no_code_asks_for_the_profile() -> None:
    asks = re.compile(r"profile\s*(?:==|!=|in)\s*[\[({\"']|[\"'](?:hybrid|agents)[\"']\s*(?:==|!=|in)\b")
    found = [path.name for path in SOURCE.rglob("*.py") if asks.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_each_shipped_profile_can_be_chosen() -> None:
    files = {file.stem for file in (SOURCE / "config" / "profiles").glob("*.yaml")}
    assert files == set(Config.__annotations__["profile"].__args__[0].__args__)


def test_hybrid_asks_portkey_first_and_openrouter_second() -> None:
    known = policy({"profile": "hybrid"})
    assert list(known.tables.gateways) == ["portkey", "openrouter"]
    assert [each.name for each in known.by_name()][:2] == ["portkey", "openrouter"]


def test_roles_and_tasks_that_can_be_served_are_listed() -> None:
    names = {each.name for each in offered(policy({"profile": "agents"}, OPENAI_API_KEY="k"))}
    assert "role:CODE_REVIEWER" in names
    assert "role:VULNERABILITY_SCANNER" not in names
    names = {each.name for each in offered(policy({"profile": "hybrid"}, OPENROUTER_API_KEY="k"))}
    assert "task:bulk_processing" in names
