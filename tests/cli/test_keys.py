"""Keys, teams and the audit log at the command line, in the database itself and at a gateway that runs."""

import json
import sqlite3
from typing import Any

import pytest

from tests.cli.conftest import KEY, Program
from tests.cli.test_serve import called

ADMIN_KEY = "fla-of-the-cli-tests"


async def test_a_key_is_made_listed_rotated_and_deleted(ai: Program) -> None:
    made = await ai("keys", "create", "one", "--expires", "30d", "--tag", "t", "--model", "gpt-*")
    key = made.out.strip()
    assert (made.code, made.out) == (0, f"{key}\n")
    assert key.startswith("fl-")
    assert "Key `one`" in made.err
    assert key not in made.err
    listed = await ai("keys", "list")
    assert f"one  fl-…{key[-4:]}  client  active" in listed.out
    shown = json.loads((await ai("keys", "show", "one", "--json")).out)
    assert (shown["tags"], shown["rights"]) == (["t"], {"models": ["gpt-*"]})
    assert "only models" in (await ai("keys", "show", "one")).out
    turned = await ai("keys", "rotate", "one", "--overlap", "1h")
    assert turned.out.strip() not in (key, "")
    assert "The one before works until" in turned.err
    for command, state in (("block", "blocked"), ("unblock", "active"), ("delete", "deleted")):
        done = await ai("keys", command, shown["id"])
        assert (done.code, done.out) == (0, "")
        assert state in done.err
    assert "no key yet" in (await ai("keys", "list")).err
    assert (await ai("keys", "list", "--json")).out == "[]\n"


async def test_a_key_is_given_a_config_and_the_right_to_another(ai: Program) -> None:
    await ai("keys", "create", "one", "--config-override", "--calls-config", "chat", "--model", "gpt-*")
    said = {"models": ["gpt-*"], "config_override": True, "config": "chat"}
    assert json.loads((await ai("keys", "show", "one", "--json")).out)["rights"] == said
    assert "config override  yes" in (await ai("keys", "show", "one")).out
    await ai("keys", "update", "one", "--no-config-override")
    assert json.loads((await ai("keys", "show", "one", "--json")).out)["rights"] == {**said, "config_override": False}


async def test_a_team_limits_its_keys(ai: Program) -> None:
    team = await ai("teams", "create", "red", "--provider", "openai")
    assert team.out.startswith("team_")
    refused = await ai("keys", "create", "one", "--team", "red", "--provider", "groq")
    assert refused.code == 1
    assert "more than what it belongs to" in refused.err
    assert (await ai("keys", "create", "one", "--team", "red")).code == 0
    assert "still has 1 key" in (await ai("teams", "delete", "red")).err
    assert json.loads((await ai("teams", "list", "--json")).out)[0]["name"] == "red"
    assert "red" in (await ai("teams", "show", "red")).out
    assert "one" in (await ai("keys", "list", "--team", "red")).out
    assert (await ai("keys", "show", "two")).code == 1


async def test_budgets_and_limits_are_set_changed_and_taken_away(ai: Program) -> None:
    async def budgets(*args: str) -> list[tuple[str, str, bool]]:
        said = json.loads((await ai("teams", *args, "red", "--json")).out)["budgets"]
        return [(each["name"], each["limit"], each["hard"]) for each in said]

    await ai("teams", "create", "red", "--budget", "5", "--every", "week", "--requests", "60", "--model", "gpt-*")
    assert "budget week   $5 each week, $0 spent, $5 left until" in (await ai("teams", "show", "red")).out
    assert await budgets("update", "--budget", "7.5", "--every", "week") == [("week", "7.5", True)]
    both = await budgets(
        "update", "--budget", "1", "--every", "day", "--soft", "--tokens", "1000", "--provider", "openai"
    )
    assert both == [("week", "7.5", True), ("day", "1", False)]
    assert await budgets("update", "--budget", "2", "--every", "day") == [("week", "7.5", True), ("day", "2", False)]
    shown = json.loads((await ai("teams", "show", "red", "--json")).out)
    assert shown["rights"] == {"models": ["gpt-*"], "providers": ["openai"]}
    assert [(each["requests"], each["tokens"], each["per"]) for each in shown["limits"]] == [(60, 1000, "minute")]
    assert "60 requests, 1000 tokens within a minute" in (await ai("teams", "show", "red")).out
    assert await budgets("update", "--no-budgets", "--no-limits") == []
    assert json.loads((await ai("teams", "show", "red", "--json")).out)["limits"] == []


