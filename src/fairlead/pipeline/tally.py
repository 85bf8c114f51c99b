"""About how many tokens a call took and gave, where its provider did not say. What rests on this is `estimated`."""

from dataclasses import replace

from fairlead.dialects import hub
from fairlead.dialects.anthropic.count import count_text, count_tokens
from fairlead.dialects.model import BadReply, ErrorFacts, Reasoning, Refusal, Text, ToolCall, Usage
from fairlead.errors import RequestError
from fairlead.pipeline.call import Call
from fairlead.pipeline.translated import canonical


def in_words(call: Call) -> bool:
    """Whether the answer is text, of which tokens can be counted."""
    return call.envelope.endpoint.chat or call.envelope.endpoint.answer in ("choices", "output")


def countable(call: Call) -> bool:
    """Whether what it took and gave can be counted without its provider: text was given, and text or numbers came."""
    return in_words(call) or call.envelope.endpoint.answer in ("data", "results")


def used(call: Call) -> Usage | None:
    """What a call used that came to a provider: as that counted it, or as we do; None where neither can."""
    usage = call.usage
    if usage is None:
        return Usage(taken(call), call.produced) if countable(call) else None
    if premature(call):
        return replace(usage, output_tokens=call.produced)
    return usage


def premature(call: Call) -> bool:
    """Whether the provider's count is from before most of an answer came that broke off."""
    return call.cut and call.usage is not None and call.produced > 2 * call.usage.output_tokens


def taken(call: Call) -> int:
    """The tokens of the request."""
    if call.envelope.endpoint.chat:
        try:
            return count_tokens(canonical(call))
        except RequestError:
            pass
    return count_text(len(call.request.body))


def made(call: Call, body: bytes) -> int:
    """The tokens of a whole reply, as the client gets it."""
    if not in_words(call):
        return 0
    try:
        reply = hub.PROVIDERS[call.envelope.endpoint.dialect].read(body)
    except (BadReply, ValueError):
        return count_text(len(body))
    if isinstance(reply, ErrorFacts):
        return 0
    parts = [part for choice in reply.choices for part in choice.parts]
    texts = [part.text for part in parts if isinstance(part, Text | Reasoning | Refusal)]
    texts += [part.name + part.arguments for part in parts if isinstance(part, ToolCall)]
    return count_text(len("".join(texts).encode("utf-8", "replace")) or len(body))
