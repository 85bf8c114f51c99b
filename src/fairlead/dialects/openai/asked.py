"""A client's request, read into the canonical one."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects import bodies
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Output, Request
from fairlead.dialects.openai import effort, legacy, parts, tools
from fairlead.dialects.openai.messages import Messages
from fairlead.errors import RequestError

_PLAIN: Final[dict[str, Callable[[Fields, str], Any]]] = {
    **dict.fromkeys(("temperature", "top_p", "top_k", "min_p"), Fields.number),
    **dict.fromkeys(("frequency_penalty", "presence_penalty"), Fields.number),
    **dict.fromkeys(("max_tokens", "seed", "n", "top_logprobs"), Fields.integer),
    **dict.fromkeys(("logprobs", "store"), Fields.flag),
    **dict.fromkeys(("logit_bias", "metadata"), Fields.mapping),
    **dict.fromkeys(("verbosity", "service_tier", "user"), Fields.text),
}


def read(body: bytes, model: str, *, stream: bool) -> Request:
    """The request in `body`. Raises `RequestError` with the path of what is wrong."""
    fields = Fields(bodies.read(body))
    extra: dict[str, Any] = {}
    fields.any("model"), fields.any("stream")
    if "messages" not in fields:
        raise RequestError("`messages` is missing", param="messages")
    request = legacy.kind(fields)(model, Messages(fields.items("messages"), extra).read, stream=stream, extra=extra)
    _plain(request, fields)
    _sampling(request, fields)
    _tools(request, fields, extra)
    _form(request, fields)
    request.thinking = effort.read(fields, extra)
    _account(request, fields)
    asked = fields.inner("usage")
    wanted = asked is not None and asked.any("include") is True
    if stream:
        request.usage_wanted = _usage_wanted(fields, extra) or wanted
    extra.update(fields.rest())
    return request


def _plain(request: Request, fields: Fields) -> None:
    """The members that are one value each, of which most calls have few."""
    for name in fields.names():
        read = _PLAIN.get(name)
        if read is not None:
            setattr(request, name, read(fields, name))


def _sampling(request: Request, fields: Fields) -> None:
    most = fields.integer("max_completion_tokens")
    if most is not None:
        request.max_tokens = most
    request.stop = _stop(fields)


def _stop(fields: Fields) -> list[str]:
    value = fields.any("stop")
    words = [value] if isinstance(value, str) else value or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise wrong("stop", "a string or a list of strings")
    return words


def _tools(request: Request, fields: Fields, extra: dict[str, Any]) -> None:
    if isinstance(request, legacy.OldRequest):
        legacy.read(request, fields, extra)
    else:
        request.tools = tools.read(fields, extra) if "tools" in fields else []
        request.tool_choice = tools.read_choice(fields)
    request.parallel_tools = fields.flag("parallel_tool_calls")


def _form(request: Request, fields: Fields) -> None:
    if "response_format" not in fields:
        return
    value = fields.any("response_format")
    held = Fields(dict(value) if isinstance(value, dict) else value, "response_format")
    kind = held.needed("type")
    if kind == "text":
        request.output = Output("text")
    elif kind == "json_object":
        request.output = Output("json")
    elif kind == "json_schema":
        request.output = _schema(held.inner("json_schema") or held)
    else:
        request.extra["response_format"] = value


def _schema(held: Fields) -> Output:
    return Output("schema", held.mapping("schema"), held.text("name"), held.text("description"), held.flag("strict"))


def _account(request: Request, fields: Fields) -> None:
    if request.user is None:
        request.user = fields.text("safety_identifier")
    request.cache = parts.cache(fields)
    request.cache_key = fields.text("prompt_cache_key")


def _usage_wanted(fields: Fields, extra: dict[str, Any]) -> bool:
    options = fields.inner("stream_options")
    if options is None:
        return False
    wanted = options.flag("include_usage")
    extra.update(options.rest())
    return wanted or False
