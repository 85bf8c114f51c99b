"""Each vendor's answers through the gateway as shipped: nothing lost, and as OpenAI's schema says."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.replay.conftest import Replay
from tests.replay.recorded import (
    VENDORS,
    Exchange,
    Told,
    comments,
    data_of,
    events,
    good,
    lost,
    streams,
    told,
    wrong,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def differences(before: Told, after: Told) -> list[str]:
    """What an answer says otherwise than the recording. A usage may have numbers that follow from the others."""
    before, after = dict(before), dict(after)
    usage, counted = before.pop("usage", {}), after.pop("usage", {})
    before |= {("usage", name): count for name, count in usage.items()}
    after |= {("usage", name): count for name, count in counted.items() if name in usage}
    return [
        f"{place}: {before.get(place)!r:.200} became {after.get(place)!r:.200}"
        for place in {*before, *after}
        if before.get(place) != after.get(place)
    ]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nothing_is_lost_and_all_is_as_the_schema_says(vendor: str, shared: Path, replay: Replay) -> None:
    faults: list[str] = []
    for exchange, got, _ in await replay.post_all(good(shared, vendor), Exchange.mended):
        assert (got.status, got.ended) == (200, True), exchange.id
        answers = events(got.body) if exchange.streams else [got.json]
        found = differences(told(exchange, exchange.body), told(exchange, got.body))
        found += [problem for answer in answers for problem in wrong(exchange.kind, answer)]
        if exchange.streams:
            found += _not_once(answers)
            found += [] if got.body.endswith(b"data: [DONE]\n\n") else ["no end mark"]
            assert comments(got.body) == comments(exchange.body)
        else:
            found += lost(json.loads(exchange.body), got.json)
        faults += [f"{exchange.id}: {each}" for each in dict.fromkeys(found)]
    assert faults == []


def _not_once(chunks: Iterable[Any]) -> list[str]:
    """The choices that do not end exactly once."""
    ends: dict[int, int] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            ends[choice["index"]] = ends.get(choice["index"], 0) + bool(choice["finish_reason"])
    return [f"choice {index} ends {times} times" for index, times in ends.items() if times != 1]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_what_conforms_is_not_touched(vendor: str, shared: Path, replay: Replay) -> None:
    """Chunks that the schema has nothing against, but for a repeated end, which it cannot see."""
    for exchange, got, _ in await replay.post_all(good(shared, vendor), Exchange.mended):
        raw = data_of(exchange.body) if exchange.streams else [exchange.body]
        sent = {*data_of(got.body)} if exchange.streams else {got.body}
        touched = [data for data in raw if data not in sent and not wrong(exchange.kind, json.loads(data))]
        assert [data for data in touched if b'"finish_reason":"' not in data] == [], exchange.id


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_vendor_has_recordings(vendor: str, shared: Path) -> None:
    assert all(told(exchange, exchange.body) for exchange in good(shared, vendor))
    assert streams(shared, vendor)
