"""How much to think: some dialects say it in words, others in tokens. One table turns each into the other.

`medium` and `high` lie where Google's compatible endpoint puts them, at 8,192 and 24,576 tokens
(https://ai.google.dev/gemini-api/docs/openai#thinking); `minimal` is the least that Anthropic takes, 1,024.
"""

from typing import Final

from fairlead.dialects.model import Effort, Thinking

LEAST_BUDGET: Final = 1024
_BUDGETS: Final[dict[Effort, int]] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 24576,
    "xhigh": 32768,
    "max": 65536,
}
_EFFORTS: Final[tuple[tuple[int, Effort], ...]] = ((0, "none"), (1024, "minimal"), (4096, "low"), (16384, "medium"))


def budget(thinking: Thinking) -> int | None:
    """The tokens to think with; None where nothing says how many, 0 where thinking is off."""
    if thinking.budget is not None:
        return max(thinking.budget, 0)
    if thinking.effort is not None:
        return _BUDGETS[thinking.effort]
    return 0 if thinking.enabled is False else None


def effort(thinking: Thinking) -> Effort | None:
    """The effort in words; None where nothing says how much."""
    if thinking.effort is not None:
        return thinking.effort
    if thinking.budget is not None and thinking.budget >= 0:
        return next((name for most, name in _EFFORTS if thinking.budget <= most), "high")
    return "none" if thinking.enabled is False else None
