"""Stability AI's images through the official `openai` client. Its side is written from its reference, not recorded:
https://platform.stability.ai/docs/api-reference#tag/Generate
"""

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.dialects.test_images import fields
from tests.support.gateway import running
from tests.support.scripted import Script, Scripted, answering, reply, scripted

KEY = "sk-stability-secret"
MADE = {"image": "cG5n", "finish_reason": "SUCCESS", "seed": 343940597}


def settings(url: str, other: str | None = None) -> dict[str, Any]:
    """The shipped row at another address; with another provider after it behind the model `m`."""
    row = {"base_url": f"{url.removesuffix('/v1')}/v2beta"}
    if other is None:
        return {"providers": {"stability": row}}
    up = {"dialect": "openai-chat", "base_url": other, "api_key": "up-secret"}
    targets = [{"provider": "stability", "model": "core"}, {"provider": "up", "model": "x"}]
    return {"providers": {"stability": row, "up": up}, "models": {"m": {"targets": targets}}}


async def generate(script: Script, folder: Path, **call: Any) -> tuple[Any, Scripted]:
    """What a client gets for a call, and what the provider was sent."""
    async with (
        scripted(script) as up,
        running(folder, settings(up.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        ask: dict[str, Any] = {"model": "@stability/core", "prompt": "a lighthouse", **call}
        got = await gateway.openai().images.generate(**ask)
        return [event async for event in got] if ask.get("stream") else got, up


async def refused(kind: type[openai.APIStatusError], script: Script, folder: Path, **call: Any) -> dict[str, Any]:
    """The error that a client gets."""
    with pytest.raises(kind) as caught:
        await generate(script, folder, **call)
    assert KEY not in caught.value.response.text
    assert isinstance(caught.value.body, dict)
    return caught.value.body


async def test_an_image_is_made(tmp_path: Path) -> None:
    got, up = await generate(
        answering(reply(MADE)),
        tmp_path,
        model="@stability/sd3.5-large",
        size="1536x1024",
        output_format="jpeg",
        response_format="b64_json",
        extra_body={"negative_prompt": "boats", "seed": 7, "style_preset": "line-art"},
    )
    assert got.data[0].b64_json == "cG5n"
    sent = up.received[0]
    assert (sent.method, sent.path) == ("POST", "/v2beta/stable-image/generate/sd3")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["accept"] == "application/json"
    assert fields(sent.body, sent.headers["content-type"]) == {
        "prompt": "a lighthouse",
        "model": "sd3.5-large",
        "aspect_ratio": "3:2",
        "output_format": "jpeg",
        "negative_prompt": "boats",
        "seed": "7",
        "style_preset": "line-art",
    }


@pytest.mark.parametrize("name", ["stability/ultra", "stable-image-ultra", "@stability/stable-image-ultra"])
async def test_a_model_may_be_called_by_each_of_its_names(name: str, tmp_path: Path) -> None:
    _, up = await generate(answering(reply(MADE)), tmp_path, model=name)
    assert up.received[0].path == "/v2beta/stable-image/generate/ultra"


async def test_an_image_that_is_asked_for_as_a_stream_comes_as_one(tmp_path: Path) -> None:
    events, _ = await generate(answering(reply(MADE)), tmp_path, stream=True)
    assert [(event.type, event.b64_json) for event in events] == [("image_generation.completed", "cG5n")]


async def test_what_it_has_no_word_for_is_told(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(MADE))) as up,
        running(tmp_path, settings(up.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        body = {"model": "@stability/core", "prompt": "a lighthouse", "size": "1024x768", "quality": "high"}
        got = await gateway.post(body, "/v1/images/generations")
    assert sorted(got.headers["x-fairlead-dropped"].split(", ")) == ["quality", "size"]
    assert got.json["data"][0]["seed"] == MADE["seed"]


@pytest.mark.parametrize(
    ("call", "param"),
    [
        ({"n": 2}, "n"),
        ({"response_format": "url"}, "response_format"),
        ({"size": "4096x256"}, "size"),
        ({"size": "big"}, "size"),
        ({"background": "transparent"}, "background"),
        ({"model": "@stability/gpt-image-1"}, "model"),
    ],
)
async def test_what_would_be_another_image_is_refused_by_its_name(
    call: dict[str, Any], param: str, tmp_path: Path
) -> None:
    error = await refused(openai.BadRequestError, answering(reply(MADE)), tmp_path, **call)
    assert error["param"] == param


def said(name: str, *texts: str) -> dict[str, Any]:
    return {"id": "a1b2c3d4e5f6", "name": name, "errors": list(texts)}


ERRORS: list[tuple[int, dict[str, Any], type[openai.APIStatusError], str]] = [
    (400, said("bad_request", "prompt: cannot be blank"), openai.BadRequestError, "cannot be blank"),
    (403, said("content_moderation", "the prompt was flagged"), openai.BadRequestError, "flagged"),
    (200, {**MADE, "finish_reason": "CONTENT_FILTERED"}, openai.BadRequestError, "filtered"),
    (401, said("unauthorized", f"no such key {KEY}"), openai.InternalServerError, "refused the gateway's key"),
    (402, said("payment_required", "no credits left"), openai.InternalServerError, "no credits left"),
    (429, said("rate_limit_exceeded", "150 in 10 seconds"), openai.RateLimitError, "150 in 10 seconds"),
    (500, said("internal_error", "try again"), openai.InternalServerError, "try again"),
    (200, {"seed": 1}, openai.InternalServerError, "no `image`"),
]


@pytest.mark.parametrize(("status", "body", "kind", "told"), ERRORS)
async def test_an_error_is_told_in_the_clients_words(
    status: int, body: dict[str, Any], kind: type[openai.APIStatusError], told: str, tmp_path: Path
) -> None:
    error = await refused(kind, answering(reply(body, status)), tmp_path)
    assert told in error["message"]


async def test_a_refusal_of_the_prompt_is_not_taken_elsewhere(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(said("content_moderation", "flagged"), 403))) as up,
        scripted(answering(reply({"data": []}))) as other,
        running(tmp_path, settings(up.url, other.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        got = await gateway.post({"model": "m", "prompt": "x"}, "/v1/images/generations")
    assert got.status == 400
    assert other.received == []


async def test_a_call_that_it_cannot_carry_goes_to_the_next_target(tmp_path: Path) -> None:
    image = {"created": 1, "data": [{"b64_json": "b25l"}, {"b64_json": "dHdv"}]}
    async with (
        scripted(answering(reply(MADE))) as up,
        scripted(answering(reply(image))) as other,
        running(tmp_path, settings(up.url, other.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        got = await gateway.openai().images.generate(model="m", prompt="a lighthouse", n=2)
    assert got.data is not None
    assert [each.b64_json for each in got.data] == ["b25l", "dHdv"]
    assert up.received == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/completions"])
async def test_it_has_nothing_but_images(path: str, tmp_path: Path) -> None:
    body = {"model": "@stability/core", "messages": [{"role": "user", "content": "hi"}], "input": "hi", "prompt": "hi"}
    async with (
        scripted(answering(reply(MADE))) as up,
        running(tmp_path, settings(up.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        got = await gateway.post(body, path)
    assert (got.status, got.json["error"]["code"]) == (400, "not_carried")
    assert up.received == []


async def test_an_edit_is_refused_for_its_mask_says_something_else_there(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(MADE))) as up,
        running(tmp_path, settings(up.url), {"STABILITY_API_KEY": KEY}) as gateway,
    ):
        with pytest.raises(openai.BadRequestError, match=r"no `images\.edits`"):
            await gateway.openai().images.edit(model="@stability/core", prompt="x", image=("a.png", b"png"))
    assert up.received == []
