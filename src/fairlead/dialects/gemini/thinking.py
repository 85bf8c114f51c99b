"""How much to think: a level in words from Gemini 3 on, a budget in tokens before. Never both: that is refused.

Sources: https://ai.google.dev/gemini-api/docs/thinking and, for what each model takes,
https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking.
"""

import re
from typing import Any, Final

from fairlead.dialects import thinking as efforts
from fairlead.dialects.codec import Losses
from fairlead.dialects.gemini.camel import CamelFields
from fairlead.dialects.gemini.words import generation
from fairlead.dialects.model import Effort, Thinking
from fairlead.errors import RequestError

_EFFORTS: Final[dict[str, Effort]] = {
    "MINIMAL": "minimal",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "XHIGH": "xhigh",
}
_LEVELS: Final[dict[Effort, str]] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
# All take LOW; MINIMAL is refused by the Pro models, and by Flash from 3.7 on.
_MINIMAL = re.compile(r"gemini-3(?:\.[0-6])?-flash")
_DYNAMIC: Final = -1
_LEVELED: Final = 3
# What each model of the 2.5 series takes: the least where it thinks at all, the most, and whether thinking can be off.
_RANGES: Final[tuple[tuple[str, int, int, bool], ...]] = (
    ("2.5-pro", 128, 32768, False),
    ("2.5-flash-lite", 512, 24576, True),
    ("2.5-flash", 1, 24576, True),
)


def read(config: CamelFields) -> Thinking:
    """What `thinkingConfig` asks for. A budget of -1 leaves it to the model."""
    level, budget = config.enum("thinkingLevel"), config.integer("thinkingBudget")
    if level is not None and level not in _EFFORTS:
        path = config.path("thinkingLevel")
        raise RequestError(f"`{path}` has no level {level}", param=path, hint=f"one of {', '.join(_EFFORTS)}")
    asked = Thinking(effort=_EFFORTS.get(level or ""), shown=config.flag("includeThoughts"))
    if budget is not None and budget < 0:
        asked.enabled = True
    elif budget is not None:
        asked.enabled, asked.budget = budget > 0, budget
    return asked


def write(thinking: Thinking, model: str, losses: Losses) -> dict[str, Any] | None:
    """`thinkingConfig` for a model; None where there is nothing to say."""
    config = _level(thinking, model, losses) if generation(model) >= _LEVELED else _budget(thinking, model, losses)
    shown = True if thinking.shown is None and thinking.summary is not None else thinking.shown
    if shown is not None:
        config["includeThoughts"] = shown
    return config or None


def _level(thinking: Thinking, model: str, losses: Losses) -> dict[str, Any]:
    effort = efforts.effort(thinking)
    if effort is None:
        return {}
    level = _LEVELS[effort]
    if level == "MINIMAL" and not _MINIMAL.search(model):
        level = "LOW"
    if level.lower() != effort or thinking.effort is None:
        losses.hint("thinking", f"sent as the level {level}")
    return {"thinkingLevel": level}


def _budget(thinking: Thinking, model: str, losses: Losses) -> dict[str, Any]:
    budget = efforts.budget(thinking)
    if budget is None:
        return {"thinkingBudget": _DYNAMIC} if thinking.enabled else {}
    held = _within(budget, model)
    if held != budget:
        losses.hint("thinking", f"{model} takes a budget of {held} tokens instead of {budget}")
    return {"thinkingBudget": held}


def _within(budget: int, model: str) -> int:
    for name, least, most, off in _RANGES:
        if name in model:
            return 0 if budget == 0 and off else min(max(budget, least), most)
    return budget
