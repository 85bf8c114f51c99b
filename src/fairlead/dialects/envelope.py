"""What must be known of a call to route it, whatever its dialect; the rest of the body stays bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

import msgspec

from fairlead.dialects.members import Members
from fairlead.errors import RequestError

_TRUE, _FALSE, _NULL = b"true", b"false", b"null"
_UNREADABLE = (ValueError, RecursionError)
_ASK_USAGE = b'{"include_usage":true}'
_ASKS_USAGE = (_ASK_USAGE, b'{"include_usage": true}')  # as clients spell it; spelled otherwise, it is read
_DIGITS = 4
_LONGEST_NAME = 512
# What would lead out of a path in which a model's name stands.
_AWAY: Final = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")
_encode = msgspec.json.Encoder().encode
AUTO = "auto"
# Objects of a body that passes as it is, of which the gateway reads what is in them: how much may be thought and said,
# how many answers, what is noted of the call. (`stream_options` is read member by member anyway.)
_READ: Final = frozenset({"generationConfig", "generation_config", "metadata", "thinking"})
_CONFIGS: Final = frozenset({"generationConfig", "generation_config"})
_MODELS: Final = "models"
# Where the dialects keep what was said, and where a message keeps its parts.
_SAID = ("messages", "prompt", "input", "contents", "query")
_CONTENT = ("content", "parts")


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One operation of a dialect: its path at a provider, in which `{model}` may stand, and how it answers.

    `answer` is the member that a whole reply must have. `streams` says that the body's `stream` asks for events,
    `always` that the path alone does, `raw` that the answer is bytes which are no events. `chat` operations can be
    translated into any other dialect's. `asks_usage`: a stream counts tokens only if it is asked to. `form`: the body
    is a multipart form. `array`: the client gets a stream as one JSON array. `default_model` is meant where the body
    may name none.
    """

    name: str
    path: str
    answer: str = ""
    streams: bool = False
    always: bool = False
    dialect: str = "openai-chat"
    chat: bool = False
    asks_usage: bool = False
    raw: bool = False
    form: bool = False
    array: bool = False
    default_model: str | None = None

    def at(self, model: str) -> str:
        """The path at a provider that calls the model so."""
        return self.path.replace("{model}", quote(model, safe="")) if "{" in self.path else self.path


class Envelope:
    """A call's model, whether it streams, and its body as members. `model` is given where the path names it.

    `unnamed` is the model of a call in words that names none.
    """

    __slots__ = ("_unnamed", "endpoint", "members", "model", "stream", "wants_cost", "wants_usage")

    def __init__(
        self, endpoint: Endpoint, body: bytes, model: str | None = None, *, unnamed: str | None = None
    ) -> None:
        self.endpoint = endpoint
        self.members = members = Members(body)
        if members.has_any(_READ):
            _check_read(members)
        default = endpoint.default_model or (unnamed if endpoint.chat else None)
        named = members.names
        self._unnamed = model is None and "model" not in named and (default == AUTO or _MODELS in named)
        self.model = _model(members, default) if model is None else checked(model)
        self.stream = endpoint.always or endpoint.raw or (endpoint.streams and _flag(members, "stream"))
        self.wants_usage = self.stream and "stream_options" in named and _wants_usage(members)
        self.wants_cost = "usage" in named and endpoint.asks_usage and self._includes()

    @property
    def shows_usage(self) -> bool:
        """Whether the client gets what a stream says of tokens."""
        return self.wants_usage or self.wants_cost

    def _includes(self) -> bool:
        said = self.optional("usage")
        return isinstance(said, dict) and said.get("include") is True

    @property
    def choices(self) -> int:
        """How many choices an operation of OpenAI's is to give: 1 where `n` says nothing that makes sense."""
        return counted(self.members.get("n") or b"")

    def write(self, model: str, *, ask_usage: bool, lowered: Mapping[str, bytes | None] | None = None) -> bytes:
        """The body for a provider: with its own name for the model, on a stream a request for usage, and `lowered`."""
        members = self.members
        renamed = model != self.model and (self._unnamed or "model" in members.names)
        asks = ask_usage and self.stream and self.endpoint.asks_usage and not self.wants_usage
        if not (asks or lowered):
            return members.put("model", _quoted(model)) if renamed else members.body
        changes: dict[str, bytes | None] = dict(lowered) if lowered else {}
        if renamed:
            changes["model"] = _quoted(model)
        if asks:
            options = _options(members)
            changes["stream_options"] = options.splice({"include_usage": _TRUE}) if options else _ASK_USAGE
        return members.splice(changes)

    def text(self, name: str) -> str | None:
        """A member that is a text; None where it is anything else."""
        value = _decode(self.members, name)
        return value if isinstance(value, str) else None

    def optional(self, name: str) -> Any:
        """The value of a member that routing does not hang on; None where it is absent or cannot be read."""
        try:
            return msgspec.json.decode(self.members.get(name) or b"null")
        except _UNREADABLE:
            return None

    def last_user_text(self) -> str:
        """The text of the last user message, or of the prompt; empty where there is none."""
        for name in _SAID:
            if name in self.members:
                return _last_text(_decode(self.members, name))
        return ""


