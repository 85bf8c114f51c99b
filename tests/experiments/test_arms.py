"""Experiments through the real server: who gets which arm, and what the record says of it (A21, E17, D26)."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.recording import Rows
from tests.support.gateway import ask, running, two_providers
from tests.support.scripted import answering, completion, reply, scripted

USERS = [f"user-{number}" for number in range(200)]
ONE, TWO = (answering(reply(completion(name))) for name in ("one", "two"))
SPLIT = {"control": {"weight": 80}, "canary": {"weight": 20, "targets": ["two/m2"]}}


def settings(first: str, second: str, **experiment: Any) -> dict[str, Any]:
    """The model `m` at `one` alone, and an experiment that sends some of its calls to `two`."""
    made = two_providers(first, second)
    made["models"]["m"]["targets"].pop()
    made["models"]["n"] = {"targets": [{"provider": "two", "model": "m2"}]}
    made["configs"] = {"other": {"provider": "@two", "override_params": {"model": "m8"}}}
    made["experiments"] = {"trial": {"arms": SPLIT, "match": {"model": "m"}, **experiment}}
    return made


@pytest.fixture
def rows() -> Rows:
    return Rows()


async def test_a_user_keeps_its_arm_and_the_arms_get_their_shares(tmp_path: Path, rows: Rows) -> None:
    async with scripted(ONE) as one, scripted(TWO) as two, running(tmp_path, settings(one.url, two.url)) as gateway:
        rows.watch(gateway)
        for _ in range(2):
            for user in USERS:
                await gateway.post(ask(user=user))
    arms: dict[str, set[str]] = {}
    for row in rows:
        arms.setdefault(row.end_user, set()).add(row.arm)
        assert (row.provider, row.arm) in {("one", "trial/control"), ("two", "trial/canary")}
    assert all(len(had) == 1 for had in arms.values())
    canaries = Counter(row.arm for row in rows)["trial/canary"] / 2
    assert 25 <= canaries <= 55  # 40 of 200 are expected; the users are always the same, so that this never varies


async def test_an_arm_that_fails_is_rescued_by_the_usual_target_and_keeps_its_name(tmp_path: Path, rows: Rows) -> None:
    broken = answering(reply({"error": {"message": "no"}}, 503))
    arms = {"canary": {"weight": 1, "targets": ["two/m2"]}}
    async with (
        scripted(ONE) as one,
        scripted(broken) as two,
        running(tmp_path, settings(one.url, two.url, arms=arms)) as gateway,
    ):
        rows.watch(gateway)
        assert (await gateway.post(ask())).text == "one"
    row = rows[0]
    assert (row.arm, row.provider, row.outcome) == ("trial/canary", "one", "ok")
    assert row.attempts[0].provider == "two"


async def test_without_rescue_the_arm_stands_alone(tmp_path: Path, rows: Rows) -> None:
    broken = answering(reply({"error": {"message": "no"}}, 503))
    arms = {"canary": {"weight": 1, "targets": ["two/m2"]}}
    more = {"arms": arms, "rescue": False}
    async with scripted(ONE) as one, scripted(broken) as two:
        made = settings(one.url, two.url, **more) | {"reliability": {"max_retries": 0}}
        async with running(tmp_path, made) as gateway:
            rows.watch(gateway)
            assert (await gateway.post(ask())).status == 503
    assert (rows[0].arm, rows[0].outcome, one.received) == ("trial/canary", "failed", [])


@pytest.mark.parametrize(
    ("arm", "served"),
    [
        ({"targets": ["two/m9"]}, ("two", "m9")),
        ({"model": "n"}, ("two", "m2")),
        ({"provider": "two", "model": "m7"}, ("two", "m7")),
        ({"config": "other"}, ("two", "m8")),
        ({}, ("one", "m1")),
    ],
)
async def test_an_arm_says_where_its_calls_go(tmp_path: Path, rows: Rows, arm: Any, served: tuple[str, str]) -> None:
    arms = {"only": {"weight": 1, **arm}}
    async with (
        scripted(ONE) as one,
        scripted(TWO) as two,
        running(tmp_path, settings(one.url, two.url, arms=arms)) as gateway,
    ):
        rows.watch(gateway)
        await gateway.post(ask())
    assert (rows[0].provider, rows[0].model) == served
    assert rows[0].arm == "trial/only"


async def test_who_names_a_provider_or_another_model_is_in_no_experiment(tmp_path: Path, rows: Rows) -> None:
    arms = {"only": {"weight": 1, "targets": ["two/m2"]}}
    async with (
        scripted(ONE) as one,
        scripted(TWO) as two,
        running(tmp_path, settings(one.url, two.url, arms=arms)) as gateway,
    ):
        rows.watch(gateway)
        await gateway.post({**ask(), "model": "@one/m1"})
        await gateway.post({**ask(), "model": "n"})
        await gateway.post(ask(), x_fairlead_provider="one")
    assert [row.arm for row in rows] == ["", "", ""]


async def test_a_migration_by_intent_moves_that_intent_alone(tmp_path: Path, rows: Rows) -> None:
    """A21: gradual migration by intent type."""
    arms = {"moved": {"weight": 1, "targets": ["two/m2"]}}
    async with (
        scripted(ONE) as one,
        scripted(TWO) as two,
    ):
        made = settings(one.url, two.url, arms=arms, match={"intent": "code"})
        made["intents"] = {
            name: {"primary": "p", "fallback": "f", "providers": ["one"]}
            for name in ("code", "analyze", "creative", "fast")
        }
        async with running(tmp_path, made) as gateway:
            rows.watch(gateway)
            for model in ("intent:code", "intent:analyze", "auto"):
                await gateway.post({**ask("write a python function that sorts a list"), "model": model})
    assert [(row.intent, row.arm) for row in rows] == [
        ("code", "trial/moved"), ("analyze", ""), ("code", "trial/moved")
    ]  # fmt: skip
    assert [row.provider for row in rows] == ["two", "one", "two"]


async def test_an_arm_with_a_provider_alone_asks_it_for_the_first_model_of_the_intent(
    tmp_path: Path, rows: Rows
) -> None:
    """A21: what one moves away from keeps half of an intent."""
    arms = {"old": {"weight": 1, "provider": "two"}}
    one, two = ONE, TWO
    async with scripted(one) as first, scripted(two) as second:
        made = settings(first.url, second.url, arms=arms, match={"intent": "code"})
        made["intents"] = {"code": {"primary": "p-1", "fallback": "f-1", "providers": ["one"]}}
        async with running(tmp_path, made) as gateway:
            rows.watch(gateway)
            await gateway.post({**ask(), "model": "intent:code"})
    assert (rows[0].provider, rows[0].model, rows[0].intent) == ("two", "p-1", "code")


async def test_an_arm_keeps_its_name_where_its_model_chooses_among_equals(tmp_path: Path, rows: Rows) -> None:
    arms = {"only": {"weight": 1, "model": "n"}}
    async with scripted(ONE) as one, scripted(TWO) as two:
        made = settings(one.url, two.url, arms=arms, match={})
        made["models"]["n"] = {"targets": [{"provider": "one", "model": "a"}, {"provider": "two", "model": "b"}]}
        made["models"]["n"] |= {"balance": "weighted", "sticky": 0}
        async with running(tmp_path, made) as gateway:
            rows.watch(gateway)
            for _ in range(20):
                await gateway.post(ask())
            await gateway.post({**ask(), "model": "@one/m1"})
    assert [row.arm for row in rows] == ["trial/only"] * 20 + [""]
    assert {row.model for row in rows[:20]} == {"a", "b"}
