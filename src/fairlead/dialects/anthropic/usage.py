"""Tokens as Anthropic counts them: its `input_tokens` has neither what was read from the cache nor what was put there.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
"""

from typing import Any

from fairlead.dialects import beside
from fairlead.dialects.lenient import count, inner
from fairlead.dialects.model import Usage

_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_DETAILS = ("cache_creation", "output_tokens_details")
_TIERS = ("standard", "priority", "batch")


def read(usage: dict[str, Any]) -> Usage:
    """What a reply's `usage` says, as far as it can be read."""
    created, cached = inner(usage, "cache_creation"), count(usage, "cache_read_input_tokens")
    longer = count(created, "ephemeral_1h_input_tokens")
    written = count(usage, "cache_creation_input_tokens") or longer + count(created, "ephemeral_5m_input_tokens")
    return Usage(
        input_tokens=count(usage, "input_tokens") + cached + written,
        output_tokens=count(usage, "output_tokens"),
        cached_tokens=cached,
        reasoning_tokens=count(inner(usage, "output_tokens_details"), "thinking_tokens"),
        cache_write_tokens=written,
        cache_write_1h_tokens=min(longer, written),
        said=usage,
    )


def merge(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The `usage` of a stream so far. Counts are cumulative, but a later event may leave some out."""
    known = {name: value for name, value in after.items() if value is not None}
    merged = {name: max(count(before, name), count(after, name)) for name in _COUNTS}
    return before | known | merged | {name: inner(after, name) or inner(before, name) for name in _DETAILS}


def write(usage: Usage | None, tier: str | None = None) -> dict[str, Any]:
    """The `usage` of a reply; Anthropic's always has one."""
    usage = usage or Usage()
    written, longer = usage.cache_write_tokens, usage.cache_write_1h_tokens
    out: dict[str, Any] = {
        "input_tokens": max(usage.input_tokens - usage.cached_tokens - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": max(written - longer, 0),
            "ephemeral_1h_input_tokens": longer,
        },
        "output_tokens": usage.output_tokens,
        **beside.charged(usage),
    }
    if usage.reasoning_tokens:
        out["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    if tier in _TIERS:
        out["service_tier"] = tier
    return out
