"""Images and transcripts as streams: when one is whole, and what becomes of a provider that does not stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import HttpReply, one_provider, running, two_providers
from tests.support.scripted import DONE, answering, reply, scripted, streaming

GENERATIONS, EDITS, TRANSCRIPTIONS = "/v1/images/generations", "/v1/images/edits", "/v1/audio/transcriptions"
FORM = "multipart/form-data; boundary=x"
COUNTS = {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}
WHOLE = {
    "created": 7,
    "background": "opaque",
    "output_format": "png",
    "quality": "low",
    "size": "1024x1024",
    "data": [{"b64_json": "YQ=="}, {"b64_json": "Yg=="}],
    "usage": COUNTS,
}


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def form(**fields: str) -> bytes:
    parts = (f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{it}\r\n' for name, it in fields.items())
    return "".join(parts).encode() + b"--x--\r\n"


async def streamed(folder: Path, script: Any, path: str = GENERATIONS, n: int | None = None) -> HttpReply:
    """What a client gets that asks for a stream of `n` images."""
    members: dict[str, Any] = {} if n is None else {"n": n}
    async with scripted(script) as up, running(folder, one_provider(up.url)) as gateway:
        if path == GENERATIONS:
            return await gateway.post({"model": "m", "prompt": "x", "stream": True, **members}, path)
        body = form(model="m", stream="true", **{name: str(value) for name, value in members.items()})
        return await gateway.post(body, path, content_type=FORM)


def ended_well(got: HttpReply) -> bool:
    return got.status == 200 and got.ended and not any("error" in each for each in got.events if each != "[DONE]")


KINDS = [(GENERATIONS, "image_generation"), (EDITS, "image_edit")]


@pytest.mark.parametrize(("path", "kind"), KINDS)
async def test_a_stream_of_two_images_is_cut_after_one(path: str, kind: str, tmp_path: Path) -> None:
    one = event(f"{kind}.completed", b64_json="YQ==")
    got = await streamed(tmp_path, streaming(one, done=False), path, 2)
    assert [each["type"] for each in got.events] == [f"{kind}.completed", "error"]
    assert got.events[-1]["error"]["code"] == "upstream_cut"


@pytest.mark.parametrize(("path", "kind"), KINDS)
async def test_a_stream_of_two_images_is_whole_with_both(path: str, kind: str, tmp_path: Path) -> None:
    one = event(f"{kind}.partial_image", b64_json="Xw==", partial_image_index=0)
    two = event(f"{kind}.completed", b64_json="YQ==")
    three = event(f"{kind}.completed", b64_json="Yg==")
    got = await streamed(tmp_path, streaming(one, two, three, done=False), path, 2)
    assert ended_well(got), got.body
    assert [each["b64_json"] for each in got.events] == ["Xw==", "YQ==", "Yg=="]


async def test_fewer_images_than_were_asked_for_are_whole_with_an_end_mark(tmp_path: Path) -> None:
    one = event("image_generation.completed", b64_json="YQ==")
    got = await streamed(tmp_path, streaming(one), n=3)
    assert ended_well(got), got.body
    assert got.body == one + DONE


async def test_an_event_that_sums_up_all_images_is_an_end(tmp_path: Path) -> None:
    one = event("image_generation.partial_succeeded", image_index=0, url="https://x/1.png")
    two = event("image_generation.completed", usage={"generated_images": 1})
    got = await streamed(tmp_path, streaming(one, two, done=False), n=3)
    assert ended_well(got), got.body


async def test_a_transcript_is_whole_with_its_one_end(tmp_path: Path) -> None:
    said = event("transcript.text.delta", delta="hi"), event("transcript.text.done", text="hi")
    assert ended_well(await streamed(tmp_path, streaming(*said, done=False), TRANSCRIPTIONS, 2))
    assert not ended_well(await streamed(tmp_path, streaming(said[0], done=False), TRANSCRIPTIONS))


@pytest.mark.parametrize(("path", "kind"), KINDS)
async def test_whole_images_become_the_stream_that_was_asked_for(path: str, kind: str, tmp_path: Path) -> None:
    got = await streamed(tmp_path, answering(reply(WHOLE)), path, 2)
    assert (got.status, got.headers["content-type"]) == (200, "text/event-stream")
    like = {
        "type": f"{kind}.completed",
        "created_at": 7,
        "background": "opaque",
        "output_format": "png",
        "quality": "low",
        "size": "1024x1024",
    }
    assert got.events == [{**like, "b64_json": "YQ=="}, {**like, "b64_json": "Yg==", "usage": COUNTS}]
    assert got.body.startswith(f"event: {kind}.completed\ndata: ".encode())


async def test_the_official_client_reads_images_that_came_whole(tmp_path: Path) -> None:
    async with scripted(answering(reply(WHOLE))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        stream = await gateway.openai().images.generate(model="m", prompt="x", stream=True, n=2)
        got = [each async for each in stream]
        (row,) = gateway.engine.metrics.ended.values()
    assert [(each.type, each.b64_json) for each in got] == [
        ("image_generation.completed", "YQ=="),
        ("image_generation.completed", "Yg=="),
    ]
    assert (row.input_tokens, row.output_tokens) == (5, 9)


async def test_a_whole_transcript_becomes_the_stream_that_was_asked_for(tmp_path: Path) -> None:
    got = await streamed(tmp_path, answering(reply({"text": "hello", "usage": COUNTS})), TRANSCRIPTIONS)
    assert got.events == [
        {"type": "transcript.text.delta", "delta": "hello"},
        {"type": "transcript.text.done", "text": "hello", "usage": COUNTS},
    ]


@pytest.mark.parametrize("said", [{"data": []}, {"data": [{}]}, {"data": "x"}, {"hello": 1}])
async def test_what_has_no_image_in_it_goes_to_the_next_target(said: dict[str, Any], tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(said))) as one,
        scripted(answering(reply({"data": [{"b64_json": "YQ=="}]}))) as two,
        running(tmp_path, two_providers(one.url, two.url)) as gateway,
    ):
        got = await gateway.post({"model": "m", "prompt": "x", "stream": True}, GENERATIONS)
    assert got.events == [{"type": "image_generation.completed", "b64_json": "YQ=="}]
    assert got.headers["x-fairlead-attempts"] == "2"
