"""Gemini's words beside the canonical ones, as tables that both sides read.

Source: https://ai.google.dev/api/generate-content and the types of `google-genai` 3.4.0.
"""

import re
from typing import Any, Final

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.model import Finish

NAME: Final = "gemini"

FINISHES: Final[dict[str, Finish]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
    "CONTINUATION": "pause",
    "FINISH_REASON_UNSPECIFIED": "error",
    "OTHER": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "IMAGE_OTHER": "error",
    "NO_IMAGE": "error",
    "ESCALATION": "error",
}
_REASONS: Final[dict[Finish, str]] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "context": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
    "pause": "OTHER",
    "error": "OTHER",
}

TIERS: Final[dict[str, str]] = {"standard": "default", "unspecified": "auto"}
_TIERS_BACK: Final[dict[str, str]] = {"default": "standard", "auto": "standard"}

# What a client of Gemini calls the members of a `Request`.
NAMES: Final[dict[str, str]] = {
    "messages": "contents",
    "max_tokens": "generationConfig.maxOutputTokens",
    "temperature": "generationConfig.temperature",
    "top_p": "generationConfig.topP",
    "top_k": "generationConfig.topK",
    "frequency_penalty": "generationConfig.frequencyPenalty",
    "presence_penalty": "generationConfig.presencePenalty",
    "seed": "generationConfig.seed",
    "n": "generationConfig.candidateCount",
    "stop": "generationConfig.stopSequences",
    "logprobs": "generationConfig.responseLogprobs",
    "top_logprobs": "generationConfig.logprobs",
    "tool_choice": "toolConfig.functionCallingConfig",
    "output": "generationConfig.responseJsonSchema",
    "thinking": "generationConfig.thinkingConfig",
    "service_tier": "serviceTier",
}

_GENERATION = re.compile(r"gemini-(\d+)")
_NEWEST: Final = 3
_encode = msgspec.json.Encoder().encode


def generation(model: str) -> int:
    """Which generation a model is of; Gemini 3 brought thinking levels and checked signatures.

    A name without a number (`gemini-flash-latest`) is taken for a new one.
    """
    found = _GENERATION.search(model)
    return int(found[1][:3]) if found else _NEWEST


def finish(reason: str, *, calls: bool) -> Finish:
    """Why an answer ended. Gemini says `STOP` where the model calls functions, too."""
    known = FINISHES.get(reason, "error")
    return "tool_calls" if calls and known == "stop" else known


def reason(said: Finish, native: str | None) -> str:
    """Gemini's word for why an answer ended: its provider's own where that is one of Gemini's."""
    if native is not None and native != "STOP" and FINISHES.get(native) == said:
        return native
    return _REASONS[said]


def tier(word: str | None) -> str | None:
    """A service tier in the words that most dialects use."""
    return None if word is None else TIERS.get(word.lower(), word.lower())


def gemini_tier(tier: str) -> str:
    """A service tier in Gemini's words."""
    return _TIERS_BACK.get(tier, tier)


def encode(value: Any) -> bytes:
    """JSON, also where a text has half a surrogate pair."""
    try:
        return _encode(value)
    except (UnicodeEncodeError, msgspec.EncodeError):
        return lenient.dumps(value)
