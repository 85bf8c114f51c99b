"""Token counts. Gemini counts tool results apart from the prompt, and thoughts apart from the answer."""

from typing import Any

from fairlead.dialects import beside
from fairlead.dialects.lenient import count, objects
from fairlead.dialects.model import Usage


def read(meta: dict[str, Any]) -> Usage:
    """What `usageMetadata` says."""
    thoughts = count(meta, "thoughtsTokenCount")
    return Usage(
        count(meta, "promptTokenCount") + count(meta, "toolUsePromptTokenCount"),
        count(meta, "candidatesTokenCount") + thoughts,
        count(meta, "cachedContentTokenCount"),
        thoughts,
        0,
        0,
        _audio(meta, "promptTokensDetails"),
        _audio(meta, "candidatesTokensDetails"),
        meta,
    )


def _audio(meta: dict[str, Any], name: str) -> int:
    if name not in meta:
        return 0
    return sum(count(each, "tokenCount") for each in objects(meta, name) if each.get("modality") == "AUDIO")


def write(usage: Usage) -> dict[str, Any]:
    """`usageMetadata` for a client. Some vendors count more tokens of thought than of output; the output is right."""
    thoughts = min(usage.reasoning_tokens, usage.output_tokens)
    told: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - thoughts,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if thoughts:
        told["thoughtsTokenCount"] = thoughts
    if usage.cached_tokens:
        told["cachedContentTokenCount"] = usage.cached_tokens
    if usage.audio_input_tokens:
        told["promptTokensDetails"] = _details(usage.input_tokens, usage.audio_input_tokens)
    if usage.audio_output_tokens:
        told["candidatesTokensDetails"] = _details(told["candidatesTokenCount"], usage.audio_output_tokens)
    told.update(beside.charged(usage))
    return told


def _details(whole: int, audio: int) -> list[dict[str, Any]]:
    text = [{"modality": "TEXT", "tokenCount": whole - audio}] if whole > audio else []
    return [*text, {"modality": "AUDIO", "tokenCount": audio}]
