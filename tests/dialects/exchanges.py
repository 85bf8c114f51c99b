"""Recorded exchanges, and what replies and events say, told in one form that both can be compared in."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fairlead.dialects.model import (
    Began,
    Choice,
    Cited,
    Counted,
    Event,
    Finished,
    NativePart,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Reply,
    Shown,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    id: str
    path: str
    request: bytes
    status: int
    body: bytes

    @property
    def asked(self) -> Any:
        return json.loads(self.request)

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@cache
def exchanges(shared: Path, vendor: str, path: str) -> tuple[Exchange, ...]:
    """A vendor's exchanges whose path matches; a vendor without any is a mistake of the test."""
    found = tuple(each for each in _read(shared / "recordings" / f"{vendor}.jsonl.gz") if re.search(path, each.path))
    assert found
    return found


def _read(file: Path) -> Iterator[Exchange]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            asked, answered = exchange["request"], exchange["response"]
            if answered is not None and asked["body"] is not None:
                body = (answered["body"] or "").encode()
                yield Exchange(exchange["id"], asked["path"], asked["body"].encode(), answered["status"], body)


@dataclass
class Told:
    """All that an answer says: its parts in order, why it ended, and the counts."""

    parts: list[tuple[str, ...]] = field(default_factory=list)
    citations: list[Any] = field(default_factory=list)
    finish: str | None = None
    native: str | None = None
    usage: Usage | None = None
    id: str | None = None
    model: str | None = None
    created: int | None = None
    logprobs: list[Any] = field(default_factory=list)

    def more(self, kind: str, text: str, *, new: bool = False) -> None:
        """Adds to the last part, or a new one."""
        if not new and self.parts and self.parts[-1][0] == kind:
            text = self.parts.pop()[1] + text
        self.parts.append((kind, text))


def of_reply(reply: Reply) -> Told:
    """What a whole reply says."""
    choice: Choice = reply.choices[0]
    told = Told(finish=choice.finish, native=choice.native_finish, usage=reply.usage)
    told.id, told.model, told.created = reply.id, reply.model, reply.created
    told.logprobs = list(choice.logprobs or ())
    for part in choice.parts:
        told.parts.append(_part(part))
        told.citations += part.citations if isinstance(part, Text) else []
    return told


def _part(part: Part) -> tuple[str, ...]:
    match part:
        case Text():
            return ("text", part.text)
        case Reasoning():
            return ("thought", part.text)
        case ToolCall():
            return ("call", part.id, part.name, part.arguments)
        case NativePart():
            return ("native", json.dumps(part.value))
    raise AssertionError(part)


def of_events(events: Iterable[Event]) -> Told:
    """What a stream says, put together."""
    told, calls, ended = Told(), dict[int, list[str]](), True
    for event in events:
        match event:
            case Began():
                told.id, told.model, told.created = event.id, event.model, event.created
            case TextDelta():
                told.more("text", event.text)
                told.logprobs += event.logprobs or ()
            case ReasoningDelta():
                told.more("thought", event.text, new=ended)
                ended = False
            case ReasoningEnd():
                ended = True
            case ToolStart():
                calls[event.index] = [event.id, event.name, ""]
                told.parts.append(("call", str(event.index)))
            case ToolDelta():
                calls[event.index][2] += event.text
            case Cited():
                told.citations.append(event.citation)
            case Shown():
                assert isinstance(event.part, NativePart)
                told.parts.append(_part(event.part))
            case Finished():
                assert told.finish is None
                told.finish, told.native = event.finish, event.native_finish
            case Counted():
                told.usage = event.usage
            case _:
                raise AssertionError(event)
    told.parts = [("call", *calls[int(part[1])]) if part[0] == "call" else part for part in told.parts]
    return told


def differences(recorded: Any, ours: Any, at: str = "") -> Iterator[str]:
    """Where two JSON values differ: the path, without places in lists, and what each has there."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name in {**recorded, **ours}:
            if name not in ours:
                yield f"{at}.{name}: {_kind(recorded[name])} -> absent"
            elif name not in recorded:
                yield f"{at}.{name}: absent -> {_kind(ours[name])}"
            else:
                yield from differences(recorded[name], ours[name], f"{at}.{name}")
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for left, right in zip(recorded, ours, strict=True):
            yield from differences(left, right, f"{at}[]")
    elif recorded != ours:
        yield f"{at}: {_kind(recorded)} -> {_kind(ours)}"


def _kind(value: Any) -> str:
    if value in ([], {}, "", None, False, True):
        return json.dumps(value)
    return type(value).__name__
