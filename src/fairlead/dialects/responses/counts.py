"""Usage on the wire."""

from typing import Any

from fairlead.dialects import beside
from fairlead.dialects.lenient import count, inner
from fairlead.dialects.model import Usage


def read(value: Any) -> Usage | None:
    """The tokens that a `usage` counts; None where it is none."""
    if not isinstance(value, dict) or not value:
        return None
    inputs, outputs = inner(value, "input_tokens_details"), inner(value, "output_tokens_details")
    return Usage(
        count(value, "input_tokens"),
        count(value, "output_tokens"),
        count(inputs, "cached_tokens"),
        count(outputs, "reasoning_tokens"),
        count(inputs, "cache_write_tokens"),
        0,
        count(inputs, "audio_tokens"),
        count(outputs, "audio_tokens"),
        value,
    )


def write(usage: Usage | None) -> dict[str, Any] | None:
    """The `usage` of a reply; None where nobody counted."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
        **beside.charged(usage),
    }
