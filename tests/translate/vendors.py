"""Scripted providers of every dialect, whose answers are written by hand from each vendor's reference."""

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.scripted import Connection, Received, Script

TEXT = "Hello ☕ world"
THOUGHT = "Let me think."
SIGNATURE = "c2lnbmVk"
TOOL = "get_weather"
ARGUMENTS = {"city": "Paris", "days": 2}
# 8 of the prompt were not cached, 3 were.
INPUT, CACHED, OUTPUT = 11, 3, 7

Body = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a provider is to say."""

    thought: bool = False
    text: bool = True
    tool: bool = False


@dataclass(frozen=True)
class Vendor:
    """How a dialect says it: whole, and as the bytes of a stream's events."""

    dialect: str
    whole: Callable[[Said], Body]
    events: Callable[[Said], list[bytes]]
    stream_type: str = "text/event-stream"
    path: str = ""


def _data(*bodies: Body) -> list[bytes]:
    return [b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n" for body in bodies]


def _named(*bodies: Body) -> list[bytes]:
    return [b"event: " + body["type"].encode() + b"\n" + _data(body)[0] for body in bodies]


def _cut(text: str) -> list[str]:
    return [text[:5], text[5:]]


# --- openai-chat

_CHAT_USAGE = {
    "prompt_tokens": INPUT,
    "completion_tokens": OUTPUT,
    "total_tokens": INPUT + OUTPUT,
    "prompt_tokens_details": {"cached_tokens": CACHED},
}
_CHAT_CALL: Body = {"id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": json.dumps(ARGUMENTS)}}


def chat(said: Said) -> Body:
    message: Body = {"role": "assistant", "content": TEXT if said.text else None, "refusal": None}
    if said.thought:
        message["reasoning_content"] = THOUGHT
    if said.tool:
        message["tool_calls"] = [_CHAT_CALL]
    finish = "tool_calls" if said.tool else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {
        "id": "chatcmpl-9", "object": "chat.completion", "created": 7, "model": "up", "choices": [choice],
        "usage": _CHAT_USAGE,
    }  # fmt: skip


def chat_events(said: Said) -> list[bytes]:
    def chunk(delta: Body, finish: str | None = None) -> Body:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**_CHAT_HEAD, "choices": [choice], "usage": None}

    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    if said.thought:
        deltas += [{"reasoning_content": part} for part in _cut(THOUGHT)]
    if said.text:
        deltas += [{"content": part} for part in _cut(TEXT)]
    if said.tool:
        first, rest = _cut(json.dumps(ARGUMENTS))
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": ""}}
        deltas += [{"tool_calls": [call]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in (first, rest)]
    bodies = [*map(chunk, deltas), chunk({}, "tool_calls" if said.tool else "stop")]
    return [*_data(*bodies, {**_CHAT_HEAD, "choices": [], "usage": _CHAT_USAGE}), b"data: [DONE]\n\n"]


_CHAT_HEAD = {"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": 7, "model": "up"}

# --- anthropic-messages

_MESSAGE_USAGE = {"input_tokens": INPUT - CACHED, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0}


def _blocks(said: Said) -> list[Body]:
    blocks: list[Body] = []
    if said.thought:
        blocks.append({"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE})
    if said.text:
        blocks.append({"type": "text", "text": TEXT})
    if said.tool:
        blocks.append({"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": ARGUMENTS})
    return blocks


def message(said: Said) -> Body:
    return {
        "id": "msg_9", "type": "message", "role": "assistant", "model": "up", "content": _blocks(said),
        "stop_reason": "tool_use" if said.tool else "end_turn", "stop_sequence": None,
        "usage": {**_MESSAGE_USAGE, "output_tokens": OUTPUT},
    }  # fmt: skip


def message_events(said: Said) -> list[bytes]:
    head = {**message(said), "content": [], "stop_reason": None, "usage": {**_MESSAGE_USAGE, "output_tokens": 1}}
    bodies: list[Body] = [{"type": "message_start", "message": head}, {"type": "ping"}]
    for index, block in enumerate(_blocks(said)):
        bodies += _block_events(index, block)
    stop = {"stop_reason": "tool_use" if said.tool else "end_turn", "stop_sequence": None}
    bodies.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": OUTPUT}})
    return _named(*bodies, {"type": "message_stop"})


def _block_events(index: int, block: Body) -> list[Body]:
    empty: Body = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""}, "tool_use": {"input": {}}}
    deltas: list[Body] = {
        "thinking": lambda: [
            *({"type": "thinking_delta", "thinking": part} for part in _cut(THOUGHT)),
            {"type": "signature_delta", "signature": SIGNATURE},
        ],
        "text": lambda: [{"type": "text_delta", "text": part} for part in _cut(TEXT)],
        "tool_use": lambda: [
            {"type": "input_json_delta", "partial_json": part} for part in ("", *_cut(json.dumps(ARGUMENTS)))
        ],
    }[block["type"]]()
    start = {"type": "content_block_start", "index": index, "content_block": {**block, **empty[block["type"]]}}
    between = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [start, *between, {"type": "content_block_stop", "index": index}]


# --- gemini

_GEMINI_USAGE = {"promptTokenCount": INPUT, "cachedContentTokenCount": CACHED, "totalTokenCount": INPUT + OUTPUT}


def _gemini(parts: list[Body], finish: str | None, said: Said) -> Body:
    candidate: Body = {"index": 0, "content": {"role": "model", "parts": parts}}
    counts = {"candidatesTokenCount": OUTPUT - 2, "thoughtsTokenCount": 2} if said.thought else {
        "candidatesTokenCount": OUTPUT
    }  # fmt: skip
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate], "usageMetadata": {**_GEMINI_USAGE, **counts}, "modelVersion": "up",
        "responseId": "r9",
    }  # fmt: skip


