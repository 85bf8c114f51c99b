"""What providers of every dialect send that is odd, torn or no answer, as clients of every dialect get it."""

import asyncio
import json
import struct
from typing import Any

import pytest
from anthropic import APIError as AnthropicError
from google.genai.errors import APIError as GeminiError
from openai import APIError as OpenAIError

from fairlead.dialects import hub
from fairlead.dialects.codec import Facts
from fairlead.dialects.framing import Framing
from fairlead.dialects.model import Message, Request, Text
from fairlead.pipeline.relay import Relay, SameRelay, TranslatingRelay
from fairlead.pipeline.stream import Pipe
from tests.replay.test_recut import Cut
from tests.support.scripted import Connection, Script
from tests.translate.asking import CLIENTS
from tests.translate.breaking import CONTENT, answer, before_content, begun, frame, sending, whole, within
from tests.translate.house import House
from tests.translate.speaking import SPEAKERS
from tests.translate.vendors import (
    ARGUMENTS,
    TEXT,
    TOOL,
    VENDORS,
    Said,
    Vendor,
    chat,
    chat_events,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
every_client = pytest.mark.parametrize("client", SPEAKERS)
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
Json = dict[str, Any]
ALL = Said(thought=True, tool=True)
# Every vendor once, each for a client of another dialect than the one before.
PAIRS = list(zip(VENDORS.values(), [*SPEAKERS, *SPEAKERS], strict=False))
each_pair = pytest.mark.parametrize(("vendor", "client"), PAIRS, ids=[f"{one.dialect}-{two}" for one, two in PAIRS])


# --- a stream that broke, in the hands of the official clients


@every_client
@every_vendor
@pytest.mark.parametrize("how", ["cut", "error"])
async def test_u10_u13_the_official_clients_do_not_take_a_broken_stream_for_an_answer(
    home: House, vendor: Vendor, client: str, how: str
) -> None:
    end: list[bytes | float] = [] if how == "cut" else [0.005, within(vendor.dialect)]
    await home.one(vendor.dialect, sending(vendor, *begun(vendor), *end, then="end"))
    with pytest.raises((OpenAIError, AnthropicError, GeminiError, RuntimeError)):
        await CLIENTS[client](home.gateway.url, True, vendor.dialect)


# --- a client that leaves


@pytest.mark.parametrize("when", ["before content", "after content"])
async def test_c01_c02_clients_that_leave_take_their_attempts_with_them(home: House, when: str) -> None:
    early = when == "before content"
    cancelled = sum(row.calls for row in home.ended("cancelled"))
    for vendor in VENDORS.values():
        events = before_content(vendor) if early else begun(vendor)
        await home.one(vendor.dialect, sending(vendor, *events, then="wait"))

    async def leave(client: str, dialect: str) -> None:
        async with home.listening(client, dialect) as reader:
            if early:
                while len(home.ups[f"one-{dialect}"].received) < len(SPEAKERS):
                    await asyncio.sleep(0.005)
            else:
                await reader.readuntil(CONTENT)

    await asyncio.gather(*(leave(client, dialect) for client in SPEAKERS for dialect in VENDORS))
    await asyncio.gather(*(home.ups[f"one-{dialect}"].closed() for dialect in VENDORS))
    await home.settled()
    left = sum(row.calls for row in home.ended("cancelled")) - cancelled
    assert left == len(SPEAKERS) * len(VENDORS)


# --- U14: bytes that are no UTF-8


def spoilt(events: list[bytes]) -> list[bytes]:
    """The same events, the first text being one byte longer that is no UTF-8."""
    return [event.replace(CONTENT, CONTENT + b"\xff", 1) for event in events]


@every_client
@pytest.mark.parametrize(
    "vendor", [each for each in VENDORS.values() if each.dialect != "bedrock-converse"], ids=lambda each: each.dialect
)
async def test_u14_invalid_utf_8_is_replaced_in_a_stream_and_only_that(
    home: House, vendor: Vendor, client: str
) -> None:
    await home.one(vendor.dialect, sending(vendor, *spoilt(vendor.events(Said())), then="end"))
    _, heard = await home.ask(client, vendor.dialect, stream=True)
    assert heard.text == TEXT.replace("Hello", "Hello�")
    assert SPEAKERS[client].succeeded(heard)


@every_client
@every_vendor
async def test_u12_u14_a_whole_reply_that_is_none_is_502(home: House, vendor: Vendor, client: str) -> None:
    good = json.dumps(vendor.whole(Said())).encode()
    bodies = [good.replace(CONTENT, b"\xff\xfe"), good[:-9], good + b"}", b"", b"null", b"[]", b"<html>", b'"x"', b"7"]
    for body in bodies:
        await home.one(vendor.dialect, whole(body))
        got, _ = await home.ask(client, vendor.dialect)
        assert got.status == 502, (body, got.body)
        assert b"upstream_bad_response" in got.body.lower()


# --- U15: streams cut anywhere


def relay(vendor: Vendor, client: str) -> Relay:
    reader, side = hub.PROVIDERS[vendor.dialect].stream(1), hub.CLIENTS[client]
    facts = Facts("1", "up", 7)
    if vendor.dialect == client:
        return SameRelay(reader, side, facts, [])
    asked = Request("m", [Message("user", [Text("hi")])], stream=True)
    return TranslatingRelay(reader, side.stream(asked, facts), framing(vendor).data_of, None, [])


def framing(vendor: Vendor) -> Framing:
    return hub.framing_of(vendor.dialect)


async def through(vendor: Vendor, client: str, *pieces: bytes) -> bytes:
    """What the client gets of a stream that arrives in these pieces."""
    pipe, out = Pipe(Cut(pieces), framing(vendor).splitter(), relay(vendor, client)), []
    while not pipe.ended:
        out.append(await pipe.next())
    return b"".join(out)


@each_pair
async def test_u15_a_cut_at_every_byte_gives_the_same_bytes(vendor: Vendor, client: str) -> None:
    raw = b"".join(vendor.events(ALL))
    expected = await through(vendor, client, raw)
    assert "☕".encode() in expected or b"\\u2615" in expected
    for at in range(1, len(raw)):
        assert await through(vendor, client, raw[:at], raw[at:]) == expected, at
    singles = [raw[at : at + 1] for at in range(len(raw))]
    assert await through(vendor, client, *singles) == expected


SSE_VENDORS = [each for each in PAIRS if each[0].stream_type == "text/event-stream"]


@pytest.mark.parametrize(("vendor", "client"), SSE_VENDORS, ids=[one.dialect for one, _ in SSE_VENDORS])
@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["CR LF", "CR"])
async def test_u15_every_hand_is_read_the_same(vendor: Vendor, client: str, end: bytes) -> None:
    raw = b"".join(vendor.events(ALL))
    other = b"\xef\xbb\xbf: hello\n\nretry: 9\n\n" + raw.replace(b"data: ", b"id: 1\ndata:")
    one, two = await through(vendor, client, raw), await through(vendor, client, other.replace(b"\n", end))
    assert events(two) == events(one)


