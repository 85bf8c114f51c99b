"""Shadow traffic through the real server: it costs the client nothing, whatever becomes of the copy."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import load
from fairlead.pipeline.shadow import MOST_AT_ONCE
from tests.experiments.recording import Rows
from tests.support.gateway import Running, ask, config_for, running, two_providers
from tests.support.scripted import Scripted, answering, chunk, completion, reply, saying, scripted, streaming

ONE = answering(reply(completion("one", prompt_tokens=10, completion_tokens=5, total_tokens=15)))


def settings(first: Scripted, second: Scripted, percent: float = 100, **more: Any) -> dict[str, Any]:
    """The model `m` at `one`, whose calls are copied for the model `n` at `two`."""
    made = two_providers(first.url, second.url)
    made["models"]["m"]["targets"].pop()
    made["models"]["n"] = {"targets": [{"provider": "two", "model": "m2"}]}
    made["experiments"] = {"mirror": {"match": {"model": "m"}, "shadow": {"model": "n", "percent": percent}}}
    return {**made, **more}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_copy_goes_to_the_other_model_and_has_a_row_of_its_own(tmp_path: Path, stream: bool) -> None:
    rows = Rows()
    events = streaming(chunk({"role": "assistant", "content": "two"}), chunk({}, "stop"))
    second = events if stream else answering(reply(completion("two")))
    first = streaming(chunk({"role": "assistant", "content": "one"}), chunk({}, "stop")) if stream else ONE
    async with scripted(first) as one, scripted(second) as two, running(tmp_path, settings(one, two)) as gateway:
        rows.watch(gateway)
        reply_ = await gateway.post(ask("what is it", stream=stream, user="u-1"))
        assert reply_.text == "one"
        await until(lambda: len(rows) == 2)
        assert [each.json["model"] for each in two.received] == ["m2"]
        assert two.received[0].json["messages"] == one.received[0].json["messages"]
    call, copy = sorted(rows, key=lambda row: row.arm)
    assert (call.arm, call.provider, call.metadata) == ("", "one", {})
    assert (copy.arm, copy.provider, copy.outcome, copy.key) == ("mirror/shadow", "two", "ok", "shadow")
    assert copy.metadata == {"shadow_of": call.id}
    assert (copy.end_user, copy.team, copy.tags) == ("", "", [])


async def test_a_copy_has_the_client_s_own_words(tmp_path: Path) -> None:
    """Not those that a config puts in for the call's own target, and nothing of models and providers besides."""
    override: dict[str, Any] = {"provider": "one", "override_params": {"model": "m1", "temperature": 1.5}}
    said: dict[str, Any] = {"temperature": 0.5, "session_id": "s", "provider": {"ignore": ["nobody"]}}
    async with scripted(ONE) as one, scripted(ONE) as two:
        made = settings(one, two, configs={"warm": override})
        made["models"]["m"] = {"config": "warm"}
        async with running(tmp_path, made) as gateway:
            assert (await gateway.post(ask(temperature=0.5))).status == 200
            await until(lambda: len(two.received) == 1)
            assert (one.received[0].json["temperature"], two.received[0].json["temperature"]) == (1.5, 0.5)
        async with running(tmp_path, settings(one, two)) as gateway:
            assert (await gateway.post(ask(**said))).status == 200
            await until(lambda: len(two.received) == 2)
            assert two.received[1].json == {**ask(temperature=0.5), "model": "m2"}


@pytest.mark.parametrize(
    "script", [saying(then="wait"), saying(then="reset"), answering(reply({"error": {"message": "no"}}, 500))]
)
async def test_a_shadow_that_fails_or_hangs_is_nothing_to_the_client(tmp_path: Path, script: Any) -> None:
    async with scripted(ONE) as one, scripted(script) as two, running(tmp_path, settings(one, two)) as gateway:
        for _ in range(3):
            async with asyncio.timeout(2):
                assert (await gateway.post(ask())).text == "one"
        counted = (await gateway.request("GET", "/metrics")).body.decode().splitlines()
        assert [line for line in counted if line.startswith("fairlead_calls") and 'provider="one"' in line]
        assert not [line for line in counted if line.startswith("fairlead_calls") and 'provider="two"' in line]
    assert not one.failures


