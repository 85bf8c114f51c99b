"""Any request that the canonical model can say."""

import json
from typing import Any

from hypothesis import strategies as st

from fairlead.dialects.model import (
    Cache,
    Citation,
    Media,
    Message,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
IDS = st.from_regex(r"t_[a-z0-9]{1,4}", fullmatch=True)
COUNTS = st.integers(1, 99)
SHARES = st.floats(0, 1).map(lambda share: round(share, 3))


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """It or nothing, and rather nothing: so few things are asked for at once that none hides another."""
    return st.integers(0, 5).flatmap(lambda chance: st.none() if chance else strategy)


CACHES = some(st.sampled_from([Cache(), Cache("5m"), Cache("1h")]))
CITED = some(st.just([Citation("https://a/b", "a")])).map(lambda cited: cited or [])
TEXTS = st.builds(Text, WORDS, cache=CACHES)
ANSWERS = st.builds(Text, WORDS, CITED, CACHES)
OBJECTS = st.dictionaries(NAMES, COUNTS | WORDS, max_size=2)
SCHEMAS = st.just({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False})


@st.composite
def media(draw: st.DrawFn) -> Media:
    kind, mime = draw(
        st.sampled_from(
            [("image", "image/png"), ("document", "application/pdf"), ("audio", "audio/wav"), ("video", "video/mp4")]
        )
    )
    made = Media(kind, mime, at=f"at.{kind}", cache=draw(CACHES))  # type: ignore[arg-type]
    match draw(st.sampled_from(["data", "url", "file_id", "text"])):
        case "data":
            made.data = "QUJD"
        case "url":
            made.url = f"https://a/b.{mime.partition('/')[2]}"
        case "file_id":
            made.file_id = "file-1"
        case _:
            made.kind, made.mime, made.text, made.at = "document", "text/plain", draw(WORDS), "at.document"
    return made


CALLS = st.builds(ToolCall, IDS, NAMES, OBJECTS.map(json.dumps), cache=CACHES)
PICTURES = st.just(Media("image", "image/png", "QUJD"))
RESULTS = st.builds(ToolResult, IDS, st.lists(TEXTS | PICTURES, max_size=2), error=some(st.booleans()), cache=CACHES)


@st.composite
def thoughts(draw: st.DrawFn) -> Reasoning:
    issuer = draw(st.sampled_from(["openai-chat", "openai-responses", "anthropic-messages", "gemini"]))
    return draw(
        st.just(Reasoning("hm", signature="sig", issuer=issuer)) | st.just(Reasoning(encrypted="enc", issuer=issuer))
    )


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """What was asked, what was answered, and what tools gave."""
    call: ToolCall | None = draw(some(CALLS))
    said: list[Part] = [draw(ANSWERS)]
    said[:0] = [thought] if (thought := draw(some(thoughts()))) else []
    said += [refusal] if (refusal := draw(some(st.builds(Refusal, WORDS)))) else []
    said += [call] if call else []
    asked: list[Part] = [draw(TEXTS)]
    asked += [shown] if (shown := draw(some(media()))) else []
    found = [Message("user", asked, draw(some(NAMES))), Message("assistant", said)]
    if call:
        result: ToolResult = draw(RESULTS)
        result.id = call.id
        found.append(Message("user", [result]))
    return found


HEADS = st.builds(Message, st.sampled_from(["system", "developer"]), st.lists(TEXTS, min_size=1, max_size=2))
TOOLS = st.builds(Tool, NAMES, some(WORDS), some(SCHEMAS), some(st.booleans()), cache=CACHES) | st.builds(
    Tool, NAMES, some(WORDS), custom=st.just(True)
)
OUTPUTS = st.builds(Output, st.sampled_from(["text", "json"])) | st.builds(
    Output, st.just("schema"), SCHEMAS, some(NAMES), some(WORDS), some(st.booleans())
)
THINKING = (
    st.builds(Thinking, effort=st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]))
    | st.builds(Thinking, st.just(True), budget=st.integers(1024, 4096))
    | st.builds(Thinking, effort=st.just("low"), summary=st.just("auto"))
    | st.builds(Thinking, effort=st.just("low"), shown=st.booleans())
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request, with some of all that there is."""
    talk = [message for turn in draw(st.lists(turns(), max_size=2)) for message in turn]
    head = draw(some(HEADS))
    tools = draw(some(st.lists(TOOLS, min_size=1, max_size=2, unique_by=lambda tool: tool.name))) or []
    members = {name: draw(some(strategy)) for name, strategy in _MEMBERS.items()}
    members = {name: value for name, value in members.items() if value is not None}
    made = Request("m", [*([head] if head else []), *talk, Message("user", [draw(TEXTS)])], tools=tools, **members)
    if tools:
        made.tool_choice = draw(some(st.builds(ToolChoice, st.sampled_from(["auto", "none", "required"]))))
        made.parallel_tools = draw(some(st.booleans()))
    return made


_MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "stream": st.booleans(),
    "max_tokens": st.integers(70_000, 90_000),
    "temperature": SHARES.map(lambda share: share * 2),
    "top_p": SHARES,
    "top_k": COUNTS,
    "min_p": SHARES,
    "frequency_penalty": SHARES,
    "presence_penalty": SHARES,
    "seed": COUNTS,
    "n": st.integers(1, 3),
    "stop": st.lists(WORDS, min_size=1, max_size=2),
    "logit_bias": st.just({"9": 1.0}),
    "logprobs": st.booleans(),
    "top_logprobs": st.integers(0, 5),
    "output": OUTPUTS,
    "verbosity": st.sampled_from(["low", "medium", "high"]),
    "thinking": THINKING,
    "service_tier": st.sampled_from(["auto", "default", "flex", "priority"]),
    "user": WORDS,
    "metadata": st.just({"a": "b"}) | st.just({"a": 1}),
    "cache": CACHES,
    "cache_key": WORDS,
    "store": st.booleans(),
    "extra": st.just({"nobody_knows_it": 1}),
}
