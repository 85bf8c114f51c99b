"""A canonical request, written as a provider takes it."""

import re
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Output, Request
from fairlead.dialects.openai import effort, tools
from fairlead.dialects.openai.contents import Contents
from fairlead.dialects.openai.flavor import Flavor
from fairlead.dialects.openai.wire import TIERS, known_user

# OpenAI's own models, which know no `top_k`; those that think also know `developer`, and no `max_tokens`.
_OWN: Final = re.compile(r"(?:^|/)(?:o\d|gpt-\d|chatgpt|codex)")
_THINKERS: Final = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9]|codex)")
_SAMPLING: Final = (
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "n",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "verbosity",
    "store",
)


def write(request: Request, model: str, losses: Losses, flavor: Flavor) -> dict[str, Any]:
    """The body for the provider's `model`."""
    own = _THINKERS.search(model) is not None
    contents = Contents(request.messages, losses, flavor, developer=own)
    body: dict[str, Any] = {"model": model, "messages": contents.written}
    if request.stream:
        body["stream"] = True
        if flavor.ask_usage:
            body["stream_options"] = {"include_usage": True}
    if request.max_tokens is not None:
        body[word_for_most(model)] = request.max_tokens
    for name in _SAMPLING:
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.stop:
        body["stop"] = request.stop
    tools.write(request, losses, flavor, body)
    _extensions(request, model, losses, body)
    _rest(request, losses, body)
    if request.thinking is not None:
        effort.write(request.thinking, model, losses, flavor, body)
    return body


def word_for_most(model: str) -> str:
    """What a model of OpenAI's, or of those who copy it, calls the most tokens that it may answer with."""
    return "max_completion_tokens" if _THINKERS.search(model) else "max_tokens"


def _extensions(request: Request, model: str, losses: Losses, body: dict[str, Any]) -> None:
    """What most servers take beyond OpenAI's own members."""
    for name in ("top_k", "min_p"):
        value = getattr(request, name)
        if value is None:
            continue
        if _OWN.search(model):
            losses.hint(name, "the model takes no such wish")
        else:
            body[name] = value


def _rest(request: Request, losses: Losses, body: dict[str, Any]) -> None:
    if request.output is not None:
        body["response_format"] = _form(request.output)
    if request.cache_key is not None:
        body["prompt_cache_key"] = request.cache_key
    _account(request, losses, body)
    for name in request.extra:
        losses.hint(name)


def _account(request: Request, losses: Losses, body: dict[str, Any]) -> None:
    """What OpenAI takes only in its own words: its tiers, and texts as metadata."""
    tier, metadata = request.service_tier, request.metadata
    if (user := known_user(request.user, losses)) is not None:
        body["user"] = user
    if tier in TIERS:
        body["service_tier"] = tier
    elif tier is not None:
        losses.hint("service_tier")
    if metadata is not None and all(isinstance(value, str) for value in metadata.values()):
        body["metadata"] = metadata
    elif metadata is not None:
        losses.hint("metadata")
    if request.cache is not None:
        losses.hint("cache")


def _form(output: Output) -> dict[str, Any]:
    if output.kind != "schema":
        return {"type": "text" if output.kind == "text" else "json_object"}
    members = {
        "name": output.name or "answer",
        "description": output.description,
        "schema": output.schema,
        "strict": output.strict,
    }
    return {"type": "json_schema", "json_schema": {name: value for name, value in members.items() if value is not None}}
