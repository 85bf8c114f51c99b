"""What a usage costs, worked out a second time and in another way: from the raw usage, with decimals.

Per dialect, the units of each kind are read out of the JSON that the provider sent, by its own reference. Prices are in
dollars, as the library has them. Nothing of the ledger is used.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from genai_prices.data import providers
from genai_prices.types import ModelPrice, TieredPrices

Raw = dict[str, Any]
Units = dict[str, int]
Dollars = Mapping[str, Decimal]
# Kinds that the library names otherwise, and for how many of a unit its dollars are.
NAMES = {
    "input": ("input_mtok",),
    "cached": ("cache_read_mtok", "input_mtok"),
    "write": ("cache_write_mtok", "input_mtok"),
    "write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "reasoning": ("output_reasoning_mtok", "output_mtok"),
    "audio": ("input_audio_mtok",),
    "image": ("input_image_mtok", "input_mtok"),
    "search": ("web_searches_kcount",),
    "request": ("requests_kcount",),
    "images": ("images",),
    "seconds": ("audio_hours",),
}
PER = {"search": 1000, "request": 1000, "seconds": 3600}


def _get(raw: Raw, *path: str) -> int:
    for name in path[:-1]:
        raw = raw.get(name) or {}
    return raw.get(path[-1]) or 0


def _chat(raw: Raw) -> Units:
    whole, made = _get(raw, "prompt_tokens"), _get(raw, "completion_tokens")
    details = "prompt_tokens_details"
    cached = _get(raw, details, "cached_tokens") or _get(raw, "cache_read_input_tokens")
    written = _get(raw, details, "cache_write_tokens")
    seconds = _get(raw, "prompt_audio_seconds")
    audio = 0 if seconds else _get(raw, details, "audio_tokens")
    thought = min(_get(raw, "completion_tokens_details", "reasoning_tokens"), made)
    return {
        "input": whole - cached - written - audio,
        "cached": cached,
        "write": written,
        "audio": audio,
        "output": made - thought,
        "reasoning": thought,
        "seconds": seconds,
    }


def _responses(raw: Raw) -> Units:
    cached = _get(raw, "input_tokens_details", "cached_tokens")
    written = _get(raw, "input_tokens_details", "cache_write_tokens")
    thought = _get(raw, "output_tokens_details", "reasoning_tokens")
    return {
        "input": _get(raw, "input_tokens") - cached - written,
        "cached": cached,
        "write": written,
        "output": _get(raw, "output_tokens") - thought,
        "reasoning": thought,
    }


def _messages(raw: Raw) -> Units:
    longer = _get(raw, "cache_creation", "ephemeral_1h_input_tokens")
    thought = _get(raw, "output_tokens_details", "thinking_tokens")
    return {
        "input": _get(raw, "input_tokens"),
        "cached": _get(raw, "cache_read_input_tokens"),
        "write": _get(raw, "cache_creation_input_tokens") - longer,
        "write_1h": longer,
        "output": _get(raw, "output_tokens") - thought,
        "reasoning": thought,
        "search": _get(raw, "server_tool_use", "web_search_requests"),
    }


def _gemini(raw: Raw) -> Units:
    cached, tools = _get(raw, "cachedContentTokenCount"), _get(raw, "toolUsePromptTokenCount")
    image = _modal(raw, "promptTokensDetails", "IMAGE") - _modal(raw, "cacheTokensDetails", "IMAGE")
    audio = _modal(raw, "promptTokensDetails", "AUDIO") - _modal(raw, "cacheTokensDetails", "AUDIO")
    return {
        "input": _get(raw, "promptTokenCount") + tools - cached - image - audio,
        "cached": cached,
        "image": image,
        "audio": audio,
        "output": _get(raw, "candidatesTokenCount"),
        "reasoning": _get(raw, "thoughtsTokenCount"),
    }


def _modal(raw: Raw, name: str, modality: str) -> int:
    return sum(each.get("tokenCount", 0) for each in raw.get(name, ()) if each["modality"] == modality)


def _converse(raw: Raw) -> Units:
    return {
        "input": _get(raw, "inputTokens"),
        "cached": _get(raw, "cacheReadInputTokens"),
        "write": _get(raw, "cacheWriteInputTokens"),
        "output": _get(raw, "outputTokens"),
    }


def _cohere(raw: Raw) -> Units:
    """What is billed. Of what was cached, that part that cannot have been what Cohere adds itself."""
    billed, made = _get(raw, "billed_units", "input_tokens"), _get(raw, "billed_units", "output_tokens")
    cached = max(_get(raw, "cached_tokens") + billed - _get(raw, "tokens", "input_tokens"), 0)
    thought = _get(raw, "tokens", "reasoning_tokens")
    return {"input": billed - cached, "cached": cached, "output": made - thought, "reasoning": thought}


def _embed(raw: Raw) -> Units:
    return {
        "input": _get(raw, "billed_units", "input_tokens"),
        "image": _get(raw, "billed_units", "image_tokens"),
        "images": _get(raw, "billed_units", "images"),
    }


UNITS: dict[str, Callable[[Raw], Units]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "gemini": _gemini,
    "bedrock-converse": _converse,
    "cohere": _cohere,
    "cohere-embed": _embed,
    "embeddings": lambda raw: {"input": _get(raw, "prompt_tokens")},
    "ollama": lambda raw: {"input": _get(raw, "prompt_eval_count"), "output": _get(raw, "eval_count")},
}


@cache
def _listed(provider: str, model: str, when: datetime) -> ModelPrice | None:
    held = next(each for each in providers if each.id == provider)
    found = held.find_model(model, all_providers=providers)
    return found.get_prices(when) if found else None


def listed(provider: str, model: str, when: datetime) -> Dollars | None:
    """The library's dollars for a short prompt; None where it does not list the model."""
    found = _listed(provider, model, when)
    if found is None:
        return None
    prices = {key: price for key, price in vars(found).items() if price is not None}
    return {key: price.base if isinstance(price, TieredPrices) else price for key, price in prices.items()}


def invoice(dialect: str, raw: Raw, dollars: Dollars) -> int | None:
    """Nano-dollars, each item rounded half to even; None where an item has no price."""
    total = Decimal(0)
    units = UNITS[dialect](raw)
    assert min(units.values()) >= 0, raw
    if "requests_kcount" in dollars:
        units["request"] = 1
    for kind, count in units.items():
        price = next((dollars[name] for name in NAMES[kind] if name in dollars), None)
        if count and price is None:
            return None
        amount = (price or Decimal(0)) * count / PER.get(kind, 1_000_000) * 10**9
        total += amount.to_integral_value(ROUND_HALF_EVEN)
    return int(total)
