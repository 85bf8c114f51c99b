"""Images in Stability AI's words: what clients ask for reaches it, and what it says reaches them.

Its replies are written from its reference: https://platform.stability.ai/docs/api-reference#tag/Generate
"""

import json
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.codec import Facts, Losses, Outgoing
from fairlead.dialects.form_writer import written
from fairlead.dialects.images import CLIENT, IMAGE_MAKERS, ImageReply
from fairlead.dialects.model import BadReply, ErrorFacts
from fairlead.errors import RequestError

MAKER = IMAGE_MAKERS["stability"]


def fields(body: bytes, content_type: str) -> dict[str, str]:
    """A form's fields, read by somebody else's reader."""
    message = message_from_bytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    found = {}
    for part in parts:
        assert isinstance(part, Message)
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(payload, bytes)
        found[name] = payload.decode()
    return found


def asked(model: str = "core", **members: Any) -> tuple[Outgoing, Losses]:
    losses = Losses(CLIENT.names)
    request = CLIENT.read(json.dumps({"model": "m", "prompt": "a lighthouse", **members}).encode())
    return MAKER.write(request, model, losses), losses


def form(model: str = "core", **members: Any) -> dict[str, str]:
    out, _ = asked(model, **members)
    return fields(out.body, out.content_type)


def read(value: Any) -> Any:
    return MAKER.read(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("model", "service", "said"),
    [
        ("core", "core", None),
        ("ultra", "ultra", None),
        ("stable-image-core", "core", None),
        ("stable-image-ultra", "ultra", None),
        ("sd3", "sd3", None),
        ("sd3.5-large", "sd3", "sd3.5-large"),
        ("sd3.5-large-turbo", "sd3", "sd3.5-large-turbo"),
        ("sd3-medium", "sd3", "sd3-medium"),
    ],
)
def test_a_model_is_a_service_or_one_of_sd3(model: str, service: str, said: str | None) -> None:
    out, losses = asked(model)
    assert out.path == f"/stable-image/generate/{service}"
    assert fields(out.body, out.content_type).get("model") == said
    assert (losses.meaning, losses.hints) == ([], [])


def test_a_model_that_is_not_theirs_is_refused() -> None:
    assert asked("gpt-image-1")[1].meaning == ["model"]


def test_json_is_asked_for() -> None:
    assert asked()[0].headers == [("accept", "application/json")]


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("1024x1024", "1:1"),
        ("1536x1024", "3:2"),
        ("1024x1536", "2:3"),
        ("1792x1024", "16:9"),
        ("1024x1792", "9:16"),
        ("1280x1024", "5:4"),
        ("2520x1080", "21:9"),
    ],
)
def test_a_size_is_told_as_its_ratio(size: str, ratio: str) -> None:
    out, losses = asked(size=size)
    assert fields(out.body, out.content_type)["aspect_ratio"] == ratio
    assert (losses.meaning, losses.hints) == ([], [])


def test_a_size_with_no_ratio_of_its_own_gets_the_nearest_and_says_so() -> None:
    out, losses = asked(size="1024x768")
    assert fields(out.body, out.content_type)["aspect_ratio"] == "5:4"
    assert (losses.meaning, losses.hints) == ([], ["size"])


@pytest.mark.parametrize("size", ["4096x512", "100x1000"])
def test_a_size_far_from_every_ratio_is_refused(size: str) -> None:
    assert asked(size=size)[1].meaning == ["size"]


@pytest.mark.parametrize("members", [{}, {"size": "auto"}])
def test_no_size_leaves_the_ratio_to_the_model(members: dict[str, Any]) -> None:
    assert "aspect_ratio" not in form(**members)


def test_its_own_members_go_with_the_call() -> None:
    own: dict[str, Any] = {
        "negative_prompt": "boats",
        "seed": 7,
        "style_preset": "line-art",
        "aspect_ratio": "21:9",
        "cfg_scale": 4.5,
    }
    out, losses = asked(size="1024x1024", output_format="webp", **own)
    told = {name: str(value) for name, value in own.items()}
    assert fields(out.body, out.content_type) == {"prompt": "a lighthouse", "output_format": "webp", **told}
    assert (losses.meaning, losses.hints) == ([], [])


