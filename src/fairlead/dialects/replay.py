"""A whole reply as the events of a stream, for a client that asked for one and a provider that did not send one."""

from collections.abc import Iterator

from fairlead.dialects.model import (
    Aside,
    Began,
    Choice,
    Cited,
    Counted,
    Event,
    Finished,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Reply,
    Shown,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolResult,
    ToolStart,
)


def events(reply: Reply) -> list[Event]:
    """All that the reply says, in its order."""
    found: list[Event] = [
        Began(reply.id, reply.model, reply.created, reply.usage, reply.service_tier, reply.fingerprint)
    ]
    if reply.aside:
        found.append(Aside(reply.aside))
    for choice in reply.choices:
        found += _of(choice)
    if reply.usage is not None:
        found.append(Counted(reply.usage, reply.service_tier))
    return found


def _of(choice: Choice) -> Iterator[Event]:
    at, calls, logprobs = choice.index, 0, choice.logprobs
    for part in choice.parts:
        match part:
            case Text():
                yield TextDelta(part.text, at, logprobs)
                logprobs = None
                yield from (Cited(citation, at) for citation in part.citations)
            case Reasoning():
                if part.text:
                    yield ReasoningDelta(part.text, at, part.summary)
                yield ReasoningEnd(at, part.signature, part.encrypted, part.id, part.issuer)
            case ToolCall():
                yield ToolStart(calls, part.id, part.name, at, part.custom, part.signature, part.issuer)
                yield ToolDelta(calls, part.arguments, at)
                calls += 1
            case Refusal():
                yield RefusalDelta(part.text, at)
            case ToolResult():
                continue  # a provider runs its own tools, and shows that in parts of its own
            case _:
                yield Shown(part, at)
    if choice.aside:
        yield Aside(choice.aside, at)
    yield Finished(choice.finish or "stop", at, choice.stop_sequence, choice.native_finish)
