"""What providers say beside their answers reaches clients of every other dialect, under the names that it has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects import hub
from fairlead.dialects.model import Request
from fairlead.dialects.replay import events
from tests.matrix.recordings import FACTS, VENDORS, Recording, cut, reads

# By a provider's dialect, written here a second time.
NAMES = {
    "openai-chat": [
        *("citations", "search_results", "related_questions", "cost", "copilot_usage"),
        *("content_filter_results", "prompt_filter_results"),
    ],
    "openai-responses": ["phase"],
    "gemini": ["safetyRatings", "promptFeedback", "groundingMetadata", "finishMessage"],
}
COSTS = ("cost", "cost_details", "cost_in_usd_ticks", "is_byok")
BILLED = {"usage.cost", "usage.cost_details", "usage.is_byok"}
# What of it the recordings have.
RECORDED = {
    "openai-chat": {*NAMES["openai-chat"], *BILLED},
    "openai-responses": {"phase", "usage.cost_in_usd_ticks", *BILLED},
    "anthropic-messages": BILLED,
    "gemini": {"finishMessage"},
}
every_client = pytest.mark.parametrize("client", hub.CLIENTS)


def found(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object in it, with those of a usage under its name."""
    for name, held in value.items() if isinstance(value, dict) else ():
        yield name, held
        if name in ("usage", "usageMetadata"):
            yield from ((f"usage.{inner}", each) for inner, each in (held or {}).items())
        yield from found(held)
    for held in value if isinstance(value, list) else ():
        yield from found(held)


def said(recording: Recording) -> dict[str, Any]:
    """What a recording says beside its answer, the last time that it says it."""
    names = {*NAMES.get(recording.dialect, ()), *(f"usage.{name}" for name in COSTS)}
    values = re.findall(r"^data: ?(\{.*\})\r?$", recording.body, re.MULTILINE) if recording.stream else [recording.body]
    told: dict[str, Any] = {}
    for value in values:
        told.update((name, held) for name, held in found(json.loads(value)) if name in names and held not in (None, []))
    return told


def retold(client: str, recording: Recording, read: Any) -> list[dict[str, Any]]:
    """The values that a client gets: one, or those of its stream."""
    side = hub.CLIENTS[client]
    if not recording.stream:
        return [json.loads(side.write(read, FACTS))]
    writer = side.stream(Request("asked-for", [], stream=True), FACTS)
    frames = cut(client, writer.write(read) + writer.end())
    return [json.loads(frame) for frame in frames if frame != b"[DONE]"]


@every_client
def test_recordings_keep_it(client: str, shared: Path) -> None:
    seen: set[str] = set()
    for vendor in VENDORS:
        for recording, read in reads(shared, vendor):
            if recording.dialect in ("bedrock-converse", client):
                continue
            told = said(recording)
            seen |= told.keys()
            got: list[tuple[str, Any]] = [pair for value in retold(client, recording, read) for pair in found(value)]
            for name, value in told.items():
                assert (name, value) in got, (recording.id, name)
    assert seen == {name for dialect, names in RECORDED.items() if dialect != client for name in names}


GROUNDED = {
    "promptFeedback": {"safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]},
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "It is sunny."}]},
            "finishReason": "STOP",
            "safetyRatings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "LOW"}],
            "groundingMetadata": {
                "webSearchQueries": ["weather"],
                "searchEntryPoint": {"renderedContent": "<div>"},
                "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
                "groundingSupports": [{"segment": {"endIndex": 12}, "groundingChunkIndices": [0]}],
            },
        }
    ],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2},
}


@pytest.mark.parametrize("client", [name for name in hub.CLIENTS if name != "gemini"])
@pytest.mark.parametrize("how", ["whole", "streamed", "replayed"])
def test_what_google_found_is_kept(client: str, how: str) -> None:
    body, provider = json.dumps(GROUNDED), hub.PROVIDERS["gemini"]
    stream = how != "whole"
    read: Any = provider.stream(1).read(body.encode()) if how == "streamed" else provider.read(body.encode())
    read = events(read) if how == "replayed" else read
    got = [pair for value in retold(client, Recording("", "", "", stream, body), read) for pair in found(value)]
    grounded: Any = GROUNDED
    candidate = grounded["candidates"][0]
    assert ("promptFeedback", GROUNDED["promptFeedback"]) in got
    assert ("safetyRatings", candidate["safetyRatings"]) in got
    assert got.count(("groundingMetadata", candidate["groundingMetadata"])) == 1
