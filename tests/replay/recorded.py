"""The recorded exchanges of the OpenAI-shaped providers, and what they say, read by plain means of our own."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.openai_schema import problems
from tests.providers.test_quirks_recorded import SHOWN

VENDORS = (
    *("openai", "deepseek", "groq", "mistral", "openrouter", "perplexity"),
    *("copilot", "doubleword", "llamacpp", "venice", "mistralrs"),
)
# These have no row of their own among the shipped providers; the others are tested as shipped.
UNSHIPPED = {
    vendor: {"dialect": "openai-chat", "quirks": list(SHOWN[vendor])}
    for vendor in ("copilot", "doubleword", "llamacpp", "venice", "mistralrs")
}
# What their streams say of usage they say unasked.
UNASKED = ("openrouter", "mistral", "perplexity")
# Names for answers that a test makes up.
EXTRA = tuple(f"extra-{number}" for number in range(40))
_HEADERS = ("content-type", "x-request-id", "mistral-correlation-id", "retry-after")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    id: str
    number: int
    endpoint: str
    request: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def key(self) -> str:
        """Names the exchange in a model's name."""
        return f"{self.id.partition('/')[0]}-{self.number}"

    @property
    def streams(self) -> bool:
        return any(name == "content-type" and "event-stream" in value for name, value in self.headers)

    @property
    def asked(self) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self.request)
        return asked

    @property
    def kind(self) -> str:
        return "embeddings" if self.endpoint == "/embeddings" else "chunk" if self.streams else "reply"

    def called(self, model: str) -> bytes:
        """The recorded request with another model's name."""
        return named(self.request, self.asked["model"], model)

    def raw(self) -> bytes:
        """The recorded request, for the model whose answers are not mended."""
        return self.called(f"raw-{self.key}")

    def mended(self) -> bytes:
        """The recorded request, for the model at the vendor as shipped."""
        return self.called(f"mended-{self.key}")


def named(request: bytes, old: str, new: str) -> bytes:
    """A request in which one model's name stands for another."""
    member = b'"model":%b'
    assert request.count(member % json.dumps(old).encode()) == 1
    return request.replace(member % json.dumps(old).encode(), member % json.dumps(new).encode())


@cache
def exchanges(shared: Path, vendor: str) -> tuple[Exchange, ...]:
    """A vendor's exchanges at the endpoints that Fairlead serves."""
    return tuple(_read(shared / "recordings" / f"{vendor}.jsonl.gz"))


def _read(file: Path) -> Iterator[Exchange]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            exchange = json.loads(line)
            asked, answered = exchange["request"], exchange["response"]
            endpoint = re.search(r"/(chat/completions|completions|embeddings)$", asked["path"])
            if endpoint is None:
                continue
            headers = tuple((name, value) for name, value in answered["headers"] if name in _HEADERS)
            yield Exchange(
                exchange["id"],
                number,
                endpoint[0],
                asked["body"].encode(),
                answered["status"],
                headers,
                answered["body"].encode(),
            )


def good(shared: Path, vendor: str) -> list[Exchange]:
    return [each for each in exchanges(shared, vendor) if each.status == 200]


def streams(shared: Path, vendor: str) -> list[Exchange]:
    return [each for each in good(shared, vendor) if each.streams]


def data_of(stream: bytes) -> list[bytes]:
    """The data of a stream's events, without its end mark. All recorded events have one line of data."""
    found = re.findall(rb"^data: ?(.*?)\r?$", stream, re.MULTILINE)
    return [data for data in found if data != b"[DONE]"]


def events(stream: bytes) -> list[Any]:
    return [json.loads(data) for data in data_of(stream)]


def comments(stream: bytes) -> list[bytes]:
    return re.findall(rb"^:.*$", stream, re.MULTILINE)


Told = dict[Any, Any]
_TEXTS = ("content", "refusal", "reasoning", "reasoning_content", "text")


