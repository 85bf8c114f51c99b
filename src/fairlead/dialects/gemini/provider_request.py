"""A call as a provider gets it: the body of `generateContent`."""

from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.gemini import schemas, thinking
from fairlead.dialects.gemini.provider_parts import Contents
from fairlead.dialects.gemini.words import NAME, gemini_tier
from fairlead.dialects.model import NativeTool, Output, Request, Tool, ToolChoice

_CONFIG: Final = (
    ("max_tokens", "maxOutputTokens"),
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("n", "candidateCount"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
)
_CHANGES: Final = ("min_p", "logit_bias")
_HINTS: Final = ("verbosity", "user", "metadata", "cache", "cache_key", "store")
# What only Gemini has a word for: these members, and all of these objects.
_OWN: Final = ("safetySettings", "cachedContent", "labels")
_OWN_WITHIN: Final = ("generationConfig", "toolConfig")
_TIERS: Final = ("flex", "priority")
_MODES: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_FREE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}


def body(request: Request, model: str, losses: Losses) -> dict[str, Any]:
    """The request for `model`; what Gemini cannot say goes to `losses`."""
    contents = Contents(model, losses)
    contents.write(request.messages)
    written: dict[str, Any] = {"contents": contents.written}
    if contents.system:
        written["systemInstruction"] = {"parts": contents.system}
    config = _config(request, model, losses)
    if config:
        written["generationConfig"] = config
    if request.tools:
        written["tools"] = _tools(request.tools, losses)
    calling = _calling(request, losses)
    if calling is not None:
        written["toolConfig"] = {"functionCallingConfig": calling}
    _rest(request, written, losses)
    return written


def _config(request: Request, model: str, losses: Losses) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name, word in _CONFIG:
        value = getattr(request, name)
        if value is not None:
            config[word] = value
    if request.stop:
        config["stopSequences"] = request.stop
    if request.output is not None:
        _output(request.output, config, losses)
    if request.thinking is not None:
        thoughts = thinking.write(request.thinking, model, losses)
        if thoughts is not None:
            config["thinkingConfig"] = thoughts
    return config


def _output(output: Output, config: dict[str, Any], losses: Losses) -> None:
    """The form of the answer. A schema goes as it is; what Google says that it does not hold to is told."""
    config["responseMimeType"] = "text/plain" if output.kind == "text" else "application/json"
    if output.schema is not None:
        config["responseJsonSchema"] = output.schema
        unheld = schemas.not_held_to(output.schema)
        if unheld:
            note = losses.change if output.strict else losses.hint
            note("output", f"Gemini does not hold to {', '.join(sorted(unheld))}")
    if output.description:
        losses.hint("output", "Gemini has no place for its description")


def _tools(tools: list[Tool | NativeTool], losses: Losses) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    functions: list[dict[str, Any]] = []
    for tool in tools:
        if isinstance(tool, Tool):
            functions.append(_function(tool, losses))
        elif tool.dialect == NAME:
            written.append(tool.value)
        else:
            losses.tool(tool)
    return [{"functionDeclarations": functions}, *written] if functions else written


def _function(tool: Tool, losses: Losses) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        declared["description"] = tool.description
    parameters = _FREE if tool.custom else tool.parameters
    if parameters is not None:
        declared["parametersJsonSchema"] = parameters
    if tool.custom:
        losses.change("tools", f"{tool.name} takes free text, which Gemini has in an object")
    if tool.cache is not None:
        losses.hint("cache")
    return declared


def _calling(request: Request, losses: Losses) -> dict[str, Any] | None:
    """How functions are called.

    `VALIDATED` holds the model to the functions' schemas and may be limited to some, where `AUTO` may not:
    https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes
    """
    functions = [tool for tool in request.tools if isinstance(tool, Tool)]
    if not functions:
        return None
    if request.parallel_tools is False:
        losses.change("parallel_tools", "Gemini may call several at once")
    choice = request.tool_choice or ToolChoice("auto")
    strict = [tool.strict is True for tool in functions]
    validated = choice.mode == "auto" and (choice.names or (strict and all(strict)))
    if any(strict) and not validated and choice.mode != "required":
        losses.hint("tools", "Gemini holds to all schemas or to none")
    if request.tool_choice is None and not validated:
        return None
    calling: dict[str, Any] = {"mode": "VALIDATED" if validated else _MODES[choice.mode]}
    if choice.names and choice.mode != "none":
        calling["allowedFunctionNames"] = choice.names
    return calling


def _rest(request: Request, written: dict[str, Any], losses: Losses) -> None:
    """What has another place or none."""
    if request.service_tier in _TIERS:
        written["serviceTier"] = gemini_tier(request.service_tier)
    elif request.service_tier not in (None, "auto", "default"):
        losses.hint("service_tier")
    for name in _CHANGES:
        if getattr(request, name) is not None:
            losses.change(name)
    for name in _HINTS:
        if getattr(request, name) not in (None, False):
            losses.hint(name)
    for path, value in request.extra.items():
        place, _, name = path.partition(".")
        if path in _OWN:
            written[path] = value
        elif place in _OWN_WITHIN and name and "." not in name:
            written.setdefault(place, {})[name] = value
        else:
            losses.hint(path)
