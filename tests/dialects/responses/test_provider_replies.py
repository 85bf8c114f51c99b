"""What a provider's whole reply is read as."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.model import (
    BadReply,
    Citation,
    ErrorFacts,
    Media,
    NativePart,
    Reasoning,
    Refusal,
    Reply,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from fairlead.dialects.responses import PROVIDER
from tests.dialects.responses.recordings import exchanges, said
from tests.dialects.test_members import JSON

OWN = "openai-responses"
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "hi", "annotations": []}],
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'}


def read(*output: Any, **members: Any) -> Reply:
    reply = PROVIDER.read(json.dumps({"status": "completed", "output": list(output), **members}).encode())
    assert isinstance(reply, Reply)
    return reply


def parts(*output: Any) -> list[Any]:
    return read(*output).choices[0].parts


def test_the_head_of_a_reply_is_read() -> None:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    }
    reply = read(MESSAGE, id="resp_1", model="up", created_at=7.0, service_tier="default", usage=usage)
    assert (reply.id, reply.model, reply.created, reply.service_tier) == ("resp_1", "up", 7, "default")
    assert reply.usage == Usage(10, 5, 4, 2, 3)
    (choice,) = reply.choices
    assert (choice.parts, choice.finish, choice.native_finish) == ([Text("hi")], "stop", "completed")


def test_items_of_every_kind_are_read() -> None:
    cited = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 2}
    filed = {"type": "file_citation", "file_id": "f", "filename": "n", "index": 9}
    text = {"type": "output_text", "text": "hi", "annotations": [cited, filed]}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    assert parts(
        {"type": "reasoning", "id": "rs_1", "summary": [{"text": "a"}, {"text": "b"}], "encrypted_content": "e"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "c"}]},
        {"type": "reasoning", "id": "rs_3", "summary": []},
        {"type": "message", "content": [text, {"type": "refusal", "refusal": "no"}]},
        CALL,
        {"type": "custom_tool_call", "call_id": "call_2", "name": "g", "input": "free"},
        search,
        {"type": "image_generation_call", "id": "ig_1", "result": "QQ==", "output_format": "webp"},
    ) == [
        Reasoning("a\n\nb", encrypted="e", id="rs_1", issuer=OWN, summary=True),
        Reasoning("c", id="rs_2", issuer=OWN),
        Text("hi", [Citation("u", "t", None, 0, 2, OWN, cited), Citation(title="n", dialect=OWN, native=filed)]),
        Refusal("no"),
        ToolCall("call_1", "f", '{"a":1}'),
        ToolCall("call_2", "g", "free", custom=True),
        NativePart(OWN, search),
        Media("image", "image/webp", "QQ=="),
    ]


def test_log_probabilities_are_read() -> None:
    token = {"token": "h", "logprob": -1, "bytes": [104]}
    text = {"type": "output_text", "text": "h", "logprobs": [{**token, "top_logprobs": [token]}]}
    found = TokenLogprob("h", -1, [104])
    assert read({"type": "message", "content": [text]}).choices[0].logprobs == [TokenLogprob("h", -1, [104], [found])]


def test_thoughts_as_mistral_rs_gives_them_are_read() -> None:
    assert read(MESSAGE, reasoning="hm").choices[0].parts == [Reasoning("hm", issuer=OWN), Text("hi")]


@pytest.mark.parametrize(
    ("output", "members", "finish"),
    [
        ([MESSAGE], {}, "stop"),
        ([MESSAGE], {"status": None}, "stop"),
        ([MESSAGE, CALL], {}, "tool_calls"),
        ([{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}], {}, "refusal"),
        ([CALL], {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ([], {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ([MESSAGE], {"status": "incomplete", "incomplete_details": {"reason": "steered"}}, "stop"),
        ([MESSAGE], {"status": "incomplete", "incomplete_details": None}, "length"),
    ],
)
def test_why_it_ended_is_read(output: list[Any], members: dict[str, Any], finish: str) -> None:
    assert read(*output, **members).choices[0].finish == finish


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        ({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}, "output": []}, 429, "m"),
        ({"status": "failed", "error": {"code": "server_error", "message": "m"}, "output": []}, 500, "m"),
        ({"status": "failed", "error": {"code": "invalid_prompt", "message": "m"}, "output": []}, 400, "m"),
        ({"status": "failed", "error": {"code": "image_too_large", "message": "m"}, "output": []}, 400, "m"),
        ({"status": "failed", "output": []}, 502, "the provider says that the response failed"),
        ({"status": "cancelled", "output": [], "error": None}, 502, "the provider says that the response failed"),
        ({"error": {"message": "m", "code": 401}}, 401, "m"),
        ({"error": "m", "code": "invalid-argument"}, 502, "m"),
        ({"message": "m", "statusCode": 404}, 404, "m"),
        ([{"error": {"message": "m", "code": 503}}], 503, "m"),
    ],
)
def test_an_error_under_a_200_is_found(value: Any, status: int, message: str) -> None:
    found = PROVIDER.read(json.dumps(value).encode())
    assert isinstance(found, ErrorFacts)
    assert (found.status, found.message) == (status, message)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"7", b"[]", b"{}", b'{"output":null}', b'{"output":{}}', b'{"status":"queued","output":[]}'),
        *(b"<html>", b'{"status":"in_progress","output":[]}', b'{"output":"\xff"}'),
    ],
)
def test_what_is_no_reply_is_no_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        PROVIDER.read(body)


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "message", "content": None},
        {"type": "message", "content": [7, {"type": "output_text", "text": 7}]},
        {"type": "reasoning", "summary": "x", "content": {}, "encrypted_content": 7},
        {"type": "function_call", "arguments": {}, "name": None},
        {"type": ["message"]},
        {"type": "image_generation_call", "result": 7},
    ],
)
def test_what_is_badly_written_costs_nothing_but_itself(broken: Any) -> None:
    found = parts(broken, MESSAGE, "x", None)
    assert found[-1] == Text("hi")


@pytest.mark.parametrize("usage", [None, {}, [], "x", 7])
def test_no_usage_is_none(usage: Any) -> None:
    assert read(MESSAGE, usage=usage).usage is None


def test_errors_are_read_as_openais() -> None:
    body = b'{"error":{"message":"m","type":"invalid_request_error","param":"model","code":"model_not_found"}}'
    assert PROVIDER.error(404, body) == ErrorFacts(404, "m", "model_not_found", "invalid_request_error")


@st.composite
def mangled(draw: st.DrawFn, value: Any) -> Any:
    """The value with anything at all in some places."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {name: draw(mangled(each)) for name, each in value.items()}
    return [draw(mangled(each)) for each in value] if isinstance(value, list) else value