def told_by_stream(chunks: Iterable[Any]) -> Told:
    """All that a stream says: each choice's texts, tool calls and finish reasons, and the usage."""
    told: Told = {}
    for chunk in chunks:
        if chunk.get("usage"):
            told["usage"] = counts(chunk["usage"])
        for choice in chunk.get("choices") or ():
            index = choice.get("index", 0)
            if choice.get("finish_reason"):
                told.setdefault(("finish", index), set()).add(choice["finish_reason"])
            delta = choice.get("delta") or {}
            for name in _TEXTS:
                if delta.get(name):
                    told[name, index] = told.get((name, index), "") + delta[name]
            _follow_calls(told.setdefault(("calls", index), []), delta.get("tool_calls") or ())
    return {place: what for place, what in told.items() if what}


def _follow_calls(calls: list[dict[str, Any]], deltas: Iterable[Any]) -> None:
    """Add deltas to the calls of one choice. An id that is new begins a call; what has none belongs to the last of
    its index, or to the last of all.
    """
    for delta in deltas:
        known = [call for call in calls if delta.get("id") in (None, "", call["id"])]
        at_index = [call for call in known if call["index"] == delta.get("index")]
        if not known:
            calls.append({"id": delta.get("id"), "index": delta.get("index"), "name": "", "arguments": ""})
        call = (at_index or known or calls)[-1]
        function = delta.get("function") or {}
        call["name"] += function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""


def told_by_reply(reply: Any) -> Told:
    """All that a whole reply says, in the same words."""
    told: Told = {"usage": counts(reply["usage"])} if reply.get("usage") else {}
    for index, choice in enumerate(reply.get("choices") or ()):
        message = choice["message"]
        told["finish", index] = {choice["finish_reason"]}
        told |= {(name, index): message[name] for name in _TEXTS if message.get(name)}
        told["calls", index] = [{"id": each["id"], **each["function"]} for each in message.get("tool_calls") or ()]
    for index, entry in enumerate(reply.get("data") or ()):
        told["embedding", index] = entry["embedding"]
    return {place: what for place, what in told.items() if what}


def told(exchange: Exchange, body: bytes) -> Told:
    said = told_by_stream(events(body)) if exchange.streams else told_by_reply(json.loads(body))
    for calls in [what for place, what in said.items() if place[0] == "calls"]:
        for call in calls:
            call.pop("index", None)
    return said


def counts(usage: Any, path: str = "") -> dict[str, Any]:
    """Every number that a usage has."""
    found: dict[str, Any] = {}
    for name, value in usage.items():
        if isinstance(value, dict):
            found |= counts(value, f"{path}{name}.")
        elif isinstance(value, int | float):
            found[path + name] = value
    return found


def lost(raw: Any, sent: Any, path: str = "$") -> list[str]:
    """What `raw` says and `sent` does not, be it under its own name or under `native_` and its name."""
    if isinstance(raw, dict):
        if not isinstance(sent, dict):
            return [path]
        found = []
        for name, value in raw.items():
            at = f"{path}.{name}"
            missing = lost(value, sent.get(name), at)
            if missing and f"native_{name}" in sent:
                missing = lost(value, sent[f"native_{name}"], at)
            found += missing
        return found
    if isinstance(raw, list):
        if not isinstance(sent, list) or len(raw) != len(sent):
            return [path]
        return [each for n, value in enumerate(raw) for each in lost(value, sent[n], f"{path}[{n}]")]
    return [] if raw is None or raw == sent else [path]


_FREE = frozenset(
    (*_TEXTS, "arguments", "id", "obfuscation", "name", "token", "summary", "data", "model", "format", "signature")
)
_checked: dict[tuple[str, str], list[str]] = {}


def wrong(kind: str, value: Any) -> list[str]:
    """What OpenAI's schema has against an answer. Answers that differ only in free text are judged once."""
    shape = json.dumps(_shape(value))
    if (kind, shape) not in _checked:
        _checked[kind, shape] = problems(kind, value)
    return _checked[kind, shape]


def _shape(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _shape(each, name) for name, each in value.items()}
    if isinstance(value, list):
        if name in ("embedding", "bytes"):
            return sorted({type(each).__name__ for each in value})
        return [_shape(each, name) for each in value]
    if type(value) is str and name in _FREE:
        return "text"
    return 1 if type(value) is int else value
