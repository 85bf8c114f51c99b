"""The mends behind `quirks.py`: each changes an answer, or a part of one, in place and says whether it did.

Values come from outside, so every mend takes any JSON where it expects an object, a list or a text.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from fairlead.providers.mending import EMBEDDINGS, MODELS, Calls, Json, Told, aside, fill, leave_out, null


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any, otherwise: int) -> int:
    """A time in whole seconds, if it is one at all."""
    return int(value) if isinstance(value, float) else otherwise


def envelope(body: Json, told: Told) -> bool:
    changed = False
    for name, kind in told.shape.envelope:
        if type(value := body.get(name)) is kind:
            told.known[name] = value or told.known[name]
        else:
            known = told.known[name]
            changed = fill(body, name, kind, _seconds(value, known) if kind is int else known)
    if body.get("object") != told.shape.object:
        aside(body, "object")
        body["object"] = told.shape.object
        changed = True
    return fill(body, told.shape.parts, list, []) or changed


def entry(item: Json, told: Told) -> bool:
    """An entry of a list of embeddings or of models."""
    changed = item.get("object") != told.shape.entry
    if changed:
        aside(item, "object")
        item["object"] = told.shape.entry
    if told.shape is not MODELS:
        return fill(item, "index", int, told.index) or changed
    return (
        fill(item, "id", str, _text(item.get("name")))
        | fill(item, "created", int, _seconds(item.get("created"), 0))
        | fill(item, "owned_by", str, _text(item.get("vendor")) or item["id"].rpartition("/")[0])
        | changed
    )


def _plain_text(parts: Any) -> str | None:
    """The text of parts that are nothing but text; None if there is more to them."""
    if isinstance(parts, str):
        return parts
    if not isinstance(parts, list):
        return None
    if not all(isinstance(part, dict) and _is_text(part) and part.keys() <= {"type", "text"} for part in parts):
        return None
    return "".join(part["text"] for part in parts)


def _is_text(part: Json) -> bool:
    return part.get("type", "text") == "text" and isinstance(part.get("text"), str)


def _sort_parts(parts: list[Any]) -> tuple[list[str], list[str], bool]:
    """The texts and the thoughts among `parts`, and whether they are all there is."""
    texts, thoughts, whole = [], [], True
    for part in parts:
        if not isinstance(part, dict):
            whole = False
        elif _is_text(part):
            texts.append(part["text"])
            whole = whole and part.keys() <= {"type", "text"}
        elif part.get("type") == "thinking" and (thought := _plain_text(part.get("thinking"))) is not None:
            thoughts.append(thought)
            whole = whole and part.keys() <= {"type", "thinking"}
        else:
            whole = False
    return texts, thoughts, whole


def list_content(message: Json, _told: Told) -> bool:
    parts = message.get("content")
    if type(parts) is not list:
        return False
    texts, thoughts, whole = _sort_parts(parts)
    if thoughts and message.get("reasoning_content"):
        whole = False
    elif thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if not whole:
        aside(message, "content")
    message["content"] = "".join(texts) if texts or not parts else None
    return True


_OPTIONAL: Final = (("tool_calls", list), ("function_call", dict))


def null_members(message: Json, told: Told) -> bool:
    changed = False
    for name, kind in _OPTIONAL:
        if name in message:
            changed |= leave_out(message, name, kind)
    return changed | (not told.shape.streamed and leave_out(message, "annotations", list))


def choice_fields(choice: Json, told: Told) -> bool:
    return (
        fill(choice, "index", int, told.index)
        | fill(choice, told.shape.message, dict, {})
        | null(choice, "finish_reason" if told.shape.streamed else "logprobs")
    )


def message_fields(message: Json, told: Told) -> bool:
    return not told.shape.streamed and null(message, "content") | null(message, "refusal")


FINISH_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": ("complete", "completed", "done", "end", "end_turn", "eos", "eos_token", "finished", "stop_sequence"),
    "length": (
        *("max_length", "max_new_tokens", "max_output_tokens", "max_tokens", "model_length", "token_limit"),
        # The reply was broken off: of OpenAI's words only this one says that it is not whole.
        *("abort", "aborted", "cancelled", "error", "incomplete", "insufficient_system_resource", "timeout"),
    ),
    "tool_calls": ("tool-calls", "tool_call", "tool_use"),
    "content_filter": (
        *("blocklist", "content-filter", "prohibited_content", "recitation", "refusal", "safety", "sensitive", "spii"),
    ),
    "function_call": (),
}
_FINISH: Final = {word: ours for ours, theirs in FINISH_WORDS.items() for word in (ours, *theirs)}


def finish_words(choice: Json, told: Told) -> bool:
    reason = choice.get("finish_reason")
    streamed = told.shape.streamed
    if (reason is None and streamed) or (type(reason) is str and reason in FINISH_WORDS):
        return False
    aside(choice, "finish_reason")
    if isinstance(reason, str) and reason:
        choice["finish_reason"] = _FINISH.get(reason.lower(), "stop")
    elif streamed:
        choice["finish_reason"] = None
    else:
        message = choice.get("message")
        choice["finish_reason"] = "tool_calls" if isinstance(message, dict) and message.get("tool_calls") else "stop"
    return True


def one_finish_reason(choice: Json, told: Told) -> bool:
    reason = choice.get("finish_reason")
    if not reason or not told.shape.streamed:
        return False
    if told.index not in told.finished:
        told.finished[told.index] = reason
        return False
    if reason == told.finished[told.index]:
        told.repeated = True
    else:
        aside(choice, "finish_reason")
    choice["finish_reason"] = None
    return True


_QUIET: Final = frozenset(
    ("id", "object", "created", "model", "choices", "provider", "system_fingerprint", "service_tier", "obfuscation")
)
_QUIET_CHOICE: Final = frozenset(("index", "delta", "native_finish_reason"))


def says_nothing(chunk: Json) -> bool:
    """Whether a chunk carries no more than its envelope, and so can go once its finish reason has."""
    if any(value is not None and name not in _QUIET for name, value in chunk.items()):
        return False
    return all(isinstance(choice, dict) and _choice_says_nothing(choice) for choice in chunk["choices"])


def _choice_says_nothing(choice: Json) -> bool:
    if any(value is not None and name not in _QUIET_CHOICE for name, value in choice.items()):
        return False
    delta = choice.get("delta") or {}
    return isinstance(delta, dict) and not any(value for name, value in delta.items() if name != "role")


_ROLES: Final = frozenset(("developer", "system", "user", "assistant", "tool"))


def roles(message: Json, told: Told) -> bool:
    role = message.get("role")
    if told.shape.streamed:
        first = told.index not in told.begun
        told.begun.add(told.index)
        if (type(role) is str and role in _ROLES) or ("role" not in message and not first):
            return False
    else:
        first = True
        if role == "assistant":
            return False
    aside(message, "role")
    if first:
        message["role"] = "assistant"
    else:
        del message["role"]
    return True


def tool_calls(message: Json, told: Told) -> bool:
    calls = message.get("tool_calls")
    if not calls or type(calls) is not list:
        return False
    changed = False
    for position, call in enumerate(calls):
        if type(call) is dict:
            if told.shape.streamed:
                changed |= _streamed_call(call, position if len(calls) > 1 else None, told)
            else:
                changed |= _whole_call(call, position, told)
    return changed


def _call_id(told: Told, position: int) -> str:
    """An id for a call that came without one: the client needs it to answer. Unique within the conversation."""
    return f"call_{told.known['id']}_{told.index}_{position}"


def _arguments(function: Json) -> bool:
    """Arguments that came as an object become text."""
    arguments = function.get("arguments")
    if arguments is None or isinstance(arguments, str):
        return False
    function["arguments"] = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return True


def _whole_call(call: Json, position: int, told: Told) -> bool:
    changed = fill(call, "id", str, _call_id(told, position))
    if call.get("type") == "custom" and isinstance(call.get("custom"), dict):
        return changed
    if call.get("type") != "function":
        aside(call, "type")
        call["type"] = "function"
        changed = True
    changed |= fill(call, "function", dict, {})
    function = call["function"]
    return changed | fill(function, "name", str, "") | _arguments(function) | fill(function, "arguments", str, "{}")


def _streamed_call(call: Json, position: int | None, told: Told) -> bool:
    changed = _streamed_members(call)
    calls = told.calls.get(told.index)
    if calls is None:
        calls = told.calls[told.index] = Calls()
    call_id, said = call.get("id", ""), call.get("index")
    starts = bool(call.get("function", {}).get("name"))
    index = calls.place(said, call_id, starts, position)
    if said != index or type(said) is not int:
        call["index"] = index
        changed = True
    if index not in calls.seen:
        calls.seen.add(index)
        if starts and not (call_id and "type" in call):
            call["id"] = call_id or _call_id(told, index)
            call["type"] = "function"
            changed = True
    return changed


def _streamed_members(call: Json) -> bool:
    """A delta's members are right or absent."""
    changed = leave_out(call, "id", str) | leave_out(call, "function", dict)
    if "type" in call and call["type"] != "function":
        aside(call, "type")
        del call["type"]
        changed = True
    if function := call.get("function"):
        changed |= _arguments(function) | leave_out(function, "name", str) | leave_out(function, "arguments", str)
    return changed


