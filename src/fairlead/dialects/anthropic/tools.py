"""Tools and the choice among them, as Anthropic wants them."""

from typing import Any

from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.anthropic.wire import cached
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import NativeTool, Request, Tool, ToolChoice

Block = dict[str, Any]
_MODES = {"auto": "auto", "required": "any", "none": "none"}


def tools(request: Request, losses: Losses) -> list[Block]:
    """The tools that the model may use."""
    found = [block for each in request.tools if (block := _tool(each, losses)) is not None]
    choice = request.tool_choice
    if choice is None or not choice.names or _named(choice):
        return found
    return [block for block in found if block.get("name") in choice.names]


def _named(choice: ToolChoice) -> bool:
    """Whether one tool must be used, for which Anthropic has a word. Other limits are kept by leaving tools out."""
    return choice.mode == "required" and len(choice.names) == 1


def _tool(tool: Tool | NativeTool, losses: Losses) -> Block | None:
    if isinstance(tool, NativeTool):
        if tool.dialect == NAME:
            return tool.value
        losses.tool(tool)
        return None
    if tool.custom:
        losses.change("tools", f"`{tool.name}` takes free text, for which Anthropic has no tool")
        return None
    block: Block = {"name": tool.name, "input_schema": _schema(tool.parameters)}
    if tool.description is not None:
        block["description"] = tool.description
    if tool.strict is not None:
        block["strict"] = tool.strict
    return cached(block, tool.cache)


def _schema(parameters: dict[str, Any] | None) -> dict[str, Any]:
    """The schema; Anthropic wants one, and that it is of an object."""
    if not parameters:
        return {"type": "object", "properties": {}}
    return parameters if "type" in parameters else {"type": "object", **parameters}


def choice(request: Request, found: list[Block], losses: Losses) -> Block | None:
    """The choice among the tools that were `found`; without tools Anthropic takes none."""
    wanted, parallel = request.tool_choice, request.parallel_tools
    if not found:
        if wanted is not None and wanted.mode == "required":
            losses.change("tool_choice", "there is no tool to use")
        return None
    if wanted is None and parallel is None:
        return None
    block = _choice(wanted)
    if parallel is not None and block["type"] != "none":
        block["disable_parallel_tool_use"] = not parallel
    return block


def _choice(wanted: ToolChoice | None) -> Block:
    if wanted is None:
        return {"type": "auto"}
    if _named(wanted):
        return {"type": "tool", "name": wanted.names[0]}
    return {"type": _MODES[wanted.mode]}


def closed(schema: Any) -> Any:
    """A schema for an answer, in which no object takes members it does not name.

    Anthropic wants that said of each (https://platform.claude.com/docs/en/build-with-claude/structured-outputs), and
    others leave it out. Where a schema says something else of it, it stays.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: each if name in ("enum", "const", "default") else closed(each) for name, each in schema.items()}
    if found.get("type") == "object" and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found
