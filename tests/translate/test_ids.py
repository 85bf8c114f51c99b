"""What a translated reply says of itself: an id as its dialect has them, that of the provider in it, and its times."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.clock import Clock
from fairlead.dialects.reply_ids import shaped
from tests.support.gateway import one_provider, running
from tests.support.scripted import scripted
from tests.translate.vendors import VENDORS, Said, Vendor, answering_as

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "chatcmpl-": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "msg_": ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}),
    "resp_": ("/v1/responses", {"input": "hi"}),
}
SAME = {"chatcmpl-": "openai-chat", "msg_": "anthropic-messages", "resp_": "openai-responses"}
# What the scripted providers call their replies, less what their dialect's ids begin with.
OWN = {"openai-chat": "9", "anthropic-messages": "9", "openai-responses": "9", "gemini": "r9", "cohere": "c9"}
PAIRS = [(prefix, vendor) for prefix in ASKED for vendor in VENDORS.values() if vendor.dialect != SAME[prefix]]


@pytest.mark.parametrize(("prefix", "vendor"), PAIRS, ids=[f"{prefix} of {each.dialect}" for prefix, each in PAIRS])
async def test_an_id_has_the_form_of_the_clients_dialect(prefix: str, vendor: Vendor, tmp_path: Path) -> None:
    path, body = ASKED[prefix]
    async with (
        scripted(answering_as(vendor, Said())) as up,
        running(tmp_path, one_provider(up.url, dialect=vendor.dialect, auth="bearer")) as gateway,
    ):
        whole = await gateway.post({"model": "m", **body}, path)
        streamed = await gateway.post({"model": "m", "stream": True, **body}, path)
    ids = [whole.json["id"], *(said for event in streamed.events if (said := _id(event)))]
    told = [whole.headers["x-fairlead-request-id"], streamed.headers["x-fairlead-request-id"]]
    known = OWN.get(vendor.dialect)
    own = {prefix + known} if known else {prefix + each for each in told}
    assert set(ids) == own
    assert len(ids) > 1


def _id(event: Any) -> str | None:
    held = {} if event == "[DONE]" else event.get("message") or event.get("response") or event
    return held.get("id") if isinstance(held, dict) else None


@pytest.mark.parametrize(
    ("said", "prefix", "expected"),
    [
        ("chatcmpl-1", "msg_", "msg_1"),
        ("msg_1", "msg_", "msg_1"),
        ("resp_1", "chatcmpl-", "chatcmpl-1"),
        ("gen-1", "chatcmpl-", "gen-1"),
        ("gen-1", "msg_", "msg_gen-1"),
        ("", "resp_", "resp_own"),
        (None, "resp_", "resp_own"),
    ],
)
def test_an_id_is_known_by_what_its_provider_calls_it(said: str | None, prefix: str, expected: str) -> None:
    assert shaped(said, prefix, "own") == expected


class Later(Clock):
    """A clock whose wall is a second later each time that somebody looks."""

    def __init__(self) -> None:
        self._seconds = 1_800_000_000
        self.wall = self._look

    def _look(self) -> float:
        self._seconds += 1
        return self._seconds


@pytest.mark.parametrize("vendor", [VENDORS["gemini"], VENDORS["openai-chat"]], ids=lambda vendor: vendor.dialect)
async def test_a_response_says_when_it_was_whole(vendor: Vendor, tmp_path: Path) -> None:
    asked = {"model": "m", "input": "hi"}
    clock = Later()
    async with (
        scripted(answering_as(vendor, Said())) as up,
        running(tmp_path, one_provider(up.url, dialect=vendor.dialect, auth="bearer"), clock=clock) as gateway,
    ):
        before = clock.wall()
        whole = (await gateway.post(asked, "/v1/responses")).json
        events = (await gateway.post({**asked, "stream": True}, "/v1/responses")).events
    assert before < whole["completed_at"] < events[-1]["response"]["completed_at"] <= clock.wall()
    assert whole["created_at"] < whole["completed_at"]
    assert events[0]["response"]["completed_at"] is None
