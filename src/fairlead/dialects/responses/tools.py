"""Tools, and which of them the model may call: as clients send them, as providers get them."""

from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import NativeTool, Tool, ToolChoice
from fairlead.dialects.responses.wire import NAME
from fairlead.errors import RequestError

_MODES: Final = ("auto", "none", "required")
_CALLABLE: Final = ("function", "custom")


def read(fields: Fields, extra: dict[str, Any]) -> list[Tool | NativeTool]:
    """The tools of a request."""
    return [_tool(each, f"tools[{at}]", extra) for at, each in enumerate(fields.items("tools"))]


def _tool(value: Any, at: str, extra: dict[str, Any]) -> Tool | NativeTool:
    if not isinstance(value, dict):
        raise wrong(at, "an object")
    kind = value.get("type")
    if kind not in _CALLABLE:
        if not isinstance(kind, str):
            raise wrong(f"{at}.type", "a string")
        return NativeTool(NAME, value, at)
    fields = Fields(value, at)
    fields.any("type")
    tool = Tool(fields.needed("name"), fields.text("description"), custom=kind == "custom")
    if tool.custom:
        tool.format = fields.mapping("format")
    else:
        tool.parameters, tool.strict = fields.mapping("parameters"), fields.flag("strict")
    extra.update(fields.rest())
    return tool


def read_choice(fields: Fields, extra: dict[str, Any]) -> ToolChoice | None:
    """Which tools may be called. A choice that names a tool of the provider's has no word and goes to `extra`."""
    value: Any = fields.any("tool_choice")
    if value is None:
        return None
    if isinstance(value, str):
        return _mode(value, "tool_choice", [])
    inner = Fields(value, "tool_choice")
    kind = inner.any("type")
    if kind in _CALLABLE:
        return ToolChoice("required", [inner.needed("name")])
    if kind != "allowed_tools":
        extra["tool_choice"] = {"type": kind, **{name: inner.any(name) for name in list(value)}}
        return None
    return _mode(inner.needed("mode"), "tool_choice.mode", _allowed(inner, extra))


def _allowed(inner: Fields, extra: dict[str, Any]) -> list[str]:
    names = []
    for at, each in enumerate(inner.items("tools")):
        name = each.get("name") if isinstance(each, dict) and each.get("type") in _CALLABLE else None
        if isinstance(name, str):
            names.append(name)
        else:
            extra[f"tool_choice.tools[{at}]"] = each
    return names


def _mode(value: Any, at: str, names: list[str]) -> ToolChoice:
    if value not in _MODES:
        raise RequestError(f"`{at}` must be `auto`, `none` or `required`", param=at)
    return ToolChoice(value, names)


def write(tools: list[Tool | NativeTool], losses: Losses) -> list[dict[str, Any]]:
    """The tools as a provider gets them."""
    written = []
    for tool in tools:
        if isinstance(tool, Tool):
            if tool.cache is not None:
                losses.hint("cache")
            written.append(_callable(tool, strict=bool(tool.strict)))
        elif tool.dialect == NAME:
            written.append(tool.value)
        else:
            losses.tool(tool)
    return written


def echo(tools: list[Tool | NativeTool]) -> list[dict[str, Any]]:
    """The tools as a reply repeats them to the client that sent them."""
    return [_callable(each, strict=each.strict) if isinstance(each, Tool) else each.value for each in tools]


def _callable(tool: Tool, *, strict: bool | None) -> dict[str, Any]:
    """A function or a custom tool.

    A function without `strict` is a strict one here, and its schema is made to fit: every property becomes required
    (the recorded replies say so). Other dialects mean the opposite, so a provider is always told.
    """
    written: dict[str, Any] = {"type": "custom" if tool.custom else "function", "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if not tool.custom:
        return {**written, "parameters": tool.parameters, "strict": strict}
    return {**written, "format": _flat(tool.format)} if tool.format is not None else written


def _flat(form: dict[str, Any]) -> dict[str, Any]:
    """A grammar as this dialect writes it; OpenAI's chat completions nest it in `grammar`."""
    grammar = form.get("grammar")
    return {"type": "grammar", **grammar} if isinstance(grammar, dict) else form


def write_choice(choice: ToolChoice | None, tools: list[Tool | NativeTool]) -> Any:
    """`tool_choice`; None where the client chose nothing."""
    if choice is None or not choice.names or choice.mode == "none":
        return None if choice is None else choice.mode
    custom = {tool.name for tool in tools if isinstance(tool, Tool) and tool.custom}
    named = [{"type": "custom" if name in custom else "function", "name": name} for name in choice.names]
    if choice.mode == "required" and len(named) == 1:
        return named[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": named}