WHOLE = {
    "status": "completed",
    "output": [
        {"type": "reasoning", "id": "r", "summary": [{"text": "a"}], "content": [{"text": "a"}]},
        {
            **MESSAGE,
            "content": [{"type": "output_text", "text": "a", "annotations": [{}], "logprobs": [{"bytes": []}]}],
        },
        CALL,
    ],
    "usage": {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 1}},
    "created_at": 1,
    "incomplete_details": {"reason": "x"},
    "error": None,
}


@given(mangled(WHOLE) | JSON)
def test_no_json_raises_anything_but_bad_reply(value: Any) -> None:
    with contextlib.suppress(BadReply):
        PROVIDER.read(json.dumps(value).encode())


@given(st.binary(max_size=30))
def test_no_bytes_raise_anything_but_bad_reply(body: bytes) -> None:
    for around in (b"%b", b'{"output":[%b]}', b'{"output":[{"type":"message","content":[%b]}]}'):
        with contextlib.suppress(BadReply):
            PROVIDER.read(around.replace(b"%b", body))


def test_recorded_replies_are_read_whole(shared: Path) -> None:
    replies = [each for each in exchanges(shared) if each.status == 200 and not each.streamed]
    for exchange in replies:
        raw = json.loads(exchange.body)
        reply = PROVIDER.read(exchange.body.encode())
        assert isinstance(reply, Reply)
        found, (choice,) = said(raw["output"]), reply.choices
        thoughts = [part for part in choice.parts if isinstance(part, Reasoning)]
        beside = raw.get("reasoning") if isinstance(raw.get("reasoning"), str) else ""
        assert "".join(part.text for part in choice.parts if isinstance(part, Text)) == found.text
        assert "".join(part.text for part in choice.parts if isinstance(part, Refusal)) == found.refusal
        assert "".join(part.text for part in thoughts) == beside + found.thoughts
        assert [part.encrypted for part in thoughts if part.encrypted] == found.encrypted
        calls = [(part.id, part.name, part.arguments) for part in choice.parts if isinstance(part, ToolCall)]
        assert calls == found.calls
        ended = "tool_calls" if calls else "refusal" if found.refusal else "stop"
        assert choice.finish == ("length" if raw["status"] == "incomplete" else ended)
        assert reply.usage is not None
        counted = (reply.usage.input_tokens, reply.usage.output_tokens)
        assert counted == (raw["usage"]["input_tokens"], raw["usage"]["output_tokens"])
    assert len(replies) == 107


def test_recorded_errors_are_read(shared: Path) -> None:
    failed = [each for each in exchanges(shared) if each.status != 200]
    facts = [PROVIDER.error(each.status, each.body.encode()) for each in failed]
    assert [each.status for each in facts] == [each.status for each in failed]
    assert {each.code for each in facts} == {
        *("model_not_found", "previous_response_not_found", "invalid_api_key", "invalid-argument", None)
    }
