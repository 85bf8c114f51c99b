"""Recorded exchanges of chat completions, and what they say however it is read."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fairlead.dialects.model import (
    Event,
    Finished,
    Part,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)

PROVIDERS = (
    *("openai", "deepseek", "groq", "mistral", "openrouter", "perplexity"),
    *("copilot", "doubleword", "llamacpp", "venice", "mistralrs"),
)
Json = dict[str, Any]
Told = dict[tuple[Any, ...], Any]


@dataclass(frozen=True)
class Exchange:
    id: str
    request: bytes
    status: int
    reply: bytes

    @property
    def good(self) -> bool:
        return self.status < 300

    @property
    def streamed(self) -> bool:
        return not self.reply.lstrip().startswith(b"{")

    @property
    def frames(self) -> list[bytes]:
        """The data of its events."""
        return [each.rstrip(b"\r") for each in re.findall(rb"^data: ?(.*)$", self.reply, re.MULTILINE)]


@cache
def exchanges(shared: Path, provider: str) -> tuple[Exchange, ...]:
    """The recorded chat completions of a provider."""
    with gzip.open(shared / "recordings" / f"{provider}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(_read(map(json.loads, lines)))


def _read(lines: Iterable[Json]) -> Iterator[Exchange]:
    for line in lines:
        if line["request"]["path"].endswith("/chat/completions"):
            answer = line["response"]
            yield Exchange(line["id"], line["request"]["body"].encode(), answer["status"], answer["body"].encode())


def _text(content: Any, kind: str) -> str:
    if isinstance(content, str):
        return content if kind == "text" else ""
    parts = [part for part in content or () if part["type"] == kind]
    return "".join(part["text"] if kind == "text" else _text(part[kind], "text") for part in parts)


def raw(choices: Iterable[Json]) -> Told:
    """What choices say in their messages or deltas, taken out by hand."""
    told: Told = {}
    for choice in choices:
        at = choice["index"]
        said: Json = choice["delta"] if "delta" in choice else choice["message"]
        thought = said.get("reasoning_content") or said.get("reasoning") or _text(said.get("content"), "thinking")
        _more(told, (at, "thoughts"), thought)
        _more(told, (at, "text"), _text(said.get("content"), "text"))
        _more(told, (at, "refusal"), said.get("refusal") or "")
        for place, call in enumerate(said.get("tool_calls") or ()):
            _call(told, (at, "call", call.get("index", place)), call)
        if choice.get("finish_reason"):
            told[at, "finish"] = choice["finish_reason"]
    return told


def _more(told: Told, key: tuple[Any, ...], text: str) -> None:
    if text:
        told[key] = told.get(key, "") + text


def _call(told: Told, key: tuple[Any, ...], call: Json) -> None:
    held = told.setdefault(key, {"id": "", "name": "", "arguments": ""})
    held["id"] = call.get("id") or held["id"]
    held["name"] = call["function"].get("name") or held["name"]
    held["arguments"] += call["function"].get("arguments") or ""


def of_parts(index: int, parts: Sequence[Part], finish: str | None) -> Told:
    """What a canonical choice says."""
    told: Told = {} if finish is None else {(index, "finish"): finish}
    calls = 0
    for part in parts:
        if isinstance(part, Text):
            _more(told, (index, "text"), part.text)
        elif isinstance(part, Reasoning):
            _more(told, (index, "thoughts"), part.text)
        elif isinstance(part, Refusal):
            _more(told, (index, "refusal"), part.text)
        elif isinstance(part, ToolCall):
            told[index, "call", calls] = {"id": part.id, "name": part.name, "arguments": part.arguments}
            calls += 1
    return told


def of_events(events: Iterable[Event]) -> Told:
    """What canonical events say."""
    told: Told = {}
    for event in events:
        if isinstance(event, TextDelta):
            _more(told, (event.choice, "text"), event.text)
        elif isinstance(event, ReasoningDelta):
            _more(told, (event.choice, "thoughts"), event.text)
        elif isinstance(event, RefusalDelta):
            _more(told, (event.choice, "refusal"), event.text)
        elif isinstance(event, ToolStart):
            told[event.choice, "call", event.index] = {"id": event.id, "name": event.name, "arguments": ""}
        elif isinstance(event, ToolDelta):
            told[event.choice, "call", event.index]["arguments"] += event.text
        elif isinstance(event, Finished):
            told[event.choice, "finish"] = event.finish
    return told
