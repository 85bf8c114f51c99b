"""What recorded answers of the Responses API say, by a walk over their JSON."""

from typing import Any

from fairlead.dialects.model import Usage
from tests.matrix.said import Answer, Call, Said

Json = dict[str, Any]


def whole(body: Json) -> Said:
    said = Said(usage=_counted(body.get("usage")))
    answer = said.answer()
    answer.thought = body["reasoning"] if isinstance(body.get("reasoning"), str) else ""
    for item in body["output"]:
        _item(answer, item)
    answer.finish = _finish(body, answer)
    return said.whole()


def _item(answer: Answer, item: Json) -> None:
    match item["type"]:
        case "message":
            answer.text += "".join(each.get("text", "") for each in item["content"])
            answer.refusal += "".join(each.get("refusal", "") for each in item["content"])
        case "reasoning":
            answer.thought += "".join(each["text"] for each in item.get("summary") or ())
            answer.thought += "".join(each["text"] for each in item.get("content") or ())
        case "function_call":
            answer.calls.append(Call(item["name"], item["arguments"]))
        case "custom_tool_call":
            answer.calls.append(Call(item["name"], item["input"]))
        case "image_generation_call":
            answer.pictures += 1


def _finish(response: Json, answer: Answer) -> str:
    if response.get("status") == "incomplete":
        reason = response["incomplete_details"]["reason"]
        return "content_filter" if reason == "content_filter" else "length"
    return "tool_calls" if answer.calls else "refusal" if answer.refusal else "stop"


_DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "thought",
    "response.reasoning_summary_text.delta": "thought",
}
_ARGUMENTS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_LAST = ("response.completed", "response.incomplete")


def streamed(events: list[Json]) -> Said:
    said, calls = Said(), dict[int, Call]()
    answer = said.answer()
    for event in events:
        kind, item = event["type"], event.get("item") or {}
        if kind in _DELTAS:
            setattr(answer, _DELTAS[kind], getattr(answer, _DELTAS[kind]) + event["delta"])
        elif kind in _ARGUMENTS:
            calls[event["output_index"]].arguments += event["delta"]
        elif kind == "response.output_item.added" and item["type"] in ("function_call", "custom_tool_call"):
            calls[event["output_index"]] = call = Call(item["name"])
            answer.calls.append(call)
        elif kind == "response.output_item.done" and item["type"] == "image_generation_call":
            answer.pictures += 1
        elif kind in _LAST:
            said.usage = _counted(event["response"].get("usage"))
            answer.finish = _finish(event["response"], answer)
    return said.whole()


def _counted(usage: Json | None) -> Usage | None:
    if not usage:
        return None
    inputs, outputs = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        usage["input_tokens"],
        usage["output_tokens"],
        inputs.get("cached_tokens") or 0,
        outputs.get("reasoning_tokens") or 0,
        inputs.get("cache_write_tokens") or 0,
    )
