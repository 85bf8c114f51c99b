"""What real clients and providers sent is read and written again: nothing said is lost, all else is accounted for."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.codec import Facts, Losses
from fairlead.dialects.model import BadReply, ErrorFacts, Event, Reply, Request
from fairlead.dialects.openai import usage
from fairlead.dialects.openai.client import CLIENT, MEANINGFUL
from fairlead.dialects.openai.flavor import Flavor
from fairlead.dialects.openai.provider import PROVIDER, ChatProvider
from fairlead.dialects.sse import EventSplitter, data_of
from fairlead.errors import RequestError
from tests import openai_schema
from tests.dialects.openai.exchanges import PROVIDERS, Exchange, exchanges, of_events, of_parts, raw

FACTS = Facts("0199", "m", 1_700_000_000)
FLAVORS = {
    "deepseek": Flavor(thinking="switch"),
    "mistral": Flavor(documents="document_url", ask_usage=False),
    "openrouter": Flavor(thinking="reasoning", cache_marks=True),
    "perplexity": Flavor(ask_usage=False),
}
# (what differs, how): a member's path without its indices, and whether it went, came, or has another value.
DIFFERENCES = {
    ("messages[].content", "changed"): "a single part of plain text is written as a text",
    ("messages[].content[].input_audio", "changed"): "Mistral also takes bare data, written is OpenAI's object",
    ("messages[].tool_calls[].index", "gone"): "only a delta's call has an index",
    ("messages", "changed"): "an image in a tool's result follows as the user's",
    ("tool_choice", "changed"): "Mistral's `any` is everybody's `required`",
    ("stream_options", "new"): "usage is always asked for",
    ("include_reasoning", "gone"): "an older word for `reasoning.exclude`, which says it",
    ("reasoning", "new"): "what `include_reasoning` said",
    ("reasoning.exclude", "new"): "what `include_reasoning` said",
    ("thinking", "new"): "DeepSeek's switch beside the effort",
    ("max_tokens", "gone"): "OpenAI's thinking models know `max_completion_tokens` alone",
    ("max_completion_tokens", "new"): "OpenAI's thinking models know `max_completion_tokens` alone",
}


def differences(before: Any, after: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            path = f"{at}.{name}" if at else name
            if name not in after and before[name] in (None, ""):
                continue  # as good as absent
            if name not in after or name not in before:
                yield path, "gone" if name in before else "new"
            else:
                yield from differences(before[name], after[name], path)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, f"{at}[]")
    elif before != after:
        yield at, "changed"


def sent_again(exchange: Exchange, provider: str) -> tuple[Any, Any, Losses, Request]:
    asked = json.loads(exchange.request)
    request = CLIENT.read(exchange.request, asked["model"], stream=asked.get("stream", False))
    losses = Losses(CLIENT.names)
    outgoing = ChatProvider(FLAVORS.get(provider, Flavor())).write(request, asked["model"], losses)
    assert outgoing.path == "/chat/completions"
    return asked, json.loads(outgoing.body), losses, request


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_request_is_written_as_it_came_or_says_what_it_lost(shared: Path, provider: str) -> None:
    unexplained: Counter[tuple[str, str]] = Counter()
    for exchange in exchanges(shared, provider):
        if b'"temperature":"' in exchange.request:
            with pytest.raises(RequestError, match="temperature"):
                sent_again(exchange, provider)
            continue
        asked, sent, losses, request = sent_again(exchange, provider)
        lost = {*losses.meaning, *losses.hints}
        assert not losses.meaning, exchange.id
        for where in differences(asked, sent):
            if where not in DIFFERENCES and not (where[1] == "gone" and where[0] in lost | plain(request)):
                unexplained[where] += 1
    assert not unexplained


def plain(request: Request) -> set[str]:
    """The paths in `extra`, without their indices."""
    return {re.sub(r"\[\d+\]", "[]", name) for name in request.extra}


def test_what_llamacpp_alone_knows_is_known_to_change_the_answer(shared: Path) -> None:
    found = set()
    for exchange in exchanges(shared, "llamacpp"):
        if b'"temperature":"' not in exchange.request:
            found |= sent_again(exchange, "llamacpp")[3].extra.keys() & MEANINGFUL
    assert found == {"grammar", "json_schema"}


def wholes(shared: Path, provider: str) -> Iterator[tuple[Exchange, Reply]]:
    for exchange in exchanges(shared, provider):
        if exchange.good and not exchange.streamed:
            reply = PROVIDER.read(exchange.reply)
            assert isinstance(reply, Reply), exchange.id
            yield exchange, reply


def told(reply: Reply) -> dict[Any, Any]:
    return {
        key: value
        for choice in reply.choices
        for key, value in of_parts(choice.index, choice.parts, choice.finish).items()
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_reply_loses_nothing(shared: Path, provider: str) -> None:
    for exchange, reply in wholes(shared, provider):
        value = json.loads(exchange.reply)
        choices = [{key: each[key] for key in each if key != "delta"} for each in value["choices"]]
        assert told(reply) == raw(choices), exchange.id
        assert reply.usage == usage.read(value["usage"])
        assert reply.usage is not None
        assert reply.usage.input_tokens == value["usage"]["prompt_tokens"]
        assert reply.usage.output_tokens == value["usage"]["completion_tokens"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_reply_is_written_by_the_schema_and_reads_the_same(shared: Path, provider: str) -> None:
    for exchange, reply in wholes(shared, provider):
        written = CLIENT.write(reply, FACTS)
        assert openai_schema.problems("reply", json.loads(written)) == [], exchange.id
        again = PROVIDER.read(written)
        assert isinstance(again, Reply)
        assert told(again) == told(reply)
        assert (again.usage, again.model) == (reply.usage, reply.model)
        assert [each.logprobs for each in again.choices] == [each.logprobs for each in reply.choices]
        assert again.created == (reply.created or FACTS.created)


def streams(shared: Path, provider: str) -> Iterator[tuple[Exchange, list[Event]]]:
    for exchange in exchanges(shared, provider):
        if exchange.good and exchange.streamed:
            yield exchange, read_stream(exchange.frames, json.loads(exchange.request).get("n") or 1)


def read_stream(frames: list[bytes], choices: int = 1) -> list[Event]:
    reader = PROVIDER.stream(choices)
    events = [event for frame in frames for event in reader.read(frame)]
    assert reader.error is None
    assert reader.content
    assert reader.finished
    return events


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_stream_loses_nothing(shared: Path, provider: str) -> None:
    for exchange, events in streams(shared, provider):
        chunks = [json.loads(frame) for frame in exchange.frames if frame != b"[DONE]"]
        choices = [
            {key: choice[key] for key in choice if key != "message"}
            for chunk in chunks
            for choice in chunk.get("choices") or ()
        ]
        assert of_events(events) == raw(choices), exchange.id


def written(events: list[Event]) -> bytes:
    stream = CLIENT.stream(Request("m", [], stream=True), FACTS)
    return b"".join(stream.write([event]) for event in events) + stream.end()


def frames(stream: bytes) -> list[bytes]:
    return [data for event in EventSplitter().feed(stream) if (data := data_of(event)) is not None]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_stream_is_written_by_the_schema_and_reads_the_same(shared: Path, provider: str) -> None:
    for exchange, events in streams(shared, provider):
        chunks = frames(written(events))
        assert chunks.pop() == b"[DONE]"
        for chunk in chunks:
            assert openai_schema.problems("chunk", json.loads(chunk)) == [], exchange.id
        assert of_events(read_stream(chunks)) == of_events(events)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_error_is_read(shared: Path, provider: str) -> None:
    for exchange in exchanges(shared, provider):
        if not exchange.good:
            facts = PROVIDER.error(exchange.status, exchange.reply)
            assert facts.status == exchange.status
            assert facts.message


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_recorded_reply_cut_anywhere_raises_nothing_but_bad_reply(shared: Path, provider: str) -> None:
    for exchange in exchanges(shared, provider)[:20]:
        for cut in range(1, len(exchange.reply), len(exchange.reply) // 20 + 1):
            try:
                assert isinstance(PROVIDER.read(exchange.reply[:cut]), Reply | ErrorFacts)
            except BadReply:
                continue
