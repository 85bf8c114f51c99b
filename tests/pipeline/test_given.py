"""What an attempt can take at most: text by its bytes, pictures and sounds as their vendors count them."""

import json
from typing import Any

import pytest

from fairlead.ledger.budgets import media
from fairlead.pipeline.parts import Parts, parts

DATA = "QUJD" * 1000
URL = "https://example.com/cat.png"
PNG = f"data:image/png;base64,{DATA}"


def said(*content: Any) -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "what is it? data:image/png"}, *content]}]
    }


PICTURE = Parts(pictures=1, bytes=len(DATA))
BY_URL = Parts(pictures=1, bytes=len(URL))
FETCHED = Parts(fetched=True)
BODIES: dict[str, tuple[Any, Parts]] = {
    "text": (said(), Parts()),
    "chat, data": (said({"type": "image_url", "image_url": {"url": PNG}}), Parts(pictures=1, bytes=len(PNG))),
    "chat, url": (said({"type": "image_url", "image_url": {"url": URL, "detail": "high"}}), BY_URL),
    "chat, plain url": (said({"type": "image_url", "image_url": URL}), BY_URL),
    "chat, in full": (
        said({"type": "image_url", "image_url": {"url": URL, "detail": "original"}}),
        Parts(pictures=1, bytes=len(URL), original=True),
    ),
    "chat, a document as a picture": (
        said({"type": "image_url", "image_url": {"url": f"data:application/pdf;base64,{DATA}"}}),
        Parts(pictures=1, bytes=len(DATA) + 28, fetched=True),
    ),
    "chat, sound": (
        said({"type": "input_audio", "input_audio": {"data": DATA, "format": "mp3"}}),
        Parts(sound=len(DATA), bytes=len(DATA)),
    ),
    "chat, file": (
        said({"type": "file", "file": {"file_data": DATA, "filename": "a.pdf"}}), Parts(bytes=len(DATA), fetched=True)
    ),
    "chat, kept file": (said({"type": "file", "file": {"file_id": "f_1"}}), FETCHED),
    "chat, video": (said({"type": "video_url", "video_url": {"url": URL}}), FETCHED),
    "chat, sound before": ({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}, FETCHED),
    "chat, spoken": ({"audio": {"voice": "alloy", "format": "mp3"}}, Parts()),
    "chat, a tool's word": (
        {"tools": [{"function": {"parameters": {"properties": {"url": {"type": "string"}, "image": {}}}}}]}, Parts()
    ),
    "responses, url": ({"input": [{"content": [{"type": "input_image", "image_url": URL}]}]}, BY_URL),
    "responses, kept": (
        {"input": [{"content": [{"type": "input_image", "file_id": "file_1"}]}]}, Parts(pictures=1)
    ),
    "responses, file": ({"input": [{"content": [{"type": "input_file", "file_url": URL}]}]}, FETCHED),
    "responses, screen": ({"input": [{"output": {"type": "computer_screenshot", "image_url": URL}}]}, BY_URL),
    "responses, before": ({"input": "hi", "previous_response_id": "resp_1"}, FETCHED),
    "responses, no more before": ({"input": "hi", "previous_response_id": None}, Parts()),
    "responses, item": ({"input": [{"type": "item_reference", "id": "rs_1"}]}, FETCHED),
    "responses, prompt": ({"prompt": {"id": "pmpt_1"}}, FETCHED),
    "messages, data": (
        said({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}), PICTURE
    ),
    "messages, url": (said({"type": "image", "source": {"type": "url", "url": URL}}), BY_URL),
    "messages, kept": (said({"type": "image", "source": {"type": "file", "file_id": "f"}}), Parts(pictures=1)),
    "messages, document": (
        said({"type": "document", "source": {"type": "base64", "data": DATA}}), Parts(bytes=len(DATA), fetched=True)
    ),
    "messages, text": (said({"type": "document", "source": {"type": "text", "data": DATA}}), Parts()),
    "messages, parts": (
        said({"type": "document", "source": {"type": "content", "content": [
            {"type": "image", "source": {"type": "base64", "data": DATA}}]}}), PICTURE
    ),
    "messages, shown by a tool": (
        said({"type": "tool_result", "content": [{"type": "image", "source": {"type": "base64", "data": DATA}}]}),
        PICTURE,
    ),
    "messages, told a tool": (said({"type": "tool_use", "input": {"url": URL, "image": DATA}}), Parts()),
    "messages, found": (said({"content": [{"type": "web_search_result", "url": URL}]}), Parts()),
    "gemini, data": (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": DATA}}]}]}, PICTURE
    ),
    "gemini, sound": (
        {"contents": [{"parts": [{"inline_data": {"mime_type": "audio/wav", "data": DATA}}]}]},
        Parts(sound=len(DATA), bytes=len(DATA)),
    ),
    "gemini, video": (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "video/mp4", "data": DATA}}]}]},
        Parts(bytes=len(DATA), fetched=True),
    ),
    "gemini, text": ({"contents": [{"parts": [{"inlineData": {"mimeType": "text/csv", "data": DATA}}]}]}, Parts()),
    "gemini, picture by uri": (
        {"contents": [{"parts": [{"fileData": {"mimeType": "image/png", "fileUri": URL}}]}]}, Parts(pictures=1)
    ),
    "gemini, video by uri": (
        {"contents": [{"parts": [{"file_data": {"mime_type": "video/mp4", "file_uri": URL}}]}]}, FETCHED
    ),
    "gemini, kept": ({"cachedContent": "cachedContents/1"}, FETCHED),
    "gemini, told a tool": ({"contents": [{"parts": [{"functionCall": {"args": {"url": URL}}}]}]}, Parts()),
    "gemini, told by a tool": (
        {"contents": [{"parts": [{"functionResponse": {"response": {"url": URL}, "parts": [
            {"inlineData": {"mimeType": "image/png", "data": DATA}}]}}]}]}, PICTURE
    ),
    "embeddings": ({"input": ["a", "b"]}, Parts()),
    "embeddings, pictures": ({"input": [{"image": PNG}], "images": [PNG]}, Parts(pictures=2, bytes=2 * len(PNG))),
    "any": (said({"type": "thing", "url": URL}), Parts(bytes=len(URL), fetched=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_text_is_found_in_every_dialect(name: str) -> None:
    body, found = BODIES[name]
    assert parts(body) == found


def test_a_name_that_is_escaped_is_the_same_name() -> None:
    body = rb'{"messages": [{"content": [{"image\u005furl": "https://example.com/a"}]}]}'
    assert parts(json.loads(body)).pictures == 1


@pytest.mark.parametrize("body", [None, 1, "x", [], [[["x"]]], {"image": None}, {"images": []}, {"inlineData": 1}])
def test_nonsense_is_text(body: Any) -> None:
    assert parts(body) == Parts()


# Of the vendors' own tables: the dearest picture that each documents.
DOCUMENTED = {
    "gpt-4o": 8 * 170 + 85,
    "gpt-4o-mini": 8 * 5667 + 2833,
    "openai/gpt-4.1-nano": 3779,
    "o4-mini": 2642,
    "gpt-image-1": 8 * 129 + 65 + 6240,
    "anthropic/claude-opus-4-7": 4784,
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": 1600,
    "gemini-2.5-flash": 2048 + 258,
    "google/gemini-3-pro": 2240,
    "grok-4": 7 * 256,
    "qwen-vl-max": 16_384,
}


@pytest.mark.parametrize("model", DOCUMENTED)
def test_no_picture_is_counted_with_less_than_its_vendor_may_count(model: str) -> None:
    assert DOCUMENTED[model] <= media.seen(model) <= 3 * DOCUMENTED[model] + 4000
    assert media.seen("gpt-5.4", original=True) >= 2.46 * 10_000


def test_pictures_that_are_made_cost_by_their_quality() -> None:
    assert [media.made("gpt-image-1", quality) for quality in ("low", "medium", "high", "auto", None)] == [
        408, 1584, 6240, 6240, 6240
    ]  # fmt: skip
    assert media.made("gpt-image-2", "low") == 16_384
