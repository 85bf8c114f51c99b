"""Cohere's replies, read however badly they are written."""

from typing import Any, Final

from fairlead.dialects import lenient, replies
from fairlead.dialects.cohere.names import DIALECT, FINISHES, failure
from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    Citation,
    ErrorFacts,
    Finish,
    NativePart,
    Part,
    Reasoning,
    Reply,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from fairlead.dialects.openai import errors as openai_errors

# What a citation may be of; the others are of thoughts and plans, which nobody shows with their sources.
_OF_TEXT: Final = (None, "TEXT_CONTENT")


def reply(body: bytes) -> Reply | ErrorFacts:
    """A whole reply, or the error that it is. Raises `BadReply` where it is neither."""
    value = replies.members(body)
    message, reason = value.get("message"), word(value, "finish_reason")
    if not isinstance(message, dict):
        return _error(value)
    facts = failure(reason, word(value, "error"))
    if facts is not None:
        return facts
    chances = value.get("logprobs")
    choice = Choice(
        _parts(message),
        finish(reason),
        native_finish=reason,
        logprobs=[logprob(each) for each in objects(value, "logprobs")] if isinstance(chances, list) else None,
    )
    return Reply([choice], usage(value.get("usage")), word(value, "id"))


def _error(value: dict[str, Any]) -> ErrorFacts:
    facts = openai_errors.find(value) if word(value, "message") or value.get("error") else None
    if facts is None:
        raise BadReply("the reply has no `message`")
    return facts


def finish(reason: str | None) -> Finish | None:
    """Why an answer ended; a word that nobody knows is `stop`."""
    return FINISHES.get(reason, "stop") if reason else None


def usage(value: Any) -> Usage | None:
    """The counts that Cohere charges for; None where it gives none.

    It charges for `billed_units`, and not for the `tokens` that it adds itself around a prompt and an answer: a prompt
    of 11 tokens runs as 506 (https://docs.cohere.com/docs/how-does-cohere-pricing-work). `cached_tokens` are of the
    506; those of the 11 among them are at least as many as the added ones leave over.
    """
    if not isinstance(value, dict) or not value:
        return None
    billed, run = inner(value, "billed_units"), inner(value, "tokens")
    counted = billed if "input_tokens" in billed or "output_tokens" in billed else run
    taken, given = count(counted, "input_tokens"), count(counted, "output_tokens")
    added = max(count(run, "input_tokens") - taken, 0)
    cached = min(max(count(value, "cached_tokens") - added, 0), taken)
    return Usage(taken, given, cached, min(count(run, "reasoning_tokens"), given), said=value)


def _parts(message: dict[str, Any]) -> list[Part]:
    """The parts of a message. Its `tool_plan` is a thought: Cohere says chain-of-thought of it."""
    said = message.get("content")
    if isinstance(said, str):
        message = {**message, "content": [{"type": "text", "text": said}]}
    parts = [part(each) for each in objects(message, "content")]
    _cite(parts, message)
    if plan := word(message, "tool_plan"):
        parts.append(Reasoning(plan, issuer=DIALECT))
    parts += [call(each, index) for index, each in enumerate(objects(message, "tool_calls"))]
    return parts


def part(content: dict[str, Any]) -> Part:
    """One block of a message's content."""
    if (text := word(content, "text")) is not None:
        return Text(text)
    if (thought := word(content, "thinking")) is not None:
        return Reasoning(thought, issuer=DIALECT)
    return NativePart(DIALECT, content)


def call(value: dict[str, Any], index: int) -> ToolCall:
    """A call of a tool."""
    held = inner(value, "function")
    arguments = held.get("arguments")
    text = arguments if isinstance(arguments, str) else "" if arguments is None else lenient.dumps(arguments).decode()
    return ToolCall(word(value, "id") or f"call_{index}", word(held, "name") or "", text, issuer=DIALECT)


def _cite(parts: list[Part], message: dict[str, Any]) -> None:
    cited = objects(message, "citations")
    texts = {index: each for index, each in enumerate(parts) if isinstance(each, Text)} if cited else {}
    for each in cited:
        at = each.get("content_index")
        text = texts.get(at) if isinstance(at, int) else next(iter(texts.values()), None)
        if text is not None:
            text.citations += citations(each)


def citations(value: dict[str, Any]) -> list[Citation]:
    """What a span of text rests on, one for each of its sources."""
    if word(value, "type") not in _OF_TEXT:
        return []
    return [_citation(value, source) for source in objects(value, "sources") or [value]]


def _citation(value: dict[str, Any], source: dict[str, Any]) -> Citation:
    held = inner(source, "document") or inner(source, "tool_output")
    return Citation(
        word(held, "url"),
        word(held, "title"),
        word(held, "snippet") or word(held, "text"),
        _offset(value, "start"),
        _offset(value, "end"),
        DIALECT,
        source,
    )


def _offset(value: dict[str, Any], name: str) -> int | None:
    held = value.get(name)
    return held if isinstance(held, int) and not isinstance(held, bool) and held >= 0 else None


def logprob(value: dict[str, Any]) -> TokenLogprob:
    """How likely a piece of text was. Cohere gives one text for several tokens: its probability is their product."""
    held = value.get("logprobs")
    chances = [each for each in held if isinstance(each, float)] if isinstance(held, list) else []
    return TokenLogprob(word(value, "text") or "", sum(chances, 0.0))
