"""What a call needs of whoever serves it, by its operation and the marks that its body bears.

The body stays bytes: a mark that is not there where it is looked for is not needed, and the provider has the last word.
Within a text the quotes of a mark would be escaped.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from fairlead.dialects.envelope import Envelope
from fairlead.dialects.forms import FormEnvelope

_OPERATIONS: Final = {
    "embeddings": "embeddings",
    "rerank": "rerank",
    "moderations": "moderations",
    "images.generations": "images_out",
    "images.edits": "images_out",
    "audio.speech": "speech",
    "audio.transcriptions": "transcriptions",
    "audio.translations": "transcriptions",
}
# Where the dialects keep what was said, and how the answer is to look.
_SAID: Final = ("messages", "input", "contents")
_SHAPE: Final = ("response_format", "text", "output_config", "output_format", "generationConfig", "generation_config")
_TOOLS: Final = ("tools", "functions")
_NOTHING: Final = (b"null", b"[]")
_MIME: Final = rb'"(?:media_type|mime_?[tT]ype)"\s*:\s*"'
_MARKS: Final = {
    "structured_output": (_SHAPE, rb'"(?:json_schema|json_object|application/json|response_?(?:[jJ]son_?)?[sS]chema)"'),
    "images_in": (_SAID, rb'"type"\s*:\s*"(?:image_url|input_image|image)"|' + _MIME + rb"image/"),
    "documents_in": (_SAID, _MIME + rb'application/pdf"|"file_data"\s*:\s*"data:application/pdf'),
    "audio_in": (_SAID, rb'"type"\s*:\s*"input_audio"|' + _MIME + rb"audio/"),
}
_PATTERNS: Final = {word: (members, re.compile(mark)) for word, (members, mark) in _MARKS.items()}


def needs(envelope: Envelope | FormEnvelope, words: Collection[str]) -> list[str]:
    """Which of these capabilities a call needs, in their order."""
    return [word for word in words if _needs(envelope, word)]


def _needs(envelope: Envelope | FormEnvelope, word: str) -> bool:
    endpoint = envelope.endpoint
    if not endpoint.chat or isinstance(envelope, FormEnvelope):
        return _OPERATIONS.get(endpoint.name) == word
    if word in _PATTERNS:
        names, mark = _PATTERNS[word]
        return any(mark.search(value) for value in _values(envelope, names))
    if word == "tools":
        return any(value not in _NOTHING for value in _values(envelope, _TOOLS))
    return word == "chat" or (word == "streaming" and envelope.stream)


def _values(envelope: Envelope, names: Iterable[str]) -> Iterable[bytes]:
    held = (envelope.members.get(name) for name in names)
    return (value for value in held if value is not None)
