"""The recordings, and what the tests here share in looking at requests, replies and streams."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairlead.dialects import sse
from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.model import Event, Message, Reply, Request, Text

FACTS = Facts("1", "m", 0)
MODEL = "claude-sonnet-4-6"


def exchanges(shared: Path) -> list[dict[str, Any]]:
    """The recorded calls of the Messages API."""
    with gzip.open(shared / "recordings" / "anthropic.jsonl.gz", "rt") as lines:
        found = [json.loads(line) for line in lines]
    return [each for each in found if each["request"]["path"].endswith("/messages")]


def streamed(exchange: dict[str, Any]) -> bool:
    return not exchange["response"]["body"].startswith("{")


def answered(shared: Path, *, streams: bool) -> list[dict[str, Any]]:
    return [each for each in exchanges(shared) if each["response"]["status"] == 200 and streamed(each) is streams]


def frames(data: bytes) -> list[bytes]:
    """The data of each event of a stream."""
    splitter = sse.EventSplitter()
    events = [*splitter.feed(data), splitter.end()]
    return [found for event in events if (found := sse.data_of(event)) is not None]


def message(events: list[bytes]) -> dict[str, Any]:
    """The whole message that a stream comes to, put together by plain means; blocks must not overlap."""
    found: dict[str, Any] = {}
    content: list[dict[str, Any]] = []
    still_open: list[int] = []
    for value in map(json.loads, (event for event in events if event != b"[DONE]")):
        match value["type"]:
            case "message_start":
                found = value["message"]
            case "content_block_start":
                assert (value["index"], still_open) == (len(content), [])
                still_open.append(value["index"])
                content.append(dict(value["content_block"]))
            case "content_block_delta":
                assert value["index"] in still_open
                _add(content[value["index"]], value["delta"])
            case "content_block_stop":
                still_open.remove(value["index"])
                _close(content[value["index"]])
            case "message_delta":
                found |= value["delta"]
                found["usage"] = found["usage"] | value["usage"]
    assert not still_open
    return found | {"content": content}


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        case "input_json_delta":
            block["given"] = block.get("given", "") + delta["partial_json"]


def _close(block: dict[str, Any]) -> None:
    given = block.pop("given", "")
    if given:
        block["input"] = json.loads(given)


def differences(a: Any, b: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Where b is not a: (path, how)."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            path = f"{at}.{name}" if at else name
            if name not in a or name not in b:
                yield path, "gone" if name in a else "added"
            else:
                yield from differences(a[name], b[name], path)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            yield from differences(x, y, at + "[]")
    elif a != b:
        yield at, "other"


def read(body: dict[str, Any], *, stream: bool = False) -> Request:
    """A client's request; what it need not say of this test is filled in."""
    value = {"model": MODEL, "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}], **body}
    return CLIENT.read(json.dumps(value).encode(), MODEL, stream=stream)


def request(*messages: Message, **members: Any) -> Request:
    return Request(MODEL, list(messages) or [Message("user", [Text("hi")])], **members)


def written(made: Request, losses: Losses | None = None, model: str = MODEL) -> dict[str, Any]:
    """The body that the provider gets."""
    body: dict[str, Any] = json.loads(PROVIDER.write(made, model, losses or Losses()).body)
    return body


def reply(value: dict[str, Any]) -> Reply:
    found = PROVIDER.read(json.dumps(value).encode())
    assert isinstance(found, Reply)
    return found


def shown(made: Reply) -> dict[str, Any]:
    """The body that the client gets."""
    body: dict[str, Any] = json.loads(CLIENT.write(made, FACTS))
    return body


def told(*events: Event) -> dict[str, Any]:
    """The message that a client's stream of these events comes to."""
    writer = CLIENT.stream(request(), FACTS)
    data = b"".join(writer.write([event]) for event in events) + writer.end()
    return message(frames(data))
