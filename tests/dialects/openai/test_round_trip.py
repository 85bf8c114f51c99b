"""Whatever the dialect can say comes out as it went in: requests, replies, and streams however they are cut."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.model import (
    Began,
    Choice,
    Counted,
    Event,
    Finished,
    Media,
    Message,
    Output,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Reply,
    Request,
    Shown,
    Text,
    TextDelta,
    Thinking,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolResult,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai.client import CLIENT
from fairlead.dialects.openai.flavor import Flavor
from fairlead.dialects.openai.provider import PROVIDER, ChatProvider
from fairlead.dialects.sse import EventSplitter, data_of
from tests.dialects.openai.exchanges import of_events

FACTS = Facts("0199", "m", 1_700_000_000)
OWN = "openai-chat"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
OBJECTS = st.dictionaries(WORDS, st.integers() | WORDS, max_size=2)
COUNTS = st.integers(0, 99)
SHARES = st.floats(0, 1)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


TEXTS = st.builds(Text, WORDS)
MEDIA = (
    st.builds(Media, st.just("image"), st.just("image/png"), st.just("QUJD"), detail=some(st.just("low")))
    | st.builds(Media, st.sampled_from(["image", "video"]), url=st.just("https://a/b"))
    | st.builds(Media, st.just("audio"), st.sampled_from(["audio/wav", "audio/mpeg", "audio/ogg"]), st.just("QUJD"))
    | st.builds(Media, st.just("document"), st.just("application/pdf"), st.just("QUJD"), name=WORDS)
    | st.builds(Media, st.just("document"), file_id=WORDS)
)
CALLS = st.builds(
    ToolCall, WORDS, WORDS, WORDS, st.booleans(), issuer=st.just(OWN), signature=some(st.just("sig"))
).map(lambda call: call if call.signature else replace(call, issuer=""))
THOUGHTS = st.builds(
    Reasoning,
    WORDS,
    signature=some(st.sampled_from(["sig", "google-gemini-v1|sig"])),
    encrypted=st.none(),
    issuer=st.just(OWN),
) | st.builds(Reasoning, WORDS, encrypted=st.just("enc"), id=some(WORDS), issuer=st.just(OWN), summary=st.booleans())


def said(thoughts: Sequence[Part], text: Part | None, calls: Sequence[Part]) -> list[Part]:
    return [*thoughts, *([] if text is None else [text]), *calls]


ANSWERS = st.builds(said, st.lists(THOUGHTS, max_size=1), some(TEXTS), st.lists(CALLS, max_size=2))
RESULTS = st.builds(ToolResult, WORDS, st.lists(TEXTS, min_size=1, max_size=2))
TURNS = st.builds(
    lambda answer, results, asked: [
        Message("assistant", answer),
        *([Message("user", results)] if results else []),
        Message("user", asked),
    ],
    ANSWERS,
    st.lists(RESULTS, max_size=2),
    st.lists(TEXTS | MEDIA, min_size=1, max_size=3),
)
SYSTEM = st.lists(
    st.builds(Message, st.sampled_from(["system", "developer"]), st.lists(TEXTS, min_size=1, max_size=2), some(WORDS)),
    max_size=1,
)
TOOLS = st.builds(Tool, WORDS, some(WORDS), some(OBJECTS), some(st.booleans())) | st.builds(
    Tool, WORDS, some(WORDS), custom=st.just(True), format=some(OBJECTS)
)
REQUESTS = st.builds(
    Request,
    st.just("gpt-5"),
    st.builds(lambda system, turns: system + [each for turn in turns for each in turn], SYSTEM, st.lists(TURNS)),
    stream=st.booleans(),
    max_tokens=some(COUNTS),
    temperature=some(SHARES),
    top_p=some(SHARES),
    frequency_penalty=some(SHARES),
    presence_penalty=some(SHARES),
    seed=some(COUNTS),
    n=some(COUNTS),
    stop=st.lists(WORDS, max_size=2),
    logit_bias=some(st.dictionaries(WORDS, COUNTS, max_size=1)),
    logprobs=some(st.booleans()),
    top_logprobs=some(COUNTS),
    tools=st.lists(TOOLS, min_size=1, max_size=2),
    tool_choice=some(st.builds(ToolChoice, st.sampled_from(["auto", "none", "required"]))),
    parallel_tools=some(st.booleans()),
    output=some(
        st.builds(Output, st.sampled_from(["text", "json"])) | st.builds(Output, st.just("schema"), OBJECTS, WORDS)
    ),
    verbosity=some(WORDS),
    thinking=some(st.builds(Thinking, effort=st.sampled_from(["none", "low", "high", "max"]))),
    service_tier=some(st.just("flex")),
    user=some(WORDS),
    metadata=some(st.dictionaries(WORDS, WORDS, max_size=1)),
    cache_key=some(WORDS),
    store=some(st.booleans()),
)


def unplaced(request: Request) -> Request:
    """The request without the places that only a reader knows."""
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Media):
                part.at = ""
    return request


@given(REQUESTS)
def test_a_request_that_loses_nothing_reads_as_it_was(request: Request) -> None:
    losses = Losses()
    sent = PROVIDER.write(request, request.model, losses)
    assert (losses.meaning, losses.hints) == ([], [])
    assert unplaced(CLIENT.read(sent.body, request.model, stream=request.stream)) == request


@given(REQUESTS)
def test_every_flavor_writes_a_request_that_can_be_read(request: Request) -> None:
    flavors = (
        Flavor(thinking="switch", thoughts=None),
        Flavor(thinking="reasoning", documents="document_url", cache_marks=True),
    )
    for flavor in flavors:
        sent = ChatProvider(flavor).write(request, "up", Losses())
        again = CLIENT.read(sent.body, "up", stream=request.stream)
        assert len(again.messages) == len(request.messages)
        assert again.extra == {}


LIKELY = st.builds(TokenLogprob, WORDS, SHARES, some(st.lists(COUNTS, max_size=2)))
COUNTED = st.builds(
    Usage, *[COUNTS] * 5, cache_write_1h_tokens=st.just(0), audio_input_tokens=COUNTS, audio_output_tokens=COUNTS
)
ANSWERED = st.builds(
    lambda thoughts, text, refusal, image, calls: [*thoughts, *text, *refusal, *image, *calls],
    st.lists(THOUGHTS, max_size=1),
    st.lists(TEXTS, max_size=1),
    st.lists(st.builds(Refusal, WORDS), max_size=1),
    st.lists(st.builds(Media, st.just("image"), url=st.just("https://a/b")), max_size=2),
    st.lists(CALLS.map(lambda call: replace(call, issuer=OWN)), max_size=2),
)
CHOICES = st.builds(
    Choice,
    ANSWERED,
    st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    COUNTS,
    some(WORDS),
    some(st.just("end_turn")),
    some(st.lists(LIKELY, max_size=2)),
)
REPLIES = st.builds(
    Reply,
    st.lists(CHOICES, min_size=1, max_size=2),
    some(COUNTED),
    st.builds("chatcmpl-{}".format, WORDS),
    WORDS,
    st.integers(1, 2**40),
    some(st.just("flex")),
    some(WORDS),
)


@given(REPLIES)
def test_a_reply_reads_as_it_was(reply: Reply) -> None:
    assert PROVIDER.read(CLIENT.write(reply, FACTS)) == reply


SAYS: st.SearchStrategy[Any] = (
    st.builds(TextDelta, WORDS)
    | st.builds(RefusalDelta, WORDS)
    | st.builds(ReasoningDelta, WORDS)
    | st.builds(ReasoningEnd, signature=some(WORDS), issuer=st.just(OWN))
    | st.builds(Shown, st.builds(Media, st.just("image"), url=st.just("https://a/b")))
    | st.builds(Counted, COUNTED)
)


def a_stream(said: list[Event], calls: list[tuple[ToolStart, list[str]]]) -> list[Event]:
    events: list[Event] = [Began("i", "m", 5), *said]
    for index, (start, texts) in enumerate(calls):
        events += [replace(start, index=index), *[ToolDelta(index, text) for text in texts]]
    return [*events, Finished("stop")]


STREAMS = st.builds(
    a_stream,
    st.lists(SAYS, max_size=6),
    st.lists(
        st.tuples(st.builds(ToolStart, st.just(0), WORDS, WORDS, issuer=st.just(OWN)), st.lists(WORDS, max_size=2)),
        max_size=2,
    ),
)


def written(events: list[Event], cuts: list[int]) -> bytes:
    """The stream, written some events at a time."""
    writer = CLIENT.stream(Request("m", [], stream=True), FACTS)
    places = [0, *sorted(cut % (len(events) + 1) for cut in cuts), len(events)]
    pieces = [writer.write(events[one:other]) for one, other in pairwise(places)]
    return b"".join(pieces) + writer.end()


def read(stream: bytes, cuts: list[int]) -> list[Event]:
    """The events of a stream that arrives in pieces."""
    splitter, reader = EventSplitter(), PROVIDER.stream(1)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    pieces = [stream[one:other] for one, other in pairwise(places)]
    frames = [data_of(event) or b"" for piece in pieces for event in splitter.feed(piece)]
    events = [event for frame in frames for event in reader.read(frame)]
    assert reader.done
    assert splitter.end() == b""
    return events


@given(STREAMS, st.lists(COUNTS, max_size=3), st.lists(st.integers(0, 2**20), max_size=3))
def test_a_stream_reads_as_it_was_however_it_is_cut(events: list[Event], joins: list[int], cuts: list[int]) -> None:
    stream = written(events, [])
    assert written(events, joins) == stream
    whole = read(stream, [])
    assert read(stream, cuts) == whole
    before, after = of_events(events), of_events(whole)
    if (0, "thoughts") in before:
        assert after.pop((0, "thoughts")).replace("\n", "") == before.pop((0, "thoughts")).replace("\n", "")
    assert after == before
    assert [each for each in whole if isinstance(each, Shown)] == [each for each in events if isinstance(each, Shown)]
    counted = [each.usage for each in events if isinstance(each, Counted)]
    assert [each.usage for each in whole if isinstance(each, Counted)] == counted[-1:]
    proofs = [each.signature for each in events if isinstance(each, ReasoningEnd) and each.signature]
    assert [each.signature for each in whole if isinstance(each, ReasoningEnd)] == proofs


def test_a_stream_without_events_is_still_ended() -> None:
    assert written([], []) == b"data: [DONE]\n\n"
    assert json.loads(PROVIDER.write(Request("m", []), "m", Losses()).body) == {"model": "m", "messages": []}
