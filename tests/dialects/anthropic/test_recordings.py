"""What was really said survives both sides: the differences are counted, and these are all."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Event, Reply, TextDelta
from tests.dialects.anthropic.support import (
    FACTS,
    answered,
    differences,
    exchanges,
    frames,
    message,
    reply,
    request,
    shown,
    written,
)

# A text instead of the list of one block; texts within the conversation moved to where system texts belong; a schema
# that Anthropic refused for want of its type.
REQUESTS = {
    ("system", "other"): 142,
    ("messages", "other"): 2,
    ("system", "added"): 2,
    ("tools[].input_schema.type", "added"): 1,
}
# Members that say nothing (null, 0, a call by the model itself), that a gateway adds, that we have no word for.
WHOLE = {
    ("content[].caller", "gone"): 70,
    ("stop_details", "gone"): 159,
    ("usage.inference_geo", "gone"): 159,
    ("usage.output_tokens_details", "gone"): 5,
    ("usage.server_tool_use", "gone"): 2,
}
GATEWAY = ("server_tool_use", "service_tier", "speed")
STREAMED = {
    ("content[].caller", "gone"): 24,
    ("content[].citations", "gone"): 1,
    ("container", "gone"): 1,
    ("provider", "gone"): 1,
    ("stop_details", "gone"): 109,
    ("usage.inference_geo", "gone"): 109,
    ("usage.output_tokens_details", "gone"): 2,
    **{(f"usage.{name}", "gone"): 1 for name in GATEWAY},
}


def test_every_recorded_request_is_written_as_it_was_read(shared: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for each in exchanges(shared):
        sent = json.loads(each["request"]["body"])
        stream = bool(sent.get("stream"))
        read = CLIENT.read(each["request"]["body"].encode(), sent["model"], stream=stream)
        losses = Losses(CLIENT.names)
        found.update(differences(sent, written(read, losses, sent["model"])))
        assert (losses.meaning, losses.hints, read.extra) == ([], [], {}), each["id"]
    assert found == REQUESTS


def test_a_system_text_that_is_written_otherwise_says_the_same(shared: Path) -> None:
    for each in exchanges(shared):
        sent = json.loads(each["request"]["body"])
        out = written(CLIENT.read(each["request"]["body"].encode(), "m", stream=False))
        if isinstance(out.get("system"), str) and "system" in sent:
            assert sent["system"] == [{"type": "text", "text": out["system"]}]


def test_every_recorded_reply_is_written_as_it_was_read(shared: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for each in answered(shared, streams=False):
        said = json.loads(each["response"]["body"])
        found.update(differences(said, shown(reply(said))))
    assert found == WHOLE


def test_every_recorded_stream_is_written_as_it_was_read(shared: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for each in answered(shared, streams=True):
        data = each["response"]["body"].encode()
        reader, writer = PROVIDER.stream(1), CLIENT.stream(request(), FACTS)
        out = b"".join(writer.write(reader.read(frame)) for frame in frames(data)) + writer.end()
        assert (reader.content, reader.finished, reader.done, reader.error) == (True, True, True, None)
        found.update(differences(message(frames(data)), message(frames(out))))
    assert found == STREAMED


def test_a_stream_says_what_the_whole_reply_would(shared: Path) -> None:
    for each in answered(shared, streams=True):
        events = frames(each["response"]["body"].encode())
        reader, writer = PROVIDER.stream(1), CLIENT.stream(request(), FACTS)
        out = b"".join(writer.write(reader.read(frame)) for frame in events) + writer.end()
        whole, streamed = shown(reply(message(events))), message(frames(out))
        for name in ("content", "stop_reason", "stop_sequence", "id", "model"):
            assert whole[name] == streamed[name], each["id"]


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_says_the_same_however_its_events_are_handed_on(shared: Path, seed: int) -> None:
    cut = random.Random(seed)
    for each in answered(shared, streams=True):
        reader = PROVIDER.stream(1)
        events = [event for frame in frames(each["response"]["body"].encode()) for event in reader.read(frame)]
        whole = CLIENT.stream(request(), FACTS)
        once = whole.write(events) + whole.end()
        recut = CLIENT.stream(request(), FACTS)
        pieces = [recut.write(piece) for piece in _pieces(_smaller(events), cut)]
        assert message(frames(b"".join(pieces) + recut.end())) == message(frames(once))


def _smaller(events: list[Event]) -> list[Event]:
    """The same, letter by letter."""
    return [
        letter
        for event in events
        for letter in ([TextDelta(each) for each in event.text] if isinstance(event, TextDelta) else [event])
    ]


def _pieces(events: list[Event], cut: random.Random) -> list[list[Event]]:
    found = []
    while events:
        size = cut.randint(0, 4)
        found.append(events[:size])
        events = events[size:]
    return found


def test_every_recorded_error_is_understood(shared: Path) -> None:
    failed = [each["response"] for each in exchanges(shared) if each["response"]["status"] != 200]
    assert len(failed) == 13
    for each in failed:
        said = json.loads(each["body"])["error"]
        facts = PROVIDER.error(each["status"], each["body"].encode())
        assert (facts.status, facts.type, facts.message) == (each["status"], said["type"], said["message"])
        inside = PROVIDER.read(each["body"].encode())
        assert not isinstance(inside, Reply)
        assert inside == facts


def test_recorded_usage_counts_the_cache_among_the_input(shared: Path) -> None:
    seen = 0
    for each in answered(shared, streams=False):
        said: dict[str, Any] = json.loads(each["response"]["body"])["usage"]
        usage = reply(json.loads(each["response"]["body"])).usage
        assert usage is not None
        created, cached = said["cache_creation_input_tokens"], said["cache_read_input_tokens"]
        assert usage.input_tokens == said["input_tokens"] + created + cached
        assert (usage.cached_tokens, usage.cache_write_tokens) == (cached, created)
        assert usage.cache_write_1h_tokens == said["cache_creation"]["ephemeral_1h_input_tokens"]
        seen += bool(created) + bool(cached) + bool(usage.cache_write_1h_tokens)
    assert seen > 20
