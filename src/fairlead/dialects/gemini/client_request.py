"""A client's `generateContent`, read. Its members are taken in either spelling, camel case or snake case."""

from typing import Final, Literal

from fairlead.dialects import bodies
from fairlead.dialects.gemini import schemas, thinking
from fairlead.dialects.gemini.camel import CamelFields
from fairlead.dialects.gemini.client_parts import Contents
from fairlead.dialects.gemini.words import NAME, tier
from fairlead.dialects.model import Message, NativeTool, Output, Request, Tool, ToolChoice
from fairlead.errors import RequestError

_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "AUTO": "auto",
    "ANY": "required",
    "NONE": "none",
    "VALIDATED": "auto",
}
_JSON: Final = "application/json"
_PLAIN: Final = "text/plain"


def read(body: bytes, model: str, *, stream: bool) -> Request:
    """The request in `body`; the path named `model` and said whether to `stream`."""
    fields = CamelFields(bodies.read(body))
    fields.any("model")
    request = Request(model, [], stream)
    _messages(fields, request)
    config = fields.inner("generationConfig")
    if config is not None:
        _config(config, request)
    _tools(fields, request)
    request.service_tier = tier(fields.text("serviceTier"))
    request.store = fields.flag("store")
    request.extra.update(fields.rest())
    return request


def _messages(fields: CamelFields, request: Request) -> None:
    contents = Contents()
    system = fields.inner("systemInstruction")
    if system is not None:
        system.any("role")
        request.messages.append(Message("system", contents.parts(system)))
    if "contents" not in fields:
        raise RequestError("`contents` is missing", param="contents")
    request.messages += [contents.read(content) for content in fields.each("contents")]
    request.extra.update(contents.extra)


def _config(config: CamelFields, request: Request) -> None:
    request.max_tokens = config.integer("maxOutputTokens")
    request.temperature = config.number("temperature")
    request.top_p = config.number("topP")
    request.top_k = config.number("topK")
    request.n = config.integer("candidateCount")
    request.seed = config.integer("seed")
    request.stop = _words(config, "stopSequences")
    request.presence_penalty = config.number("presencePenalty")
    request.frequency_penalty = config.number("frequencyPenalty")
    request.logprobs = config.flag("responseLogprobs")
    request.top_logprobs = config.integer("logprobs")
    thoughts = config.inner("thinkingConfig")
    if thoughts is not None:
        request.thinking = thinking.read(thoughts)
        request.extra.update(thoughts.rest())
    request.output = _output(config)
    request.extra.update(config.rest())


def _words(fields: CamelFields, name: str) -> list[str]:
    words = fields.items(name)
    if not all(isinstance(word, str) for word in words):
        raise RequestError(f"`{fields.path(name)}` must be a list of strings", param=fields.path(name))
    return words


def _output(config: CamelFields) -> Output | None:
    """The form of the answer. A form that no other dialect knows (`text/x.enum`) stays with what is left over."""
    mime = config.text("responseMimeType")
    if mime not in (None, _JSON, _PLAIN):
        config.put("responseMimeType", mime)
        return None
    schema = config.mapping("responseJsonSchema") or config.mapping("_responseJsonSchema")
    native = config.mapping("responseSchema")
    if schema is None and native is not None:
        schema = schemas.json_schema(native)
    if schema is not None:
        return Output("schema", schema)
    return None if mime is None else Output("json" if mime == _JSON else "text")


def _tools(fields: CamelFields, request: Request) -> None:
    for tool in fields.each("tools"):
        functions = tool.each("functionDeclarations")
        request.tools += [_function(each, request) for each in functions]
        for path, value in tool.rest().items():
            request.tools.append(NativeTool(NAME, {path.removeprefix(tool.at + "."): value}, tool.at))
    config = fields.inner("toolConfig")
    if config is None:
        return
    calling = config.inner("functionCallingConfig")
    if calling is not None:
        _choice(calling, request)
    request.extra.update(config.rest())


def _function(fields: CamelFields, request: Request) -> Tool:
    parameters = fields.mapping("parametersJsonSchema")
    native = fields.mapping("parameters")
    if parameters is None and native is not None:
        parameters = schemas.json_schema(native)
    tool = Tool(fields.needed("name"), fields.text("description"), parameters)
    request.extra.update(fields.rest())
    return tool


def _choice(calling: CamelFields, request: Request) -> None:
    """Which functions to call. `VALIDATED` leaves it to the model whether, and holds it to the functions' schemas."""
    mode = calling.enum("mode")
    names = _words(calling, "allowedFunctionNames")
    request.extra.update(calling.rest())
    if mode is None:
        return
    if mode not in _MODES:
        path = calling.path("mode")
        raise RequestError(f"`{path}` has no mode {mode}", param=path, hint=f"one of {', '.join(_MODES)}")
    request.tool_choice = ToolChoice(_MODES[mode], names)
    if mode == "VALIDATED":
        for tool in request.tools:
            if isinstance(tool, Tool):
                tool.strict = True
