"""How a model is told to think, and how it is told to sample: vendors differ, and the two bear on each other."""

from typing import Any, Final

from fairlead.dialects import thinking as table
from fairlead.dialects.bedrock.models import Model
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Effort, Request, Thinking

# Claude 4.6 knows no `xhigh`; no Claude knows `minimal`.
_CLAUDE: Final[dict[Effort, str]] = {"minimal": "low"}
_CLAUDE_4_6: Final[dict[Effort, str]] = {"minimal": "low", "xhigh": "high"}
_GPT: Final[dict[Effort, str]] = {"minimal": "low", "xhigh": "high", "max": "high"}
_FORCED: Final = "not with a tool that must be called"


def write(request: Request, model: Model, body: dict[str, Any], losses: Losses) -> bool:
    """Puts the wish for thoughts into the body; says whether the model was told to think."""
    wish = request.thinking
    if wish is None:
        return False
    if _off(wish):
        _rest(model, body, losses)
        return False
    if model.adaptive and (wish.budget is None or not model.budgets):
        return _adapt(request, wish, model, body, losses)
    if model.budgets:
        return _budget(request, wish, body, losses)
    effort = table.effort(wish)
    if model.gpt and effort is not None:
        fields(body)["reasoning_effort"] = _GPT.get(effort, effort)
    else:
        losses.hint("thinking", "nothing is known of how the model is told to think")
    return False


def fields(body: dict[str, Any]) -> dict[str, Any]:
    """What goes to the model past Converse, in its vendor's words."""
    held: dict[str, Any] = body.setdefault("additionalModelRequestFields", {})
    return held


def forced(request: Request) -> bool:
    """Whether the model has to call a tool."""
    return request.tool_choice is not None and request.tool_choice.mode == "required" and bool(request.tools)


def _off(wish: Thinking) -> bool:
    return wish.effort == "none" or wish.enabled is False or (wish.effort is None and wish.budget == 0)


def _rest(model: Model, body: dict[str, Any], losses: Losses) -> None:
    if not model.thinks_unasked:
        return
    if model.rests:
        fields(body)["thinking"] = {"type": "disabled"}
    else:
        body.setdefault("outputConfig", {})["effort"] = "low"
        losses.hint("thinking", "the model always thinks; it was told to do so as little as it can")


def _adapt(request: Request, wish: Thinking, model: Model, body: dict[str, Any], losses: Losses) -> bool:
    effort = table.effort(wish)
    if effort is not None:
        words = _CLAUDE_4_6 if model.budgets else _CLAUDE
        body.setdefault("outputConfig", {})["effort"] = words.get(effort, effort)
    if forced(request):
        losses.hint("thinking", _FORCED)
        return False
    told: dict[str, Any] = {"type": "adaptive"}
    if wish.shown is not None or wish.summary is not None:
        told["display"] = "omitted" if wish.shown is False else "summarized"
    fields(body)["thinking"] = told
    return True


def _budget(request: Request, wish: Thinking, body: dict[str, Any], losses: Losses) -> bool:
    """Thoughts come out of `max_tokens`, and there is a least budget."""
    wanted = table.budget(wish)
    if wanted is None:
        wanted = table.budget(Thinking(effort="medium")) or 0
    tokens = max(wanted, table.LEAST_BUDGET)
    if request.max_tokens is not None:
        tokens = min(tokens, request.max_tokens - 1)
    if forced(request) or tokens < table.LEAST_BUDGET:
        losses.hint("thinking", _FORCED if forced(request) else "`max_tokens` leaves no room for it")
        return False
    fields(body)["thinking"] = {"type": "enabled", "budget_tokens": tokens}
    return True


def sampling(request: Request, model: Model, body: dict[str, Any], losses: Losses, *, thinks: bool) -> dict[str, Any]:
    """`temperature` and `topP`; `top_k` goes where the model's vendor wants it."""
    told: dict[str, Any] = {}
    free = model.samples and not thinks
    if request.temperature is not None and (free or request.temperature != 1):
        _temperature(request.temperature, told, losses, free=free)
    if request.top_p is not None:
        if model.samples and (not thinks or request.top_p >= 0.95):
            told["topP"] = request.top_p
        elif request.top_p != 1:
            losses.hint("top_p", _not_free(thinks))
    if request.top_k is not None:
        _top_k(request.top_k, model, body, losses, free=free)
    return told


def _temperature(value: float, told: dict[str, Any], losses: Losses, *, free: bool) -> None:
    if not free:
        losses.hint("temperature", "the model does not take it, or not while it thinks")
        return
    told["temperature"] = min(value, 1)
    if value > 1:
        losses.hint("temperature", "1 is the most at Bedrock")


def _top_k(value: float, model: Model, body: dict[str, Any], losses: Losses, *, free: bool) -> None:
    if model.anthropic and free:
        fields(body)["top_k"] = int(value)
    elif model.nova:
        fields(body)["inferenceConfig"] = {"topK": int(value)}
    else:
        losses.hint("top_k")


def _not_free(thinks: bool) -> str:
    return "not while the model thinks" if thinks else "the model does not take it"
