"""Errors: a provider's as they are understood, ours as a client gets them."""

import json

import pytest

from fairlead.dialects.anthropic import CLIENT, PROVIDER
from fairlead.errors import FairleadError, RequestError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_has_the_type_that_fits_its_status(status: int, kind: str) -> None:
    error = FairleadError("m")
    error.status = status
    assert json.loads(CLIENT.error(error))["error"]["type"] == kind


def test_our_error_says_what_it_can_beside_anthropics_members() -> None:
    error = RequestError("m", hint="h", param="p")
    error.request_id = "r"
    error.attempts = [{"target": "t"}]
    assert json.loads(CLIENT.error(error)) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "m",
            "code": "invalid_request",
            "param": "p",
            "hint": "h",
            "attempts": [{"target": "t"}],
        },
        "request_id": "r",
    }


@pytest.mark.parametrize(
    ("body", "message", "code", "kind"),
    [
        (b'{"type":"error","error":{"type":"rate_limit_error","message":"m"}}', "m", None, "rate_limit_error"),
        (b'{"error":{"message":"m","details":{"error_code":"c"}}}', "m", "c", None),
        (b'{"error":{"message":"m","code":"c"}}', "m", "c", None),
        (b'{"error":"m"}', "m", None, None),
        (b'{"message":"m"}', "m", None, None),
        (b'{"detail":"m"}', "m", None, None),
        (b"plain words", "plain words", None, None),
        (b"<html>no</html>", "HTTP 418", None, None),
        (b"", "HTTP 418", None, None),
        (b"[]", "HTTP 418", None, None),
        (b'{"error":{"message":7}}', "HTTP 418", None, None),
        (b'{"error":{"message":"half \\ud83d"}}', "half ?", None, None),
    ],
)
def test_an_error_is_read_in_whatever_shape_it_comes(
    body: bytes, message: str, code: str | None, kind: str | None
) -> None:
    facts = PROVIDER.error(418, body)
    assert (facts.status, facts.message, facts.code, facts.type) == (418, message, code, kind)
