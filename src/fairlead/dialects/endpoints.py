"""The operations that the gateway serves, by the dialects that have them."""

from dataclasses import replace
from typing import Final

from fairlead.dialects.envelope import AUTO, Endpoint
from fairlead.dialects.openai.chat import CHAT, COMPLETIONS, EMBEDDINGS

RESPONSES: Final = Endpoint(
    "responses", "/responses", streams=True, dialect="openai-responses", chat=True, default_model=AUTO
)
INPUT_TOKENS: Final = Endpoint(
    "responses.input_tokens",
    "/responses/input_tokens",
    "input_tokens",
    dialect="openai-responses",
    default_model=AUTO,
)
COMPACT: Final = Endpoint("responses.compact", "/responses/compact", "output", dialect="openai-responses")
MESSAGES: Final = Endpoint("messages", "/messages", streams=True, dialect="anthropic-messages", chat=True)
COUNT_TOKENS: Final = Endpoint(
    "messages.count_tokens", "/messages/count_tokens", "input_tokens", dialect="anthropic-messages"
)
GENERATE: Final = Endpoint("generateContent", "/models/{model}:generateContent", dialect="gemini", chat=True)
STREAM_GENERATE: Final = Endpoint(
    "streamGenerateContent", "/models/{model}:streamGenerateContent?alt=sse", always=True, dialect="gemini", chat=True
)
RERANK: Final = Endpoint("rerank", "/rerank", "results")
# Without `alt=sse` Google streams one JSON array.
STREAM_ARRAY: Final = replace(STREAM_GENERATE, array=True)
MODERATIONS: Final = Endpoint("moderations", "/moderations", "results", default_model="omni-moderation-latest")
IMAGES: Final = Endpoint("images.generations", "/images/generations", streams=True, default_model="gpt-image-1")
IMAGE_EDITS: Final = Endpoint("images.edits", "/images/edits", streams=True, form=True, default_model="gpt-image-1")
SPEECH: Final = Endpoint("audio.speech", "/audio/speech", raw=True)
TRANSCRIPTIONS: Final = Endpoint("audio.transcriptions", "/audio/transcriptions", streams=True, form=True)
TRANSLATIONS: Final = Endpoint("audio.translations", "/audio/translations", form=True)

__all__ = [
    "CHAT",
    "COMPACT",
    "COMPLETIONS",
    "COUNT_TOKENS",
    "EMBEDDINGS",
    "GENERATE",
    "IMAGES",
    "IMAGE_EDITS",
    "INPUT_TOKENS",
    "MESSAGES",
    "MODERATIONS",
    "RERANK",
    "RESPONSES",
    "SPEECH",
    "STREAM_ARRAY",
    "STREAM_GENERATE",
    "TRANSCRIPTIONS",
    "TRANSLATIONS",
]