def _parts(said: Said, cut: Callable[[str], list[str]]) -> list[Body]:
    parts: list[Body] = []
    if said.thought:
        parts += [{"text": part, "thought": True} for part in cut(THOUGHT)]
    if said.text:
        parts += [{"text": part} for part in cut(TEXT)]
    if said.tool:
        parts.append({"functionCall": {"name": TOOL, "args": ARGUMENTS}, "thoughtSignature": SIGNATURE})
    return parts


def content(said: Said) -> Body:
    return _gemini(_parts(said, lambda text: [text]), "STOP", said)


def content_events(said: Said) -> list[bytes]:
    parts = _parts(said, _cut)
    return _data(*(_gemini([part], "STOP" if part is parts[-1] else None, said) for part in parts))


# --- openai-responses


def _items(said: Said) -> list[Body]:
    items: list[Body] = []
    if said.thought:
        summary = [{"type": "summary_text", "text": THOUGHT}]
        items.append({"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": SIGNATURE})
    if said.text:
        text = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
        items.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]})
    if said.tool:
        items.append(
            {
                "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": TOOL, "status": "completed",
                "arguments": json.dumps(ARGUMENTS),
            }
        )  # fmt: skip
    return items


def response(said: Said) -> Body:
    return {
        "id": "resp_9", "object": "response", "created_at": 7, "status": "completed", "model": "up", "error": None,
        "incomplete_details": None, "instructions": None, "output": _items(said), "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        "usage": {
            "input_tokens": INPUT, "input_tokens_details": {"cached_tokens": CACHED}, "output_tokens": OUTPUT,
            "output_tokens_details": {"reasoning_tokens": 2 if said.thought else 0}, "total_tokens": INPUT + OUTPUT,
        },
    }  # fmt: skip


def response_events(said: Said) -> list[bytes]:
    head = {**response(said), "output": [], "status": "in_progress", "usage": None}
    bodies: list[Body] = [{"type": "response.created", "response": head}]
    for at, item in enumerate(_items(said)):
        bodies += [
            {"type": "response.output_item.added", "output_index": at, "item": _begun(item)},
            *_item_deltas(at, item),
            {"type": "response.output_item.done", "output_index": at, "item": item},
        ]
    bodies.append({"type": "response.completed", "response": response(said)})
    return _named(*({**body, "sequence_number": number} for number, body in enumerate(bodies)))


def _begun(item: Body) -> Body:
    empty: Body = {
        "reasoning": {"summary": [], "encrypted_content": None},
        "message": {"content": [], "status": "in_progress"},
        "function_call": {"arguments": "", "status": "in_progress"},
    }
    return {**item, **empty[item["type"]]}