def events(stream: bytes) -> list[Any]:
    text = stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    found = [line[5:].strip() for line in text.split("\n") if line.startswith("data:")]
    return [line if line == "[DONE]" else json.loads(line) for line in found]


@every_client
@every_vendor
async def test_u15_one_byte_at_a_time_through_the_real_server(home: House, vendor: Vendor, client: str) -> None:
    raw = b"".join(vendor.events(ALL))
    await home.one(vendor.dialect, sending(vendor, *(raw[at : at + 1] for at in range(len(raw))), then="end"))
    _, heard = await home.ask(client, vendor.dialect, stream=True)
    assert heard.text == TEXT
    assert heard.tools == [(TOOL, ARGUMENTS)]
    assert SPEAKERS[client].succeeded(heard)


# --- U23: the wrong content type


def typed(vendor: Vendor, kind: str, *, stream: bool) -> Script:
    """Answers whatever it is asked with a stream or a whole reply of this content type."""
    body = b"".join(vendor.events(Said())) if stream else json.dumps(vendor.whole(Said())).encode()

    async def script(connection: Connection) -> None:
        while await connection.request():
            lines = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            await connection.send(lines.encode() + body)

    return script


@every_client
@every_vendor
async def test_u23_a_whole_reply_where_a_stream_was_asked_for_becomes_one_or_is_the_next_targets(
    home: House, vendor: Vendor, client: str
) -> None:
    other = "cohere" if vendor.dialect != "cohere" else "gemini"
    await home.rescuer(other)
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", "text/html"):
        await home.one(vendor.dialect, typed(vendor, kind, stream=False))
        got, heard = await home.ask(client, f"{vendor.dialect}-then-{other}", stream=True)
        assert heard.text == TEXT, (kind, got.body)
        assert SPEAKERS[client].succeeded(heard)
        assert got.headers["content-type"].startswith("text/event-stream")
        # A line of Ollama's is a whole reply too, whatever it is called.
        taken = "json" in kind or vendor.dialect == "ollama"
        assert got.headers["x-fairlead-attempts"] == ("1" if taken else "2"), kind


@every_client
@every_vendor
async def test_u23_a_stream_where_a_whole_reply_was_asked_for_is_502(home: House, vendor: Vendor, client: str) -> None:
    for kind in (vendor.stream_type, "application/json"):
        await home.one(vendor.dialect, typed(vendor, kind, stream=True))
        got, _ = await home.ask(client, vendor.dialect)
        assert got.status == 502, got.body


