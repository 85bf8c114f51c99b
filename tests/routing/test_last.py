"""`USE_LEGACY_PORTKEY=1`: Portkey behind all others, for who has moved away from it (A21, seed 000's rollback)."""

from pathlib import Path

import pytest

from fairlead import policies
from fairlead.config.load import load
from fairlead.errors import ConfigError
from fairlead.routing.plan import Plan, Wanted, explain
from fairlead.routing.policy import Policy

SET = {"OPENROUTER_API_KEY": "k", "AIMLAPI_KEY": "k", "PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk"}


def policy(folder: Path, text: str = "", **environ: str) -> Policy:
    variables = {"HOME": str(folder), "FAIRLEAD_PROFILE": "direct", **SET, **environ}
    (folder / "fairlead.yaml").write_text(text)
    return policies.make_policy(load(None, variables, folder).config, variables)


def shown(made: Plan) -> list[str]:
    return [f"{target.provider.name}/{target.model}" for target in made.targets]


def test_without_the_flag_nothing_goes_to_portkey(tmp_path: Path) -> None:
    made = policy(tmp_path)
    assert not made.providers["portkey"].usable
    for model in ("intent:code", "gpt-4o", "deepseek/deepseek-coder"):
        assert "portkey" not in {each.provider for each in explain(Wanted(model), made).candidates}


@pytest.mark.parametrize("value", ["1", "true"])
def test_with_it_portkey_is_the_last_of_every_intent(tmp_path: Path, value: str) -> None:
    made = explain(Wanted("intent:code"), policy(tmp_path, USE_LEGACY_PORTKEY=value))
    assert shown(made) == [
        "openrouter/deepseek/deepseek-coder", "aimlapi/deepseek/deepseek-coder",
        "openrouter/anthropic/claude-3-sonnet", "aimlapi/anthropic/claude-3-sonnet",
        "portkey/deepseek-coder", "portkey/claude-3-sonnet",
    ]  # fmt: skip


def test_with_it_portkey_is_the_last_for_a_model_by_its_name(tmp_path: Path) -> None:
    made = policy(tmp_path, USE_LEGACY_PORTKEY="1")
    for model in ("gpt-4o", "openai/gpt-4o"):
        assert shown(explain(Wanted(model), made))[-1] == "portkey/gpt-4o"
        assert len(shown(explain(Wanted(model), made))) > 1


def test_who_says_where_a_call_goes_is_kept_to_that(tmp_path: Path) -> None:
    own = "models: {mine: {targets: [{provider: openrouter, model: x/y}]}}\n"
    made = policy(tmp_path, own, USE_LEGACY_PORTKEY="1")
    assert shown(explain(Wanted("mine"), made)) == ["openrouter/x/y"]
    assert shown(explain(Wanted("@aimlapi/x/y"), made)) == ["aimlapi/x/y"]
    assert shown(explain(Wanted("x/y", provider="aimlapi"), made)) == ["aimlapi/x/y"]


def test_where_portkey_has_its_place_it_stays_there(tmp_path: Path) -> None:
    plain, legacy = (
        explain(Wanted("gpt-4o"), policy(tmp_path, FAIRLEAD_PROFILE="registry", **more))
        for more in ({}, {"USE_LEGACY_PORTKEY": "1"})
    )
    assert shown(plain) == shown(legacy)
    assert [target.split("/")[0] for target in shown(plain)].count("portkey") == 1


def test_another_value_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        policy(tmp_path, USE_LEGACY_PORTKEY="perhaps")
    assert "USE_LEGACY_PORTKEY" in str([problem.file for problem in refused.value.problems])
