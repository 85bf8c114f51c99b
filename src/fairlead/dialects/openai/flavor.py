"""Where providers of this dialect differ in what they take."""

from dataclasses import dataclass
from typing import Any, Literal

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Cache


@dataclass(frozen=True, slots=True)
class Flavor:
    """What a provider takes; by default what most of them do.

    `thinking` is how it is told to think: by `reasoning_effort`, by OpenRouter's object `reasoning`, or by DeepSeek's
    switch `thinking`. `thoughts` is where it takes its own thoughts back, `documents` how it takes documents.
    `free_text`: it takes tools of the type `custom`. `prefill` is how it takes the beginning of an answer.
    """

    thinking: Literal["effort", "reasoning", "switch"] = "effort"
    thoughts: Literal["reasoning_content", "reasoning"] | None = "reasoning_content"
    documents: Literal["file", "file_url", "document_url"] = "file"
    cache_marks: bool = False
    free_text: bool = False
    ask_usage: bool = True
    prefill: Literal["plain", "prefix", "none"] = "plain"


PLAIN = Flavor()


def mark_cache(cache: Cache, written: dict[str, Any], losses: Losses, flavor: Flavor) -> None:
    """Marks what may be cached up to here, for a provider that takes such marks."""
    if flavor.cache_marks:
        written["cache_control"] = {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {})}
    else:
        losses.hint("cache")
