"""How providers of each dialect go wrong: errors in their own shapes, and streams cut at every place that matters."""

import asyncio
import json
import struct
import zlib
from typing import Any

from tests.support.scripted import END, Connection, Script, piece, reply
from tests.translate.vendors import Said, Vendor, streams

Json = dict[str, Any]
CONTENT = b"Hello"  # the first piece of the text that every vendor says
MESSAGE = "it is broken"


def head(vendor: Vendor) -> bytes:
    """The head of a stream."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {vendor.stream_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()


def before_content(vendor: Vendor) -> list[bytes]:
    """The events before the first that says something."""
    events = vendor.events(Said())
    return events[: _first(events)]


def begun(vendor: Vendor) -> list[bytes]:
    """The events up to the first that says something."""
    events = vendor.events(Said())
    return events[: _first(events) + 1]


def unfinished(vendor: Vendor) -> list[bytes]:
    """The events that say all of the text, without one that says why it ended."""
    events = vendor.events(Said())
    last = next(at for at, event in enumerate(events) if b"world" in event)
    return [event.replace(b', "finishReason": "STOP"', b"") for event in events[: last + 1]]


def _first(events: list[bytes]) -> int:
    return next(at for at, event in enumerate(events) if CONTENT in event)


def sending(vendor: Vendor, *pieces: bytes | float, then: str = "fin") -> Script:
    """Streams these pieces to a call, then ends the stream (`end`), the connection (`fin`), or waits (`wait`)."""

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(head(vendor))
            for data in pieces:
                if data:
                    await _send(connection, data)
            if then == "end":
                await connection.send(END)
                continue
            if then == "fin":
                connection.writer.write_eof()
            await connection.gone()
            return

    return script


async def _send(connection: Connection, data: bytes | float) -> None:
    if isinstance(data, bytes):
        await connection.send(piece(data))
    else:
        await asyncio.sleep(data)


def whole(body: bytes | Json, status: int = 200, headers: str = "") -> Script:
    """Answers every call with this body."""

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(reply(body, status, headers))

    return script


def answer(vendor: Vendor, body: Json, events: list[bytes]) -> Script:
    """Answers whole calls with `body` and streamed ones with `events`."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            if streams(asked):
                await connection.send(head(vendor) + piece(b"".join(events)) + END)
            else:
                await connection.send(reply(body))

    return script


# --- errors under their own status

_TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "api_error"}
_WORDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


def refusal(dialect: str, status: int) -> Json:
    """The body of an error reply."""
    kind = _TYPES.get(status, "overloaded_error")
    openai = {"error": {"message": MESSAGE, "type": kind, "param": None, "code": None}}
    bodies: dict[str, Json] = {
        "openai-chat": openai,
        "openai-responses": openai,
        "anthropic-messages": {
            "type": "error",
            "error": {"type": kind, "message": MESSAGE},
            "request_id": "req_1",
        },
        "gemini": {"error": {"code": status, "message": MESSAGE, "status": _WORDS.get(status, "UNAVAILABLE")}},
        "cohere": {"id": "1", "message": MESSAGE},
        "ollama": {"error": MESSAGE},
        "bedrock-converse": {"message": MESSAGE},
    }
    return bodies[dialect]


# --- an overload that is told within a stream

_FAILED = {"id": "resp_9", "object": "response", "status": "failed", "output": [], "model": "up", "created_at": 7}


def within(dialect: str) -> bytes:
    """The event that ends a stream of this dialect with an error."""
    if dialect == "bedrock-converse":
        return frame({"message": MESSAGE}, exception="serviceUnavailableException")
    if dialect == "ollama":
        return json.dumps({"error": MESSAGE}).encode() + b"\n"
    bodies: dict[str, Json] = {
        "openai-chat": {"error": {"message": MESSAGE, "type": "overloaded_error", "code": 503}},
        "anthropic-messages": {"type": "error", "error": {"type": "overloaded_error", "message": MESSAGE}},
        "gemini": {"error": {"code": 503, "message": MESSAGE, "status": "UNAVAILABLE"}},
        "openai-responses": {
            "type": "response.failed",
            "sequence_number": 9,
            "response": {**_FAILED, "error": {"code": "server_error", "message": MESSAGE}},
        },
        "cohere": {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": MESSAGE}},
    }
    body = bodies[dialect]
    name = f"event: {body['type']}\n" if "type" in body else ""
    return f"{name}data: {json.dumps(body)}\n\n".encode()


def frame(body: Json, *, event: str = "", exception: str = "") -> bytes:
    """A message of AWS's event stream: an event, or an exception."""
    said = {":message-type": "exception", ":exception-type": exception} if exception else {":event-type": event}
    names = {":message-type": "event", ":content-type": "application/json"} | said
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in names.items()
    )
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    data = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return data + struct.pack(">I", zlib.crc32(data))
