"""A request as Anthropic gets it. What it has no word for, or its model refuses, goes to `losses`."""

from typing import Any, Final

from fairlead.dialects.anthropic import effort, tools, turns, wire
from fairlead.dialects.anthropic.media import FILES_BETA
from fairlead.dialects.anthropic.models import Traits, traits
from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.model import Media, Part, Request, ToolResult

# Version 2026-10-21 takes no `temperature`, `top_p` or `top_k` of any model; this one leaves it to the model.
# https://platform.claude.com/docs/en/api/versioning
VERSION: Final = "2023-06-01"
# Anthropic's own members beside the canonical ones, and the beta that each needs.
_OWN: Final = {
    "container": None,
    "context_management": "context-management-2025-06-27",
    "diagnostics": None,
    "inference_geo": None,
    "mcp_servers": "mcp-client-2025-11-20",
    "speed": "fast-mode-2026-02-01",
}
_NO_WORD: Final = ("logit_bias", "logprobs", "top_logprobs", "min_p", "frequency_penalty", "presence_penalty")
_NO_HINT: Final = ("seed", "metadata", "cache_key", "store")
_TIERS: Final = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}
_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no words around it, no code fence."


def write(request: Request, model: str, losses: Losses) -> Outgoing:
    """The request for `model`. `max_tokens` is the model's limit where the client names none."""
    able = traits(model)
    body: dict[str, Any] = {"model": model}
    body["max_tokens"] = able.max_tokens if request.max_tokens is None else request.max_tokens
    _conversation(request, body, losses)
    _tools(request, body, losses)
    _format(request, body)
    _sampling(request, able, _thinking(request, able, body, losses), body, losses)
    if request.stream:
        body["stream"] = True
    _account(request, body, losses)
    _unsaid(request, losses)
    betas = _extra(request, body, losses)
    if _has_files(request):
        betas.append(FILES_BETA)
    headers = [("anthropic-version", VERSION)]
    if betas:
        headers.append(("anthropic-beta", ",".join(betas)))
    return Outgoing("/messages", wire.dumps(body), headers)


def _has_files(request: Request) -> bool:
    parts = (part for message in request.messages for part in message.parts)
    return any(_is_file(part) for part in parts)


def _is_file(part: Part) -> bool:
    if type(part) is ToolResult:
        return any(map(_is_file, part.parts))
    return type(part) is Media and part.file_id is not None


def _conversation(request: Request, body: dict[str, Any], losses: Losses) -> None:
    """The turns and the system text. Where there is nothing but that, it is what the user says."""
    system = turns.system(request.messages, losses)
    found = turns.turns(request.messages, losses)
    if system and not found:
        found, system = [{"role": "user", "content": system}], []
    body["messages"] = found
    if request.output is not None and request.output.kind == "json":
        system.append({"type": "text", "text": _JSON_ONLY})
    if system:
        plain = len(system) == 1 and "cache_control" not in system[0]
        body["system"] = system[0]["text"] if plain else system


def _tools(request: Request, body: dict[str, Any], losses: Losses) -> None:
    found = tools.tools(request, losses)
    if found:
        body["tools"] = found
    choice = tools.choice(request, found, losses)
    if choice is not None:
        body["tool_choice"] = choice


def _format(request: Request, body: dict[str, Any]) -> None:
    output = request.output
    if output is None or output.kind != "schema":
        return
    schema = tools.closed(output.schema or {"type": "object"})
    if output.description is not None:
        schema = {"description": output.description, **schema}
    body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}


def _thinking(request: Request, able: Traits, body: dict[str, Any], losses: Losses) -> bool:
    """Whether the model is told to think, and how much."""
    plan = effort.plan(request, able, body["max_tokens"], losses)
    if plan.effort is not None:
        body.setdefault("output_config", {})["effort"] = plan.effort
    if plan.thinking is None:
        return False
    if plan.thinking["type"] == "enabled" and effort.breaks_off(body["messages"]):
        losses.hint("thinking", "it cannot begin amid tool calls that were not thought about")
        return False
    body["thinking"] = plan.thinking
    return plan.on


def _sampling(request: Request, able: Traits, thinks: bool, body: dict[str, Any], losses: Losses) -> None:
    """The sampling that the model takes: a thinking one none, a new one none, an old one within its bounds."""
    given = {name: value for name in ("temperature", "top_p", "top_k") if (value := getattr(request, name)) is not None}
    if able.sampling == "one" and "temperature" in given and given.get("top_p") == 1:
        del given["top_p"]
    for name, value in given.items():
        why = _refused(name, value, able, thinks, body)
        if not why:
            body[name] = int(value) if name == "top_k" else value
        elif value != 1 or name == "top_k":
            losses.change(name, why)


def _refused(name: str, value: float, able: Traits, thinks: bool, body: dict[str, Any]) -> str:
    """Why the model would refuse it; 1 is what it does anyway. No one is told of that."""
    if able.sampling == "none":
        return "the model samples as it will"
    if thinks:
        return "a thinking model samples as it will"
    if name == "temperature" and value > 1:
        return "Anthropic's goes up to 1"
    return "the model takes `temperature` alone" if name == "top_p" and _alone(able, body) else ""


def _alone(able: Traits, body: dict[str, Any]) -> bool:
    return able.sampling == "one" and "temperature" in body


def _account(request: Request, body: dict[str, Any], losses: Losses) -> None:
    if request.stop:
        body["stop_sequences"] = request.stop
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    if request.cache is not None:
        body["cache_control"] = wire.mark(request.cache)
    if request.service_tier is not None:
        tier = _TIERS.get(request.service_tier)
        if tier is None:
            losses.hint("service_tier")
        else:
            body["service_tier"] = tier


def _unsaid(request: Request, losses: Losses) -> None:
    """What Anthropic has no word for at all; a penalty of 0 or no log-probabilities are what it does anyway."""
    for name in _NO_WORD:
        if getattr(request, name):
            losses.change(name)
    if request.n is not None and request.n > 1:
        losses.change("n", "Anthropic gives one answer")
    if request.verbosity is not None:
        losses.change("verbosity")
    for name in _NO_HINT:
        if getattr(request, name) is not None:
            losses.hint(name)


def _extra(request: Request, body: dict[str, Any], losses: Losses) -> list[str]:
    """Anthropic's own members, taken over; the betas that they need."""
    betas: list[str] = []
    for name, value in request.extra.items():
        if name not in _OWN:
            losses.hint(name)
            continue
        body[name] = value
        beta = _OWN[name]
        if beta is not None:
            betas.append(beta)
    return betas
