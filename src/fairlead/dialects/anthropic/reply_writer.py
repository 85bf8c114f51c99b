"""A whole reply as a client of Anthropic's gets it."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.anthropic import citations, finish, usage, wire
from fairlead.dialects.anthropic.blocks import CALL_MARK
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.codec import Facts
from fairlead.dialects.model import Choice, Media, NativePart, Reasoning, Refusal, Reply, Text, ToolCall
from fairlead.dialects.reply_ids import MESSAGE, shaped
from fairlead.dialects.seals import seal

Blocks = list[dict[str, Any]]
_NOTHING: Final = Choice([], "stop")


def write(reply: Reply, facts: Facts) -> bytes:
    """The body of a whole reply; Anthropic's has one choice."""
    choice = reply.choices[0] if reply.choices else _NOTHING
    called = any(type(part) is ToolCall for part in choice.parts)
    return wire.dumps(
        {
            **head(reply.id, reply.model, facts),
            "content": [block for part in choice.parts for block in part_blocks(part)],
            "stop_reason": finish.write(choice.finish, choice.stop_sequence, called=called),
            "stop_sequence": choice.stop_sequence,
            "usage": usage.write(reply.usage, reply.service_tier),
            **choice.aside,
            **reply.aside,
        }
    )


def head(said_id: str | None, model: str | None, facts: Facts) -> dict[str, Any]:
    """What a message says of itself before it says anything."""
    return {
        "id": shaped(said_id, MESSAGE, facts.id),
        "type": "message",
        "role": "assistant",
        "model": model or facts.model,
    }


def part_blocks(part: Any) -> Blocks:
    """The blocks of a part; none for an empty text, or for what only another dialect knows."""
    writer = _WRITERS.get(type(part))
    return writer(part) if writer else []


def _text(part: Text) -> Blocks:
    block: dict[str, Any] = {"type": "text", "text": part.text}
    cited = [found for each in part.citations if (found := citations.write(each)) is not None]
    if cited:
        block["citations"] = cited
    return [block] if part.text or cited else []


def _refusal(part: Refusal) -> Blocks:
    return [{"type": "text", "text": part.text}] if part.text else []


def _reasoning(part: Reasoning) -> Blocks:
    """A thought, and what stands for one that is not shown: two blocks where another dialect gives both in one."""
    found: Blocks = []
    if part.text or part.signature is not None or part.encrypted is None:
        signature = "" if part.signature is None else seal(part.issuer, NAME, part.signature)
        found.append({"type": "thinking", "thinking": part.text, "signature": signature})
    if part.encrypted is not None:
        found.append(redacted(part.issuer, part.encrypted))
    return found


def redacted(issuer: str, data: str) -> dict[str, Any]:
    """A thought that is not shown."""
    return {"type": "redacted_thinking", "data": seal(issuer, NAME, data)}


def call_proof(call: Any) -> Blocks:
    """What carries a tool call's signature, which has no place in the call itself, to the client and back."""
    if call.signature is None or call.issuer in ("", NAME):
        return []
    return [redacted(call.issuer, CALL_MARK + call.signature)]


def _tool_call(part: ToolCall) -> Blocks:
    given = wire.tool_input(part.arguments, custom=part.custom)
    return [*call_proof(part), {"type": "tool_use", "id": part.id, "name": part.name, "input": given}]


def _media(part: Media) -> Blocks:
    """A picture that the model made, as Markdown: an assistant has no other way to show one here."""
    url = part.url or (f"data:{part.mime or 'image/png'};base64,{part.data}" if part.data else None)
    text = f"![{part.name or part.kind}]({url})" if url else part.text
    return [{"type": "text", "text": text}] if text else []


def _native(part: NativePart) -> Blocks:
    return [part.value] if part.dialect == NAME else []


_WRITERS: Final[dict[type, Callable[[Any], Blocks]]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    ToolCall: _tool_call,
    Media: _media,
    NativePart: _native,
}
