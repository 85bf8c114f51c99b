"""Any call that Gemini has words for is the same after it was written and read; any answer, too."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.gemini import CLIENT, PROVIDER
from fairlead.dialects.model import (
    Choice,
    Media,
    Message,
    Output,
    Part,
    Reasoning,
    Reply,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)

MODEL = "gemini-3-flash-preview"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
NAMES = st.sampled_from(["f", "get_weather", "a.b"])
ARGUMENTS = st.dictionaries(WORDS, WORDS | st.integers(-9, 9) | st.none(), max_size=2).map(
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
)
SIGNATURES = st.sampled_from(["CiQx", "EoYB"])
TEXTS = st.builds(Text, WORDS)
THOUGHTS = st.builds(Reasoning, WORDS, SIGNATURES, issuer=st.just("gemini"), summary=st.just(True))
CALLS = st.builds(ToolCall, WORDS.map("id".__add__), NAMES, ARGUMENTS, signature=SIGNATURES, issuer=st.just("gemini"))
MEDIA = st.builds(Media, st.just("image"), st.just("image/png"), st.just("AA=="))
RESULTS = st.builds(
    ToolResult,
    WORDS.map("id".__add__),
    st.builds(Text, WORDS.filter(lambda text: "{" not in text)).map(lambda text: [text]),
    NAMES,
    st.sampled_from([None, True]),
)
SCHEMAS = st.sampled_from([{"type": "object"}, {"type": "string", "enum": ["a"]}])


def several(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Part]]:
    return st.lists(parts, min_size=1, max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    messages = [Message("system", draw(several(TEXTS)))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        messages.append(Message("user", [*draw(several(TEXTS | MEDIA | RESULTS)), Text("so?")]))
        messages.append(Message("assistant", draw(several(TEXTS | THOUGHTS | CALLS))))
    numbers = st.none() | st.floats(-1, 1)
    counts = st.none() | st.integers(0, 9)
    tools = draw(st.lists(st.builds(Tool, NAMES, st.none() | WORDS, st.none() | SCHEMAS), max_size=2))
    choice = st.none() | st.builds(ToolChoice, st.sampled_from(["auto", "required", "none"]))
    return Request(
        "m",
        messages,
        draw(st.booleans()),
        max_tokens=draw(counts),
        temperature=draw(numbers),
        top_p=draw(numbers),
        top_k=draw(counts),
        frequency_penalty=draw(numbers),
        presence_penalty=draw(numbers),
        seed=draw(counts),
        n=draw(counts),
        stop=draw(st.lists(WORDS, max_size=2)),
        logprobs=draw(st.none() | st.booleans()),
        top_logprobs=draw(counts),
        tools=[*tools],
        tool_choice=draw(choice) if tools else None,
        output=draw(st.sampled_from([None, Output("json"), Output("text"), Output("schema", {"type": "object"})])),
        thinking=draw(st.sampled_from([None, Thinking(effort="low"), Thinking(effort="high", shown=True)])),
        service_tier=draw(st.sampled_from([None, "flex", "priority"])),
        extra=draw(st.sampled_from([{}, {"safetySettings": [{}]}, {"generationConfig.speechConfig": {"a": 1}}])),
    )


def without_names_and_places(request: Request) -> Request:
    """A result's name follows from its call where there is one; where media stood is the writer's."""
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Media):
                part.at = ""
            elif isinstance(part, ToolResult):
                part.name = None
    return request


@given(requests())
def test_a_call_is_the_same_after_it_was_written_and_read(request: Request) -> None:
    losses = Losses()
    sent = PROVIDER.write(request, MODEL, losses)
    back = CLIENT.read(sent.body, "m", stream=request.stream)
    assert without_names_and_places(back) == without_names_and_places(request)
    assert losses.meaning == losses.hints == []


USAGE = st.builds(Usage, st.integers(10, 99), st.integers(50, 99), st.integers(0, 9), st.integers(0, 50))


@given(several(TEXTS | THOUGHTS | CALLS | MEDIA), USAGE, st.sampled_from(["length", "content_filter", "error"]))
def test_an_answer_is_the_same_after_it_was_written_and_read(parts: list[Part], usage: Usage, finish: Any) -> None:
    reply = Reply([Choice(parts, finish)], usage, "i", "m")
    back = PROVIDER.read(CLIENT.write(reply, Facts("x", "y", 1)))
    assert isinstance(back, Reply)
    back.choices[0].native_finish = None
    assert back == reply
