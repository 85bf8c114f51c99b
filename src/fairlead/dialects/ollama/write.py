"""A canonical request as Ollama takes it."""

from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import NativeTool, Output, Request, Thinking, Tool
from fairlead.dialects.ollama.messages import Messages
from fairlead.dialects.ollama.names import DIALECT
from fairlead.dialects.openai.wire import encode
from fairlead.dialects.thinking import effort

# https://docs.ollama.com/modelfile#valid-parameters-and-values
_OPTIONS: Final = (
    ("max_tokens", "num_predict"),
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("min_p", "min_p"),
    ("seed", "seed"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
)
# Ollama refuses any other word (https://github.com/ollama/ollama/issues/17837).
_EFFORTS: Final[dict[str, Any]] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}
_NO_WORD_NEEDED: Final = ("service_tier", "user", "metadata", "cache", "cache_key")
_NO_PARAMETERS: Final[dict[str, Any]] = {"type": "object", "properties": {}}


def body(request: Request, model: str, losses: Losses) -> bytes:
    """The body of the request; what Ollama has no word for goes to `losses`."""
    messages = Messages(request.messages, losses)
    written: dict[str, Any] = {"model": model, "messages": messages.written, "stream": request.stream}
    if options := _options(request):
        written["options"] = options
    if tools := _tools(request, losses):
        written["tools"] = tools
    if request.output is not None and request.output.kind != "text":
        written["format"] = _form(request.output, losses)
    if request.thinking is not None:
        _think(request.thinking, losses, written)
    if request.logprobs is not None:
        written["logprobs"] = request.logprobs
    if request.top_logprobs is not None:
        written["top_logprobs"] = request.top_logprobs
    _leave_out(request, losses)
    return encode(written)


def _options(request: Request) -> dict[str, Any]:
    options = {theirs: value for name, theirs in _OPTIONS if (value := getattr(request, name)) is not None}
    if request.top_k is not None:
        options["top_k"] = int(request.top_k)
    if request.stop:
        options["stop"] = request.stop
    return options


def _tools(request: Request, losses: Losses) -> list[dict[str, Any]]:
    """The tools among which the model may choose: Ollama has no other word for the choice."""
    choice = request.tool_choice
    if choice is not None and choice.mode == "required":
        losses.change("tool_choice", "Ollama leaves the choice to the model")
    if choice is not None and choice.mode == "none":
        return []
    names = choice.names if choice is not None else []
    kept = [tool for tool in request.tools if not names or isinstance(tool, NativeTool) or tool.name in names]
    return [written for tool in kept for written in _tool(tool, losses)]


def _tool(tool: Tool | NativeTool, losses: Losses) -> list[dict[str, Any]]:
    if isinstance(tool, NativeTool):
        if tool.dialect == DIALECT:
            return [tool.value]
        losses.tool(tool)
        return []
    if tool.cache is not None:
        losses.hint("cache")
    if tool.custom:
        losses.change("tools", "Ollama has no tools that take free text")
        return []
    if tool.strict:
        losses.hint("strict", "Ollama holds no model to a tool's schema")
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = _NO_PARAMETERS if tool.parameters is None else tool.parameters
    return [{"type": "function", "function": function}]


def _form(output: Output, losses: Losses) -> Any:
    if output.description:
        losses.hint("description")
    return "json" if output.schema is None else output.schema


def _think(thinking: Thinking, losses: Losses, written: dict[str, Any]) -> None:
    word = effort(thinking)
    if word is not None:
        written["think"] = _EFFORTS[word]
    elif thinking.enabled is not None:
        written["think"] = thinking.enabled
    if thinking.budget is not None and thinking.effort is None and thinking.budget > 0:
        losses.hint("thinking", "Ollama takes a level, and no budget")
    if thinking.shown is False:
        losses.hint("thinking", "Ollama shows what its models think")


def _leave_out(request: Request, losses: Losses) -> None:
    if request.logit_bias is not None:
        losses.change("logit_bias")
    if (request.n or 1) > 1:
        losses.change("n", "Ollama gives one answer")
    if request.parallel_tools is False:
        losses.change("parallel_tools")
    if request.verbosity not in (None, "medium"):
        losses.change("verbosity")
    for name in _NO_WORD_NEEDED:
        if getattr(request, name) is not None:
            losses.hint(name)
    if request.store:
        losses.hint("store")
    for name in request.extra:
        losses.hint(name)