def _check_read(members: Members) -> None:
    """Refuse an object in which a name comes twice, or that comes in two spellings: the provider may read the other."""
    if all(name in members for name in _CONFIGS):
        raise RequestError("the body has `generationConfig` twice", param="generationConfig", hint="send it once")
    for name in _READ:
        value = members.get(name)
        if value is not None and value[:1] == b"{" and value.count(b":") > 1:
            _inner(name, value)


def _inner(name: str, value: bytes) -> Members:
    """The members of an object of the body."""
    try:
        return Members(value)
    except RequestError as error:
        raise RequestError(f"`{name}` is wrong: {error.message}", param=name, hint=error.hint) from None


def counted(n: bytes) -> int:
    """The number of choices that a member or a field says; 1 where that makes no sense."""
    return max(1, int(n)) if n.isdigit() and len(n) <= _DIGITS else 1


def _decode(members: Members, name: str) -> Any:
    try:
        return msgspec.json.decode(members.get(name) or b"")
    except _UNREADABLE as error:
        raise RequestError(f"`{name}` cannot be read: {error}", param=name) from None


def _model(members: Members, default: str | None) -> str:
    said = members.get("model")
    if said is not None:
        return _named(said)
    first = _first_of_models(members) if _MODELS in members else None
    if first is not None:
        return first
    if default is None:
        raise RequestError("the body has no `model`", param="model", hint="name a model, or `auto`")
    return default


def _first_of_models(members: Members) -> str | None:
    """The model that a call means which names several in `models`, and none besides."""
    said = _decode(members, _MODELS)
    return checked(said[0], f"{_MODELS}[0]") if isinstance(said, list) and said else None


def _read_name(said: bytes) -> str:
    try:
        return checked(msgspec.json.decode(said))
    except _UNREADABLE as error:
        raise RequestError(f"`model` cannot be read: {error}", param="model") from None


# Names of models are few and come again.
_remembered = lru_cache(maxsize=512)(_read_name)
_quoted = lru_cache(maxsize=512)(_encode)


def _named(said: bytes) -> str:
    return _remembered(said) if len(said) <= _LONGEST_NAME else _read_name(said)


def checked(value: Any, name: str = "model") -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME or not value.isprintable():
        raise RequestError(f"`{name}` must be a string that names a model", param=name)
    if _AWAY.search(value.strip()):
        raise RequestError(f"`{name}` names no model: `.` and `..` are steps of a path", param=name)
    return value


def _flag(members: Members, name: str) -> bool:
    value = members.get(name) or _FALSE
    if value not in (_TRUE, _FALSE, _NULL):
        raise RequestError(f"`{name}` must be true or false", param=name)
    return value == _TRUE


def _options(members: Members) -> Members | None:
    value = members.get("stream_options")
    return None if value is None or value == _NULL else _inner("stream_options", value)


def _wants_usage(members: Members) -> bool:
    if members.get("stream_options") in _ASKS_USAGE:
        return True
    options = _options(members)
    return options is not None and _flag(options, "include_usage")


def _last_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    for item in reversed(value):
        if isinstance(item, str):
            return item
        if isinstance(item, dict) and item.get("role", "user") == "user":
            text = next((text for name in _CONTENT if (text := content_text(item.get(name), "\n"))), "")
            if text:
                return text
    return ""


def content_text(content: Any, between: str = "") -> str:
    """The text of a message's content, plain or in parts; empty where it has none."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return between.join(text for text in texts if isinstance(text, str))
