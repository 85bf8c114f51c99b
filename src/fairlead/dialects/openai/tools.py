"""Tools, the choice among them, and calls of them: read as clients say them, written as providers take them."""

from typing import Any, Final

from fairlead.dialects import lenient
from fairlead.dialects.codec import Losses
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import NativeTool, Request, Tool, ToolCall, ToolChoice
from fairlead.dialects.openai import parts
from fairlead.dialects.openai.flavor import Flavor, mark_cache
from fairlead.dialects.openai.wire import DIALECT
from fairlead.dialects.seals import seal, unseal

_MODES: Final[dict[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("required"),
    "any": ToolChoice("required"),  # Mistral's word
}


def read(fields: Fields, extra: dict[str, Any]) -> list[Tool | NativeTool]:
    """The tools of a request. One that is neither a function nor a custom tool is the provider's own."""
    return [_tool(each, f"tools[{index}]", extra) for index, each in enumerate(fields.items("tools"))]


def _tool(value: Any, at: str, extra: dict[str, Any]) -> Tool | NativeTool:
    fields = Fields(value, at)
    kind = fields.text("type") or "function"
    if kind not in ("function", "custom"):
        return NativeTool(DIALECT, {"type": kind, **value}, at)
    mark = parts.cache(fields)
    held = Fields(fields.any(kind), fields.path(kind))
    tool = Tool(held.needed("name"), held.text("description"), cache=mark or parts.cache(held))
    if kind == "custom":
        tool.custom, tool.format = True, held.mapping("format")
    else:
        tool.parameters, tool.strict = held.mapping("parameters"), held.flag("strict")
    extra.update(fields.rest())
    extra.update(held.rest())
    return tool


def read_choice(fields: Fields) -> ToolChoice | None:
    """Which tools the model may or must use."""
    value = fields.any("tool_choice")
    if value is None:
        return None
    if isinstance(value, str):
        return _mode(value, "tool_choice")
    held = Fields(value, "tool_choice")
    kind = held.needed("type")
    if kind == "allowed_tools":
        return _allowed(held.inner(kind) or held)
    if kind not in ("function", "custom"):
        return _mode(kind, "tool_choice.type")
    return ToolChoice("required", [(held.inner(kind) or held).needed("name")])


def _mode(value: str, at: str) -> ToolChoice:
    choice = _MODES.get(value)
    if choice is None:
        raise wrong(at, "one of auto, none, required, or a tool")
    return ToolChoice(choice.mode)


def _allowed(held: Fields) -> ToolChoice:
    choice = _mode(held.text("mode") or "auto", held.path("mode"))
    for tool in held.each("tools"):
        kind = tool.needed("type")
        choice.names.append((tool.inner(kind) or tool).needed("name"))
    return choice


def read_calls(fields: Fields, extra: dict[str, Any]) -> list[ToolCall]:
    """The tool calls of an assistant's message."""
    return [_call(each, extra) for each in fields.each("tool_calls")]


def _call(fields: Fields, extra: dict[str, Any]) -> ToolCall:
    kind = fields.text("type") or "function"
    if kind not in ("function", "custom"):
        raise wrong(fields.path("type"), "`function` or `custom`")
    held = Fields(fields.any(kind), fields.path(kind))
    custom = kind == "custom"
    arguments = held.text("input" if custom else "arguments")
    call = ToolCall(fields.needed("id"), held.needed("name"), arguments or "", custom, cache=parts.cache(fields))
    _sign(call, fields.mapping("extra_content"))
    fields.any("index")
    extra.update(held.rest())
    extra.update(fields.rest())
    return call


def _sign(call: ToolCall, content: dict[str, Any] | None) -> None:
    if signature := signature_in(content):
        call.issuer, call.signature = unseal(DIALECT, signature)


def signature_in(content: Any) -> str | None:
    """The signature in a call's `extra_content`, where Google's compatible endpoint puts it.

    https://ai.google.dev/gemini-api/docs/thought-signatures
    """
    return lenient.word(lenient.inner(content, "google"), "thought_signature") if isinstance(content, dict) else None


def answered(value: dict[str, Any], index: int) -> ToolCall:
    """A tool call of a provider's reply, however badly it is written."""
    custom = value.get("type") == "custom" and "function" not in value
    held = lenient.inner(value, "custom" if custom else "function")
    arguments = held.get("input" if custom else "arguments")
    call = ToolCall(
        lenient.word(value, "id") or f"call_{index}", lenient.word(held, "name") or "", as_text(arguments), custom
    )
    call.issuer = DIALECT
    call.signature = signature_in(value.get("extra_content"))
    return call


def as_text(arguments: Any) -> str:
    """Arguments as JSON text, even where a server sent the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else lenient.dumps(arguments).decode()


def write_call(call: ToolCall) -> dict[str, Any]:
    """A tool call, as either side writes it."""
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def signed(signature: str, issuer: str) -> dict[str, Any]:
    """The `extra_content` of a call that is signed."""
    return {"google": {"thought_signature": seal(issuer, DIALECT, signature)}}


def write(request: Request, losses: Losses, flavor: Flavor, body: dict[str, Any]) -> None:
    """Puts the tools and the choice among them into a provider's request.

    A choice that is limited to some tools takes the others out of the list, which every server understands; one that
    names a single tool says so itself.
    """
    choice = request.tool_choice
    names = [] if choice is None or _is_one(choice) else choice.names
    kept = [tool for tool in request.tools if not names or isinstance(tool, NativeTool) or tool.name in names]
    tools = [written for tool in kept if (written := _write_tool(tool, losses, flavor)) is not None]
    if tools:
        body["tools"] = tools
        if request.parallel_tools is not None:
            body["parallel_tool_calls"] = request.parallel_tools
    if choice is not None and (tools or choice.mode != "none"):
        body["tool_choice"] = _write_choice(choice, request.tools)


def _is_one(choice: ToolChoice) -> bool:
    return choice.mode == "required" and len(choice.names) == 1


def _write_choice(choice: ToolChoice, tools: list[Tool | NativeTool]) -> Any:
    if not _is_one(choice):
        return choice.mode
    name = choice.names[0]
    custom = any(isinstance(tool, Tool) and tool.custom and tool.name == name for tool in tools)
    kind = "custom" if custom else "function"
    return {"type": kind, kind: {"name": name}}


def _write_tool(tool: Tool | NativeTool, losses: Losses, flavor: Flavor) -> dict[str, Any] | None:
    if isinstance(tool, NativeTool):
        if tool.dialect == DIALECT:
            return tool.value
        losses.tool(tool)
        return None
    kind = "custom" if tool.custom else "function"
    members: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.custom:
        members["format"] = tool.format
    else:
        members["parameters"], members["strict"] = tool.parameters, tool.strict
    written: dict[str, Any] = {
        "type": kind,
        kind: {name: value for name, value in members.items() if value is not None},
    }
    if tool.cache is not None:
        mark_cache(tool.cache, written, losses, flavor)
    return written
