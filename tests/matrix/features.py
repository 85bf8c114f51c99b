"""What a client can ask for and what an answer can say, one thing at a time, each at its smallest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fairlead.dialects.model import (
    Cache,
    Choice,
    Citation,
    Finish,
    Media,
    Message,
    NativePart,
    NativeTool,
    Output,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Text,
    Thinking,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)

_OBJECT: Final[dict[str, Any]] = {"type": "object", "properties": {"city": {"type": "string"}}}
_CLOSED: Final[dict[str, Any]] = {**_OBJECT, "required": ["city"], "additionalProperties": False}
_TOOL: Final = Tool("weather", "Tells the weather", _OBJECT)
_QUESTION: Final = Message("user", [Text("Well?")])
BARE: Final = Request("m", [_QUESTION], max_tokens=9000)


@dataclass(frozen=True)
class Wish:
    """A thing that a request asks for, in a request that a client of some dialect makes."""

    group: str
    name: str
    request: Callable[[str], Request]


def _with(**members: Any) -> Callable[[str], Request]:
    return lambda _: Request("m", [_QUESTION], **{"max_tokens": 9000, **members})


def _tooled(**members: Any) -> Callable[[str], Request]:
    return _with(**{"tools": [_TOOL], **members})


def _talk(*messages: Message) -> Callable[[str], Request]:
    return lambda _: Request("m", [*messages, _QUESTION], max_tokens=9000)


def _said(*parts: Part) -> Callable[[str], Request]:
    return _talk(Message("user", list(parts)))


def _called(*results: Part, calls: int = 1, error: bool | None = None) -> Callable[[str], Request]:
    made: list[Part] = [ToolCall(f"t{at}", "weather", "{}") for at in range(calls)]
    given: list[Part] = [ToolResult(f"t{at}", list(results), error=error) for at in range(calls)]
    messages = [_QUESTION, Message("assistant", made), Message("user", given)]
    return lambda _: Request("m", messages, max_tokens=9000, tools=[_TOOL])


def _thought(client: str) -> Request:
    proof = Reasoning("Hm.", "c2lnbmVk", issuer=client)
    return Request("m", [_QUESTION, Message("assistant", [proof, Text("So.")]), _QUESTION], max_tokens=9000)


def _native_tool(client: str) -> Request:
    return Request("m", [_QUESTION], max_tokens=9000, tools=[NativeTool(client, _SEARCHES[client], "tools[0]")])


_SEARCHES: Final[dict[str, dict[str, Any]]] = {
    "openai-chat": {"type": "web_search"},
    "openai-responses": {"type": "web_search"},
    "anthropic-messages": {"type": "web_search_20250305", "name": "web_search"},
    "gemini": {"googleSearch": {}},
}
_PICTURE: Final = Media("image", "image/png", "QUJD")
_PDF: Final = Media("document", "application/pdf", "QUJD")
_CITED: Final = Media("document", "text/plain", text="Words.", cite=True)

WISHES: Final = (
    Wish("messages", "system text", _talk(Message("system", [Text("Be brief.")]))),
    Wish("messages", "developer text", _talk(Message("developer", [Text("Be brief.")]))),
    Wish("messages", "text in several parts", _said(Text("One."), Text("Two."))),
    Wish("messages", "a speaker's name", _talk(Message("user", [Text("Hi.")], "ann"))),
    Wish("messages", "image, as data", _said(_PICTURE)),
    Wish("messages", "image, by URL", _said(Media("image", "image/png", url="https://a/b.png"))),
    Wish("messages", "PDF, as data", _said(_PDF)),
    Wish("messages", "PDF, by URL", _said(Media("document", "application/pdf", url="https://a/b.pdf"))),
    Wish("messages", "document with citations", _said(_CITED)),
    Wish("messages", "audio", _said(Media("audio", "audio/wav", "QUJD"))),
    Wish("messages", "video, by URL", _said(Media("video", "video/mp4", url="https://a/b.mp4"))),
    Wish("messages", "refusal, given back", _talk(Message("assistant", [Refusal("No.")]))),
    Wish("messages", "signed thoughts, given back", _thought),
    Wish("messages", "cache mark", _said(Text("Long.", cache=Cache()))),
    Wish("tools", "tools", _tooled()),
    Wish("tools", "strict tools", _with(tools=[Tool("weather", None, _CLOSED, strict=True)])),
    Wish("tools", "tools that take free text", _with(tools=[Tool("run", custom=True)])),
    Wish("tools", "tools that its provider runs", _native_tool),
    Wish("tools", "several calls at once, given back", _called(Text("Sun."), calls=2)),
    Wish("tools", "results with images", _called(Text("See."), _PICTURE)),
    Wish("tools", "results that are errors", _called(Text("Down."), error=True)),
    Wish("tools", "choice: none", _tooled(tool_choice=ToolChoice("none"))),
    Wish("tools", "choice: any", _tooled(tool_choice=ToolChoice("required"))),
    Wish("tools", "choice: one by name", _tooled(tool_choice=ToolChoice("required", ["weather"]))),
    Wish("tools", "one call at a time", _tooled(parallel_tools=False)),
    Wish("answer", "any JSON", _with(output=Output("json"))),
    Wish("answer", "JSON of a schema", _with(output=Output("schema", _CLOSED))),
    Wish("answer", "stop", _with(stop=["END"])),
    Wish("answer", "limit of tokens", _with(max_tokens=7000)),
    Wish("answer", "several answers", _with(n=2)),
    Wish("answer", "log probabilities", _with(logprobs=True)),
    Wish("answer", "the likeliest tokens", _with(logprobs=True, top_logprobs=2)),
    Wish("answer", "verbosity", _with(verbosity="low")),
    Wish("sampling", "temperature", _with(temperature=0.5)),
    Wish("sampling", "top_p", _with(top_p=0.5)),
    Wish("sampling", "top_k", _with(top_k=5)),
    Wish("sampling", "min_p", _with(min_p=0.1)),
    Wish("sampling", "frequency penalty", _with(frequency_penalty=0.5)),
    Wish("sampling", "presence penalty", _with(presence_penalty=0.5)),
    Wish("sampling", "seed", _with(seed=7)),
    Wish("sampling", "bias of tokens", _with(logit_bias={"9": 1.0})),
    Wish("thinking", "effort", _with(thinking=Thinking(effort="low"))),
    Wish("thinking", "budget", _with(thinking=Thinking(True, budget=4096))),
    Wish("thinking", "off", _with(thinking=Thinking(effort="none"))),
    Wish("account", "user", _with(user="ann")),
    Wish("account", "metadata", _with(metadata={"team": "a"})),
    Wish("account", "service tier `priority`", _with(service_tier="priority")),
    Wish("account", "cache key", _with(cache_key="k")),
    Wish("account", "keep the answer", _with(store=True)),
)


@dataclass(frozen=True)
class Saying:
    """A thing that an answer says. `shows` finds it again, in whatever word it is; None where it is gone."""

    group: str
    name: str
    reply: Reply
    shows: Callable[[Reply], Any]


def _answer(*parts: Part, finish: Finish = "stop", **members: Any) -> Reply:
    return Reply([Choice(list(parts), finish, **members)], Usage(9, 9), "i", "m", 5)


def _kinds(reply: Reply) -> set[type]:
    return {type(part) for part in reply.choices[0].parts}


def _finds(kind: type, *, count: int = 1) -> Callable[[Reply], Any]:
    return lambda reply: sum(type(part) is kind for part in reply.choices[0].parts) >= count or None


def _refusal(reply: Reply) -> str | None:
    return "a refusal" if Refusal in _kinds(reply) else "as text" if Text in _kinds(reply) else None


def _picture(reply: Reply) -> str | None:
    return "a picture" if Media in _kinds(reply) else "as Markdown" if Text in _kinds(reply) else None


def _proof(reply: Reply) -> bool | None:
    thoughts = [part for part in reply.choices[0].parts if isinstance(part, Reasoning)]
    return any(each.signature or each.encrypted for each in thoughts) or None


def _freely(reply: Reply) -> str | None:
    calls = [part for part in reply.choices[0].parts if isinstance(part, ToolCall)]
    return None if not calls else "a text" if calls[0].custom else "as an object"


def _sources(reply: Reply) -> str | None:
    texts = [part for part in reply.choices[0].parts if isinstance(part, Text)]
    return next((each.url for text in texts for each in text.citations), None)


def _first(name: str) -> Callable[[Reply], Any]:
    return lambda reply: getattr(reply.choices[0], name)


def _likely(reply: Reply) -> bool | None:
    return reply.choices[0].logprobs is not None or None


COUNTED = [name for name, field in Usage.__dataclass_fields__.items() if field.compare]


def _counts(name: str) -> Saying:
    counted: dict[str, Any] = {"input_tokens": 9, "output_tokens": 9, name: 5}
    reply = Reply([Choice([Text("So.")], "stop")], Usage(**counted), "i", "m", 5)
    if name == "cache_write_1h_tokens":
        reply.usage = Usage(9, 9, cache_write_tokens=5, cache_write_1h_tokens=5)
    return Saying("usage", name.replace("_", " "), reply, lambda got: getattr(got.usage, name) or None)


def _ends(word: Finish) -> Saying:
    parts: list[Part] = [ToolCall("t", "weather", "{}")] if word == "tool_calls" else [Text("So.")]
    return Saying("finish", f"`{word}`", _answer(*parts, finish=word), _ended)


def _ended(reply: Reply) -> str:
    return f"`{reply.choices[0].finish}`"


_CALL: Final = ToolCall("t0", "weather", "{}")
_CITATION: Final = Citation("https://a/b", "a", start=0, end=3)
SAYINGS: Final = (
    Saying("parts", "text", _answer(Text("So.")), _finds(Text)),
    Saying("parts", "thoughts", _answer(Reasoning("Hm."), Text("So.")), _finds(Reasoning)),
    Saying("parts", "what proves thoughts", _answer(Reasoning("Hm.", "c2ln"), Text("So.")), _proof),
    Saying("parts", "refusal", _answer(Refusal("No.")), _refusal),
    Saying("parts", "tool call", _answer(_CALL, finish="tool_calls"), _finds(ToolCall)),
    Saying(
        "parts",
        "several calls at once",
        _answer(_CALL, ToolCall("t1", "weather", "{}"), finish="tool_calls"),
        _finds(ToolCall, count=2),
    ),
    Saying("parts", "call with free text", _answer(ToolCall("t", "run", "ls", custom=True)), _freely),
    Saying("parts", "citations", _answer(Text("So.", [_CITATION])), _sources),
    Saying("parts", "image", _answer(_PICTURE), _picture),
    Saying("parts", "what one provider alone knows", _answer(Text("So."), NativePart("", {})), _finds(NativePart)),
    Saying("parts", "log probabilities", _answer(Text("So."), logprobs=[TokenLogprob("So.", -0.5)]), _likely),
    Saying(
        "parts",
        "several answers",
        Reply([Choice([Text("a")], "stop"), Choice([Text("b")], "stop", 1)], Usage(9, 9), "i", "m", 5),
        lambda reply: len(reply.choices) > 1 or None,
    ),
    *(_ends(word) for word in ("stop", "length", "tool_calls", "content_filter", "refusal", "pause", "context")),
    Saying("finish", "the stop sequence", _answer(Text("So."), stop_sequence="END"), _first("stop_sequence")),
    Saying(
        "usage",
        "service tier",
        Reply([Choice([Text("So.")], "stop")], Usage(9, 9), "i", "m", 5, "priority"),
        lambda reply: reply.service_tier,
    ),
    *(_counts(name) for name in COUNTED),
)
