"""How much to think: as clients say it, and as providers take it."""

import re
from collections.abc import Callable
from typing import Any, Final, get_args

from fairlead.dialects import thinking
from fairlead.dialects.codec import Losses
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Effort, Thinking
from fairlead.dialects.openai.flavor import Flavor

_EFFORTS: Final[dict[str, Effort]] = {name: name for name in get_args(Effort)}
# OpenAI's own models that refuse to be told how much to think.
_SPEAKERS: Final = re.compile(r"(?:^|/)(?:gpt-3|gpt-4|chatgpt-4)")


def read(fields: Fields, extra: dict[str, Any]) -> Thinking | None:
    """How much to think, in the three ways clients say it: OpenAI's, OpenRouter's, and DeepSeek's or Anthropic's."""
    asked = Thinking(effort=_effort(fields, "reasoning_effort", extra))
    held = fields.inner("reasoning")
    if held is not None:
        _reasoning(asked, held, extra)
    held = fields.inner("thinking")
    if held is not None:
        _switch(asked, held, extra)
    shown = fields.flag("include_reasoning")
    if shown is not None:
        asked.shown = shown
    return None if asked == Thinking() else asked


def _effort(fields: Fields, name: str, extra: dict[str, Any]) -> Effort | None:
    """The effort in words. One that is some vendor's own, as Groq's `default`, goes to `extra`."""
    word = fields.text(name)
    if word is not None and word not in _EFFORTS:
        extra[fields.path(name)] = word
    return None if word is None else _EFFORTS.get(word)


def _reasoning(asked: Thinking, held: Fields, extra: dict[str, Any]) -> None:
    """OpenRouter's object: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens."""
    asked.effort = _effort(held, "effort", extra) or asked.effort
    asked.budget = held.integer("max_tokens")
    asked.enabled = held.flag("enabled")
    asked.summary = held.text("summary")
    hidden = held.flag("exclude")
    asked.shown = None if hidden is None else not hidden
    extra.update(held.rest())


def _switch(asked: Thinking, held: Fields, extra: dict[str, Any]) -> None:
    kind = held.needed("type")
    if kind not in ("enabled", "disabled", "adaptive"):
        raise wrong("thinking.type", "enabled, disabled or adaptive")
    asked.enabled = kind != "disabled"
    budget = held.integer("budget_tokens")
    asked.budget = asked.budget if budget is None else budget
    extra.update(held.rest())


def write(asked: Thinking, model: str, losses: Losses, flavor: Flavor, body: dict[str, Any]) -> None:
    """Puts the wish into a provider's request, as far as its flavor has a word for it."""
    if _SPEAKERS.search(model):
        losses.hint("thinking", "the model takes no such wish")
        return
    said = _FLAVORS[flavor.thinking](asked, body)
    if not said or asked.summary is not None or (asked.shown is False and flavor.thinking != "reasoning"):
        losses.hint("thinking")


def _word(asked: Thinking, body: dict[str, Any]) -> bool:
    """`reasoning_effort`. A mere switch has no word that every model takes; a budget is turned into one."""
    effort = asked.effort or (None if asked.budget is None else thinking.effort(asked))
    if effort is not None:
        body["reasoning_effort"] = effort
    return effort is not None and asked.budget is None


def _object(asked: Thinking, body: dict[str, Any]) -> bool:
    """OpenRouter's object, which takes an effort or a budget, not both."""
    held: dict[str, Any] = {}
    if asked.budget is not None:
        held["max_tokens"] = asked.budget
    elif asked.effort is not None:
        held["effort"] = asked.effort
    elif asked.enabled is not None:
        held["enabled"] = asked.enabled
    if asked.shown is not None:
        held["exclude"] = not asked.shown
    if held:
        body["reasoning"] = held
    return True


def _switched(asked: Thinking, body: dict[str, Any]) -> bool:
    """DeepSeek's switch, with the effort beside it: https://api-docs.deepseek.com/guides/thinking_mode."""
    effort = thinking.effort(asked)
    enabled = asked.enabled if asked.enabled is not None else effort != "none"
    body["thinking"] = {"type": "enabled" if enabled else "disabled"}
    if enabled and effort is not None:
        body["reasoning_effort"] = effort
    return asked.budget is None


_FLAVORS: Final[dict[str, Callable[[Thinking, dict[str, Any]], bool]]] = {
    "effort": _word,
    "reasoning": _object,
    "switch": _switched,
}
