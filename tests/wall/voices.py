"""How an upstream of each dialect says sixty words: whole, or word by word, from any word on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PIECES = tuple(f"{' ' if n else ''}w{n:02}" for n in range(60))
TEXT = "".join(PIECES)
INPUT = 11


@dataclass(frozen=True)
class Voice:
    """One dialect of upstreams. `tail` has the end mark last, where the dialect has one (`marked`).

    `prefill` is what the request's last message has the model begin with; `resumes`: real ones go on from there.
    """

    dialect: str
    whole: Callable[[str, str], Json]
    head: Callable[[str], list[bytes]]
    say: Callable[[str, int], bytes]
    tail: Callable[[str, str], list[bytes]]
    prefill: Callable[[Json], str]
    refusal: Callable[[int, str, str], Json]
    marked: bool
    resumes: bool = True

    def events(self, model: str, words: tuple[str, ...]) -> list[bytes]:
        """A whole stream, event by event."""
        said = [self.say(word, at) for at, word in enumerate(words)]
        return [*self.head(model), *said, *self.tail(model, "".join(words))]


def _data(*bodies: Json) -> list[bytes]:
    return [b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies]


def _named(*bodies: Json) -> list[bytes]:
    return [b"event: " + body["type"].encode() + b"\n" + _data(body)[0] for body in bodies]


def _words(text: str) -> int:
    return len(text.split())


def _last_text(messages: Any, roles: tuple[str, ...]) -> str:
    """The text of the last message, where it is the model's own."""
    last = messages[-1] if isinstance(messages, list) and messages else {}
    if last.get("role") not in roles:
        return ""
    said = last.get("content") or last.get("parts") or ""
    return said if isinstance(said, str) else "".join(part.get("text", "") for part in said)


# --- openai-chat


def _chat_usage(text: str) -> Json:
    return {"prompt_tokens": INPUT, "completion_tokens": _words(text), "total_tokens": INPUT + _words(text)}


def _chat(model: str, text: str) -> Json:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-w", "object": "chat.completion", "created": 7, "model": model, "choices": [choice],
        "usage": _chat_usage(text),
    }  # fmt: skip


def _chunk(delta: Json, model: str = "up", finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-w", "object": "chat.completion.chunk", "created": 7, "model": model, "choices": [choice]}


def _chat_tail(model: str, text: str) -> list[bytes]:
    counted = {**_chunk({}, model), "choices": [], "usage": _chat_usage(text)}
    return [*_data(_chunk({}, model, "stop"), counted), b"data: [DONE]\n\n"]


def _openai_refusal(_: int, code: str, message: str) -> Json:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


# --- anthropic-messages


def _message(model: str, text: str) -> Json:
    return {
        "id": "msg_w", "type": "message", "role": "assistant", "model": model,
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": INPUT, "output_tokens": _words(text)},
    }  # fmt: skip


def _message_head(model: str) -> list[bytes]:
    begun = {**_message(model, ""), "content": [], "stop_reason": None}
    block = {"type": "text", "text": ""}
    return _named(
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": block},
    )


def _message_tail(_: str, text: str) -> list[bytes]:
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return _named(
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": _words(text)}},
        {"type": "message_stop"},
    )


def _message_word(word: str, _: int) -> bytes:
    delta = {"type": "text_delta", "text": word}
    return _named({"type": "content_block_delta", "index": 0, "delta": delta})[0]


_TYPES = {400: "invalid_request_error", 429: "rate_limit_error", 500: "api_error"}


def _message_refusal(status: int, _: str, message: str) -> Json:
    return {"type": "error", "error": {"type": _TYPES.get(status, "overloaded_error"), "message": message}}


# --- gemini


def _content(model: str, text: str, finish: str | None = "STOP") -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": [{"text": text}]}}
    body: Json = {"candidates": [candidate], "modelVersion": model, "responseId": "r-w"}
    if finish:
        candidate["finishReason"] = finish
        body["usageMetadata"] = {"promptTokenCount": INPUT, "candidatesTokenCount": 60, "totalTokenCount": INPUT + 60}
    return body


def _content_refusal(status: int, _: str, message: str) -> Json:
    words = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
    return {"error": {"code": status, "message": message, "status": words.get(status, "UNAVAILABLE")}}


# --- openai-responses


def _item(text: str, status: str = "completed") -> Json:
    parts = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}] if text else []
    return {"type": "message", "id": "msg_w", "role": "assistant", "status": status, "content": parts}


def _response(model: str, text: str) -> Json:
    return {
        "id": "resp_w", "object": "response", "created_at": 7, "status": "completed", "model": model, "error": None,
        "incomplete_details": None, "instructions": None, "output": [_item(text)], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        "usage": {
            "input_tokens": INPUT, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": _words(text),
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": INPUT + _words(text),
        },
    }  # fmt: skip


_INSIDE = {"item_id": "msg_w", "output_index": 0, "content_index": 0}


def _response_head(model: str) -> list[bytes]:
    begun = {**_response(model, ""), "output": [], "status": "in_progress", "usage": None}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    added = _item("", "in_progress")
    return _named(
        {"type": "response.created", "sequence_number": 0, "response": begun},
        {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": added},
        {"type": "response.content_part.added", "sequence_number": 2, **_INSIDE, "part": part},
    )


def _response_word(word: str, at: int) -> bytes:
    kind = "response.output_text.delta"
    return _named({"type": kind, "sequence_number": at + 3, **_INSIDE, "delta": word, "logprobs": []})[0]


def _response_tail(model: str, text: str) -> list[bytes]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return _named(
        {"type": "response.output_text.done", "sequence_number": 90, **_INSIDE, "text": text, "logprobs": []},
        {"type": "response.content_part.done", "sequence_number": 91, **_INSIDE, "part": part},
        {"type": "response.output_item.done", "sequence_number": 92, "output_index": 0, "item": _item(text)},
        {"type": "response.completed", "sequence_number": 93, "response": _response(model, text)},
    )


VOICES = {
    voice.dialect: voice
    for voice in (
        Voice(
            "openai-chat",
            _chat,
            lambda model: _data(_chunk({"role": "assistant", "content": ""}, model)),
            lambda word, at: _data(_chunk({"content": word}))[0],
            _chat_tail,
            lambda body: _last_text(body.get("messages"), ("assistant",)),
            _openai_refusal,
            marked=True,
        ),
        Voice(
            "anthropic-messages",
            _message,
            _message_head,
            _message_word,
            _message_tail,
            lambda body: _last_text(body.get("messages"), ("assistant",)),
            _message_refusal,
            marked=True,
        ),
        Voice(
            "gemini",
            _content,
            lambda _: [],
            lambda word, at: _data(_content("up", word, None))[0],
            lambda model, _: _data(_content(model, "")),
            lambda body: _last_text(body.get("contents"), ("model",)),
            _content_refusal,
            marked=False,
        ),
        Voice(
            "openai-responses",
            _response,
            _response_head,
            _response_word,
            _response_tail,
            lambda body: _last_text(body.get("input"), ("assistant",)),
            _openai_refusal,
            marked=False,
            resumes=False,
        ),
    )
}
