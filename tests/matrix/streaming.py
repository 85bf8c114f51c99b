"""Any stream of one answer that the canonical model can say."""

import json
from dataclasses import replace

from hypothesis import strategies as st

from fairlead.dialects.model import (
    Began,
    Counted,
    Event,
    Finish,
    Finished,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=6)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
ISSUERS = st.sampled_from(["openai-chat", "anthropic-messages", "gemini", "cohere"])
COUNTS = st.integers(0, 50)
ARGUMENTS = st.dictionaries(NAMES, WORDS | st.integers(-9, 9), max_size=2)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts of which no part is more than the whole."""
    written, hour, cached, audio, thought, heard = (draw(COUNTS) for _ in range(6))
    usage = Usage(draw(COUNTS), draw(COUNTS), cached, thought, written, min(hour, written), audio, heard)
    return replace(
        usage,
        input_tokens=usage.input_tokens + cached + written + audio,
        output_tokens=usage.output_tokens + thought + heard,
    )


@st.composite
def thoughts(draw: st.DrawFn) -> list[Event]:
    said: list[Event] = [ReasoningDelta(each) for each in draw(st.lists(WORDS, min_size=1, max_size=2))]
    signature: str | None = draw(st.none() | st.just("c2ln"))
    return [*said, ReasoningEnd(signature=signature, issuer=draw(ISSUERS))]


@st.composite
def calls(draw: st.DrawFn, index: int) -> list[Event]:
    text = json.dumps(draw(ARGUMENTS), ensure_ascii=False)
    at = draw(st.integers(1, len(text)))
    start = ToolStart(index, f"t{index}", draw(NAMES))
    return [start, *(ToolDelta(index, piece) for piece in (text[:at], text[at:]) if piece)]


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    """Thoughts and texts by turns, then a refusal or calls, why it ended, and the counts.

    Tokens that are cached for an hour are known from the start: the end of a stream of Anthropic's has no place for
    them, and nobody but Anthropic counts them.
    """
    usage: Usage = draw(usages())
    events: list[Event] = [Began("i", "m", 5, usage if usage.cache_write_1h_tokens else None)]
    for said in draw(st.lists(thoughts() | st.builds(TextDelta, WORDS).map(lambda text: [text]), max_size=4)):
        events += said
    count, refused = draw(st.integers(0, 2)), draw(st.booleans())
    for index in range(count):
        events += draw(calls(index))
    if refused and not count:
        events.append(RefusalDelta(draw(WORDS)))
    ends: list[Finish] = ["tool_calls"] if count else ["refusal"] if refused else ["stop", "length", "content_filter"]
    events.append(Finished(draw(st.sampled_from(ends))))
    return [*events, Counted(usage)]