async def test_what_is_no_budget_is_refused(ai: Program) -> None:
    for args, says, code in (
        (("--budget", "much"), "much is no amount of dollars", 1),
        (("--budget", "1", "--every", "hour"), "cannot be renewed every `hour`", 1),
        (("--every", "day"), "no budget that this is of", 2),
        (("--per", "day"), "no limit that this is of", 2),
    ):
        refused = await ai("keys", "create", "one", *args)
        assert (refused.code, says in refused.err) == (code, True), refused.err
    await ai("keys", "create", "one")
    assert "nothing to change" in (await ai("keys", "update", "one")).err
    assert (await ai("keys", "update", "one", "--name", "two", "--expires", "3d")).code == 0
    assert json.loads((await ai("keys", "show", "two", "--json")).out)["expires"]


@pytest.mark.parametrize(
    ("kind", "more"), [("organisations", ()), ("teams", ()), ("users", ("--team", "red")), ("keys", ())]
)
async def test_each_kind_has_the_same_commands(ai: Program, kind: str, more: tuple[str, ...]) -> None:
    await ai("teams", "create", "red")
    made = await ai(kind, "create", "one", *more, "--budget", "1")
    assert made.code == 0
    shown = json.loads((await ai(kind, "show", "one", "--json")).out)
    assert (shown["name"], shown["budgets"][0]["limit"]) == ("one", "1")
    if kind != "keys":
        assert made.out == f"{shown['id']}\n"
    assert shown["id"] in (await ai(kind, "list")).out
    for command, state in (("block", "blocked"), ("unblock", "active"), ("delete", "deleted")):
        assert f"is {state}" in (await ai(kind, command, "one")).err
    assert "one" not in (await ai(kind, "list")).out
    if more:
        await ai("users", "create", "uma", *more)
        await ai("teams", "create", "blue")
        assert "uma" in (await ai("users", "list", *more)).out
        assert "no user yet" in (await ai("users", "list", "--team", "blue")).err


async def test_the_audit_log_tells_who_did_what_and_who_tampered(ai: Program) -> None:
    await ai("keys", "create", "one", "--admin")
    await ai("keys", "delete", "one")
    assert "local operator  create  key one" in (await ai("audit")).out
    exported = (await ai("audit", "export")).out.splitlines()
    assert [json.loads(line)["action"] for line in exported] == ["create", "delete"]
    verified = await ai("audit", "verify")
    assert (verified.code, verified.out) == (0, "ok: 2 records\n")
    with sqlite3.connect(ai.home / "data" / "fairlead" / "fairlead.db") as database:
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    database.close()
    broken = await ai("audit", "verify")
    assert (broken.code, broken.out) == (1, "broken: record 1 is not as it was written\n")


async def test_a_running_gateway_knows_of_a_key_made_beside_it(ai: Program) -> None:
    key = (await ai("keys", "create", "one")).out.strip()
    async with ai.serving() as gateway:
        assert "1 client key is stored; `ai keys create` makes another" in gateway.banner.replace("main.py", "ai")
        assert "(shown once)" not in gateway.banner
        assert key not in gateway.banner
        assert (await called(gateway, "GET", "/v1/models", key=key)).status == 200


