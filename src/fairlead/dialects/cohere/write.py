"""A canonical request as Cohere takes it."""

from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.cohere.messages import Messages
from fairlead.dialects.cohere.names import DIALECT
from fairlead.dialects.model import NativeTool, Output, Request, Thinking, Tool
from fairlead.dialects.openai.wire import encode
from fairlead.dialects.thinking import budget

# Members that are carried as they are, with Cohere's names for them.
_SAME: Final = (
    ("max_tokens", "max_tokens"),
    ("temperature", "temperature"),
    ("seed", "seed"),
    ("logprobs", "logprobs"),
)
# name, Cohere's name, least and most of what it takes, whether the nearest that it takes means something else.
_RANGED: Final = (
    ("top_p", "p", 0.01, 0.99, False),
    ("frequency_penalty", "frequency_penalty", 0.0, 1.0, True),
    ("presence_penalty", "presence_penalty", 0.0, 1.0, True),
)
_MOST_K: Final = 500
_MOST_STOPS: Final = 5
_NO_WORD: Final = ("min_p", "logit_bias")
_NO_WORD_NEEDED: Final = ("service_tier", "user", "metadata", "cache", "cache_key")
_NO_PARAMETERS: Final[dict[str, Any]] = {"type": "object", "properties": {}}


def body(request: Request, model: str, losses: Losses) -> bytes:
    """The body of the request; what Cohere has no word for goes to `losses`."""
    said = Messages(request.messages, losses)
    written: dict[str, Any] = {"model": model, "messages": said.written}
    if request.stream:
        written["stream"] = True
    if said.documents:
        written["documents"] = said.documents
        if False in said.cited and True not in said.cited:
            written["citation_options"] = {"mode": "OFF"}
    _limits(request, losses, written)
    _tools(request, losses, written)
    if request.output is not None:
        written["response_format"] = _form(request.output, losses)
    if request.thinking is not None:
        _think(request.thinking, losses, written)
    _leave_out(request, losses)
    return encode(written)


def _limits(request: Request, losses: Losses, written: dict[str, Any]) -> None:
    for name, theirs in _SAME:
        if (value := getattr(request, name)) is not None:
            written[theirs] = value
    for name, theirs, least, most, tells in _RANGED:
        if (value := getattr(request, name)) is not None:
            written[theirs] = near = min(max(value, least), most)
            if near != value:
                (losses.change if tells else losses.hint)(name, f"Cohere takes {least} to {most}")
    if request.top_k is not None:
        written["k"] = min(max(int(request.top_k), 0), _MOST_K)
    if request.stop:
        written["stop_sequences"] = request.stop[:_MOST_STOPS]
        if len(request.stop) > _MOST_STOPS:
            losses.change("stop", f"Cohere takes {_MOST_STOPS}")


def _tools(request: Request, losses: Losses, written: dict[str, Any]) -> None:
    """The tools and the choice among them; a choice of some takes the others out, as Cohere cannot name one."""
    choice = request.tool_choice
    names = choice.names if choice is not None else []
    kept = [tool for tool in request.tools if not names or isinstance(tool, NativeTool) or tool.name in names]
    if tools := [written_tool for tool in kept for written_tool in _tool(tool, losses)]:
        written["tools"] = tools
    strict = {tool.strict is True for tool in kept if isinstance(tool, Tool) and not tool.custom}
    if strict == {True}:
        written["strict_tools"] = True
    elif True in strict:
        losses.hint("strict", "Cohere is strict with all tools or none")
    if choice is not None and choice.mode != "auto":
        written["tool_choice"] = choice.mode.upper()


def _tool(tool: Tool | NativeTool, losses: Losses) -> list[dict[str, Any]]:
    if isinstance(tool, NativeTool):
        if tool.dialect == DIALECT:
            return [tool.value]
        losses.tool(tool)
        return []
    if tool.cache is not None:
        losses.hint("cache")
    if tool.custom:
        losses.change("tools", "Cohere has no tools that take free text")
        return []
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = _NO_PARAMETERS if tool.parameters is None else tool.parameters
    return [{"type": "function", "function": function}]


def _form(output: Output, losses: Losses) -> dict[str, Any]:
    if output.description:
        losses.hint("description")
    if output.kind == "text":
        return {"type": "text"}
    return {"type": "json_object"} if output.schema is None else {"type": "json_object", "json_schema": output.schema}


def _think(thinking: Thinking, losses: Losses, written: dict[str, Any]) -> None:
    tokens = budget(thinking)
    if tokens == 0:
        written["thinking"] = {"type": "disabled"}
    elif tokens:
        written["thinking"] = {"type": "enabled", "token_budget": tokens}
    elif thinking.enabled:
        written["thinking"] = {"type": "enabled"}
    if thinking.shown is False:
        losses.hint("thinking", "Cohere shows what its models think")


def _leave_out(request: Request, losses: Losses) -> None:
    for name in _NO_WORD:
        if getattr(request, name) is not None:
            losses.change(name)
    if (request.n or 1) > 1:
        losses.change("n", "Cohere gives one answer")
    if request.top_logprobs:
        losses.change("top_logprobs")
    if request.parallel_tools is False:
        losses.change("parallel_tools")
    if request.verbosity not in (None, "medium"):
        losses.change("verbosity")
    _leave_hints(request, losses)


def _leave_hints(request: Request, losses: Losses) -> None:
    for name in _NO_WORD_NEEDED:
        if getattr(request, name) is not None:
            losses.hint(name)
    if request.store:
        losses.hint("store")
    for name in request.extra:
        losses.hint(name)
