"""Errors are read in the shapes that vendors use, and written in OpenAI's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import ErrorFacts
from fairlead.dialects.openai import errors as openai_errors
from fairlead.errors import UnknownModel
from tests.dialects.test_members import JSON

SHAPES: dict[str, tuple[Any, ErrorFacts]] = {
    "openai": (
        {"error": {"message": "m", "type": "invalid_request_error", "param": "x", "code": "c"}},
        ErrorFacts(418, "m", "c", "invalid_request_error"),
    ),
    "openrouter": ({"error": {"message": "m", "code": 402, "metadata": {}}}, ErrorFacts(418, "m", "402")),
    "aimlapi": (
        {"message": "m", "path": "/v1", "requestId": "r", "statusCode": 500, "timestamp": "t"},
        ErrorFacts(418, "m"),
    ),
    "aimlapi-nested": ({"error": {"message": ["m", "n"], "statusCode": 400}}, ErrorFacts(418, '["m","n"]')),
    "vllm": (
        {"object": "error", "message": "m", "type": "BadRequestError", "param": None, "code": 400},
        ErrorFacts(418, "m", "400", "BadRequestError"),
    ),
    "mistral": (
        {"code": "3051", "message": "m", "object": "error", "param": None, "raw_status_code": 400, "type": "t"},
        ErrorFacts(418, "m", "3051", "t"),
    ),
    "google": (
        [{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}],
        ErrorFacts(418, "m", "400"),
    ),
    "bare": ({"error": "m"}, ErrorFacts(418, "m")),
    "bare-with-code": ({"error": "m", "code": "c"}, ErrorFacts(418, "m", "c")),
    "fastapi": ({"detail": "m"}, ErrorFacts(418, "m")),
    "fastapi-list": ({"detail": [{"loc": ["body"], "msg": "m"}]}, ErrorFacts(418, '[{"loc":["body"],"msg":"m"}]')),
    "nothing": ({}, ErrorFacts(418, "HTTP 418")),
    "null": (None, ErrorFacts(418, "HTTP 418")),
    "half-a-pair": ({"error": {"message": "m\ud83d"}}, ErrorFacts(418, "m?")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_error_reply_is_read(shape: str) -> None:
    value, facts = SHAPES[shape]
    assert openai_errors.read(418, json.dumps(value).encode()) == facts


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "HTTP 418"),
        (b"  \n", "HTTP 418"),
        (b"upstream connect error\n", "upstream connect error"),
        (b"caf\xe9", "caf�"),
        (b"x" * 10_000, "x" * 500),
        (b"<html><head><title>502 Bad\nGateway</title></head></html>", "502 Bad\nGateway"),
        (b"<!DOCTYPE html><TITLE lang=en> Just a moment... </TITLE>", "Just a moment..."),
        (b"<html><body>no title</body></html>", "HTTP 418"),
        (b"<?xml version='1.0'?><Error/>", "HTTP 418"),
    ],
)
def test_what_is_no_json_is_its_own_message(body: bytes, message: str) -> None:
    assert openai_errors.read(418, body) == ErrorFacts(418, message)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "503"}, 503),
        ({"code": "3051", "raw_status_code": 422}, 422),
        ({"statusCode": 403}, 403),
        ({"status": 529}, 529),
        ({"status_code": 504}, 504),
        ({"code": "rate_limit_exceeded"}, 429),
        ({"type": "insufficient_quota"}, 429),
        ({"type": "overloaded_error"}, 503),
        ({"code": "model_not_found", "type": "invalid_request_error"}, 404),
        ({"code": 200}, 502),
        ({"code": 99999}, 502),
        ({"code": True}, 502),
        ({"code": "١٢٣"}, 502),
        ({"code": [429]}, 502),
        ({}, 502),
    ],
)
def test_an_error_under_status_200_stands_for_its_own(error: dict[str, Any], status: int) -> None:
    found = openai_errors.find({"error": {"message": "m", **error}})
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize("value", [{}, [], None, "x", {"choices": [], "message": "m"}, {"detail": "m"}, [{}, {}]])
def test_what_is_no_error_is_none(value: Any) -> None:
    assert openai_errors.find(value) is None


WHOLE = {"message": "m", "type": "t", "param": None, "code": None}


def completed(error: Any) -> Any:
    made = openai_errors.complete(json.dumps({"error": error, "user_id": "u"}).encode())
    assert made is not None
    value = json.loads(made)
    assert value["user_id"] == "u"
    return value["error"]


def test_an_error_that_is_whole_passes_as_the_very_same_bytes() -> None:
    for error in (WHOLE, {**WHOLE, "param": "p", "code": "c", "more": 1}):
        body = json.dumps({"error": error}, indent=3).encode()
        assert openai_errors.complete(body) is body


@pytest.mark.parametrize(
    ("error", "added"),
    [
        ({"message": "m"}, {"type": "invalid_request_error", "param": None, "code": None}),
        ({"message": "m", "type": "t"}, {"param": None, "code": None}),
        ({**WHOLE, "code": 400}, {"code": "400", "native_code": 400}),
        ({**WHOLE, "param": ["a"]}, {"param": None, "native_param": ["a"]}),
        ({**WHOLE, "type": None}, {"type": "invalid_request_error"}),
        ({"message": "m", "n_ctx": 512}, {"type": "invalid_request_error", "param": None, "code": None, "n_ctx": 512}),
    ],
)
def test_what_an_error_lacks_is_added(error: dict[str, Any], added: dict[str, Any]) -> None:
    assert completed(error) == {**error, **added}


@pytest.mark.parametrize(
    "body", [b"", b"text", b"[]", b"{}", b'{"error":"m"}', b'{"error":{}}', b'{"error":{"message":7}}']
)
def test_an_error_of_another_shape_cannot_be_completed(body: bytes) -> None:
    assert openai_errors.complete(body) is None


def test_our_own_error_has_openais_members_and_what_helps() -> None:
    error = UnknownModel("no such model", hint="list them", param="model")
    error.request_id = "r"
    assert openai_errors.write(error) == {
        "error": {
            "message": "no such model",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
            "request_id": "r",
            "retryable": False,
            "hint": "list them",
        }
    }
    error.hint, error.attempts = None, [{"provider": "p"}]
    assert openai_errors.write(error)["error"].keys() == {*WHOLE, "request_id", "retryable", "attempts"}


ERRORS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("error", "message", "detail", "code", "type", "status", "object", "param"), JSON)
)


@given(
    st.binary(max_size=60) | (JSON | ERRORS | ERRORS.map(lambda e: {"error": e})).map(lambda v: json.dumps(v).encode())
)
def test_nothing_that_a_provider_sends_breaks_the_reading_of_an_error(body: bytes) -> None:
    for status in (200, 400, 503):
        facts = openai_errors.read(status, body)
        assert facts.status in range(400, 600) or status == 200
        assert all(text.encode() for text in (facts.message, facts.code or "-", facts.type or "-"))
    made = openai_errors.complete(body)
    if made is not None and made is not body:
        assert openai_errors.complete(made) is made
