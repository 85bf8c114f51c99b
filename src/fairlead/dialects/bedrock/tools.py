"""Tools as Converse is told of them."""

from typing import Any, Final

from fairlead.dialects.bedrock.blocks import NAME, Blocks
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import NativeTool, Request, Tool, ToolCall, ToolChoice, ToolResult

_ANYTHING: Final = {"type": "object", "properties": {}}


def write(request: Request, blocks: Blocks, losses: Losses) -> dict[str, Any] | None:
    """`toolConfig`; None where there is nothing to say.

    Converse has no word for "none", so the tools are left out. It refuses a history with tools in it and none declared
    (`The toolConfig field must be defined when using toolUse and toolResult content blocks`): those are declared then.
    """
    choice = request.tool_choice
    used = _used(request)
    if choice is not None and choice.mode == "none":
        if used and request.tools:
            losses.change("tool_choice", "Bedrock cannot be told to call none of the tools that were used before")
        tools = _declared(used)
    elif request.tools:
        tools = _given(request, blocks, losses)
    else:
        tools = _declared(used)
        if tools:
            losses.hint("tools", "those in the history are declared, as Bedrock demands")
    if not tools:
        return None
    config: dict[str, Any] = {"tools": tools}
    if choice is not None and choice.mode != "none" and request.tools:
        config["toolChoice"] = _choice(choice)
    return config


def _given(request: Request, blocks: Blocks, losses: Losses) -> list[dict[str, Any]]:
    chosen = request.tool_choice.names if request.tool_choice and len(request.tool_choice.names) > 1 else ()
    out: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, NativeTool):
            if tool.dialect == NAME:
                out.append(tool.value)
            else:
                losses.tool(tool)
        elif tool.custom:
            losses.change("tools", f"Bedrock has no tools that take free text, as `{tool.name}` does")
        elif not chosen or tool.name in chosen:
            out.append({"toolSpec": _spec(tool)})
            blocks.cache(tool.cache, out)
    return out


def _spec(tool: Tool) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": tool.parameters or _ANYTHING}}
    if tool.description:
        spec["description"] = tool.description
    if tool.strict:
        spec["strict"] = True
    return spec


def _choice(choice: ToolChoice) -> dict[str, Any]:
    if choice.mode == "auto":
        return {"auto": {}}
    return {"tool": {"name": choice.names[0]}} if len(choice.names) == 1 else {"any": {}}


def _used(request: Request) -> dict[str, None]:
    """The names of the tools in the history, in order."""
    used: dict[str, None] = {}
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCall | ToolResult) and part.name:
                used[part.name] = None
    return used


def _declared(names: dict[str, None]) -> list[dict[str, Any]]:
    return [{"toolSpec": {"name": name, "inputSchema": {"json": _ANYTHING}}} for name in names]