def _item_deltas(at: int, item: Body) -> list[Body]:
    where = {"item_id": item["id"], "output_index": at}
    if item["type"] == "reasoning":
        inside = {**where, "summary_index": 0}
        part = {"type": "summary_text", "text": ""}
        return [
            {"type": "response.reasoning_summary_part.added", **inside, "part": part},
            *({"type": "response.reasoning_summary_text.delta", **inside, "delta": each} for each in _cut(THOUGHT)),
            {"type": "response.reasoning_summary_text.done", **inside, "text": THOUGHT},
            {"type": "response.reasoning_summary_part.done", **inside, "part": {**part, "text": THOUGHT}},
        ]
    if item["type"] == "message":
        inside = {**where, "content_index": 0}
        text = item["content"][0]
        return [
            {"type": "response.content_part.added", **inside, "part": {**text, "text": ""}},
            *({"type": "response.output_text.delta", **inside, "delta": each, "logprobs": []} for each in _cut(TEXT)),
            {"type": "response.output_text.done", **inside, "text": TEXT, "logprobs": []},
            {"type": "response.content_part.done", **inside, "part": text},
        ]
    pieces = _cut(item["arguments"])
    return [
        *({"type": "response.function_call_arguments.delta", **where, "delta": each} for each in pieces),
        {"type": "response.function_call_arguments.done", **where, "name": TOOL, "arguments": item["arguments"]},
    ]


# --- cohere

_COHERE_USAGE = {
    "billed_units": {"input_tokens": INPUT, "output_tokens": OUTPUT},
    "tokens": {"input_tokens": INPUT + 490, "output_tokens": OUTPUT + 3},
    "cached_tokens": 448,
}


def cohere(said: Said) -> Body:
    parts: list[Body] = [{"type": "thinking", "thinking": THOUGHT}] if said.thought else []
    parts += [{"type": "text", "text": TEXT}] if said.text else []
    answer: Body = {"role": "assistant", "content": parts}
    if said.tool:
        answer["tool_calls"] = [_CHAT_CALL]
    finish = "TOOL_CALL" if said.tool else "COMPLETE"
    return {"id": "c9", "finish_reason": finish, "message": answer, "usage": _COHERE_USAGE}


def cohere_events(said: Said) -> list[bytes]:
    bodies: list[Body] = [{"id": "c9", "type": "message-start", "delta": {"message": {"role": "assistant"}}}]
    index = 0
    for kind, text in (("thinking", THOUGHT if said.thought else ""), ("text", TEXT if said.text else "")):
        if text:
            bodies += _cohere_content(index, kind, text)
            index += 1
    if said.tool:
        start = {**_CHAT_CALL, "function": {"name": TOOL, "arguments": ""}}
        bodies.append({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": start}}})
        for part in _cut(json.dumps(ARGUMENTS)):
            more = {"message": {"tool_calls": {"function": {"arguments": part}}}}
            bodies.append({"type": "tool-call-delta", "index": 0, "delta": more})
        bodies.append({"type": "tool-call-end", "index": 0})
    finish = "TOOL_CALL" if said.tool else "COMPLETE"
    bodies.append({"type": "message-end", "delta": {"finish_reason": finish, "usage": _COHERE_USAGE}})
    return _named(*bodies)


def _cohere_content(index: int, kind: str, text: str) -> list[Body]:
    def holding(held: Body) -> Body:
        return {"message": {"content": held}}

    return [
        {"type": "content-start", "index": index, "delta": holding({"type": kind, kind: ""})},
        *({"type": "content-delta", "index": index, "delta": holding({kind: part})} for part in _cut(text)),
        {"type": "content-end", "index": index},
    ]


# --- ollama

_OLLAMA_HEAD = {"model": "up", "created_at": "2026-11-21T10:00:00.123Z"}
_OLLAMA_END = {"done": True, "done_reason": "stop", "prompt_eval_count": INPUT, "eval_count": OUTPUT}
_OLLAMA_CALL = {"function": {"name": TOOL, "arguments": ARGUMENTS}}


def ollama(said: Said) -> Body:
    answer: Body = {"role": "assistant", "content": TEXT if said.text else ""}
    if said.thought:
        answer["thinking"] = THOUGHT
    if said.tool:
        answer["tool_calls"] = [_OLLAMA_CALL]
    return {**_OLLAMA_HEAD, "message": answer, **_OLLAMA_END}


def ollama_events(said: Said) -> list[bytes]:
    answers: list[Body] = [{"thinking": part, "content": ""} for part in _cut(THOUGHT)] if said.thought else []
    answers += [{"content": part} for part in _cut(TEXT)] if said.text else []
    answers += [{"content": "", "tool_calls": [_OLLAMA_CALL]}] if said.tool else []
    lines = [{**_OLLAMA_HEAD, "message": {"role": "assistant", **each}, "done": False} for each in answers]
    lines.append({**_OLLAMA_HEAD, "message": {"role": "assistant", "content": ""}, **_OLLAMA_END})
    return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]


# --- bedrock-converse

_CONVERSE_USAGE = {
    "inputTokens": INPUT - CACHED, "outputTokens": OUTPUT, "totalTokens": INPUT + OUTPUT,
    "cacheReadInputTokens": CACHED, "cacheWriteInputTokens": 0,
}  # fmt: skip


def converse(said: Said) -> Body:
    blocks: list[Body] = []
    if said.thought:
        blocks.append({"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": SIGNATURE}}})
    if said.text:
        blocks.append({"text": TEXT})
    if said.tool:
        blocks.append({"toolUse": {"toolUseId": "tooluse_1", "name": TOOL, "input": ARGUMENTS}})
    return {
        "output": {"message": {"role": "assistant", "content": blocks}}, "metrics": {"latencyMs": 5},
        "stopReason": "tool_use" if said.tool else "end_turn", "usage": _CONVERSE_USAGE,
    }  # fmt: skip


