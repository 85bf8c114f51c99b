"""A provider's errors are read for what they mean."""

import json
from typing import Any

import pytest

from fairlead.dialects.gemini import PROVIDER
from fairlead.dialects.model import ErrorFacts


@pytest.mark.parametrize(
    ("status", "error", "facts"),
    [
        (429, {"message": "m", "status": "RESOURCE_EXHAUSTED"}, ErrorFacts(429, "m", *["RESOURCE_EXHAUSTED"] * 2)),
        (400, {"message": "m", "status": "FAILED_PRECONDITION"}, ErrorFacts(403, "m", *["FAILED_PRECONDITION"] * 2)),
        (
            400,
            {"message": "m", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]},
            ErrorFacts(401, "m", "API_KEY_INVALID", "INVALID_ARGUMENT"),
        ),
        (
            400,
            {"message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
            ErrorFacts(
                400,
                "The input token count (9) exceeds the maximum number of tokens allowed (8).",
                "context_length_exceeded",
            ),
        ),
        (200, {"code": 503, "message": "m"}, ErrorFacts(503, "m")),
        (200, {"status": "NOT_FOUND"}, ErrorFacts(404, "NOT_FOUND", *["NOT_FOUND"] * 2)),
        (200, {"code": "x", "message": "m\ud83d"}, ErrorFacts(502, "m?")),
        (500, {"code": 7}, ErrorFacts(500, "HTTP 500")),
    ],
)
def test_an_error_is_read_alone_or_in_a_list(status: int, error: dict[str, Any], facts: ErrorFacts) -> None:
    for value in ({"error": error}, [{"error": error}]):
        assert PROVIDER.error(status, json.dumps(value).encode()) == facts


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "HTTP 502"),
        (b"<html><title>Bad Gateway</title></html>", "Bad Gateway"),
        (b'{"error":"busy"}', "busy"),
        (b'{"message":"m"}', "m"),
        (b"[]", "HTTP 502"),
        (b"7", "HTTP 502"),
    ],
)
def test_errors_of_other_shapes_are_read_too(body: bytes, message: str) -> None:
    assert PROVIDER.error(502, body).message == message
    assert PROVIDER.error(502, body).status == 502
