"""What a provider's own `usage` says beside the tokens that every dialect counts: pictures, searches, the charge."""

from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil, isfinite
from typing import Any, Final

from msgspec import Struct

from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.ledger.rates import nano
from fairlead.ledger.sources import source_of

# The most that anybody charges for one call; what is above is no charge.
_MOST: Final = 1_000_000
_TICKS_PER_NANO: Final = 10
_INPUT: Final = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT: Final = ("completion_tokens_details", "output_tokens_details", "output_token_details")


class Extras(Struct, frozen=True, kw_only=True):
    """Counts and facts that few providers give. The tokens are part of those in `Usage`.

    `reported` is what the provider says that it charged, in nano-dollars.
    """

    audio_input_tokens: int = 0
    cached_audio_tokens: int = 0
    image_input_tokens: int = 0
    cached_image_tokens: int = 0
    image_output_tokens: int = 0
    video_input_tokens: int = 0
    searches: int = 0
    reranks: int = 0
    images: int = 0
    seconds: int = 0
    characters: int = 0
    tier: str | None = None
    reported: int | None = None


def reports(provider: str) -> bool:
    """Whether a provider says what it charged."""
    return source_of(provider).reports is not None


def read(provider: str, usage: dict[str, Any]) -> Extras:
    """What a `usage` (Gemini's `usageMetadata`, Cohere's `meta`) of that provider says, however badly it is written."""
    by_modality = "promptTokensDetails" in usage or "candidatesTokensDetails" in usage
    found: dict[str, Any] = _modalities(usage) if by_modality else _details(usage)
    if "billed_units" in usage:
        billed = inner(usage, "billed_units")
        found["image_input_tokens"] = count(billed, "image_tokens")
        found["reranks"], found["images"] = count(billed, "search_units"), count(billed, "images")
    if "server_tool_use" in usage:
        found["searches"] = count(inner(usage, "server_tool_use"), "web_search_requests")
    elif "num_search_queries" in usage:
        found["searches"] = count(usage, "num_search_queries")
    if "seconds" in usage or "prompt_audio_seconds" in usage:
        found["seconds"] = _seconds(usage)
    return Extras(**found, tier=_tier(usage), reported=reported(provider, usage))


def _details(usage: dict[str, Any]) -> dict[str, Any]:
    """Sound and pictures as OpenAI and those who follow it count them."""
    found = {}
    for name in _INPUT:
        given = usage.get(name)
        if given and isinstance(given, dict):
            kept = inner(given, "cached_tokens_details")
            found = {
                "audio_input_tokens": count(given, "audio_tokens"),
                "image_input_tokens": count(given, "image_tokens"),
                "video_input_tokens": count(given, "video_tokens"),
                "cached_audio_tokens": count(kept, "audio_tokens"),
                "cached_image_tokens": count(kept, "image_tokens"),
            }
    for name in _OUTPUT:
        made = usage.get(name)
        if made and isinstance(made, dict):
            found["image_output_tokens"] = count(made, "image_tokens")
    return found


def _modalities(usage: dict[str, Any]) -> dict[str, Any]:
    """The same as Gemini counts them."""
    return {
        "audio_input_tokens": _modal(usage, "promptTokensDetails", "AUDIO"),
        "image_input_tokens": _modal(usage, "promptTokensDetails", "IMAGE"),
        "video_input_tokens": _modal(usage, "promptTokensDetails", "VIDEO"),
        "cached_audio_tokens": _modal(usage, "cacheTokensDetails", "AUDIO"),
        "cached_image_tokens": _modal(usage, "cacheTokensDetails", "IMAGE"),
        "image_output_tokens": _modal(usage, "candidatesTokensDetails", "IMAGE"),
    }


def reported(provider: str, usage: dict[str, Any]) -> int | None:
    """The nano-dollars that a provider says it charged; None where it does not say, or not in dollars."""
    match source_of(provider).reports:
        case "openrouter":
            return _openrouter(usage)
        case "perplexity":
            return _dollars(inner(usage, "cost").get("total_cost"))
        case "xai":
            ticks = usage.get("cost_in_usd_ticks")
            return _of_ticks(ticks) if type(ticks) is int and ticks >= 0 else None
    return None


def _openrouter(usage: dict[str, Any]) -> int | None:
    """With a key of the caller's own, the vendor charges beside OpenRouter, which says how much."""
    charged = _dollars(usage.get("cost"))
    if charged is None or usage.get("is_byok") is not True:
        return charged
    upstream = _dollars(inner(usage, "cost_details").get("upstream_inference_cost"))
    return None if upstream is None else charged + upstream


def _dollars(value: object) -> int | None:
    # JSON has no decimals: the shortest text of the number is the one that was sent.
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 <= value < _MOST:
        return None
    return nano(value)


def _of_ticks(ticks: int) -> int:
    """Ten of the ticks in which xAI counts are a nano-dollar."""
    return int((Decimal(ticks) / _TICKS_PER_NANO).to_integral_value(ROUND_HALF_EVEN))


def _modal(usage: dict[str, Any], name: str, modality: str) -> int:
    if name not in usage:
        return 0
    return sum(count(each, "tokenCount") for each in objects(usage, name) if each.get("modality") == modality)


def _seconds(usage: dict[str, Any]) -> int:
    """Seconds of sound, where those are what is sold (Mistral's beside tokens); one that has begun is a second."""
    said = usage.get("seconds") or usage.get("prompt_audio_seconds")
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < _MOST:
        return 0
    return ceil(said)


def _tier(usage: dict[str, Any]) -> str | None:
    """How the call was served, where the usage itself says so. Anthropic calls its dearer way a speed."""
    if usage.get("speed") == "fast":
        return "fast"
    return word(usage, "service_tier") or word(usage, "serviceTier")
