"""Recorded replies, read as a provider's and written as a client's, say the same, whole and streamed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.codec import Facts
from fairlead.dialects.gemini import ARRAY_CLIENT, CLIENT, PROVIDER
from fairlead.dialects.model import Counted, ErrorFacts, Finished, Reply, Request
from tests.dialects.gemini.recorded import Exchange, exchanges, parts

FACTS = Facts("i", "m", 1)
REQUEST = Request("m", [])
MADE = re.compile(r"call_\d+_id_REDACTED_\d")


def answered(shared: Path, *, stream: bool) -> list[Exchange]:
    return [each for each in exchanges(shared) if each.status == 200 and each.stream == stream]


def without_made_ids(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for call in (part["functionCall"] for part in said if "functionCall" in part):
        if MADE.fullmatch(call["id"]):
            del call["id"]
    return said


def tokens(meta: dict[str, Any]) -> dict[str, int]:
    """The counts that a client adds up: what tools gave is part of the prompt."""
    names = ("candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount", "totalTokenCount")
    prompt = meta["promptTokenCount"] + meta.get("toolUsePromptTokenCount", 0)
    return {"prompt": prompt, **{name: meta.get(name, 0) for name in names}}


def check(raw: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    last, first = raw[-1], ours[-1]
    assert without_made_ids(parts(ours)) == parts(raw)
    assert first["candidates"][0]["finishReason"] == last["candidates"][0]["finishReason"]
    assert tokens(first["usageMetadata"]) == tokens(last["usageMetadata"])
    assert first["usageMetadata"]["serviceTier"] == last["usageMetadata"]["serviceTier"]
    assert (first["responseId"], first["modelVersion"]) == (last["responseId"], last["modelVersion"])


def test_a_whole_reply_says_the_same_after_both_sides(shared: Path) -> None:
    found = answered(shared, stream=False)
    assert len(found) == 121
    for exchange in found:
        reply = PROVIDER.read(exchange.reply)
        assert isinstance(reply, Reply)
        check([json.loads(exchange.reply)], [json.loads(CLIENT.write(reply, FACTS))])


def test_a_stream_says_the_same_after_both_sides(shared: Path) -> None:
    found = answered(shared, stream=True)
    assert len(found) == 70
    for exchange in found:
        reader = PROVIDER.stream(1)
        writers = CLIENT.stream(REQUEST, FACTS), ARRAY_CLIENT.stream(REQUEST, FACTS)
        sse, array = b"", b""
        for frame in exchange.frames:
            assert not reader.finished, exchange.id
            events = reader.read(frame)
            sse, array = sse + writers[0].write(events), array + writers[1].write(events)
        assert reader.finished
        assert reader.content
        sse, array = sse + writers[0].end(), array + writers[1].end()
        ours = [json.loads(line[6:]) for line in sse.decode().split("\n") if line]
        assert json.loads(array) == ours
        check([json.loads(frame) for frame in exchange.frames], ours)


def test_a_stream_ends_once_and_is_counted_once(shared: Path) -> None:
    for exchange in answered(shared, stream=True):
        reader = PROVIDER.stream(1)
        events = [event for frame in exchange.frames for event in reader.read(frame)]
        finishes = [event for event in events if isinstance(event, Finished)]
        counts = [event for event in events if isinstance(event, Counted)]
        assert (len(finishes), len(counts)) == (1, 1), exchange.id
        called = b'"functionCall"' in exchange.reply
        assert finishes[0].finish in (("tool_calls",) if called else ("stop", "length"))
        assert counts[0].usage == reader.usage


def test_streams_merged_and_cut_anew_say_the_same(shared: Path) -> None:
    """What was said in many frames, in one; and every part in a frame of its own."""
    for exchange in answered(shared, stream=True):
        frames = [json.loads(frame) for frame in exchange.frames]
        all_parts = [p for frame in frames for p in frame["candidates"][0]["content"].get("parts", [])]
        last = frames[-1]["candidates"][0]
        heads = [{**last, "finishReason": None, "content": {"parts": [part]}} for part in all_parts]
        merged = [{**frames[-1], "candidates": [{**last, "content": {"parts": all_parts}}]}]
        single = [{**frames[-1], "candidates": [head]} for head in heads]
        ends = [{**frames[-1], "candidates": [{**last, "content": {}}]}]
        for anew in (merged, single + ends):
            reader, writer = PROVIDER.stream(1), CLIENT.stream(REQUEST, FACTS)
            sse = b"".join(writer.write(reader.read(json.dumps(frame).encode())) for frame in anew) + writer.end()
            ours = [json.loads(line[6:]) for line in sse.decode().split("\n") if line]
            check(frames, ours)


@pytest.mark.parametrize(
    ("part_of_id", "status", "code"),
    [("nonexistent", 404, "NOT_FOUND"), ("API_KEY_INVALID", 401, "API_KEY_INVALID")],
)
def test_recorded_errors_are_read(shared: Path, part_of_id: str, status: int, code: str) -> None:
    found = [each for each in exchanges(shared) if each.status != 200 and part_of_id in each.reply.decode()]
    assert found
    for exchange in found:
        facts = PROVIDER.error(exchange.status, exchange.reply)
        assert (facts.status, facts.code) == (status, code)
        assert facts.message == json.loads(exchange.reply)["error"]["message"]
        assert PROVIDER.read(exchange.reply) == facts
        assert isinstance(facts, ErrorFacts)
