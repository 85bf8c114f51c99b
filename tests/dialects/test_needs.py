"""What a call needs, by its operation and its body."""

import json
from typing import Any, get_args

import pytest

from fairlead.dialects import endpoints as at
from fairlead.dialects.envelope import Endpoint, Envelope
from fairlead.dialects.forms import FormEnvelope
from fairlead.dialects.needs import needs
from fairlead.providers.row import Capability

ALL = get_args(Capability)
URL = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
PDF = "data:application/pdf;base64,AA=="
SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"image_url": {"type": "string"}}}}}


def needed(endpoint: Endpoint, **members: Any) -> list[str]:
    return needs(Envelope(endpoint, json.dumps({"model": "m", **members}).encode(), "m"), ALL)


def said(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": list(parts)}]


@pytest.mark.parametrize(
    ("endpoint", "members", "found"),
    [
        (at.CHAT, {"messages": said("hi")}, []),
        (at.CHAT, {"messages": said("hi"), "stream": True}, ["streaming"]),
        (at.CHAT, {"tools": [TOOL]}, ["tools"]),
        (at.CHAT, {"functions": [{"name": "f"}]}, ["tools"]),
        (at.CHAT, {"tools": []}, []),
        (at.CHAT, {"tools": None}, []),
        (at.CHAT, {"response_format": SCHEMA}, ["structured_output"]),
        (at.CHAT, {"response_format": {"type": "text"}}, []),
        (at.CHAT, {"messages": said(URL)}, ["images_in"]),
        (at.CHAT, {"messages": said({"type": "file", "file": {"file_data": PDF}})}, ["documents_in"]),
        (at.CHAT, {"messages": said({"type": "file", "file": {"file_data": "data:text/plain,x"}})}, []),
        (at.CHAT, {"messages": said({"type": "input_audio", "input_audio": {}})}, ["audio_in"]),
        (at.CHAT, {"messages": said({"type": "text", "text": json.dumps(URL)})}, []),
        (at.RESPONSES, {"input": said({"type": "input_image", "image_url": "u"})}, ["images_in"]),
        (at.RESPONSES, {"text": {"format": {"type": "json_schema"}}}, ["structured_output"]),
        (at.MESSAGES, {"messages": said({"type": "image", "source": {"type": "url"}})}, ["images_in"]),
        (
            at.MESSAGES,
            {"messages": said({"type": "document", "source": {"media_type": "application/pdf"}})},
            ["documents_in"],
        ),
        (at.MESSAGES, {"output_config": {"format": {"type": "json_schema"}}}, ["structured_output"]),
        (at.GENERATE, {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png"}}]}]}, ["images_in"]),
        (at.GENERATE, {"contents": [{"parts": [{"inline_data": {"mime_type": "audio/wav"}}]}]}, ["audio_in"]),
        (at.GENERATE, {"contents": [{"parts": [{"fileData": {"mimeType": "application/pdf"}}]}]}, ["documents_in"]),
        (at.GENERATE, {"generationConfig": {"responseSchema": {}}}, ["structured_output"]),
        (at.STREAM_GENERATE, {"contents": []}, ["streaming"]),
    ],
)
def test_a_chat_needs_what_its_body_shows(endpoint: Endpoint, members: dict[str, Any], found: list[str]) -> None:
    assert needed(endpoint, **members) == ["chat", *found]


@pytest.mark.parametrize(
    ("endpoint", "found"),
    [
        (at.EMBEDDINGS, ["embeddings"]),
        (at.RERANK, ["rerank"]),
        (at.MODERATIONS, ["moderations"]),
        (at.IMAGES, ["images_out"]),
        (at.SPEECH, ["speech"]),
        (at.COMPLETIONS, []),
        (at.COUNT_TOKENS, []),
    ],
)
def test_any_other_operation_needs_itself_alone(endpoint: Endpoint, found: list[str]) -> None:
    assert needed(endpoint, tools=[TOOL], messages=said(URL), stream=False) == found


@pytest.mark.parametrize(
    ("endpoint", "found"),
    [
        (at.TRANSCRIPTIONS, "transcriptions"),
        (at.TRANSLATIONS, "transcriptions"),
        (at.IMAGE_EDITS, "images_out"),
    ],
)
def test_so_does_one_that_comes_as_a_form(endpoint: Endpoint, found: str) -> None:
    body = b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--x--\r\n'
    assert needs(FormEnvelope(endpoint, body, "multipart/form-data; boundary=x"), ALL) == [found]


def test_only_what_is_asked_about_is_looked_for() -> None:
    envelope = Envelope(at.CHAT, json.dumps({"model": "m", "tools": [TOOL], "messages": said(URL)}).encode())
    assert needs(envelope, ["images_in", "audio_in"]) == ["images_in"]