@every_client
@every_vendor
async def test_u23_a_true_stream_under_another_name_is_read(home: House, vendor: Vendor, client: str) -> None:
    await home.one(vendor.dialect, typed(vendor, "text/plain", stream=True))
    _, heard = await home.ask(client, vendor.dialect, stream=True)
    assert heard.text == TEXT
    assert SPEAKERS[client].succeeded(heard)


# --- U29: usage that is missing or absurd


def counted(value: Any, number: Any) -> Any:
    """The same, with every number that counts tokens replaced; None takes the counts out."""
    if isinstance(value, list):
        return [counted(each, number) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: counted(each, number) for name, each in value.items()}
    for name in list(found):
        if name in ("usage", "usageMetadata") and number is None:
            del found[name]
        elif ("token" in name.lower() or name.endswith("_count")) and isinstance(found[name], int):
            found[name] = number
    return found


def recounted(vendor: Vendor, number: Any) -> tuple[Json, list[bytes]]:
    """A vendor's whole reply and its events with other counts."""
    whole = counted(vendor.whole(Said()), number)
    if vendor.dialect == "bedrock-converse":
        return whole, [
            *vendor.events(Said())[:-1],
            frame({"usage": counted({"inputTokens": 1}, number)}, event="metadata"),
        ]
    return whole, [_recounted(event, number) for event in vendor.events(Said())]


