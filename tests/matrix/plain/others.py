"""What recorded answers of Cohere, Ollama and Bedrock say, by a walk over their JSON."""

import json
import struct
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from fairlead.dialects.model import Usage
from tests.matrix.said import Call, Said

Json = dict[str, Any]

# --- Cohere

_COHERE = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}


def cohere(body: Json) -> Said:
    said = Said(usage=_billed(body["usage"]))
    answer, message = said.answer(), body["message"]
    for part in message.get("content") or ():
        answer.text += part.get("text", "")
        answer.thought += part.get("thinking", "")
    answer.thought += message.get("tool_plan") or ""
    held = [each["function"] for each in message.get("tool_calls") or ()]
    answer.calls = [Call(each["name"], each["arguments"]) for each in held]
    answer.finish = _COHERE[body["finish_reason"]]
    return said.whole()


def cohere_stream(events: list[Json]) -> Said:
    said = Said()
    answer = said.answer()
    for event in events:
        delta = event.get("delta") or {}
        message = delta.get("message") or {}
        content = message["content"] if isinstance(message.get("content"), dict) else {}
        answer.text += content.get("text") or ""
        answer.thought += content.get("thinking") or message.get("tool_plan") or ""
        if event["type"] == "tool-call-start":
            answer.calls.append(Call(message["tool_calls"]["function"]["name"]))
        if event["type"].startswith("tool-call-") and message:
            answer.calls[-1].arguments += message["tool_calls"]["function"].get("arguments") or ""
        if event["type"] == "message-end":
            answer.finish, said.usage = _COHERE[delta["finish_reason"]], _billed(delta["usage"])
    return said.whole()


def _billed(usage: Json) -> Usage:
    """Cohere charges for what it was sent, not for the tokens that it adds; those are what is cached first."""
    billed, run = usage.get("billed_units") or usage["tokens"], usage["tokens"]
    added = run["input_tokens"] - billed["input_tokens"]
    cached = max(usage.get("cached_tokens", 0) - max(added, 0), 0)
    return Usage(
        int(billed["input_tokens"]), int(billed["output_tokens"]), int(cached), int(run.get("reasoning_tokens", 0))
    )


# --- Ollama


def ollama(body: Json) -> Said:
    return ollama_stream([body])


def ollama_stream(lines: list[Json]) -> Said:
    said = Said()
    answer = said.answer()
    for line in lines:
        message = line.get("message") or {}
        answer.text += message.get("content") or ""
        answer.thought += message.get("thinking") or ""
        held = [each["function"] for each in message.get("tool_calls") or ()]
        answer.calls += [Call(each["name"], each["arguments"]) for each in held]
        if line.get("done"):
            said.usage = Usage(line["prompt_eval_count"], line["eval_count"]) if "eval_count" in line else None
            reason = line.get("done_reason")
            answer.finish = "length" if reason == "length" else "tool_calls" if answer.calls else "stop"
    return said.whole()


# --- Bedrock

_CONVERSE = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
_CONVERSE |= {"guardrail_intervened": "content_filter", "content_filtered": "content_filter"}


def converse(body: Json) -> Said:
    said = Said(usage=_converse_usage(body["usage"]))
    answer = said.answer()
    answer.finish = _CONVERSE[body["stopReason"]]
    for block in body["output"]["message"]["content"]:
        answer.text += block.get("text") or ""
        answer.thought += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        if "toolUse" in block:
            answer.calls.append(Call(block["toolUse"]["name"], block["toolUse"]["input"]))
    return said.whole()


def converse_stream(events: list[Json]) -> Said:
    said = Said()
    answer = said.answer()
    for event in events:
        delta = event.get("delta") or {}
        answer.text += delta.get("text") or ""
        answer.thought += delta.get("reasoningContent", {}).get("text", "")
        if used := (event.get("start") or {}).get("toolUse"):
            answer.calls.append(Call(used["name"]))
        if "toolUse" in delta:
            answer.calls[-1].arguments += delta["toolUse"]["input"]
        if "stopReason" in event:
            answer.finish = _CONVERSE[event["stopReason"]]
        if "usage" in event:
            said.usage = _converse_usage(event["usage"])
    return said.whole()


def converse_events(body: str) -> Iterator[Json]:
    """The payloads of an event stream's messages: lengths, checksum, headers, payload, checksum."""
    data = b64decode(body)
    while data:
        length, headers = struct.unpack(">II", data[:8])
        yield json.loads(data[12 + headers : length - 4])
        data = data[length:]


def _converse_usage(usage: Json) -> Usage:
    cached, written = usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0)
    return Usage(usage["inputTokens"] + cached + written, usage["outputTokens"], cached, 0, written)