async def test_the_key_of_the_first_start_works_after_the_next(ai: Program) -> None:
    async with ai.serving() as gateway:
        key = gateway.banner.partition("(shown once): ")[2].split()[0]
    assert "first" in (await ai("keys", "list")).out
    async with ai.serving() as gateway:
        assert key not in gateway.banner
        assert (await called(gateway, "GET", "/v1/models", key=key)).status == 200
    files = [file.read_bytes() for file in (ai.home / "data").rglob("*") if file.is_file()]
    assert files
    assert not any(key[3:].encode() in each for each in files)


async def test_a_gateway_is_administered_from_elsewhere(ai: Program) -> None:
    async with ai.serving(FAIRLEAD_KEY=KEY, FAIRLEAD_ADMIN_KEY=ADMIN_KEY) as gateway:
        elsewhere: dict[str, Any] = {"FAIRLEAD_ADMIN_KEY": ADMIN_KEY, "XDG_DATA_HOME": str(ai.home / "elsewhere")}
        made = await ai("keys", "create", "one", "--gateway", gateway.url, **elsewhere)
        assert (await called(gateway, "GET", "/v1/models", key=made.out.strip())).status == 200
        named: dict[str, Any] = {"FAIRLEAD_URL": gateway.url, **elsewhere}
        assert json.loads((await ai("keys", "list", "--json", **named)).out)[0]["name"] == "one"
        assert (await ai("keys", "rotate", "one", **named)).code == 0
        assert (await ai("teams", "create", "red", "--budget", "5", **named)).code == 0
        updated = await ai("teams", "update", "red", "--budget", "6", **named)
        assert "$6 each month" in updated.out
        assert "operator  create  key one" in (await ai("audit", **named)).out
        assert (await ai("audit", "verify", **named)).out == "ok: 5 records\n"
        assert (await ai("keys", "show", "two", **named)).code == 4
        wrong = await ai("keys", "list", "--gateway", gateway.url, FAIRLEAD_ADMIN_KEY=KEY)
        assert wrong.code == 4
        assert "this is a client key" in wrong.err
    unkeyed = await ai("keys", "list", "--gateway", gateway.url)
    assert (unkeyed.code, "FAIRLEAD_ADMIN_KEY is not set" in unkeyed.err) == (2, True)
    assert not (ai.home / "elsewhere").exists()


async def test_a_stored_key_is_a_key_of_ones_own_where_others_may_call(ai: Program) -> None:
    refused = await ai("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.code == 2
    assert "without a key of your own" in refused.err
    await ai("keys", "create", "one")
    async with ai.serving("--host", "0.0.0.0") as gateway:
        assert "1 client key is stored" in gateway.banner


async def test_without_a_place_for_a_database_there_is_a_key_for_the_process(ai: Program) -> None:
    said: dict[str, Any] = {"FAIRLEAD_DATABASE": "/proc/nowhere/fairlead.db"}
    async with ai.serving(**said) as gateway:
        key = gateway.banner.partition("(shown once): ")[2].split()[0]
        assert "ends with this process" in gateway.banner
        assert (await called(gateway, "GET", "/v1/models", key=key)).status == 200
    failed = await ai("keys", "list", **said)
    assert failed.code == 3
    assert "does not answer" in failed.err


async def test_asking_needs_no_database(ai: Program) -> None:
    asked = await ai("hello", FAIRLEAD_DATABASE="postgresql://127.0.0.1:9/none")
    assert asked.code == 0
    assert not list(ai.home.rglob("*.db"))
    assert not list(ai.home.rglob("pepper"))


async def test_a_password_of_the_database_is_not_shown(ai: Program) -> None:
    shown = await ai("config", "show", "--origin", FAIRLEAD_DATABASE="postgresql://me:canary-password@127.0.0.1:9/x")
    assert 'database = "***"' in shown.out
    failed = await ai("keys", "list", FAIRLEAD_DATABASE="postgresql://me:canary-password@127.0.0.1:9/x")
    assert failed.code == 3
    assert "canary-password" not in shown.out + shown.err + failed.out + failed.err