def logprob_parts(choice: Json, _told: Told) -> bool:
    logprobs = choice.get("logprobs")
    if logprobs is None:
        return False
    if type(logprobs) is not dict:
        aside(choice, "logprobs")
        choice["logprobs"] = None
        return True
    changed = False
    for name in ("content", "refusal"):
        tokens = logprobs.get(name)
        if _are_tokens(tokens):
            for token in tokens:
                changed |= _token(token)
        elif tokens is not None or name not in logprobs:
            aside(logprobs, name)
            logprobs[name] = None
            changed = True
    return changed


def _are_tokens(tokens: Any) -> TypeGuard[list[Json]]:
    return type(tokens) is list and all(
        type(token) is dict and type(token.get("token")) is str and type(token.get("logprob")) in {float, int}
        for token in tokens
    )


def _token(token: Json) -> bool:
    changed = null(token, "bytes")
    if not _are_tokens(token.get("top_logprobs")):
        aside(token, "top_logprobs")
        token["top_logprobs"] = []
        changed = True
    for top in token["top_logprobs"]:
        changed |= null(top, "bytes")
    return changed


_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def usage_counts(body: Json, told: Told) -> bool:
    usage = body.get("usage")
    if told.shape is EMBEDDINGS:
        return _embedding_usage(body)
    if usage is None:
        return not told.shape.streamed and leave_out(body, "usage", dict)
    if type(usage) is not dict or not any(type(usage.get(name)) is int for name in _COUNTS):
        aside(body, "usage")
        del body["usage"]
        return True
    changed = _counts(usage)
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        changed |= leave_out(usage, name, dict)
        changed |= name in usage and _details(usage[name])
    return changed


