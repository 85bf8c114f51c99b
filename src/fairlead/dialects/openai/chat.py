"""OpenAI's chat completions, and the completions and embeddings that share its envelope.

Source: the published OpenAPI document of OpenAI (`openai/openai-openapi`), 2026-08-21.
"""

from typing import Any

from msgspec import UNSET

from fairlead.dialects import lenient, sse
from fairlead.dialects.envelope import Endpoint
from fairlead.dialects.members import Members
from fairlead.dialects.model import BadReply, ErrorFacts, Usage
from fairlead.dialects.openai import answers, usage
from fairlead.errors import RequestError

CHAT = Endpoint("chat.completions", "/chat/completions", "choices", streams=True, chat=True, asks_usage=True)
COMPLETIONS = Endpoint("completions", "/completions", "choices", streams=True, asks_usage=True)
EMBEDDINGS = Endpoint("embeddings", "/embeddings", "data", streams=False)

DONE = b"data: [DONE]\n\n"
# How OpenAI writes it on every chunk but the last; within a JSON text these quotes would be escaped.
_NO_USAGE = b',"usage":null'
_USAGE = b'"usage"'
_HEAD = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}


def read_reply(endpoint: Endpoint, body: bytes) -> ErrorFacts | Usage | None:
    """What a whole reply under status 200 says: its usage (None where it has none), or the error it really is.

    Raises `BadReply` where it is neither.
    """
    if not body.isascii():
        _check_utf8(body)
    sound = answers.sound(body)
    if sound is not None and (sound.choices if endpoint.answer == "choices" else sound.data is not None):
        return usage.sent(sound.usage) if sound.usage is not UNSET else None
    answer = answers.read(body)
    facts = answers.error_in(answer, body)
    if facts is not None:
        return facts
    if not answer.choices if endpoint.answer == "choices" else answer.data is None:
        raise BadReply(f"the reply has no `{endpoint.answer}`")
    return usage.read(answer.usage)


def _check_utf8(body: bytes) -> None:
    # The decoder passes over strings that nobody asks for.
    try:
        body.decode()
    except UnicodeDecodeError:
        raise BadReply("the reply is not UTF-8") from None


class StreamReader:
    """Follows one streamed reply: passes its events on and knows how far it has come.

    `usage` is the last one seen, `error` an error the stream carried, `content` whether it has said anything that
    commits us, `done` whether its end mark came.
    """

    __slots__ = ("_choices", "_finished", "_hide_usage", "_seen", "content", "done", "error", "last", "usage")

    def __init__(self, *, hide_usage: bool, choices: int = 1) -> None:
        self._hide_usage = hide_usage
        self._choices = choices
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None
        self.content = False
        self.done = False
        self.last = b""

    @property
    def finished(self) -> bool:
        """Whether every choice has said why it stopped: such a stream is whole even without `[DONE]`."""
        return self.done or (len(self._seen) >= self._choices and self._seen == self._finished)

    def read(self, data: bytes) -> bytes | None:
        """One event's data in, what the client is to get of it out; None for an event that only we asked for.

        Raises `BadReply` where it is not JSON. Sets `error` instead of passing on an error.
        """
        if data == b"[DONE]":
            if not self._seen:
                raise BadReply("the stream ended before it said anything")
            self.done = True
            return data
        if not data.strip():
            return None
        answer = answers.read(data)
        self.last = data
        self.error = answers.error_in(answer, data)
        if self.error is not None:
            return None
        for choice in answer.choices or ():
            self._seen.add(choice.index)
            if choice.finish_reason:
                self._finished.add(choice.index)
        if not self.content:
            self.content = _has_content(data)
        if answer.usage is UNSET or (answer.usage is None and not self._hide_usage):
            return data
        return self._with_usage(data, answer)

    def _with_usage(self, data: bytes, answer: answers.Answer) -> bytes | None:
        if answer.usage:
            self.usage = usage.read(answer.usage)
        if not self._hide_usage:
            return data
        if answer.usage and not answer.choices:
            return None
        if answer.usage is None and data.count(_USAGE) == 1 and _NO_USAGE in data:
            return data.replace(_NO_USAGE, b"")
        return _without_usage(data)

    def error_event(self, error: dict[str, Any]) -> bytes:
        """The in-band end of a stream that broke: a chunk with `error` and `finish_reason: "error"`, then `[DONE]`.

        The shape is OpenRouter's, which clients already know.
        """
        last = lenient.members(self.last)
        head = {name: last[name] if type(last.get(name)) is type(value) else value for name, value in _HEAD.items()}
        said: dict[str, Any] = {"text": ""} if head["object"] == "text_completion" else {"delta": {}}
        still_open = sorted(self._seen - self._finished) or [0]
        choices = [{"index": index, **said, "finish_reason": "error"} for index in still_open]
        return sse.event(lenient.dumps({**head, "choices": choices, **error})) + DONE


def _without_usage(data: bytes) -> bytes:
    try:
        return Members(data).splice({"usage": None})
    except RequestError:
        value = lenient.members(data)
        return lenient.dumps({name: value[name] for name in value if name != "usage"}) if value else data


def _has_content(data: bytes) -> bool:
    """Whether a chunk commits us: it says more than a role, an empty text, or nothing."""
    choices = lenient.members(data).get("choices")
    return isinstance(choices, list) and any(_says_something(choice) for choice in choices if isinstance(choice, dict))


def _says_something(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    said = delta if isinstance(delta, dict) else {"text": choice.get("text")}
    return bool(choice.get("finish_reason")) or any(
        value not in (None, "", [], {}) for name, value in said.items() if name != "role"
    )