def _recounted(event: bytes, number: Any) -> bytes:
    start = event.find(b"{")
    if start < 0:
        return event
    body, end = json.JSONDecoder().raw_decode(event[start:].decode())
    rest = event[start:].decode()[end:].encode()
    return event[:start] + json.dumps(counted(body, number), ensure_ascii=False).encode() + rest


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [each for inner in value.values() for each in numbers(inner)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


ABSURD = {"none": None, "negative": -5, "huge": 10**30, "a word": "many", "a fraction": 1.5, "an object": {"x": 1}}


# Where a client speaks the provider's dialect, bytes pass as they came.
TRANSLATED = [(vendor, client) for vendor in VENDORS.values() for client in SPEAKERS if client != vendor.dialect]
TRANSLATED_IDS = [f"{vendor.dialect}-{client}" for vendor, client in TRANSLATED]


@pytest.mark.parametrize(("vendor", "client"), TRANSLATED, ids=TRANSLATED_IDS)
@pytest.mark.parametrize("number", ABSURD.values(), ids=ABSURD)
async def test_u29_usage_that_is_missing_or_absurd_spoils_nothing(
    home: House, vendor: Vendor, client: str, number: Any
) -> None:
    body, told = recounted(vendor, number)
    await home.one(vendor.dialect, answer(vendor, body, told))
    for stream in (False, True):
        _, heard = await home.ask(client, vendor.dialect, stream=stream)
        assert heard.text == TEXT
        assert SPEAKERS[client].succeeded(heard)
        assert all(0 <= each < 2**53 and each == int(each) for each in numbers(heard.usage)), heard.usage
    rows = home.gateway.engine.metrics.ended.values()
    assert all(0 <= row.input_tokens < 2**53 and 0 <= row.output_tokens < 2**53 for row in rows)


# --- U30: tool calls that interleave, ends that are told twice


def deltas(*told: Json, finish: str = "tool_calls", ends: int = 1) -> list[bytes]:
    """A stream of chat completions with these deltas."""
    event = json.loads(chat_events(Said())[0][6:])
    bodies = [{**event, "choices": [{"index": 0, "delta": each, "finish_reason": None}]} for each in told]
    bodies += [{**event, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}] * ends
    bodies.append({**event, "choices": []})
    return [b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies] + [b"data: [DONE]\n\n"]


def part(index: int, arguments: str, **more: Any) -> Json:
    return {"tool_calls": [{"index": index, **more, "function": {"arguments": arguments, **_name(more)}}]}


def _name(more: Json) -> Json:
    return {"name": f"tool_{more['id']}"} if "id" in more else {}


INTERLEAVED = (
    {"role": "assistant", "content": None},
    part(0, "", id="a", type="function"),
    part(1, "", id="b", type="function"),
    part(0, '{"x":'),
    part(1, '{"y":'),
    part(0, "1}"),
    part(1, "2}"),
)


@every_client
async def test_u30_interleaved_tool_calls_come_out_whole_and_apart(home: House, client: str) -> None:
    await home.one("openai-chat", answer(VENDORS["openai-chat"], chat(Said()), deltas(*INTERLEAVED)))
    _, heard = await home.ask(client, "openai-chat", stream=True)
    assert sorted(heard.tools) == [("tool_a", {"x": 1}), ("tool_b", {"y": 2})]
    assert SPEAKERS[client].succeeded(heard)


@every_client
async def test_u30_interleaved_blocks_of_anthropic_come_out_whole_and_apart(home: House, client: str) -> None:
    def block(index: int, **more: Any) -> list[Json]:
        tool = {"type": "tool_use", "id": f"toolu_{index}", "name": f"tool_{index}", "input": {}}
        return [{"type": "content_block_start", "index": index, "content_block": tool}, *more.values()]

    def delta(index: int, text: str) -> Json:
        more = {"type": "input_json_delta", "partial_json": text}
        return {"type": "content_block_delta", "index": index, "delta": more}

    plain = VENDORS["anthropic-messages"].events(Said(text=False))
    head, tail = plain[0], plain[-2:]
    bodies = [*block(0), *block(1), delta(0, '{"x":'), delta(1, '{"y":'), delta(0, "1}"), delta(1, "2}")]
    bodies += [{"type": "content_block_stop", "index": index} for index in (0, 1)]
    middle = [f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode() for body in bodies]
    vendor = VENDORS["anthropic-messages"]
    await home.one(vendor.dialect, answer(vendor, vendor.whole(Said()), [head, *middle, *tail]))
    _, heard = await home.ask(client, vendor.dialect, stream=True)
    assert sorted(heard.tools) == [("tool_0", {"x": 1}), ("tool_1", {"y": 2})]
    assert SPEAKERS[client].succeeded(heard)


@pytest.mark.parametrize("client", [each for each in SPEAKERS if each != "openai-chat"])
async def test_u30_an_end_that_is_told_twice_is_one(home: House, client: str) -> None:
    odd = deltas({"content": TEXT}, finish="stop", ends=3)
    await home.one("openai-chat", answer(VENDORS["openai-chat"], chat(Said()), [*odd[:-1], *odd[-2:]]))
    _, heard = await home.ask(client, "openai-chat", stream=True)
    assert heard.text == TEXT
    assert len(heard.finishes) == 1


@pytest.mark.parametrize("client", [each for each in SPEAKERS if each != "openai-chat"])
async def test_u30_tool_calls_without_index_role_or_id_are_put_right(home: House, client: str) -> None:
    bare = {"tool_calls": [{"function": {"name": "one", "arguments": '{"x":1}'}}]}
    await home.one("openai-chat", answer(VENDORS["openai-chat"], chat(Said()), deltas(bare)))
    _, heard = await home.ask(client, "openai-chat", stream=True)
    assert heard.tools == [("one", {"x": 1})]


# --- U31: AWS frames


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


CONVERSE = VENDORS["bedrock-converse"]
SECOND = CONVERSE.events(Said())[2]
TORN = {
    "a length that lies": _flipped(SECOND, 2),
    "a prelude that does not add up": _flipped(SECOND, 9),
    "a header changed": _flipped(SECOND, 14),
    "a payload changed": _flipped(SECOND, len(SECOND) - 9),
    "a checksum changed": _flipped(SECOND, len(SECOND) - 1),
    "half a prelude": SECOND[:7],
    "half a message": SECOND[:-5],
    "endless": struct.pack(">II", 2**32 - 1, 0) + b"\0" * 12,
    "text": b"data: hello\n\n",
}


@every_client
@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
async def test_u31_a_frame_that_is_torn_is_an_error_and_never_part_of_an_answer(
    home: House, client: str, torn: bytes
) -> None:
    await home.one(CONVERSE.dialect, sending(CONVERSE, *begun(CONVERSE), 0.005, torn, then="fin"))
    got, heard = await home.ask(client, CONVERSE.dialect, stream=True)
    assert heard.text == CONTENT.decode()
    assert heard.error is not None, got.body
    assert not SPEAKERS[client].succeeded(heard)
    await home.one(CONVERSE.dialect, sending(CONVERSE, torn, then="fin"))
    await home.rescuer("gemini")
    got, heard = await home.ask(client, f"{CONVERSE.dialect}-then-gemini", stream=True)
    assert heard.text == TEXT


@every_client
@pytest.mark.parametrize(
    ("exception", "status"),
    [
        ("throttlingException", 429),
        ("validationException", 400),
        ("internalServerException", 502),
        ("modelStreamErrorException", 502),
        ("serviceUnavailableException", 503),
    ],
)
async def test_u31_an_exception_has_the_status_of_its_kind(
    home: House, client: str, exception: str, status: int
) -> None:
    torn = frame({"message": "it is broken"}, exception=exception)
    await home.one(CONVERSE.dialect, sending(CONVERSE, torn, then="end"))
    got, heard = await home.ask(client, CONVERSE.dialect, stream=True)
    assert got.status == status
    assert heard.error is not None
