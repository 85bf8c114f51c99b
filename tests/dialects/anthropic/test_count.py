"""The estimate of a request's tokens."""

import json
import re
from pathlib import Path
from statistics import median

from fairlead.dialects.anthropic import CLIENT
from fairlead.dialects.anthropic.count import count_tokens
from fairlead.dialects.model import (
    Media,
    Message,
    NativePart,
    Output,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tests.dialects.anthropic.support import answered, reply, request


def test_the_estimate_is_near_what_was_counted(shared: Path) -> None:
    ratios = []
    for each in answered(shared, streams=False):
        usage = reply(json.loads(each["response"]["body"])).usage
        assert usage is not None
        sent = CLIENT.read(each["request"]["body"].encode(), "m", stream=False)
        ratios.append(count_tokens(sent) / usage.input_tokens)
    assert 0.9 < median(ratios) < 1.3
    assert sorted(ratios)[len(ratios) // 10] > 0.5
    assert max(ratios) < 2


def test_what_is_said_of_schemas_and_citations_counts(shared: Path) -> None:
    names = ("structured_output/structured_output_smoke", "plaintext_document/streaming_document_citations")
    ratios = []
    for each in answered(shared, streams=False) + answered(shared, streams=True):
        if any(name in each["id"] for name in names):
            sent = CLIENT.read(each["request"]["body"].encode(), "m", stream=False)
            said = re.search(r'"input_tokens": ?(\d+)', each["response"]["body"])
            assert said is not None
            ratios.append(count_tokens(sent) / int(said[1]))
    assert ratios
    assert all(0.8 < ratio < 1.3 for ratio in ratios)


def test_every_part_counts() -> None:
    none = count_tokens(request(Message("user", [])))
    parts: list[Part] = [
        Text("x" * 35),
        Reasoning("x" * 35),
        ToolCall("a", "f", "x" * 35),
        ToolResult("a", [Text("x" * 35)]),
        NativePart("gemini", {"x": "x" * 35}),
        Media("document", text="x" * 35),
        Media("image", data="QQ=="),
        Media("document", url="u"),
    ]
    for part in parts:
        assert count_tokens(request(Message("user", [part]))) >= none + 10
    assert count_tokens(request(Message("user", []), tools=[Tool("f")])) > none
    assert count_tokens(request(Message("user", []), output=Output("schema", {"type": "object"}))) > none


def test_a_document_is_bounded_however_heavy_it_is() -> None:
    heavy = request(Message("user", [Media("document", data="x" * 100_000_000)]))
    assert count_tokens(heavy) < 2_000_000
