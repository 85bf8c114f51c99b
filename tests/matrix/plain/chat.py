"""What recorded answers of chat completions say, by a walk over their JSON."""

from typing import Any

from fairlead.dialects.model import Usage
from tests.matrix.said import Answer, Call, Said

Json = dict[str, Any]
_FINISHES = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter"}
_FINISHES |= {"function_call": "tool_calls", "error": "error"}


def whole(body: Json) -> Said:
    said = Said(usage=counted(body))
    for choice in body["choices"]:
        _hear(said.answer(choice.get("index") or 0), choice, choice["message"], {})
    return said.whole()


def streamed(chunks: list[Json]) -> Said:
    said = Said()
    calls: dict[int, dict[Any, Call]] = {}
    for chunk in chunks:
        said.usage = counted(chunk) or said.usage
        for choice in chunk.get("choices") or ():
            at = choice.get("index") or 0
            _hear(said.answer(at), choice, choice.get("delta") or {}, calls.setdefault(at, {}))
    return said.whole()


def _hear(answer: Answer, choice: Json, words: Json, calls: dict[Any, Call]) -> None:
    content = words.get("content")
    answer.text += _content(content, "text")
    answer.thought += _thought(words) or _content(content, "thinking")
    answer.refusal += words.get("refusal") or ""
    answer.pictures += len(words.get("images") or ())
    for place, call in enumerate(words.get("tool_calls") or ()):
        _follow(answer, place, call, calls)
    if choice.get("finish_reason"):
        answer.finish = _FINISHES[choice["finish_reason"]]


def _content(content: Any, kind: str) -> str:
    if content is None or isinstance(content, str):
        return (content or "") if kind == "text" else ""
    held = [part[kind] for part in content if part["type"] == kind]
    return "".join(each if isinstance(each, str) else _content(each, "text") for each in held)


def _thought(words: Json) -> str:
    if said := words.get("reasoning_content") or words.get("reasoning"):
        return str(said)
    details = words.get("reasoning_details") or ()
    return "".join(each.get("text") or each.get("summary") or "" for each in details)


def _follow(answer: Answer, place: int, delta: Json, calls: dict[Any, Call]) -> None:
    """A call, or more of it: an id that is new begins one, what has none belongs to the last one at its index."""
    said = delta.get("custom") or delta.get("function") or {}
    at, named = delta.get("index", place), delta.get("id")
    call = calls.get(named or at)
    if call is None:
        call = Call(said.get("name") or "")
        answer.calls.append(call)
    calls[at] = calls[named or at] = call
    call.arguments += said.get("arguments") or said.get("input") or ""


def counted(body: Json) -> Usage | None:
    """The tokens, under the names that the recorded vendors have for them."""
    usage = body.get("usage")
    if not usage:
        return None
    prompt, answer = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return Usage(
        usage.get("prompt_tokens") or 0,
        usage.get("completion_tokens") or 0,
        prompt.get("cached_tokens")
        or usage.get("prompt_cache_hit_tokens")
        or usage.get("cache_read_input_tokens")
        or 0,
        answer.get("reasoning_tokens") or usage.get("reasoning_tokens") or 0,
        prompt.get("cache_write_tokens") or usage.get("cache_creation_input_tokens") or 0,
        0,
        prompt.get("audio_tokens") or 0,
        answer.get("audio_tokens") or 0,
    )
