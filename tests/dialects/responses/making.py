"""Canonical replies and requests at random, of what this dialect has a word for."""

from typing import Any

from hypothesis import strategies as st

from fairlead.dialects.model import (
    Began,
    Counted,
    Event,
    Finished,
    Message,
    Output,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Request,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolResult,
    ToolStart,
    Usage,
)
from fairlead.dialects.responses.wire import NAME

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
NAMES = st.text("abc_", min_size=1, max_size=4)
COUNTS = st.integers(0, 9999)
USAGE = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)

reasoning = st.builds(
    Reasoning, WORDS, encrypted=st.none() | NAMES, id=NAMES, issuer=st.just(NAME), summary=st.booleans()
)
calls = st.builds(ToolCall, NAMES, NAMES, WORDS, st.booleans())
answers: st.SearchStrategy[list[Part]] = st.lists(
    st.one_of(st.builds(Text, WORDS), st.builds(Refusal, WORDS), reasoning, calls), max_size=6
)


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Messages as the reader gives them: what the model says in a row is one message."""
    messages: list[Message] = []
    roles: Any = st.sampled_from(["user", "system", "developer", "assistant", "tool"])
    for role in draw(st.lists(roles, max_size=5)):
        if role == "assistant":
            if not messages or messages[-1].role != "assistant":
                messages.append(Message("assistant", unlike(draw(answers.filter(bool)))))
        elif role == "tool":
            texts: Any = st.builds(lambda text: [Text(text)], WORDS)
            results = st.builds(ToolResult, st.builds("r{}".format, NAMES), texts, custom=st.booleans())
            messages.append(Message("user", draw(st.lists(results, min_size=1, max_size=2))))
        else:
            messages.append(Message(role, draw(st.lists(st.builds(Text, WORDS), min_size=1, max_size=2))))
    return apart(messages)


def unlike(parts: list[Part]) -> list[Part]:
    """Thoughts of one item have one id, so those of two have two."""
    for at, part in enumerate(parts):
        if isinstance(part, Reasoning):
            part.id = f"rs_{at}"
    return parts


def apart(messages: list[Message]) -> list[Message]:
    """Results in a row are one message."""
    kept: list[Message] = []
    for message in messages:
        results = message.role == "user" and isinstance(message.parts[0], ToolResult)
        if results and kept and kept[-1].role == "user" and isinstance(kept[-1].parts[0], ToolResult):
            kept[-1].parts += message.parts
        else:
            kept.append(message)
    if kept and kept[0].role == "system":
        kept[0].parts = kept[0].parts[:1]
    return kept


@st.composite
def requests(draw: st.DrawFn) -> Request:
    functions = st.builds(
        Tool, NAMES, st.none() | WORDS, st.none() | st.just({"type": "object"}), st.booleans(), st.just(False)
    )
    customs = st.builds(
        Tool,
        NAMES,
        st.none() | WORDS,
        custom=st.just(True),
        format=st.none() | st.just({"type": "grammar", "syntax": "lark", "definition": "x"}),
    )
    tools: Any = draw(st.lists(functions | customs, max_size=3))
    modes: Any = st.sampled_from(["auto", "none", "required"])
    schemas = st.builds(Output, st.just("schema"), st.just({"a": 1}), NAMES, st.none() | WORDS, st.none())
    outputs = st.none() | st.builds(Output, st.sampled_from(["text", "json"])) | schemas
    efforts: Any = st.sampled_from(["none", "low", "max"])
    return Request(
        "m",
        draw(histories()),
        draw(st.booleans()),
        max_tokens=draw(st.none() | st.integers(16, 10**6)),
        temperature=draw(st.none() | st.sampled_from([0, 0.5, 2])),
        top_p=draw(st.none() | st.sampled_from([0.1, 1])),
        logprobs=draw(st.none() | st.just(True)),
        top_logprobs=draw(st.none() | st.integers(0, 20)),
        tools=tools,
        tool_choice=draw(st.none() | st.builds(ToolChoice, modes)),
        parallel_tools=draw(st.none() | st.booleans()),
        output=draw(outputs),
        verbosity=draw(st.none() | st.just("low")),
        thinking=draw(st.none() | st.builds(Thinking, effort=efforts)),
        service_tier=draw(st.none() | st.just("flex")),
        user=draw(st.none() | WORDS),
        metadata=draw(st.none() | st.just({"a": "b"})),
        cache_key=draw(st.none() | WORDS),
        store=draw(st.booleans()),
    )


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    """A stream of one answer; the arguments of calls may come by turns."""
    events: list[Event] = [Began("resp_1", "m", 7)]
    calls = 0
    for kind in draw(st.lists(st.sampled_from(["text", "think", "refuse", "call", "more"]), max_size=8)):
        text = draw(WORDS)
        match kind:
            case "text":
                events += [TextDelta(text), TextDelta(draw(WORDS))]
            case "think":
                summary = draw(st.booleans())
                end = ReasoningEnd(id=f"rs_{len(events)}", encrypted=draw(st.none() | NAMES), issuer=NAME)
                events += [ReasoningDelta(text, summary=summary), end]
            case "refuse":
                events.append(RefusalDelta(text))
            case "call":
                events += [ToolStart(calls, f"call_{calls}", "f", custom=draw(st.booleans())), ToolDelta(calls, text)]
                calls += 1
            case "more" if calls:
                events.append(ToolDelta(draw(st.integers(0, calls - 1)), text))
    finish: Any = draw(st.sampled_from(["length", "content_filter"]))
    return [*events, Counted(draw(USAGE)), Finished(finish)]
