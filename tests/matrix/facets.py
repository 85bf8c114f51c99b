"""What a request asks for, thing by thing, so that two of them can be compared and each difference has a name."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fairlead.dialects import thinking
from fairlead.dialects.model import (
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

Facets = dict[str, Any]
# What every model does anyway: to ask for it is to ask for nothing.
ANYWAY: Final[dict[str, tuple[Any, ...]]] = {
    "n": (1,),
    "top_p": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "min_p": (0,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "parallel_tools": (True,),
    "tool_choice": (ToolChoice("auto"),),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "output": (("text", None),),
}
# What Gemini 3 is told of calls that nobody signed.
UNSIGNED: Final = "skip_thought_signature_validator"
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}
SCALARS: Final = (
    *("max_tokens", "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "seed", "n"),
    *("logit_bias", "logprobs", "top_logprobs", "tool_choice", "parallel_tools", "verbosity"),
    *("service_tier", "user", "metadata", "cache_key", "store"),
)


def facets(request: Request) -> Facets:
    """The things that a request has; what it does not have is not among them."""
    found = {name: value for name in SCALARS if (value := getattr(request, name)) is not None}
    found |= {name: value for name in ("stop", "extra") if (value := getattr(request, name))}
    if request.output is not None:
        found["output"] = (request.output.kind, request.output.schema)
        found["output.name"], found["output.strict"] = request.output.name, request.output.strict
        found["output.description"] = request.output.description
    if request.thinking is not None:
        found |= _of_thinking(request.thinking)
    found |= _of_tools([tool for tool in request.tools if isinstance(tool, Tool)])
    found |= _of_messages(request.messages)
    found["cache"] = _marks(request)
    if request.tool_choice == ToolChoice("none"):
        found.pop("parallel_tools", None)
    empty: tuple[Any, ...] = (None, [], "")
    return {name: value for name, value in found.items() if value not in (*empty, *ANYWAY.get(name, ()))}


def _of_thinking(asked: Thinking) -> Facets:
    """How much to think in the words that every dialect can come near to, and whether thoughts are to be seen."""
    word = thinking.effort(asked)
    return {
        "thinking": asked.enabled or word is not None,
        "thinking.effort": "high" if word in ("xhigh", "max") else word,
        "thinking.shown": asked.shown or asked.summary is not None or None,
    }


def _of_tools(tools: list[Tool]) -> Facets:
    return {
        "tools": [(tool.name, tool.description, tool.custom) for tool in tools],
        "tools.parameters": [tool.parameters for tool in tools if tool.parameters not in (None, _NO_PARAMETERS)],
        "tools.strict": [tool.strict for tool in tools if tool.strict],
        "tools.format": [tool.format for tool in tools if tool.format is not None],
    }


def _of_messages(messages: list[Message]) -> Facets:
    """Words by who says them, without what stands between two texts; everything else in order."""
    found: Facets = {f"words.{role}": _words(messages, role) for role in ("system", "developer", "user", "assistant")}
    parts = [part for message in messages for part in message.parts]
    found["names"] = [message.name for message in messages if message.name is not None]
    found["media"] = [_medium(part) for part in parts if isinstance(part, Media)]
    found["refusals"] = [part.text for part in parts if isinstance(part, Refusal)]
    found["thoughts"] = [
        (part.text, part.signature or part.encrypted, part.issuer) for part in parts if isinstance(part, Reasoning)
    ]
    found["citations"] = [each.url for part in parts if isinstance(part, Text) for each in part.citations]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    found["calls"] = [(call.id, call.name, json.loads(call.arguments), call.custom) for call in calls]
    found["calls.signatures"] = [
        (call.signature, call.issuer) for call in calls if call.signature not in (None, UNSIGNED)
    ]
    results = [part for part in parts if isinstance(part, ToolResult)]
    found["results"] = [(each.id, "".join(_texts(each.parts)).replace("\n", "")) for each in results]
    found["results.errors"] = [each.error for each in results if each.error]
    found["results.media"] = [_medium(part) for each in results for part in each.parts if isinstance(part, Media)]
    return found


def _words(messages: list[Message], role: str) -> str:
    words = "".join(text for message in messages if message.role == role for text in _texts(message.parts))
    return words.replace("\n", "")


def _texts(parts: list[Part]) -> Iterator[str]:
    return (part.text for part in parts if isinstance(part, Text))


def _medium(part: Media) -> tuple[Any, ...]:
    return (part.kind, part.data, part.url, part.file_id, part.text)


def _marks(request: Request) -> list[str | None]:
    """Every cache mark's lifetime."""
    parts = [part for message in request.messages for part in message.parts]
    inner = [each for part in parts if isinstance(part, ToolResult) for each in part.parts]
    marked = [request, *request.tools, *parts, *inner]
    return [mark.ttl for each in marked if (mark := getattr(each, "cache", None)) is not None]


def differing(before: Facets, after: Facets) -> list[str]:
    """The names of what differs."""
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


_EXCUSES: Final = {
    "tool_choice": ("tools",),
    "parallel_tools": ("tools",),
    "names": ("name", "messages.name"),
    "citations": ("messages.citations",),
    "calls.signatures": ("thinking",),
    "thoughts": ("thinking",),
    "results.errors": ("is_error",),
    "results": ("messages",),
    "extra": ("nobody_knows_it",),
}


def silent(before: Facets, after: Facets, declared: Iterable[str]) -> list[str]:
    """What differs although nothing that was `declared` says so."""
    told = set(declared)
    if any(name.startswith("at.") for name in told):  # the place of a part, which may have borne a mark
        told |= {"media", "cache"}
    return [
        name
        for name in differing(before, after)
        if told.isdisjoint({name, name.partition(".")[0], *_EXCUSES.get(name, ())})
    ]
