"""The bench's upstream answers what a provider would: figures taken against anything else would mean nothing."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

if sys.platform != "linux" or shutil.which("cc") is None:
    pytest.skip("the bench's C programs need Linux and a C compiler (cc)", allow_module_level=True)

from bench.process import Process
from bench.work import build, free_port, subject_env


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    to = tmp_path_factory.mktemp("bench")
    build(to)
    return to


@pytest.fixture(scope="module")
def port(built):
    number = free_port()
    argv = [str(built / "mock"), str(number), "60"]
    process = Process(argv, core=min(os.sched_getaffinity(0)), env=subject_env(), log=built / "mock.log")
    try:
        _wait_for(number)
        yield number
    finally:
        process.stop()


def _wait_for(port: int) -> None:
    for _ in range(500):
        try:
            _post(port, {"model": "m"})
            return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError("the mock does not listen")


def _post(
    port: int, call: dict[str, Any], path: str = "/v1/chat/completions"
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(call, separators=(",", ":")))
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


def test_a_whole_reply_is_a_chat_completion_of_about_1_kb(port):
    reply, body = _post(port, {"model": "m", "messages": []})
    completion = json.loads(body)
    assert reply.status == 200
    assert 900 <= len(body) <= 1200
    assert completion["object"] == "chat.completion"
    assert completion["choices"][0]["message"]["refusal"] is None
    assert completion["choices"][0]["logprobs"] is None
    usage = completion["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_large_body_is_read_whole(port):
    reply, body = _post(port, {"model": "m", "messages": [{"role": "user", "content": "x" * 150_000}]})
    assert reply.status == 200
    assert json.loads(body)["object"] == "chat.completion"


def test_a_stream_has_every_event_then_usage_then_done(port):
    reply, body = _post(port, {"model": "bench-stream-7-1000", "stream": True, "messages": []})
    *lines, done, nothing = body.decode().split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert str(reply.getheader("Content-Type")).startswith("text/event-stream")
    assert (done, nothing) == ("data: [DONE]", "")
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    texts = [chunk["choices"][0]["delta"].get("content") for chunk in chunks[:-1]]
    assert texts[0] == ""
    assert all(text.startswith(" t=") for text in texts[1:8])
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 310


def test_anthropics_whole_reply_is_a_message_of_about_1_kb(port):
    reply, body = _post(port, {"model": "m", "max_tokens": 9, "messages": []}, "/v1/messages")
    message = json.loads(body)
    assert reply.status == 200
    assert 900 <= len(body) <= 1200
    assert (message["type"], message["stop_reason"]) == ("message", "end_turn")
    assert message["content"][0]["type"] == "text"
    assert message["usage"]["output_tokens"] == 100


def test_anthropics_stream_names_its_events_and_marks_its_deltas(port):
    call = {"model": "bench-stream-7-1000", "max_tokens": 9, "stream": True, "messages": []}
    reply, body = _post(port, call, "/v1/messages")
    assert str(reply.getheader("Content-Type")).startswith("text/event-stream")
    *events, nothing = body.decode().split("\n\n")
    names = [event.partition("\n")[0].removeprefix("event: ") for event in events]
    data = [json.loads(event.partition("\ndata: ")[2]) for event in events]
    assert nothing == ""
    assert names == [one["type"] for one in data]
    opening, deltas, closing = names[:3], data[3:10], names[10:]
    assert opening == ["message_start", "content_block_start", "ping"]
    assert all(one["delta"]["text"].startswith(" t=") for one in deltas)
    assert closing == ["content_block_stop", "message_delta", "message_stop"]
    assert data[-2]["usage"]["output_tokens"] == 100


def test_geminis_whole_reply_is_a_candidate_of_about_1_kb(port):
    reply, body = _post(port, {"contents": []}, "/v1beta/models/bench-upstream:generateContent")
    said = json.loads(body)
    assert reply.status == 200
    assert 900 <= len(body) <= 1200
    assert said["candidates"][0]["finishReason"] == "STOP"
    assert said["usageMetadata"]["totalTokenCount"] == 310


def test_geminis_stream_is_asked_for_in_the_path_and_has_its_line_ends(port):
    path = "/v1beta/models/bench-stream-7-1000:streamGenerateContent?alt=sse"
    reply, body = _post(port, {"contents": []}, path)
    assert str(reply.getheader("Content-Type")).startswith("text/event-stream")
    *lines, nothing = body.decode().split("\r\n\r\n")
    candidates = [json.loads(line.removeprefix("data: "))["candidates"][0] for line in lines]
    assert nothing == ""
    assert [one["content"]["parts"][0]["text"][:3] for one in candidates] == [" t="] * 7 + [""]
    assert [one.get("finishReason") for one in candidates] == [None] * 7 + ["STOP"]


def test_the_generators_count_what_came(port, built):
    request = built / "stream.http"
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\nContent-Length: "
    body = b'{"model":"bench-stream-5-10000","stream":true,"messages":[]}'
    request.write_bytes(b"%s%d\r\n\r\n%s" % (head, len(body), body))
    streams = _run(built / "streams", port, 10, 2, 10, 10_000, request)
    assert (streams["events"], streams["streams"], streams["errors"]) == (100, 20, 0)
    request.write_bytes(head + b"2\r\n\r\n{}")
    calls = _run(built / "calls", port, 200, 0.2, request)
    assert (calls["calls"], calls["errors"]) == (40, 0)
    assert 0 < calls["p50"] <= calls["p99"] <= calls["max"]


def _run(*argv: object) -> Any:
    return json.loads(subprocess.run([str(a) for a in argv], capture_output=True, check=True, timeout=30).stdout)
