"""What a dialect says in other words than it was asked in: nothing is lost, so nothing is told."""

import base64
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from fairlead.dialects.model import (
    Media,
    Message,
    Output,
    Part,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
)

OBJECT: Final[dict[str, Any]] = {"type": "object", "additionalProperties": False}
_ASKED: Final = Message("user", [Text("so")])
_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no words around it, no code fence."


@dataclass(frozen=True)
class Otherwise:
    """What is said in other words, how, and a request that shows it."""

    dialect: str
    feature: str
    why: str
    change: Callable[[Request], None]
    example: Request
    models: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.dialect}: {self.feature}"


def _asked(*parts: Part, **members: Any) -> Request:
    return Request("m", [Message("user", list(parts)), _ASKED], max_tokens=9, store=False, **members)


def _parts(change: Callable[[Part], Part]) -> Callable[[Request], None]:
    def on(request: Request) -> None:
        for message in request.messages:
            message.parts = [change(part) for part in message.parts]

    return on


def _developer(request: Request) -> None:
    for message in request.messages:
        message.role = "system" if message.role == "developer" else message.role


def _as_text(part: Part) -> Part:
    return Text(part.text or "") if isinstance(part, Media) and part.text is not None else part


def _as_data(part: Part) -> Part:
    if isinstance(part, Media) and part.text is not None:
        return Media("document", "text/plain", base64.b64encode(part.text.encode()).decode(), cache=part.cache)
    return part


def _refused(part: Part) -> Part:
    return Text(part.text) if isinstance(part, Refusal) else part


def _limit(request: Request) -> None:
    request.max_tokens = 64000 if request.max_tokens is None else request.max_tokens


def _told(request: Request) -> None:
    if request.output is not None and request.output.kind == "json":
        request.messages.append(Message("system", [Text(_JSON_ONLY)]))
        request.output = None


def _named(name: str) -> Callable[[Request], None]:
    def on(request: Request) -> None:
        if request.output is not None and request.output.kind == "schema":
            request.output.name = request.output.name or name

    return on


def _unnamed(request: Request) -> None:
    if request.output is not None:
        request.output.name = request.output.strict = None


def _described(request: Request) -> None:
    if request.output is not None and request.output.description is not None:
        request.output.schema = {"description": request.output.description, **(request.output.schema or {})}
        request.output.description = None


def _standard(request: Request) -> None:
    request.service_tier = "standard_only" if request.service_tier == "default" else request.service_tier


def _seen(request: Request) -> None:
    if request.thinking is not None and request.thinking.shown:
        request.thinking.shown = None


def _any(request: Request) -> None:
    if request.tool_choice is not None and request.tool_choice.mode == "required":
        for tool in request.tools:
            if isinstance(tool, Tool):
                tool.strict = None


def _beside(request: Request) -> None:
    for message in request.messages:
        for result in [part for part in message.parts if isinstance(part, ToolResult)]:
            message.parts += [part for part in result.parts if isinstance(part, Media)]
            result.parts = [part for part in result.parts if not isinstance(part, Media)]


_DEVELOPER: Final = Request("m", [Message("developer", [Text("be")]), _ASKED], max_tokens=9)
_DOCUMENT: Final = _asked(Media("document", "text/plain", text="words"))
_REFUSAL: Final = Request("m", [Message("assistant", [Refusal("no")]), _ASKED], max_tokens=9)
_SHOWN: Final = _asked(ToolResult("t", [Text("see"), Media("image", "image/png", "QUJD")]))
_SCHEMA: Final = Output("schema", OBJECT)
_STRICT: Final = Output("schema", OBJECT, "n", strict=True)

OTHERWISE: Final = (
    Otherwise(
        "openai-chat",
        "developer",
        "models that do not think know `system`",
        _developer,
        _DEVELOPER,
        ("gpt-4.1", "any-model"),
    ),
    Otherwise("openai-chat", "text documents", "a document that is text is a text", _parts(_as_text), _DOCUMENT),
    Otherwise(
        "openai-chat",
        "pictures in results",
        "a result is words: pictures follow as the user's",
        _beside,
        _SHOWN,
    ),
    Otherwise("openai-chat", "unnamed schemas", "a schema has a name", _named("answer"), _asked(output=_SCHEMA)),
    Otherwise(
        "openai-chat",
        "thoughts that are to be seen",
        "a provider shows what it shows",
        _seen,
        _asked(thinking=Thinking(effort="low", shown=True)),
    ),
    Otherwise("openai-responses", "text documents", "a document is a file", _parts(_as_data), _DOCUMENT),
    Otherwise("openai-responses", "unnamed schemas", "a schema has a name", _named("response"), _asked(output=_SCHEMA)),
    Otherwise("anthropic-messages", "developer", "it has one kind of system text", _developer, _DEVELOPER),
    Otherwise("anthropic-messages", "refusals", "a refusal that is given back is a text", _parts(_refused), _REFUSAL),
    Otherwise("anthropic-messages", "no limit", "it needs one: the model's own", _limit, Request("m", [_ASKED]), ()),
    Otherwise("anthropic-messages", "any JSON", "it is told in words", _told, _asked(output=Output("json"))),
    Otherwise(
        "anthropic-messages", "names of schemas", "a schema has none, and binds", _unnamed, _asked(output=_STRICT)
    ),
    Otherwise(
        "anthropic-messages",
        "descriptions of schemas",
        "they stand in the schema",
        _described,
        _asked(output=Output("schema", OBJECT, description="d")),
    ),
    Otherwise(
        "anthropic-messages", "tier `default`", "it says `standard_only`", _standard, _asked(service_tier="default")
    ),
    Otherwise("gemini", "developer", "it has one system instruction", _developer, _DEVELOPER),
    Otherwise("gemini", "refusals", "a refusal that is given back is a text", _parts(_refused), _REFUSAL),
    Otherwise(
        "gemini",
        "pictures in results",
        "before Gemini 3 a result is an object: pictures follow it",
        _beside,
        _SHOWN,
        ("gemini-2.5-flash",),
    ),
    Otherwise("gemini", "text documents", "a document that is text is a text", _parts(_as_text), _DOCUMENT),
    Otherwise(
        "gemini",
        "strict tools that must be called",
        "`ANY` holds the model to the schemas of all",
        _any,
        _asked(tools=[Tool("t", parameters=OBJECT, strict=True)], tool_choice=ToolChoice("required")),
    ),
    Otherwise("gemini", "names of schemas", "a schema has none, and binds", _unnamed, _asked(output=_STRICT)),
)


def otherwise(dialect: str, model: str, request: Request, *, but: Otherwise | None = None) -> Request:
    """The request as the dialect says it; as if there were no such entry as `but`, where one is given."""
    said = deepcopy(request)
    for each in OTHERWISE:
        if each.dialect == dialect and each is not but and (not each.models or model in each.models):
            each.change(said)
    return said