async def test_copies_under_way_are_bounded_and_called_off_at_the_end(tmp_path: Path) -> None:
    hangs = saying(then="wait")
    rows = Rows()
    async with scripted(ONE) as one, scripted(hangs) as two:
        async with running(tmp_path, settings(one, two)) as gateway:
            rows.watch(gateway)
            for _ in range(MOST_AT_ONCE + 3):
                assert (await gateway.post(ask())).text == "one"
            await until(lambda: two.connections == MOST_AT_ONCE)
            assert gateway.engine.copies.dropped == 3
        await two.closed()
    copies = [row for row in rows if row.arm]
    assert len(copies) == MOST_AT_ONCE
    assert {row.outcome for row in copies} == {"cancelled"}


async def test_a_call_that_fails_is_not_copied(tmp_path: Path) -> None:
    broken = answering(reply({"error": {"message": "no"}}, 400))
    async with scripted(broken) as one, scripted(ONE) as two, running(tmp_path, settings(one, two)) as gateway:
        assert (await gateway.post(ask())).status == 400
        await asyncio.sleep(0)
    assert two.received == []


async def test_so_many_per_cent_are_copied(tmp_path: Path) -> None:
    rows = Rows()
    async with scripted(ONE) as one, scripted(ONE) as two, running(tmp_path, settings(one, two, percent=30)) as gateway:
        rows.watch(gateway)
        for _ in range(100):
            await gateway.post(ask())
            await settled(gateway)
    copies = sum(bool(row.arm) for row in rows)
    assert 8 <= copies <= 60, copies


async def test_a_copy_takes_nothing_of_the_client_s_budgets_and_limits(tmp_path: Path) -> None:
    rows = Rows()
    more: dict[str, Any] = {
        "prices": {"one/m1": {"input": 1, "output": 1}, "two/m2": {"input": 100, "output": 100}},
        "budgets": {
            "everybody": {"limit": 100},
            "each-key": {"limit": 100, "group_by": ["key"], "conditions": {"key": "default"}},
        },
        "limits": {"slow": {"requests": 2, "per": "hour"}},
    }
    async with scripted(ONE) as one, scripted(ONE) as two, running(tmp_path, settings(one, two, **more)) as gateway:
        rows.watch(gateway)
        assert [(await gateway.post(ask())).status for _ in range(3)] == [200, 200, 429]
        await until(lambda: len(rows) == 5)
    copies = [row for row in rows if row.arm]
    assert len(copies) == 2
    for copy in copies:
        assert copy.cost == 1_500_000
        assert copy.reserved
        assert not any("each-key" in account for account in copy.charges)


async def test_what_hangs_on_something_kept_is_not_copied(tmp_path: Path) -> None:
    async with scripted(ONE) as one, scripted(ONE) as two, running(tmp_path, settings(one, two)) as gateway:
        await gateway.post({"model": "m", "input": "go on", "previous_response_id": "resp_1"}, "/v1/responses")
        await settled(gateway)
    assert two.received == []


async def settled(gateway: Running) -> None:
    """Wait until no copy is under way."""
    await until(lambda: not gateway.engine.copies.under_way)


async def test_a_reload_changes_who_is_copied(tmp_path: Path) -> None:
    async with scripted(ONE) as one, scripted(ONE) as two, running(tmp_path, settings(one, two)) as gateway:
        without = settings(one, two)
        del without["experiments"]
        variables = {"HOME": str(tmp_path), "FAIRLEAD_DATA_DIR": str(tmp_path / "data")}
        for made, copied in ((without, 0), (settings(one, two), 1)):
            loaded = load(str(config_for(tmp_path, made)), variables, tmp_path)
            gateway.engine.reconfigure(loaded, variables, lambda _: None)
            assert (await gateway.post(ask())).text == "one"
            await settled(gateway)
            assert len(two.received) == copied
