"""U20 to U22: many calls while one of three targets fails by the tenth, by half, wholly, or now and then.

By default as many calls a second as the tests of a busy machine can give; `make wall` blows at 500 a second for longer.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.support.invariants import Held
from tests.wall.deeds import Deed, answer
from tests.wall.storm import KINDS, ORDERS, TAKES, Told, failing, storm, until

# Failures one after the other that open a breaker, as it is shipped, and how long it stays open at first (seconds).
THRESHOLD, COOLDOWN = 5, 5.0
# How often it is looked at again in twelve seconds.
LOOKS = 2
each_kind = pytest.mark.parametrize("kind", KINDS)
each_order = pytest.mark.parametrize("order", ORDERS)


async def blown(folder: Path, deed: Deed, rate: float, seconds: float, **model: Any) -> Told:
    before = Held.now()
    async with storm(folder, deed, **model) as over:
        async with over.holds.watched(0.05):
            told = await over.blow(rate, seconds)
        await over.holds.check(over.up, calls=told.calls)
        _weathered(told)
    await before.again()
    print(f"\n{folder.name}: {told}")
    return told


def _weathered(told: Told) -> None:
    assert told.success >= 0.999, f"{told}: {told.statuses}"
    assert told.amplification <= 1.2, str(told)


@each_kind
@each_order
async def test_u20_u21_a_storm_is_weathered(tmp_path: Path, kind: str, order: str) -> None:
    await blown(tmp_path, KINDS[kind](), 150, 1.0, **ORDERS[order])


@pytest.mark.wall
@pytest.mark.timeout(120)
@each_kind
@each_order
async def test_u20_u21_a_long_storm_is_weathered(tmp_path: Path, kind: str, order: str) -> None:
    told = await blown(tmp_path, KINDS[kind](), 500, 12, **ORDERS[order])
    if kind == "100 %":
        assert len(told.asked["a"]) <= THRESHOLD + _in_flight(told, 500) + LOOKS, str(told)


async def test_u20_a_target_that_fails_gets_its_threshold_and_what_was_in_flight(tmp_path: Path) -> None:
    rate = 120
    told = await blown(tmp_path, failing(1.0), rate, 1.0)
    assert len(told.asked["a"]) <= THRESHOLD + _in_flight(told, rate), str(told)


def _in_flight(told: Told, rate: float) -> int:
    """How many calls may have been under way to a target when it failed for the last time that was needed."""
    return max(told.in_flight, round(rate * TAKES) + 1)


async def test_u20_recovery_is_found_by_one_call_at_a_time(tmp_path: Path) -> None:
    """While it is half-open one call tries; the others do not wait for it, and do not follow before it is answered."""
    rate, pace = 120, 5.0
    async with storm(tmp_path, until(0.5, answer), pace=pace) as over:
        told = await over.blow(rate, COOLDOWN / pace + 1.0)
        _weathered(told)
    asked = told.asked["a"]
    later = [at for at in asked if at > COOLDOWN / pace * 0.8]
    assert later, f"nobody looked whether it is well again: {told}"
    assert len([at for at in later if at < later[0] + TAKES]) == 1, f"several looked at once: {told}"
    assert len(later) > 10, f"it is well again, and is hardly asked: {told}"
    assert len(asked) - len(later) <= THRESHOLD + _in_flight(told, rate), str(told)


async def test_u22_where_all_fail_the_least_bad_is_tried_and_the_reasons_are_told(tmp_path: Path) -> None:
    async with storm(tmp_path, failing(1.0)) as over:
        for stand in over.targets.values():
            stand.deeds = [failing(1.0)]
        told = await over.blow(60, 1.0)
        assert set(told.statuses) <= {502, 503}
        got = await over.gateway.post({"model": "m", "messages": [{"role": "user", "content": "hello"}]})
        assert got.status in (502, 503)
        assert got.error["attempts"], "panic: nobody was asked"
        assert all(attempt["failure"] for attempt in got.error["attempts"])
        for stand in over.targets.values():
            stand.deeds = [answer]
        got = await over.gateway.post({"model": "m", "messages": [{"role": "user", "content": "hello"}]})
        assert got.status == 200, f"well again, and not asked: {got.body!r}"
