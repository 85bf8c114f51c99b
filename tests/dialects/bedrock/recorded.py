"""What was recorded at Bedrock, and streams as Bedrock frames them."""

import gzip
import json
import struct
from base64 import b64decode
from pathlib import Path
from typing import Any
from zlib import crc32


def exchanges(shared: Path) -> list[dict[str, Any]]:
    """Every recorded call of Converse."""
    with gzip.open(shared / "recordings" / "bedrock.jsonl.gz", "rt") as file:
        found = [json.loads(line) for line in file]
    return [each for each in found if "/converse" in each["request"]["path"]]


def streams(shared: Path) -> list[bytes]:
    """The bytes of every recorded stream."""
    return [
        b64decode(each["response"]["body"])
        for each in exchanges(shared)
        if each["request"]["path"].endswith("/converse-stream")
    ]


def message(headers: dict[str, str] | bytes, payload: bytes) -> bytes:
    """One message of an event stream."""
    if isinstance(headers, dict):
        headers = b"".join(text(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", len(headers) + len(payload) + 16, len(headers))
    whole = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return whole + struct.pack("!I", crc32(whole))


def text(name: str, value: str) -> bytes:
    """A header that is text."""
    raw, said = name.encode(), value.encode()
    return bytes([len(raw)]) + raw + b"\x07" + struct.pack("!H", len(said)) + said


def event(name: str, value: Any) -> bytes:
    """An event as Bedrock sends it."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(value).encode())


def exception(name: str, value: Any) -> bytes:
    """An exception as Bedrock sends it."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, json.dumps(value).encode())