def _embedding_usage(body: Json) -> bool:
    changed = fill(body, "usage", dict, {})
    usage = body["usage"]
    most = max((value for name in _COUNTS if type(value := usage.get(name)) is int), default=0)
    return changed | fill(usage, "prompt_tokens", int, most) | fill(usage, "total_tokens", int, most)


def _counts(usage: Json) -> bool:
    """A count that is left out follows from the other two, or is zero, as the schema has it."""
    prompt, completion, total = (value if type(value := usage.get(name)) is int else None for name in _COUNTS)
    if prompt is not None and completion is not None and total is not None:
        return False
    if prompt is None:
        prompt = max((total or 0) - (completion or 0), 0)
    if completion is None:
        completion = max((total or 0) - prompt, 0)
    counts = zip(_COUNTS, (prompt, completion, prompt + completion), strict=True)
    return any([fill(usage, name, int, count) for name, count in counts])  # noqa: C419 - all of them, not the first


def _details(details: Json) -> bool:
    wrong = [member for member, value in details.items() if value is None]
    for member in wrong:
        del details[member]
    return bool(wrong)


_TIERS: Final = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))
_CITATION: Final = (("start_index", int), ("end_index", int), ("url", str), ("title", str))


def service_tier(body: Json, _told: Told) -> bool:
    tier = body.get("service_tier")
    if tier is None or (type(tier) is str and tier in _TIERS):
        return False
    aside(body, "service_tier")
    body["service_tier"] = None
    return True


def _is_citation(annotation: Any) -> bool:
    if not isinstance(annotation, dict) or annotation.get("type") != "url_citation":
        return False
    citation = annotation.get("url_citation")
    return isinstance(citation, dict) and all(type(citation.get(name)) is kind for name, kind in _CITATION)


def annotations(message: Json, told: Told) -> bool:
    entries = message.get("annotations")
    if told.shape.streamed or entries is None:
        return False
    kept = [each for each in entries if _is_citation(each)] if isinstance(entries, list) else []
    if entries == kept:
        return False
    aside(message, "annotations")
    message["annotations"] = kept
    return True
