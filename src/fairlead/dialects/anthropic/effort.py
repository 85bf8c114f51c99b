"""How much a model is to think, as far as it can be told so."""

from typing import Any, NamedTuple

from fairlead.dialects import thinking as table
from fairlead.dialects.anthropic.models import Traits
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Request, Thinking


class Plan(NamedTuple):
    """The members `thinking` and `output_config.effort`; None where they are left out."""

    thinking: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        """Whether the model is told to think."""
        return self.thinking is not None and self.thinking["type"] in ("enabled", "adaptive")


def plan(request: Request, traits: Traits, max_tokens: int, losses: Losses) -> Plan:
    """What to say of thinking to a model with these traits."""
    wanted = request.thinking
    if wanted is None:
        return Plan()
    if is_off(wanted):
        return _off(traits, losses)
    if traits.thinking == "none":
        losses.hint("thinking", "the model does not think")
        return Plan()
    effort = _effort(wanted, traits)
    if _forced(request) and not traits.thinks_before_forced:
        losses.hint("thinking", "a model that has to call a tool does not think first")
        return Plan(None, effort)
    if traits.thinking == "budget" or (traits.thinking == "both" and wanted.budget is not None):
        return Plan(_with_budget(wanted, max_tokens, losses), effort if wanted.effort else None)
    return Plan(_shown({"type": "adaptive"}, wanted), effort)


def _forced(request: Request) -> bool:
    """Whether the model has to call a tool."""
    return bool(request.tools) and request.tool_choice is not None and request.tool_choice.mode == "required"


def is_off(wanted: Thinking) -> bool:
    """Whether the client wants no thoughts at all."""
    if wanted.enabled is not None:
        return not wanted.enabled
    return wanted.effort == "none" or wanted.budget == 0


def _off(traits: Traits, losses: Losses) -> Plan:
    """No thinking, or the least where a model cannot leave it."""
    if traits.thinking == "none":
        return Plan()
    if traits.off is not None:
        return Plan({"type": traits.off})
    losses.hint("thinking", "the model always thinks; it is told to do so least")
    return Plan(None, "low")


def _effort(wanted: Thinking, traits: Traits) -> str | None:
    """The word for it, or the nearest one that the model knows."""
    word = table.effort(wanted)
    if word is None or not traits.efforts:
        return None
    if word in traits.efforts:
        return word
    return "low" if word in ("none", "minimal") else "high"


def _with_budget(wanted: Thinking, max_tokens: int, losses: Losses) -> dict[str, Any] | None:
    """A budget below `max_tokens`, as Anthropic wants it; one that we chose leaves half of them for the answer."""
    budget = table.budget(wanted)
    if budget is None:
        budget = table.budget(Thinking(effort="medium")) or table.LEAST_BUDGET
    most = max_tokens - 1 if wanted.budget is not None else max_tokens // 2
    if most < table.LEAST_BUDGET:
        losses.hint("thinking", "`max_tokens` leaves no room to think")
        return None
    if wanted.budget is not None and budget > most:
        losses.hint("thinking", "more than `max_tokens`")
    return _shown({"type": "enabled", "budget_tokens": min(max(budget, table.LEAST_BUDGET), most)}, wanted)


def _shown(config: dict[str, Any], wanted: Thinking) -> dict[str, Any]:
    if wanted.shown is False:
        config["display"] = "omitted"
    elif wanted.shown or wanted.summary is not None:
        config["display"] = "summarized"
    return config


def breaks_off(turns: list[dict[str, Any]]) -> bool:
    """Whether the conversation is amid tool calls whose turn has no thought of Anthropic's before them.

    With a budget it then answers 400: a turn that thinks has to begin with its thought
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks).
    """
    if len(turns) < 2 or turns[-1]["content"][0].get("type") != "tool_result":
        return False
    last = turns[-2]
    return bool(last["role"] == "assistant" and last["content"][0].get("type") not in ("thinking", "redacted_thinking"))
