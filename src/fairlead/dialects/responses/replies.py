"""A provider's whole reply."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    ErrorFacts,
    Media,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    TokenLogprob,
    ToolCall,
)
from fairlead.dialects.openai import errors
from fairlead.dialects.responses import counts, ends, notes, thoughts
from fairlead.dialects.responses.thoughts import Proof
from fairlead.dialects.responses.wire import NAME, PARAGRAPH

_UNFINISHED: Final = ("queued", "in_progress")


def read(body: bytes) -> Reply | ErrorFacts:
    """The reply in `body`, or the error it really is. Raises `BadReply` where it is neither."""
    value = decode(body)
    status = value.get("status")
    if value.get("error") or status in ("failed", "cancelled"):
        return ends.failure(value)
    if not isinstance(value.get("output"), list):
        facts = errors.find(value)
        if facts is not None:
            return facts
        raise BadReply("the reply has no `output`")
    if status in _UNFINISHED:
        raise BadReply(f"the response is still {status}")
    return _reply(value)


def decode(data: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises `BadReply` where it is none."""
    try:
        value = lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    return value


def _reply(value: dict[str, Any]) -> Reply:
    answered = parts(value)
    called = any(isinstance(part, ToolCall) for part in answered)
    refused = any(isinstance(part, Refusal) for part in answered)
    finish, native = ends.finish(value, called=called, refused=refused)
    choice = Choice(answered, finish, native_finish=native, logprobs=_logprobs(value), aside=_phase(value))
    return Reply(
        [choice],
        counts.read(value.get("usage")),
        word(value, "id"),
        word(value, "model"),
        created(value),
        word(value, "service_tier"),
    )


def _phase(response: dict[str, Any]) -> dict[str, Any]:
    """The phase of the last message that has one: `commentary`, or `final_answer`."""
    said = [item["phase"] for item in objects(response, "output") if word(item, "phase")]
    return {"phase": said[-1]} if said else {}


def created(value: dict[str, Any]) -> int | None:
    """When the response was made; None where it does not say."""
    return lenient.count(value, "created_at") or None


def parts(response: dict[str, Any]) -> list[Part]:
    """What a response says, in its order. mistral.rs gives its thoughts as one text in `reasoning`."""
    thought = word(response, "reasoning")
    said: list[Part] = [Reasoning(thought, issuer=NAME)] if thought else []
    for item in objects(response, "output"):
        reader = _READERS.get(word(item, "type") or "")
        said += reader(item) if reader else [NativePart(NAME, item)]
    return said


def _message(item: dict[str, Any]) -> list[Part]:
    return [part for each in objects(item, "content") if (part := _content(each)) is not None]


def _content(value: dict[str, Any]) -> Part | None:
    kind = word(value, "type")
    if kind in ("output_text", "text"):
        return Text(word(value, "text") or "", [notes.citation(each) for each in objects(value, "annotations")])
    if kind == "refusal":
        return Refusal(word(value, "refusal") or "")
    return NativePart(NAME, value) if value else None


def _call(item: dict[str, Any]) -> list[Part]:
    return [ToolCall(call_id(item), word(item, "name") or "", word(item, "arguments") or "")]


def _custom_call(item: dict[str, Any]) -> list[Part]:
    return [ToolCall(call_id(item), word(item, "name") or "", word(item, "input") or "", custom=True)]


def call_id(item: dict[str, Any]) -> str:
    """What the result of a call has to name."""
    return word(item, "call_id") or word(item, "id") or ""


def _reasoning(item: dict[str, Any]) -> list[Part]:
    """The thoughts of an item; none where it says nothing and has nothing to give back."""
    said = list[Part]()
    encrypted = word(item, "encrypted_content") or None
    summary, content = _joined(item, "summary"), _joined(item, "content")
    if summary or content or encrypted:
        said += thoughts.thoughts(summary, content, Proof(NAME, encrypted), word(item, "id"))
    return said


def _joined(item: dict[str, Any], name: str) -> str:
    return PARAGRAPH.join(filter(None, (word(each, "text") for each in objects(item, name))))


def _image(item: dict[str, Any]) -> list[Part]:
    return [image(item) or NativePart(NAME, item)]


def image(item: dict[str, Any]) -> Media | None:
    """The image that was made; None where there is none."""
    data = word(item, "result")
    return Media("image", f"image/{word(item, 'output_format') or 'png'}", data) if data else None


def _logprobs(response: dict[str, Any]) -> list[TokenLogprob] | None:
    tokens: list[TokenLogprob] = []
    for item in objects(response, "output"):
        for content in objects(item, "content"):
            tokens += notes.logprobs(content) or ()
    return tokens or None


_READERS: Final[dict[str, Callable[[dict[str, Any]], list[Part]]]] = {
    "message": _message,
    "function_call": _call,
    "custom_tool_call": _custom_call,
    "reasoning": _reasoning,
    "image_generation_call": _image,
}
