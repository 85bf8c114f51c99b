"""The configuration of the how-to does what its page says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlead.ledger.principal import Principal
from tests.docs.documents import page
from tests.money.house import Still, counting, known_as, priced
from tests.support.gateway import ask
from tests.support.scripted import scripted

SAID = page("docs/how-to/budgets-and-limits.md").blocks("yaml")[0]
SEARCH = {"project": "search", "user": "ana"}


def configured(url: str) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(SAID)
    said["providers"]["lab"]["base_url"] = url
    return said


async def test_it_runs_and_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Still()
    async with (
        scripted(counting(1_000_000, 5_000_000)) as up,
        priced(tmp_path, configured(up.url), clock) as (gateway, rows, _),
    ):
        known_as(gateway, "fl-night", Principal("night-1", "key_9"))
        body = {**ask(max_tokens=100_000), "model": "lab/small"}
        ana = await gateway.post({**body, "metadata": SEARCH})
        assert ana.status == 200, ana.body
        fast = await gateway.post({**body, "max_tokens": 1})
        clock.now += 61
        again = await gateway.post({**body, "max_tokens": 199_000, "metadata": SEARCH, "n": 6})
        bob = await gateway.post({**body, "metadata": {**SEARCH, "user": "bob"}})
        for _ in range(6):
            night = await gateway.post(body, authorization="Bearer fl-night")
            clock.now += 61
    assert ana.headers["x-fairlead-cost"] == "4.2"
    assert ana.headers["x-ratelimit-limit-requests"] == "120"
    assert (fast.status, fast.headers["retry-after"]) == (429, "60")
    assert again.status == 429
    assert "the limit `fair-use` of default allows 200000 tokens within 60 s" in again.error["message"]
    assert (bob.status, night.status) == (200, 402)
    assert night.error["budget"] == "night-jobs"
    assert night.error["resets_at"] == "2027-01-16T00:00:00Z"
    warned = [record.getMessage() for record in caplog.records if "budget reached" in record.getMessage()]
    assert warned[0] == (
        "80% budget reached: `each-person` of ana has $4.20 of $5.00 spent; it begins anew at 2027-01-31T23:00:00Z"
    )
    assert [line.split("%")[0] for line in warned if "`night-jobs`" in line] == ["50", "90"]
    assert len(rows) == 10
