"""Clients of each dialect over a raw socket: what they send, and what they make of what comes back."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.support.gateway import HttpReply

Json = dict[str, Any]


@dataclass
class Got:
    """What a client makes of a reply. `finishes` has every word for why an answer ended, in order."""

    text: str = ""
    calls: dict[Any, list[str]] = field(default_factory=dict)
    finishes: list[str] = field(default_factory=list)
    usage: Json = field(default_factory=dict)
    error: Json | None = None

    @property
    def tools(self) -> list[tuple[str, Any]]:
        """Each tool call's name and decoded arguments."""
        return [(name, json.loads(arguments)) for name, arguments in self.calls.values()]


@dataclass(frozen=True)
class Speaker:
    """One dialect of clients. `well` has its words for an answer that ended well."""

    dialect: str
    path: Callable[[str, bool], str]
    body: Callable[[str, bool, str], Json]
    hear: Callable[[Got, Json], None]
    well: tuple[str, ...]

    def heard(self, reply: HttpReply) -> Got:
        """What a whole or streamed reply says."""
        got = Got()
        events = reply.events if reply.headers["content-type"].startswith("text/event-stream") else [reply.json]
        for event in events:
            if event != "[DONE]":
                self.hear(got, event)
        return got

    def succeeded(self, got: Got) -> bool:
        """Whether a client would take it for a whole answer."""
        return got.error is None and bool(got.finishes) and got.finishes[-1] in self.well


def _chat(got: Got, event: Json) -> None:
    got.error = event.get("error") or got.error
    got.usage = event.get("usage") or got.usage
    for choice in event.get("choices", ()):
        said = choice.get("delta") or choice.get("message") or {}
        got.text += said.get("content") or ""
        for index, call in enumerate(said.get("tool_calls") or ()):
            held = got.calls.setdefault(call.get("index", index), ["", ""])
            held[0] += call["function"].get("name") or ""
            held[1] += call["function"].get("arguments") or ""
        if choice.get("finish_reason"):
            got.finishes.append(choice["finish_reason"])


def _messages(got: Got, event: Json) -> None:
    kind = event.get("type")
    if kind == "error":
        got.error = event["error"]
    elif kind == "message":
        _blocks(got, event["content"])
        got.finishes.append(event["stop_reason"])
        got.usage = event["usage"]
    elif kind == "message_start":
        got.usage |= event["message"]["usage"]
    elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
        got.calls[event["index"]] = [event["content_block"]["name"], ""]
    elif kind == "content_block_delta":
        got.text += event["delta"].get("text", "")
        if "partial_json" in event["delta"]:
            got.calls[event["index"]][1] += event["delta"]["partial_json"]
    elif kind == "message_delta":
        got.finishes.append(event["delta"]["stop_reason"])
        got.usage |= event.get("usage", {})


def _blocks(got: Got, blocks: Iterable[Json]) -> None:
    for block in blocks:
        got.text += block.get("text", "")
        if block["type"] == "tool_use":
            got.calls[len(got.calls)] = [block["name"], json.dumps(block["input"])]


def _responses(got: Got, event: Json) -> None:
    kind = event.get("type", "")
    if kind == "response.output_text.delta":
        got.text += event["delta"]
    elif kind == "response.output_item.done":
        _item(got, event["item"])
    elif kind in ("response.completed", "response.incomplete", "response.failed"):
        _ended(got, event["response"])
    elif kind == "error":
        got.error = event
    elif "output" in event:
        got.text = "".join(
            part.get("text", "") for item in event["output"] if item["type"] == "message" for part in item["content"]
        )
        for item in event["output"]:
            _item(got, item)
        _ended(got, event)
    elif "error" in event:
        got.error = event["error"]


def _item(got: Got, item: Json) -> None:
    if item["type"] == "function_call":
        got.calls[item["call_id"]] = [item["name"], item["arguments"]]


def _ended(got: Got, response: Json) -> None:
    got.finishes.append(response["status"])
    got.usage = response.get("usage") or {}
    got.error = response.get("error") or got.error


def _gemini(got: Got, event: Json) -> None:
    got.error = event.get("error") or got.error
    got.usage = event.get("usageMetadata") or got.usage
    for candidate in event.get("candidates", ()):
        for part in candidate.get("content", {}).get("parts", ()):
            got.text += "" if part.get("thought") else part.get("text", "")
            if "functionCall" in part:
                call = part["functionCall"]
                got.calls[len(got.calls)] = [call["name"], json.dumps(call.get("args", {}))]
        if candidate.get("finishReason"):
            got.finishes.append(candidate["finishReason"])


def _gemini_path(model: str, stream: bool) -> str:
    return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")


def _messages_body(model: str, stream: bool, text: str) -> Json:
    return {
        "model": model,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": text}],
        **({"stream": True} if stream else {}),
    }


def _chat_body(model: str, stream: bool, text: str) -> Json:
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


SPEAKERS = {
    speaker.dialect: speaker
    for speaker in (
        Speaker(
            "openai-chat",
            lambda *_: "/v1/chat/completions",
            _chat_body,
            _chat,
            ("stop", "length", "tool_calls", "content_filter"),
        ),
        Speaker(
            "anthropic-messages",
            lambda *_: "/v1/messages",
            _messages_body,
            _messages,
            ("end_turn", "max_tokens", "tool_use", "stop_sequence", "refusal"),
        ),
        Speaker(
            "openai-responses",
            lambda *_: "/v1/responses",
            lambda model, stream, text: {"model": model, "input": text, **({"stream": True} if stream else {})},
            _responses,
            ("completed", "incomplete"),
        ),
        Speaker(
            "gemini",
            _gemini_path,
            lambda model, stream, text: {"contents": [{"role": "user", "parts": [{"text": text}]}]},
            _gemini,
            ("STOP", "MAX_TOKENS", "SAFETY"),
        ),
    )
}
