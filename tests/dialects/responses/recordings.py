"""The recorded exchanges of the Responses API, and what their bytes say when read without our code."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VENDORS = ("chatgpt", "copilot", "llamacpp", "mistralrs", "openai", "openrouter", "xai")
ENDS = ("response.completed", "response.incomplete")


@dataclass(frozen=True)
class Exchange:
    id: str
    request: dict[str, Any]
    status: int
    body: str

    @property
    def streamed(self) -> bool:
        return self.body.startswith(("event:", "data:"))

    def events(self) -> list[str]:
        return [line[5:].strip() for line in self.body.splitlines() if line.startswith("data:")]


@cache
def exchanges(shared: Path) -> list[Exchange]:
    return [exchange for vendor in VENDORS for exchange in _of(shared / "recordings" / f"{vendor}.jsonl.gz")]


def _of(path: Path) -> Iterator[Exchange]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            value = json.loads(line)
            asked, said = value["request"], value["response"]
            if asked["method"] == "POST" and asked["path"].split("?")[0].endswith("/responses"):
                yield Exchange(value["id"], json.loads(asked["body"]), said["status"], said["body"])


@dataclass
class Said:
    """What a reply says, raw."""

    text: str = ""
    refusal: str = ""
    thoughts: str = ""
    encrypted: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)


def said(output: list[dict[str, Any]]) -> Said:
    found = Said()
    for item in output:
        match item["type"]:
            case "message":
                found.text += "".join(part.get("text", "") for part in item["content"])
                found.refusal += "".join(part.get("refusal", "") for part in item["content"])
                found.annotations += [each for part in item["content"] for each in part.get("annotations", [])]
            case "function_call":
                found.calls.append((item["call_id"], item["name"], item["arguments"]))
            case "reasoning":
                parts = [part["text"] for part in [*item["summary"], *item.get("content", [])]]
                found.thoughts += "\n\n".join(parts)
                found.encrypted += [item["encrypted_content"]] if item.get("encrypted_content") else []
    return found


def streamed_output(exchange: Exchange) -> list[dict[str, Any]]:
    """The output items of a stream, as each was when it was done: some providers leave them out of the last event."""
    events = [json.loads(event) for event in exchange.events() if event != "[DONE]"]
    return [event["item"] for event in events if event["type"] == "response.output_item.done"]


def last_response(exchange: Exchange) -> dict[str, Any]:
    events = [json.loads(event) for event in exchange.events() if event != "[DONE]"]
    return next(dict(event["response"]) for event in events if event["type"] in ENDS)
