"""What a key and its owners may spend, set through the API: it holds for every gateway on the database, and at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.money.house import counting, settings
from tests.support.administered import administered, asked
from tests.support.databases import KINDS, fresh
from tests.support.directory import ADMIN
from tests.support.gateway import HttpReply, Running, ask
from tests.support.scripted import Scripted, scripted

PEPPER = "the pepper of all machines of the test"
# A call asks for 500 tokens at 2000 nano-dollars each and gets them, for a prompt of 50 at 1000.
COST = 0.00105


@pytest.fixture
async def up() -> AsyncIterator[Scripted]:
    async with scripted(counting(50, 500)) as made:
        yield made


async def called(gateway: Running, key: str) -> HttpReply:
    return await asked(gateway, "POST", "/v1/chat/completions", key, ask(max_tokens=500))


async def made(gateway: Running, path: str, **body: Any) -> Any:
    got = await asked(gateway, "POST", path, body=body)
    assert got.status in (200, 201), got.body
    return got.json


async def changed(gateway: Running, path: str, **body: Any) -> Any:
    got = await asked(gateway, "PATCH", path, body=body)
    assert got.status == 200, got.body
    return got.json


@pytest.mark.parametrize("kind", KINDS)
async def test_a_budget_of_a_key_holds_across_a_restart_until_it_is_raised(
    tmp_path: Path, up: Scripted, kind: str
) -> None:
    with fresh(kind, tmp_path) as url:
        said: dict[str, Any] = {"FAIRLEAD_DATABASE": url}
        async with administered(tmp_path / "a", settings(up.url), **said) as (gateway, _):
            budget = {"limit": "0.0015", "every": "total"}
            one = await made(gateway, "/api/keys", name="one", budgets=[budget])
            assert one["budgets"] == [
                {**budget, "name": "total", "time_zone": "UTC", "hard": True, "protection": "refuse", "alerts": [80]}
            ]
            assert [(await called(gateway, one["key"])).status for _ in range(2)] == [200, 402]
        async with administered(tmp_path / "a", settings(up.url), **said) as (gateway, _):
            refused = await called(gateway, one["key"])
            shown = (await asked(gateway, "GET", "/api/keys/one")).json
            await changed(gateway, "/api/keys/one", budgets=[{**budget, "limit": "0.003"}])
            raised = await called(gateway, one["key"])
    assert shown["standing"] == [{"name": "total", "spent": "0.00105", "remaining": "0.00045", "resets_at": None}]
    assert (refused.status, refused.error["code"]) == (402, "budget_exceeded")
    assert refused.error["budget"] == f"{one['id']}/total"
    assert refused.error["remaining"] == "0.00045"
    assert "the budget `total` of the key `one` has $0.00045 left" in refused.error["message"]
    assert (raised.status, len(up.received)) == (200, 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_gateways_on_one_database_keep_one_budget(tmp_path: Path, up: Scripted, kind: str) -> None:
    with fresh(kind, tmp_path) as url:
        said: dict[str, Any] = {"FAIRLEAD_DATABASE": url, "FAIRLEAD_PEPPER": PEPPER}
        async with (
            administered(tmp_path / "a", settings(up.url), **said) as (one, _),
            administered(tmp_path / "b", settings(up.url), **said) as (two, _),
        ):
            await made(one, "/api/teams", name="red", budgets=[{"limit": 5.5 * COST, "every": "total"}])
            keys = [(await made(one, "/api/keys", team="red"))["key"] for _ in range(2)]
            await two.engine.keyring.look()
            got = await asyncio.gather(*(called(gateway, key) for gateway in (one, two) for key in keys * 5))
            assert {each.status for each in got} <= {200, 402}
            assert 1 <= sum(each.status == 200 for each in got) == len(up.received) <= 5
            await changed(one, "/api/teams/red", budgets=[])
            await two.engine.keyring.look()
            assert [(await called(gateway, keys[0])).status for gateway in (one, two)] == [200, 200]


@pytest.mark.parametrize("kind", ["organisation", "team", "user", "key"])
async def test_a_budget_holds_for_all_that_stands_under_it(tmp_path: Path, up: Scripted, kind: str) -> None:
    async with administered(tmp_path, settings(up.url)) as (gateway, _):
        said: dict[str, dict[str, Any]] = {
            "organisation": {"name": "acme"},
            "team": {"name": "red", "organisation": "acme"},
            "user": {"name": "uma", "team": "red"},
            "key": {"name": "k", "user": "uma"},
        }
        said[kind]["budgets"] = [{"limit": "0.0015", "every": "day"}]
        for each, body in said.items():
            last = await made(gateway, f"/api/{each}s", **body)
        other = await made(gateway, "/api/keys", name="other")
        assert [(await called(gateway, last["key"])).status for _ in range(2)] == [200, 402]
        assert (await called(gateway, other["key"])).status == 200


async def test_a_soft_budget_tells_and_lets_through(
    tmp_path: Path, up: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    async with administered(tmp_path, settings(up.url)) as (gateway, _):
        soft = {"limit": "0.0015", "hard": False, "alerts": [50]}
        key = await made(gateway, "/api/keys", name="one", budgets=[soft])
        assert [(await called(gateway, key["key"])).status for _ in range(2)] == [200, 200]
    assert "50% budget reached: `month` of the key `one` has $0.00105 of $0.0015 spent" in caplog.text


async def test_a_change_elsewhere_leaves_what_is_held_alone(tmp_path: Path, up: Scripted) -> None:
    """Else each change to any key would send all processes to the accounts again."""
    async with administered(tmp_path, settings(up.url)) as (gateway, there):
        key = await made(gateway, "/api/keys", budgets=[{"limit": 5}])
        before = gateway.engine.keyring.principal_of(key["key"].encode(), 0).budgets
        await made(gateway, "/api/keys", name="another")
        after = gateway.engine.keyring.principal_of(key["key"].encode(), 0)
        assert len(before) == 1
        assert after.budgets[0] is before[0]
        assert there.show(ADMIN, "key", "another").budgets == []


async def test_limits_on_calls_and_tokens_hold_from_the_next_call_on(tmp_path: Path, up: Scripted) -> None:
    async with administered(tmp_path, settings(up.url)) as (gateway, _):
        team = await made(gateway, "/api/teams", name="red", limits=[{"requests": 3, "per": "day"}])
        key = await made(gateway, "/api/keys", name="one", team="red", limits=[{"requests": 1, "per": "hour"}])
        first, second = await called(gateway, key["key"]), await called(gateway, key["key"])
        assert first.headers["x-ratelimit-remaining-requests"] == "0"
        assert (second.status, second.error["code"]) == (429, "rate_limit_exceeded")
        assert "the limit `hour` of the key `one` allows 1 requests" in second.error["message"]
        await changed(gateway, "/api/keys/one", limits=[])
        assert [(await called(gateway, key["key"])).status for _ in range(3)] == [200, 200, 429]
        assert team["limits"][0]["requests"] == 3


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"budgets": [{"limit": "x"}]}, "x is no amount of dollars"),
    ({"budgets": [{"limit": -1}]}, "-1.0 is no amount of dollars"),
    ({"budgets": [{"limit": 1, "every": "hour"}]}, "every"),
    ({"budgets": [{"limit": 1, "time_zone": "Mars/Olympus"}]}, "there is no time zone"),
    ({"budgets": [{"limit": 1}, {"limit": 2}]}, "two of the budgets are called `month`"),
    ({"budgets": [{"limit": 1, "conditions": {}}]}, "unknown field `conditions`"),
    ({"budgets": [{"limit": 1}] * 11}, "length <= 10"),
    ({"limits": [{}]}, "names nothing that it limits"),
    ({"limits": [{"requests": -1}]}, "requests"),
    ({"limits": [{"tokens": 1, "per": "week"}]}, "per"),
]


@pytest.mark.parametrize(("body", "says"), WRONG)
async def test_what_cannot_be_meant_is_refused(tmp_path: Path, body: dict[str, Any], says: str) -> None:
    async with administered(tmp_path, recorded=False) as (gateway, there):
        key = (await made(gateway, "/api/keys", name="one"))["id"]
        for method, path in (("POST", "/api/teams"), ("POST", "/api/keys"), ("PATCH", f"/api/keys/{key}")):
            got = await asked(gateway, method, path, body=body if method == "PATCH" else {"name": "n", **body})
            assert (got.status, says in got.error["message"]) == (400, True), got.body
        assert there.verify(ADMIN).records == 1


async def test_who_set_which_budget_is_on_record(tmp_path: Path) -> None:
    async with administered(tmp_path, recorded=False) as (gateway, _):
        await made(gateway, "/api/teams", name="red", budgets=[{"limit": 5}])
        await changed(gateway, "/api/teams/red", budgets=[{"limit": 7}])
        last = (await asked(gateway, "GET", "/api/audit")).json["data"][-1]
    assert [last[side]["budgets"][0]["limit"] for side in ("before", "after")] == [5, 7]
    assert "standing" not in last["after"]


# --- rules of the configuration


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"team": "red"}, 402),
        ({"organisation": "ac*"}, 402),
        ({"user": "red/uma"}, 402),
        ({"user": "*/uma"}, 402),
        ({"user": "uma"}, 200),
        ({"user": "blue/uma"}, 200),
        ({"team": "blue"}, 200),
        ({"team": "red", "organisation": "other"}, 200),
    ],
)
async def test_a_rule_may_name_an_owner_as_it_is_called(
    tmp_path: Path, up: Scripted, conditions: dict[str, str], status: int
) -> None:
    said = settings(up.url, budgets={"ours": {"limit": "0.0001", "conditions": conditions}})
    async with administered(tmp_path, said, recorded=False) as (gateway, _):
        await made(gateway, "/api/organisations", name="acme")
        for team in ("red", "blue"):
            await made(gateway, "/api/teams", name=team, organisation="acme")
            await made(gateway, "/api/users", name="uma", team=team)
        user = (await asked(gateway, "GET", "/api/users?team=red")).json["data"][0]["id"]
        key = await made(gateway, "/api/keys", user=user)
        assert (await called(gateway, key["key"])).status == status


# --- LiteLLM's words


async def info(gateway: Running, key: str) -> Any:
    return (await asked(gateway, "GET", f"/key/info?key={key}")).json["info"]


async def test_litellms_budgets_and_limits_are_kept_and_shown(tmp_path: Path, up: Scripted) -> None:
    async with administered(tmp_path, settings(up.url)) as (gateway, there):
        wanted = {
            "max_budget": 0.0015, "budget_duration": "30d", "soft_budget": 0.001,
            "rpm_limit": 60, "tpm_limit": 100_000, "max_parallel_requests": 4,
        }  # fmt: skip
        key = await made(gateway, "/key/generate", key_alias="ci", **wanted)
        assert {name: key[name] for name in wanted} == wanted
        found = there.show(ADMIN, "key", "ci")
        assert [(each.name, each.every, each.hard) for each in found.budgets] == [
            ("max_budget", "month", True), ("soft_budget", "month", False),
        ]  # fmt: skip
        assert (await info(gateway, "ci"))["spend"] == 0
        assert [(await called(gateway, key["key"])).status for _ in range(2)] == [200, 402]
        async with asyncio.timeout(10):
            while (told := await info(gateway, "ci"))["spend"] == 0:
                await asyncio.sleep(0.02)
        assert (told["spend"], told["max_budget"]) == (COST, 0.0015)
        assert told["budget_reset_at"].endswith("-01T00:00:00Z")
        changed = await made(
            gateway, "/key/update", key="ci", max_budget=0.003, rpm_limit=None, max_parallel_requests=9
        )
        assert {name: changed[name] for name in wanted} == {
            **wanted, "max_budget": 0.003, "rpm_limit": None, "max_parallel_requests": 9,
        }  # fmt: skip
        assert (await called(gateway, key["key"])).status == 200
        gone = await made(gateway, "/key/update", key="ci", max_budget=None, soft_budget=None)
        assert (gone["max_budget"], gone["budget_duration"], there.show(ADMIN, "key", "ci").budgets) == (None, None, [])


async def test_litellms_limit_on_calls_is_one(tmp_path: Path, up: Scripted) -> None:
    async with administered(tmp_path, settings(up.url)) as (gateway, _):
        team = await made(gateway, "/team/new", team_alias="red", max_budget=5, budget_duration="7d", rpm_limit=2)
        assert (team["max_budget"], team["budget_duration"], team["rpm_limit"]) == (5, "7d", 2)
        key = await made(gateway, "/key/generate", team_id="red")
        assert (await info(gateway, key["key"]))["spend"] == 0
        assert [(await called(gateway, key["key"])).status for _ in range(3)] == [200, 200, 429]
        async with asyncio.timeout(10):  # by what its calls have cost, where it has no budget
            while (await info(gateway, key["key"]))["spend"] < 2 * COST:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("said", "every"),
    [("1d", "day"), ("24h", "day"), ("7d", "week"), ("1w", "week"), ("30d", "month"), ("1mo", "month"), ("10d", "10d"),
     ("48h", "2d"), ("2w", "14d"), (None, "total")],
)  # fmt: skip
async def test_litellms_durations(tmp_path: Path, said: str | None, every: str) -> None:
    async with administered(tmp_path, recorded=False) as (gateway, there):
        await made(gateway, "/key/generate", key_alias="ci", max_budget=1, budget_duration=said)
        assert there.show(ADMIN, "key", "ci").budgets[0].every == every


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"max_budget": 1, "budget_duration": "30s"}, "every `30s`"),
        ({"max_budget": 1, "budget_duration": "2mo"}, "every `2mo`"),
        ({"max_budget": 1, "budget_duration": "99999d"}, "every `99999d`"),
        ({"max_budget": 1, "budget_duration": ""}, "every ``"),
        ({"budget_duration": "30d"}, "of no budget"),
        ({"max_budget": -1}, "max_budget"),
        ({"rpm_limit": 1.5}, "rpm_limit"),
        ({"model_max_budget": {}}, "unknown field `model_max_budget`"),
    ],
)
async def test_what_litellm_says_and_we_cannot_do_is_refused(tmp_path: Path, body: dict[str, Any], says: str) -> None:
    async with administered(tmp_path, recorded=False) as (gateway, there):
        for path, more in (("/key/generate", {}), ("/team/new", {"team_alias": "red"})):
            got = await asked(gateway, "POST", path, body={**more, **body})
            assert (got.status, says in got.error["message"]) == (400, True), got.body
        assert there.verify(ADMIN).records == 0
