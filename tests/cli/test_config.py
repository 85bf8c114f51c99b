"""The configuration, checked and shown."""

import json

import jsonschema

from tests.cli.conftest import Program

GOOD = {"default_provider": "openrouter", "providers": {"openrouter": {"api_key": "sk-not-to-be-seen-anywhere"}}}


async def test_a_good_one_is_ok(ai: Program) -> None:
    ai.config(GOOD)
    ran = await ai("config", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ok (")
    assert "fairlead.yaml" in ran.out


async def test_all_that_is_wrong_is_told_with_its_place(ai: Program) -> None:
    (ai.home / "other.yaml").write_text("modles: {}\nserver:\n  port: x\n")
    ran = await ai("config", "check", "other.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "other.yaml:1:1: modles: unknown name" in ran.err
    assert "did you mean `models`?" in ran.err
    assert "other.yaml:3:9: server.port: expected a whole number" in ran.err


async def test_a_file_that_is_not_there_says_what_to_do(ai: Program) -> None:
    for line in (["config", "check", "nofile.yaml"], ["serve", "--config", "nofile.yaml"]):
        ran = await ai(*line)
        assert (ran.code, ran.out) == (2, "")
        assert "nofile.yaml: no such file\n  hint: the command line names it; make it (`ai config schema` " in ran.err
        assert f"`fairlead.yaml` is looked for here and in {ai.home}/cfg/fairlead" in ran.err
    ai.config(GOOD)
    ran = await ai("config", "check", "fairlead.yml")
    assert "hint: the command line names it; did you mean `fairlead.yaml`?" in ran.err


async def test_what_only_shows_when_providers_are_made_is_wrong_too(ai: Program) -> None:
    ran = await ai("config", "check", AIMLAPI_BASE_URL="nowhere")
    assert ran.code == 2
    assert "AIMLAPI_BASE_URL" in ran.err


async def test_settings_are_shown_without_secrets(ai: Program) -> None:
    ai.config(GOOD)
    ran = await ai("config", "show")
    assert ran.code == 0
    assert 'default_provider = "openrouter"\n' in ran.out
    assert 'providers.openrouter.api_key = "***"' in ran.out
    assert "not-to-be-seen" not in ran.out


async def test_each_setting_has_its_origin(ai: Program) -> None:
    ai.config(GOOD)
    ran = await ai("config", "show", "--origin", FAIRLEAD_PORT="1234")
    origins = {line.split(" = ")[0]: line.partition("# ")[2] for line in ran.out.splitlines()}
    assert origins["server.port"] == "environment FAIRLEAD_PORT"
    assert origins["default_provider"].startswith("fairlead.yaml:")
    assert origins["server.host"] == "default"
    assert origins["intents.code.primary"].startswith("profile registry:")


async def test_settings_as_json(ai: Program) -> None:
    ran = await ai("config", "show", "--json", FAIRLEAD_PORT="1234")
    rows = {row["setting"]: (row["value"], row["origin"]) for row in json.loads(ran.out)}
    assert rows["server.port"] == (1234, "environment FAIRLEAD_PORT")


async def test_the_schema_is_one(ai: Program) -> None:
    schema = json.loads((await ai("config", "schema")).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(GOOD, schema)
