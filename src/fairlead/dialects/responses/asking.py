"""A request as a provider gets it."""

from typing import Any, Final

from fairlead.dialects import thinking
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Request
from fairlead.dialects.openai.wire import known_user
from fairlead.dialects.responses import tools, turns
from fairlead.dialects.responses.echo import form
from fairlead.dialects.responses.wire import ENCRYPTED, LOGPROBS, STATEFUL

# OpenAI refuses less: "Expected a value >= 16" (https://github.com/vectorize-io/hindsight/issues/58).
_LEAST_TOKENS: Final = 16
# Members that have one meaning in all of OpenAI's dialects, and those of this one.
_CARRIED: Final = frozenset(
    {
        "context_management",
        "conversation",
        "include",
        "max_tool_calls",
        "moderation",
        "previous_response_id",
        "prompt",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "truncation",
    }
)
_SAMPLING: Final = ("frequency_penalty", "presence_penalty", "top_k", "min_p", "logit_bias")


def write(request: Request, model: str, losses: Losses) -> dict[str, Any]:
    """The body for the provider's `model`."""
    body: dict[str, Any] = {"model": model}
    messages = request.messages
    instructions = turns.instructions(messages, losses)
    if instructions is not None:
        body["instructions"], messages = instructions, messages[1:]
    body["input"] = turns.write(messages, losses)
    if request.stream:
        body["stream"] = True
    body.update({name: value for name, value in _plain(request, losses).items() if value is not None})
    _put_tools(body, request, losses)
    _put_form(body, request)
    _put_reasoning(body, request, losses)
    _put_extra(body, request, losses)
    _report(request, losses)
    return body


def _plain(request: Request, losses: Losses) -> dict[str, Any]:
    """Members that go as they are. What nobody asked to be kept is not: here a reply is stored unless told not to."""
    return {
        "max_output_tokens": _tokens(request.max_tokens, losses),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_logprobs": request.top_logprobs,
        "parallel_tool_calls": request.parallel_tools,
        "service_tier": request.service_tier,
        "user": known_user(request.user, losses),
        "metadata": request.metadata,
        "prompt_cache_key": request.cache_key,
        "store": bool(request.store),
    }


def _tokens(wanted: int | None, losses: Losses) -> int | None:
    if wanted is None or not 0 < wanted < _LEAST_TOKENS:
        return wanted
    losses.hint("max_tokens", f"{_LEAST_TOKENS} is the least there is")
    return _LEAST_TOKENS


def _put_tools(body: dict[str, Any], request: Request, losses: Losses) -> None:
    written = tools.write(request.tools, losses)
    if written:
        body["tools"] = written
    choice = tools.write_choice(request.tool_choice, request.tools)
    if choice is not None:
        body["tool_choice"] = choice


def _put_form(body: dict[str, Any], request: Request) -> None:
    text: dict[str, Any] = {}
    if request.output is not None:
        text["format"] = form(request.output)
    if request.verbosity is not None:
        text["verbosity"] = request.verbosity
    if text:
        body["text"] = text


def _put_reasoning(body: dict[str, Any], request: Request, losses: Losses) -> None:
    """Encrypted thoughts are asked for where the model is told to think: a model that cannot refuses to be asked."""
    include = [LOGPROBS] if request.logprobs else []
    wanted = request.thinking
    if wanted is not None:
        if wanted.budget is not None and wanted.effort is None:
            losses.hint("thinking", "the budget becomes an effort in words")
        effort = thinking.effort(wanted)
        summary = wanted.summary or ("auto" if wanted.shown else None)
        given = {"effort": effort, "summary": summary}
        reasoning = {name: value for name, value in given.items() if value is not None}
        if reasoning:
            body["reasoning"] = reasoning
        if effort != "none":
            include.append(ENCRYPTED)
    if include:
        body["include"] = include


def _put_extra(body: dict[str, Any], request: Request, losses: Losses) -> None:
    for name, value in request.extra.items():
        if name not in _CARRIED:
            (losses.change if name in STATEFUL else losses.hint)(name)
        elif name == "include" and isinstance(value, list):
            body["include"] = body.get("include", []) + value
        else:
            body[name] = value


def _report(request: Request, losses: Losses) -> None:
    """What there is no word for."""
    if request.n is not None and request.n > 1:
        losses.change("n", "one answer at a time")
    if request.stop:
        losses.change("stop", "there are no stop sequences")
    for name in _SAMPLING:
        if getattr(request, name):
            losses.change(name)
    if request.seed is not None:
        losses.hint("seed")
    if request.cache is not None:
        losses.hint("cache", "prompts are cached without a mark")
