"""Moderations, images and sound, through the official client."""

import base64
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.gateway import KEY, one_provider, running
from tests.support.scripted import END, Connection, answering, piece, reply, saying, scripted, streaming

SOUND = bytes(range(256)) * 40
PICTURE = base64.b64encode(b"png").decode()
IMAGE = {"created": 1, "data": [{"b64_json": PICTURE}]}
VERDICT = {"flagged": False, "categories": {}, "category_scores": {}, "category_applied_input_types": {}}


async def test_a_moderation(tmp_path: Path) -> None:
    verdict = {"id": "modr-1", "model": "up", "results": [VERDICT]}
    async with scripted(answering(reply(verdict))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.openai().moderations.create(model="m", input="hello")
    assert got.results[0].flagged is False
    assert (up.received[0].path, up.received[0].json["model"]) == ("/v1/moderations", "up-model")


async def test_what_is_no_moderation_is_not_taken_for_one(tmp_path: Path) -> None:
    async with scripted(answering(reply({"hello": 1}))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.post({"model": "m", "input": "x"}, "/v1/moderations")
    assert (got.status, got.json["error"]["code"]) == (502, "upstream_bad_response")


async def test_an_image(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}
    async with (
        scripted(answering(reply({**IMAGE, "usage": usage}))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        got = await gateway.openai().images.generate(model="m", prompt="a lighthouse")
        metrics = (await gateway.request("GET", "/metrics")).body
    assert got.data is not None
    assert got.data[0].b64_json == PICTURE
    assert b" 9" in metrics


async def test_an_image_that_comes_bit_by_bit(tmp_path: Path) -> None:
    images: list[dict[str, Any]] = [
        {"type": "image_generation.partial_image", "b64_json": "cG5n", "partial_image_index": 0},
        {"type": "image_generation.completed", "b64_json": "cG5n"},
    ]
    events = [f"event: {image['type']}\ndata: {json.dumps(image)}\n\n".encode() for image in images]
    async with (
        scripted(streaming(*events, done=False)) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        stream = await gateway.openai().images.generate(model="m", prompt="a lighthouse", stream=True)
        assert [event.type async for event in stream] == [
            "image_generation.partial_image",
            "image_generation.completed",
        ]


async def test_an_image_that_is_cut_off_does_not_look_whole(tmp_path: Path) -> None:
    event = b'data: {"type":"image_generation.partial_image","b64_json":"cG5n","partial_image_index":0}\n\n'
    async with scripted(streaming(event, done=False)) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.post({"model": "m", "prompt": "x", "stream": True}, "/v1/images/generations")
    assert got.events[-1]["type"] == "error"
    assert got.events[-1]["error"]["code"] == "upstream_cut"


async def test_a_form_goes_on_as_it_is_but_for_the_models_name(tmp_path: Path) -> None:
    async with scripted(answering(reply(IMAGE))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        await gateway.openai().images.edit(model="m", prompt="no lighthouse", image=("a.png", SOUND))
    sent = up.received[0]
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert SOUND in sent.body
    assert b'name="model"\r\n\r\nup-model\r\n' in sent.body


async def test_sound_comes_as_it_is_made(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"
    half = len(SOUND) // 2

    async def speak(connection: Connection) -> None:
        await connection.request()
        await connection.send(head + piece(SOUND[:half]))
        await connection.send(piece(SOUND[half:]) + END)
        await connection.gone()

    async with (
        scripted(speak) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
        gateway.openai().audio.speech.with_streaming_response.create(model="m", voice="alloy", input="hi") as spoken,
    ):
        assert spoken.headers["content-type"] == "audio/mpeg"
        assert await spoken.read() == SOUND
    assert up.received[0].json == {"model": "up-model", "voice": "alloy", "input": "hi"}


async def test_sound_that_is_cut_off_does_not_look_whole(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"
    async with (
        scripted(saying(head + piece(SOUND), then="fin")) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        got = await gateway.post({"model": "m", "voice": "alloy", "input": "x"}, "/v1/audio/speech")
    assert got.body == SOUND
    assert not got.ended


@pytest.mark.filterwarnings("ignore:deprecated")
@pytest.mark.parametrize("operation", ["transcriptions", "translations"])
async def test_the_words_of_a_recording(operation: str, tmp_path: Path) -> None:
    async with scripted(answering(reply({"text": "hello"}))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        create = getattr(gateway.openai().audio, operation).create
        assert (await create(model="m", file=("a.mp3", SOUND))).text == "hello"
    assert up.received[0].path == f"/v1/audio/{operation}"


FORM = "multipart/form-data; boundary=x"


def part(name: str) -> bytes:
    return b'--x\r\ncontent-disposition: form-data; name="%s"\r\n\r\nm\r\n' % name.encode()


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/json", b"{}", "not a form"),
        ("multipart/form-data", b"--x\r\n", "not a form"),
        (FORM, b"hello", "does not begin with its boundary"),
        (FORM, b"--x\r\nhello", "breaks off"),
        (FORM, b"--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--", "no name"),
        (FORM, part("a") + b"--x--", "no `model`"),
        (FORM, part("model") * 2 + b"--x--", "twice"),
        (FORM, part("a") * 10_000 + b"--x--", "more than 100 parts"),
    ],
)
async def test_c12_a_form_that_is_none_is_refused(content_type: str, body: bytes, said: str, tmp_path: Path) -> None:
    async with scripted(answering(reply({"text": "x"}))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.post(body, "/v1/audio/transcriptions", content_type=content_type)
    assert got.status == 400
    assert said in got.json["error"]["message"]
    assert up.received == []


async def test_an_error_of_the_provider_is_told(tmp_path: Path) -> None:
    error = {"error": {"message": "no such voice", "type": "invalid_request_error", "param": "voice", "code": None}}
    async with scripted(answering(reply(error, 400))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        with pytest.raises(openai.BadRequestError, match="no such voice"):
            await gateway.openai().audio.speech.create(model="m", voice="none", input="x")


@pytest.mark.parametrize("header", ["x-api-key", "x-goog-api-key", "api-key", "x-portkey-api-key"])
async def test_the_key_may_stand_where_each_dialect_puts_it(header: str, tmp_path: Path) -> None:
    async with running(tmp_path, one_provider("http://127.0.0.1:1/v1")) as gateway:
        got = await gateway.request("GET", "/v1/models", b"", authorization="", **{header.replace("-", "_"): KEY})
        assert got.status == 200
        got = await gateway.request("GET", f"/v1/models?key={KEY}", authorization="")
        assert got.status == 200
        got = await gateway.request("GET", "/v1/models", b"", authorization="", **{header.replace("-", "_"): "wrong"})
        assert got.status == 401
