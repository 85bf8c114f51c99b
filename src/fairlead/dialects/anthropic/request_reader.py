"""A client's request to `/v1/messages`. Members that are unknown, as of a beta, never fail it: they go to `extra`."""

from typing import Any

from fairlead.dialects import bodies
from fairlead.dialects.anthropic import blocks
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import (
    Effort,
    Message,
    NativeTool,
    Output,
    Request,
    Role,
    Thinking,
    Tool,
    ToolChoice,
)
from fairlead.errors import RequestError

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_EFFORTS: dict[str, Effort] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}
_ENVELOPE = ("model", "stream")


def read(body: bytes, model: str, *, stream: bool) -> Request:
    """The request in `body`. Raises `RequestError`, with `param`, where a member has a wrong type."""
    fields = Fields(bodies.read(body))
    for name in _ENVELOPE:
        fields.any(name)
    extra: dict[str, Any] = {}
    request = Request(model, _messages(fields, extra), stream, extra=extra)
    _limits(fields, request)
    _tools(fields, request)
    _choice(fields, request)
    _output(fields, request)
    _thinking(fields, request)
    _account(fields, request)
    extra.update(fields.rest())
    return request


def _messages(fields: Fields, extra: dict[str, Any]) -> list[Message]:
    """The conversation, with the `system` text as its first message."""
    found = [Message("system", blocks.read(fields, "system", extra))] if "system" in fields else []
    if "messages" not in fields:
        raise RequestError("`messages` is missing", param="messages")
    for each in fields.each("messages"):
        role = _ROLES.get(each.needed("role"))
        if role is None:
            raise wrong(each.path("role"), "`user`, `assistant` or `system`")
        found.append(Message(role, blocks.read(each, "content", extra)))
        extra.update(each.rest())
    return found


def _limits(fields: Fields, request: Request) -> None:
    request.max_tokens = fields.integer("max_tokens")
    request.temperature = fields.number("temperature")
    request.top_p = fields.number("top_p")
    request.top_k = fields.number("top_k")
    request.stop = _stops(fields)


def _stops(fields: Fields) -> list[str]:
    found = fields.items("stop_sequences")
    if not all(isinstance(each, str) for each in found):
        raise wrong("stop_sequences", "a list of strings")
    return found


def _tools(fields: Fields, request: Request) -> None:
    for index, value in enumerate(fields.items("tools")):
        tool = Fields(dict(value) if isinstance(value, dict) else value, f"tools[{index}]")
        if tool.text("type") not in (None, "custom"):
            request.tools.append(NativeTool(NAME, value, tool.at))
            continue
        request.tools.append(
            Tool(
                tool.needed("name"),
                tool.text("description"),
                tool.mapping("input_schema"),
                tool.flag("strict"),
                cache=blocks.cache(tool),
            )
        )
        request.extra.update(tool.rest())


def _choice(fields: Fields, request: Request) -> None:
    choice = fields.inner("tool_choice")
    if choice is None:
        return
    match choice.needed("type"):
        case "auto":
            request.tool_choice = ToolChoice("auto")
        case "any":
            request.tool_choice = ToolChoice("required")
        case "none":
            request.tool_choice = ToolChoice("none")
        case "tool":
            request.tool_choice = ToolChoice("required", [choice.needed("name")])
        case _:
            raise wrong("tool_choice.type", "`auto`, `any`, `tool` or `none`")
    alone = choice.flag("disable_parallel_tool_use")
    request.parallel_tools = None if alone is None else not alone
    request.extra.update(choice.rest())


def _output(fields: Fields, request: Request) -> None:
    """The form of the answer: `output_config.format`, or `output_format`, as it was called in its beta."""
    config = fields.inner("output_config")
    form = fields.inner("output_format")
    if config is not None:
        form = config.inner("format") or form
        effort = config.text("effort")
        if effort is not None:
            request.thinking = Thinking(effort=_effort(effort))
        request.extra.update(config.rest())
    if form is None:
        return
    if form.text("type") == "json_schema":
        request.output = Output("schema", form.mapping("schema"), form.text("name"), strict=form.flag("strict"))
    request.extra.update(form.rest())


def _effort(word: str) -> Effort:
    effort = _EFFORTS.get(word)
    if effort is None:
        raise wrong("output_config.effort", "`low`, `medium`, `high`, `xhigh` or `max`")
    return effort


def _thinking(fields: Fields, request: Request) -> None:
    """How much to think. `between_tools` is the least that some models do, so it reads as off."""
    config = fields.inner("thinking")
    if config is None:
        return
    thinking = request.thinking = request.thinking or Thinking()
    kind = config.needed("type")
    if kind in ("enabled", "adaptive"):
        thinking.enabled = True
        thinking.budget = config.integer("budget_tokens")
    elif kind in ("disabled", "between_tools"):
        thinking.enabled = False
        if thinking.effort is not None:
            request.extra["output_config.effort"], thinking.effort = thinking.effort, None
    else:
        request.extra["thinking.type"] = kind
    display = config.text("display")
    thinking.shown = None if display is None else display != "omitted"
    request.extra.update(config.rest())


def _account(fields: Fields, request: Request) -> None:
    request.service_tier = fields.text("service_tier")
    request.cache = blocks.cache(fields)
    metadata = fields.inner("metadata")
    if metadata is not None:
        request.user = metadata.text("user_id")
        request.extra.update(metadata.rest())