@pytest.mark.parametrize(
    ("members", "meaning", "hints"),
    [
        ({"n": 1}, [], []),
        ({"n": 2}, ["n"], []),
        ({"response_format": "b64_json"}, [], []),
        ({"response_format": "url"}, ["response_format"], []),
        ({"background": "transparent"}, ["background"], []),
        ({"background": "opaque", "quality": "auto"}, [], []),
        ({"quality": "high", "style": "vivid", "user": "u"}, [], ["quality", "style", "user"]),
        ({"seed": True, "style_preset": ["anime"]}, [], ["seed", "style_preset"]),
    ],
)
def test_what_it_has_no_words_for(members: dict[str, Any], meaning: list[str], hints: list[str]) -> None:
    _, losses = asked(**members)
    assert (losses.meaning, losses.hints) == (meaning, hints)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": 1}, "prompt"),
        ({"size": "big"}, "size"),
        ({"size": "0x10"}, "size"),
        ({"size": 1024}, "size"),
        ({"n": 0}, "n"),
        ({"n": "2"}, "n"),
        ({"quality": 1}, "quality"),
    ],
)
def test_a_call_that_is_wrong_is_told_where(members: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        asked(**members)
    assert caught.value.param == param


@given(st.dictionaries(st.sampled_from(["prompt", "seed", "model"]), st.text(), min_size=1))
def test_a_form_says_any_text(told: dict[str, str]) -> None:
    body, content_type = written(told)
    boundary = content_type.partition("boundary=")[2]
    pieces = body.split(f"--{boundary}".encode())
    assert pieces[-1] == b"--\r\n"
    values = [piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n").decode() for piece in pieces[1:-1]]
    assert values == [value.encode("utf-8", "replace").decode() for value in told.values()]


def test_an_image_is_shown_with_its_seed() -> None:
    reply = read({"image": "cG5n", "finish_reason": "SUCCESS", "seed": 343940597})
    assert isinstance(reply, ImageReply)
    request = CLIENT.read(b'{"model":"m","prompt":"p","output_format":"jpeg"}')
    shown = json.loads(CLIENT.write(reply, request, Facts("made", "core", 7)))
    assert shown == {
        "created": 7,
        "data": [{"b64_json": "cG5n", "seed": 343940597}],
        "output_format": "jpeg",
    }


def test_an_image_that_was_filtered_is_a_refusal() -> None:
    reply = read({"image": "cG5n", "finish_reason": "CONTENT_FILTERED", "seed": 1})
    assert isinstance(reply, ErrorFacts)
    assert (reply.status, reply.code) == (400, "content_policy_violation")


@pytest.mark.parametrize("value", [{}, {"image": ""}, {"image": 1}, {"finish_reason": "SUCCESS"}, []])
def test_what_is_no_image_is_not_taken_for_one(value: Any) -> None:
    with pytest.raises(BadReply):
        read(value)


def test_an_error_is_read() -> None:
    body = {"id": "a1b2", "name": "bad_request", "errors": ["prompt: cannot be blank", "seed: too large"]}
    facts = MAKER.error(400, json.dumps(body).encode())
    assert facts == ErrorFacts(400, "prompt: cannot be blank; seed: too large", "bad_request", "bad_request")


def test_a_prompt_that_is_moderated_is_not_a_refused_key() -> None:
    body = {"id": "a1b2", "name": "content_moderation", "errors": ["Your request was flagged."]}
    facts = MAKER.error(403, json.dumps(body).encode())
    assert (facts.status, facts.code) == (400, "content_policy_violation")
    assert MAKER.error(403, b'{"id":"a","name":"permission_denied","errors":["no"]}').status == 403


@pytest.mark.parametrize("body", [b"", b"<html><title>Bad gateway</title>", b"[]", b'{"errors":[{}]}'])
def test_an_error_that_says_little_keeps_its_status(body: bytes) -> None:
    assert MAKER.error(502, body).status == 502
