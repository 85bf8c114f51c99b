"""What recorded answers of Anthropic say, by a walk over their JSON."""

from typing import Any

from fairlead.dialects.model import Usage
from tests.matrix.said import Call, Said

Json = dict[str, Any]
_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
}


def whole(body: Json) -> Said:
    said = Said(usage=_counted(body["usage"]))
    answer = said.answer()
    answer.finish = _FINISHES[body["stop_reason"]]
    for block in body["content"]:
        if block["type"] == "tool_use":
            answer.calls.append(Call(block["name"], block["input"]))
        elif block["type"] in ("text", "thinking"):
            answer.text += block.get("text", "")
            answer.thought += block.get("thinking", "")
    return said.whole()


def streamed(events: list[Json]) -> Said:
    said, calls, usage = Said(), dict[int, Call](), Json()
    answer = said.answer()
    for event in events:
        block, delta = event.get("content_block") or {}, event.get("delta") or {}
        if block.get("type") == "tool_use":
            calls[event["index"]] = call = Call(block["name"])
            answer.calls.append(call)
        if event.get("index") in calls:
            calls[event["index"]].arguments += delta.get("partial_json", "")
        if block.get("type") in (None, "text", "thinking"):
            answer.text += block.get("text") or delta.get("text") or ""
            answer.thought += block.get("thinking") or delta.get("thinking") or ""
        if delta.get("stop_reason"):
            answer.finish = _FINISHES[delta["stop_reason"]]
        for held in ((event.get("message") or {}).get("usage"), event.get("usage")):
            usage |= {name: count for name, count in (held or {}).items() if count}
    said.usage = _counted(usage)
    return said.whole()


def _counted(usage: Json) -> Usage:
    """Tokens from and for the cache are counted apart here."""
    cached, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    return Usage(
        (usage.get("input_tokens") or 0) + cached + written,
        usage.get("output_tokens") or 0,
        cached,
        (usage.get("output_tokens_details") or {}).get("thinking_tokens", 0),
        written,
        (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens", 0),
    )
