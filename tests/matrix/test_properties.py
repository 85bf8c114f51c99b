"""Any request and any stream survives being written and read again: what does not is told."""

from copy import deepcopy
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.dialects import hub
from fairlead.dialects.codec import Losses
from fairlead.dialects.framing import SSE
from fairlead.dialects.model import Event, Message, Request, Text
from tests.matrix.asking import requests
from tests.matrix.facets import Facets, facets, silent
from tests.matrix.losses import left
from tests.matrix.otherwise import OTHERWISE, Otherwise, otherwise
from tests.matrix.recordings import FACTS, understood
from tests.matrix.said import of_events
from tests.matrix.streaming import streams

T = TypeVar("T", bytes, list[Event])

# Models that differ in what they take.
MODELS = {
    "openai-chat": ("gpt-5", "gpt-4.1"),
    "openai-responses": ("gpt-5",),
    "anthropic-messages": ("claude-sonnet-4-5",),
    "gemini": ("gemini-3-flash-preview", "gemini-2.5-flash"),
}


def carried(dialect: str, model: str, request: Request) -> tuple[Facets, set[str]]:
    """What is left of a request that a provider's side wrote and the client's side read; what was told of the rest."""
    losses = Losses()
    sent = hub.PROVIDERS[dialect].write(deepcopy(request), model, losses)
    back = hub.CLIENTS[dialect].read(sent.body, "m", stream=request.stream)
    assert back.stream == request.stream or dialect == "gemini"
    return facets(back), {*losses.meaning, *losses.hints}


@given(requests())
@settings(max_examples=250)
def test_nothing_of_a_request_is_lost_in_silence(request: Request) -> None:
    for dialect, models in MODELS.items():
        for model in models:
            after, told = carried(dialect, model, request)
            assert silent(facets(otherwise(dialect, model, request)), after, told) == [], (dialect, model)


@pytest.mark.parametrize(
    "dialect",
    [
        "openai-chat",
        "openai-responses",
        "gemini",
        "anthropic-messages",
    ],
)
def test_the_name_of_a_system_message_is_not_lost_in_silence(dialect: str) -> None:
    request = Request("m", [Message("system", [Text("Be.")], "ann"), Message("user", [Text("Well?")])], max_tokens=9)
    after, told = carried(dialect, MODELS[dialect][0], request)
    assert silent(facets(request), after, told) == []


@pytest.mark.parametrize("entry", OTHERWISE, ids=lambda entry: entry.name)
def test_every_thing_that_is_said_otherwise_is_said_so(entry: Otherwise) -> None:
    model = (entry.models or MODELS[entry.dialect])[0]
    after, told = carried(entry.dialect, model, entry.example)
    assert silent(facets(otherwise(entry.dialect, model, entry.example)), after, told) == []
    assert silent(facets(otherwise(entry.dialect, model, entry.example, but=entry)), after, told) != []


@pytest.mark.parametrize("client", hub.CLIENTS)
@given(streams(), st.lists(st.integers(0, 2**20), max_size=4), st.lists(st.integers(0, 99), max_size=3))
@settings(max_examples=150)
def test_a_stream_says_the_same_however_it_is_cut(
    client: str, events: list[Event], cuts: list[int], joins: list[int]
) -> None:
    writer = hub.CLIENTS[client].stream(Request("m", [], stream=True), FACTS)
    written = b"".join(writer.write(piece) for piece in pieces(events, joins)) + writer.end()
    splitter, framing = SSE.splitter(), SSE
    parts = [each for piece in pieces(written, cuts) for each in splitter.feed(piece)]
    frames = [data for each in (*parts, splitter.end()) if (data := framing.data_of(each)) is not None]
    assert of_events(understood(client, frames)) == left(client, of_events(events), stream=True)


def pieces(whole: T, cuts: list[int]) -> list[T]:
    """The whole, cut at some places."""
    places = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    return [whole[one:other] for one, other in pairwise(places)]
