"""A stream's events, however they are cut and written."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.dialects import sse
from tests.faults.lag import Lag, resident
from tests.faults.stage import Stages, broke, failed
from tests.support.gateway import Running, ask, request_bytes
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    Connection,
    Script,
    chunk,
    piece,
    saying,
    streaming,
)

TEXT = "naïve 日本語 🙂🏳️‍🌈"
PLAIN = [chunk({"role": "assistant", "content": ""}), chunk({"content": TEXT}), chunk({}, "stop")]

line = st.binary(max_size=12).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
fields = st.sampled_from([b"data: ", b"data:", b"data", b": ", b"id: ", b"retry: ", b"event: ", b"x", "é: ".encode()])
end = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Well-formed event streams, in every way the format allows."""
    out = draw(st.sampled_from([b"", sse.BOM]))
    for _ in range(draw(st.integers(0, 5))):
        for _ in range(draw(st.integers(0, 4))):
            out += draw(fields) + draw(line) + draw(end)
        out += draw(end)
    return out


def decoded(events: list[bytes]) -> list[bytes]:
    return [data for data in map(sse.data_of, events) if data is not None]


def by_the_standard(stream: bytes) -> list[bytes]:
    """What the standard says a stream dispatches, line by line."""
    text = stream.removeprefix(sse.BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: list[bytes] = []
    data: list[bytes] = []
    for one in text.split(b"\n")[:-1]:
        name, _, value = one.partition(b":")
        if not one:
            if data:
                found.append(b"\n".join(data))
            data = []
        elif name == b"data":
            data.append(value.removeprefix(b" "))
    return found


@settings(max_examples=400, deadline=None)
@given(streams(), st.data())
def test_u15_events_are_the_same_wherever_they_are_cut(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    splitter, events = sse.EventSplitter(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        events += splitter.feed(stream[start:stop])
    assert b"".join(events) + splitter.end() == stream
    assert decoded(events) == by_the_standard(stream)


def written(event_end: bytes = b"\n\n", field: bytes = b"data: ", before: bytes = b"") -> bytes:
    """The same answer in another hand, with characters of many bytes as they are."""
    events = [json.loads(event[6:]) for event in PLAIN]
    lines = [field + json.dumps(event, ensure_ascii=False).encode() for event in events]
    return before + b"".join(one + event_end for one in [*lines, field + b"[DONE]"])


HANDS = {
    "LF": written(),
    "CR LF": written(b"\r\n\r\n"),
    "CR": written(b"\r\r"),
    "no space": written(field=b"data:"),
    "BOM": written(before=sse.BOM),
    "comments": written(b"\n\n: still here\n\n", before=b": OPENROUTER PROCESSING\n\n"),
    "id, event and retry": written(b"\nid: 1\nretry: 10\n\n", before=b"retry: 3000\n\n"),
    "event first": written(field=b"event: message\ndata: "),
    "many lines": written().replace(b', "choices"', b',\ndata: "choices"'),
}


async def post(gateway: Running) -> bytes:
    got = await gateway.post(ask(stream=True))
    assert (got.status, got.events[-1]) == (200, "[DONE]")
    return got.body


@pytest.mark.parametrize("raw", HANDS.values(), ids=HANDS)
async def test_u15_every_hand_is_read_by_the_official_client(play: Stages, raw: bytes) -> None:
    async with play(saying(STREAM_HEAD, piece(raw), END)) as stage:
        stream = await stage.gateway.openai().chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        parts = [part async for part in stream]
        assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == TEXT
        assert parts[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["LF", "CR LF", "CR"])
async def test_u15_a_cut_at_every_byte_gives_the_same_bytes(play: Stages, name: str) -> None:
    raw = HANDS[name]
    cuts = iter(range(1, len(raw)))

    async def cut(connection: Connection) -> None:
        while await connection.request():
            at = next(cuts, 1)
            await connection.send(STREAM_HEAD + piece(raw[:at]))
            await asyncio.sleep(0)
            await connection.send(piece(raw[at:]) + END)

    async with play(cut) as stage:
        for _ in range(1, len(raw)):
            # The last LF of a CR LF may come after the end mark was read.
            assert (await post(stage.gateway)).rstrip() == raw.rstrip()
        assert stage.up.connections == 1


async def test_u15_one_byte_at_a_time_gives_the_same_bytes(play: Stages) -> None:
    raw = HANDS["LF"]
    async with play(saying(STREAM_HEAD, *(piece(raw[at : at + 1]) for at in range(len(raw))), END)) as stage:
        assert await post(stage.gateway) == raw


async def drained(gateway: Running) -> int:
    """The length of a streamed reply that is read and thrown away."""
    async with gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", "/v1/chat/completions", b'{"model":"m","stream":true,"messages":[]}'))
        size = 0
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            data = await reader.read(2**18)
            assert data, "the stream broke off"
            size += len(data)
            tail = (tail + data)[-16:]
        return size


def flood(event: bytes, count: int) -> Script:
    """Streams an event many times over, as fast as it is taken."""
    block = piece(event * 1000)

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + piece(chunk({"content": "x"})))
        for _ in range(count // 1000):
            await connection.send(block)
        await connection.send(piece(chunk({}, "stop") + DONE) + END)

    return script


FLOODS = {
    "chunks": (chunk({"content": "x"}), 20_000),
    "empty objects": (b"data: {}\n\n", 50_000),
    "comments": (b":\n\n", 100_000),
    "comments by CR LF": (b":\r\n\r\n", 100_000),
}


@pytest.mark.parametrize(("event", "count"), FLOODS.values(), ids=FLOODS)
async def test_u16_a_flood_of_tiny_events_does_not_hold_up_others(play: Stages, event: bytes, count: int) -> None:
    async with play(flood(event, count)) as stage, Lag() as lag:
        before = resident()
        assert await drained(stage.gateway) > count * len(event)
        assert resident() - before < 48 * 2**20
        # The promise is 50 ms; upstream and client run in the same loop here.
        assert lag.worst < 0.15


async def test_u16_a_line_of_10_mb_goes_through(play: Stages) -> None:
    big = chunk({"content": "x" * 10 * 2**20})
    async with play(streaming(chunk({"content": "x"}), big, chunk({}, "stop"))) as stage:
        before = resident()
        assert await drained(stage.gateway) > 10 * 2**20
        assert resident() - before < 3 * sse.LINE_LIMIT


@pytest.mark.parametrize("began", [False, True])
async def test_u16_a_line_beyond_16_mb_is_an_error(play: Stages, began: bool) -> None:
    async def endless(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + (piece(chunk({"content": "so"})) if began else b""))
        await asyncio.sleep(0.05)
        await connection.send(piece(b"data: {"))
        for _ in range(400):
            await connection.send(piece(b" " * 2**16))

    async with play(endless) as stage:
        before = resident()
        got = await stage.gateway.post(ask(stream=True))
        assert resident() - before < 3 * sse.LINE_LIMIT
        if began:
            broke(got, "upstream_bad_response", "so")
        else:
            failed(got, 502, "upstream_bad_response", "too_large")
        await stage.up.closed()


async def test_u16_comments_without_end_before_the_answer_are_not_kept(play: Stages) -> None:
    async with play(saying(STREAM_HEAD, piece(b": wait\n\n" * 50_000), piece(chunk({}, "stop") + DONE), END)) as stage:
        assert await drained(stage.gateway) > 50_000 * 8


INTERLEAVED = [
    chunk({"role": "assistant", "content": None, "tool_calls": [call]})
    for call in (
        {"index": 0, "id": "a", "type": "function", "function": {"name": "one", "arguments": ""}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "two", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x":'}},
        {"index": 1, "function": {"arguments": '{"y":'}},
        {"index": 0, "function": {"arguments": "1}"}},
        {"index": 1, "function": {"arguments": "2}"}},
    )
]


async def test_u30_interleaved_tool_calls_reach_the_official_client_whole(play: Stages) -> None:
    async with play(streaming(*INTERLEAVED, chunk({}, "tool_calls"))) as stage:
        manager = stage.gateway.openai().chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}])
        async with manager as stream:
            final = await stream.get_final_completion()
        calls = final.choices[0].message.tool_calls or []
        assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
            ("a", "one", '{"x":1}'),
            ("b", "two", '{"y":2}'),
        ]


