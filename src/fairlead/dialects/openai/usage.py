"""Token counts, as this dialect's vendors write them and as its clients read them."""

from typing import Any, Final

from fairlead.dialects import beside
from fairlead.dialects.lenient import count, inner
from fairlead.dialects.model import Usage

# What many vendors say, and no more.
_PLAIN: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})


def read(value: Any) -> Usage | None:
    """The counts of a `usage` object; None where it is none, or an empty one.

    What is cached stands in `prompt_tokens_details`, with DeepSeek in `prompt_cache_hit_tokens`, with Venice and
    Doubleword in `cache_read_input_tokens`; all of it is part of `prompt_tokens`.
    """
    if not isinstance(value, dict) or not value:
        return None
    if value.keys() <= _PLAIN:
        return Usage(count(value, "prompt_tokens"), count(value, "completion_tokens"), said=value)
    prompt, completion = inner(value, "prompt_tokens_details"), inner(value, "completion_tokens_details")
    return Usage(
        count(value, "prompt_tokens"),
        count(value, "completion_tokens"),
        count(prompt, "cached_tokens")
        or count(value, "prompt_cache_hit_tokens")
        or count(value, "cache_read_input_tokens"),
        count(completion, "reasoning_tokens") or count(value, "reasoning_tokens"),
        count(prompt, "cache_write_tokens") or count(value, "cache_creation_input_tokens"),
        count(inner(value, "cache_creation"), "ephemeral_1h_input_tokens"),
        count(prompt, "audio_tokens"),
        count(completion, "audio_tokens"),
        value,
    )


def write(usage: Usage) -> dict[str, Any]:
    """The `usage` object. `cache_write_tokens` is OpenRouter's word, and there only where there are any."""
    prompt = {"cached_tokens": usage.cached_tokens, "audio_tokens": usage.audio_input_tokens}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_output_tokens,
        },
        **beside.charged(usage),
    }