def converse_events(said: Said) -> list[bytes]:
    events: list[tuple[str, Body]] = [("messageStart", {"role": "assistant"})]
    index = 0

    def block(*deltas: Body, start: Body | None = None) -> None:
        nonlocal index
        if start:
            events.append(("contentBlockStart", {"contentBlockIndex": index, "start": start}))
        events.extend(("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}) for delta in deltas)
        events.append(("contentBlockStop", {"contentBlockIndex": index}))
        index += 1

    if said.thought:
        thoughts: list[Body] = [{"reasoningContent": {"text": part}} for part in _cut(THOUGHT)]
        block(*thoughts, {"reasoningContent": {"signature": SIGNATURE}})
    if said.text:
        block(*({"text": part} for part in _cut(TEXT)))
    if said.tool:
        pieces: list[Body] = [{"toolUse": {"input": part}} for part in _cut(json.dumps(ARGUMENTS))]
        block(*pieces, start={"toolUse": {"toolUseId": "tooluse_1", "name": TOOL}})
    events.append(("messageStop", {"stopReason": "tool_use" if said.tool else "end_turn"}))
    events.append(("metadata", {"usage": _CONVERSE_USAGE, "metrics": {"latencyMs": 5}}))
    return [_frame(name, body) for name, body in events]


def _frame(name: str, body: Body) -> bytes:
    """A message of `application/vnd.amazon.eventstream`."""
    headers = b"".join(
        struct.pack(">B", len(key)) + key + b"\x07" + struct.pack(">H", len(value)) + value
        for key, value in (
            (b":event-type", name.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


VENDORS = {
    vendor.dialect: vendor
    for vendor in (
        Vendor("openai-chat", chat, chat_events),
        Vendor("anthropic-messages", message, message_events),
        Vendor("gemini", content, content_events),
        Vendor("openai-responses", response, response_events),
        Vendor("cohere", cohere, cohere_events),
        Vendor("ollama", ollama, ollama_events, "application/x-ndjson"),
        Vendor("bedrock-converse", converse, converse_events, "application/vnd.amazon.eventstream"),
    )
}


def streams(asked: Received) -> bool:
    """Whether a request asks for a stream, in whichever dialect."""
    return "stream" in asked.path.lower() or bool(asked.json.get("stream"))


def answering_as(vendor: Vendor, said: Said) -> Script:
    """A provider that says this to whatever it is asked."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            whole = not streams(asked)
            body = json.dumps(vendor.whole(said)).encode() if whole else b"".join(vendor.events(said))
            kind = "application/json" if whole else vendor.stream_type
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            await connection.send(head.encode() + body)

    return script