ODD = [chunk({"role": "assistant", "content": "x"}), chunk(choices=[]), chunk({}, "stop"), chunk({}, "stop")]


async def test_u30_what_is_odd_but_legal_passes_as_it_is(play: Stages) -> None:
    async with play(streaming(*ODD)) as stage:
        assert await post(stage.gateway) == b"".join(ODD) + DONE


async def test_u30_a_repeated_finish_reason_is_mended_where_the_row_says_so(play: Stages) -> None:
    async with play(streaming(*ODD), quirks=["one-finish-reason"]) as stage:
        got = await stage.gateway.post(ask(stream=True))
        reasons = [choice["finish_reason"] for event in got.events[:-1] for choice in event["choices"]]
        assert reasons == [None, "stop"]


async def test_u30_missing_roles_and_indexes_are_mended_where_the_row_says_so(play: Stages) -> None:
    bare = [
        chunk({"content": "x"}),
        chunk({"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
        chunk({}, "tool_calls"),
    ]
    async with play(streaming(*bare), quirks=["roles", "tool-calls"]) as stage:
        got = await stage.gateway.post(ask(stream=True))
        deltas = [event["choices"][0]["delta"] for event in got.events[:-1]]
        assert deltas[0]["role"] == "assistant"
        assert deltas[1]["tool_calls"][0]["index"] == 0
