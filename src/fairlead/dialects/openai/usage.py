"""Token counts, as this dialect's vendors write them and as its clients read them."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from fairlead.dialects import beside, lenient
from fairlead.dialects.lenient import MOST, count, inner
from fairlead.dialects.model import Usage

# No longer is what says nothing: `null`, an empty object.
_SHORT: Final = 8
# What many vendors say, and no more.
_PLAIN: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})


Count = Annotated[int, Meta(ge=0, lt=MOST)] | None


class _Given(Struct, gc=False):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0
    audio_tokens: Count = 0


class _Made(Struct, gc=False):
    reasoning_tokens: Count = 0
    audio_tokens: Count = 0


class _Written(Struct, gc=False):
    ephemeral_1h_input_tokens: Count = 0


class _Counts(Struct, gc=False):
    """What a vendor may count, where it writes each as it should."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    prompt_tokens_details: _Given | None = None
    completion_tokens_details: _Made | None = None
    prompt_cache_hit_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    reasoning_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_creation: _Written | None = None


_decode = msgspec.json.Decoder(_Counts).decode
_NO_GIVEN, _NO_MADE, _NO_WRITTEN = _Given(), _Made(), _Written()


def read(value: Any) -> Usage | None:
    """The counts of a `usage` object; None where it is none, or an empty one.

    What is cached stands in `prompt_tokens_details`, with DeepSeek in `prompt_cache_hit_tokens`, with Venice and
    Doubleword in `cache_read_input_tokens`; all of it is part of `prompt_tokens`.
    """
    if not isinstance(value, dict) or not value:
        return None
    if value.keys() <= _PLAIN:
        return Usage(count(value, "prompt_tokens"), count(value, "completion_tokens"), said=value)
    try:
        return _usage(msgspec.convert(value, _Counts), value)
    except msgspec.ValidationError:
        return _read_leniently(value)


def sent(value: msgspec.Raw) -> Usage | None:
    """The same of a `usage` object as it was sent, which is valid JSON."""
    if len(value) > _SHORT:
        try:
            return _usage(_decode(value), value)
        except msgspec.ValidationError:
            pass
    return read(lenient.members(bytes(value)))


def _usage(counts: _Counts, said: dict[str, Any] | msgspec.Raw) -> Usage:
    prompt, completion = counts.prompt_tokens_details or _NO_GIVEN, counts.completion_tokens_details or _NO_MADE
    return Usage(
        counts.prompt_tokens or 0,
        counts.completion_tokens or 0,
        prompt.cached_tokens or counts.prompt_cache_hit_tokens or counts.cache_read_input_tokens or 0,
        completion.reasoning_tokens or counts.reasoning_tokens or 0,
        prompt.cache_write_tokens or counts.cache_creation_input_tokens or 0,
        (counts.cache_creation or _NO_WRITTEN).ephemeral_1h_input_tokens or 0,
        prompt.audio_tokens or 0,
        completion.audio_tokens or 0,
        said,
    )


def _read_leniently(value: dict[str, Any]) -> Usage:
    """The same where a count is none: that one alone is left out."""
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
