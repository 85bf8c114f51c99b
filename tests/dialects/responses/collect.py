"""A reply put together from the events of a stream, as any reader of them would do it."""

from collections.abc import Iterable
from typing import Any

from fairlead.dialects.model import (
    Aside,
    Began,
    Choice,
    Cited,
    Counted,
    Event,
    Finished,
    Part,
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
    ToolStart,
)


def collect(events: Iterable[Event]) -> Reply:
    choice, reply, calls = Choice([], None), Reply([]), dict[int, ToolCall]()
    reply.choices.append(choice)
    ended = True
    for event in events:
        match event:
            case Began():
                reply.id, reply.model, reply.created = event.id, event.model, event.created
                reply.service_tier = event.service_tier
            case TextDelta():
                _last(choice.parts, Text).text += event.text
                choice.logprobs = [*(choice.logprobs or []), *event.logprobs] if event.logprobs else choice.logprobs
            case Cited():
                _last(choice.parts, Text).citations.append(event.citation)
            case RefusalDelta():
                _last(choice.parts, Refusal).text += event.text
            case ReasoningDelta():
                if ended:
                    choice.parts.append(Reasoning(summary=event.summary))
                _last(choice.parts, Reasoning).text += event.text
            case ReasoningEnd():
                thought = _last(choice.parts, Reasoning, new=ended)
                thought.signature, thought.encrypted = event.signature, event.encrypted
                thought.id, thought.issuer = event.id, event.issuer
            case ToolStart():
                calls[event.index] = ToolCall(
                    event.id, event.name, "", event.custom, signature=event.signature, issuer=event.issuer
                )
                choice.parts.append(calls[event.index])
            case ToolDelta():
                calls[event.index].arguments += event.text
            case Shown():
                choice.parts.append(event.part)
            case Aside():
                (reply if event.choice is None else choice).aside.update(event.members)
            case Counted():
                reply.usage, reply.service_tier = event.usage, event.service_tier or reply.service_tier
            case Finished():
                choice.finish, choice.native_finish = event.finish, event.native_finish
        ended = not isinstance(event, ReasoningDelta)
    return reply


def _last(parts: list[Part], kind: Any, *, new: bool = False) -> Any:
    if new or not parts or not isinstance(parts[-1], kind):
        parts.append(kind() if kind is Reasoning else kind(""))
    return parts[-1]
