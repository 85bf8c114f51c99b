"""Ollama's replies, read however badly they are written."""

import calendar
import re
from typing import Any, Final

from fairlead.dialects import replies
from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    ErrorFacts,
    Finish,
    Media,
    Part,
    Reasoning,
    Reply,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from fairlead.dialects.ollama.names import DIALECT
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.wire import encode

_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DIGITS: Final = str.maketrans("", "", "-T:.Z+")
_COUNTS: Final = ("prompt_eval_count", "eval_count")


def reply(body: bytes) -> Reply | ErrorFacts:
    """A whole reply, or the error that it is. Raises `BadReply` where it is neither."""
    value = replies.members(body)
    facts = error(value)
    if facts is not None:
        return facts
    message = value.get("message")
    if not isinstance(message, dict):
        raise BadReply("the reply has no `message`")
    parts = _parts(message, value)
    called = any(type(part) is ToolCall for part in parts)
    choice = Choice(
        parts,
        finish(value, called=called),
        native_finish=word(value, "done_reason"),
        logprobs=logprobs(value),
    )
    return Reply([choice], usage(value), model=word(value, "model"), created=created(value))


def error(value: dict[str, Any]) -> ErrorFacts | None:
    """The error that a line is, if it is one."""
    return openai_errors.find(value) if value.get("error") else None


def finish(value: dict[str, Any], *, called: bool) -> Finish | None:
    """Why an answer ended: at a tool where it has called one, which Ollama says `stop` of; None where it has not."""
    reason = word(value, "done_reason")
    if reason == "length":
        return "length"
    if not reason and value.get("done") is not True:
        return None
    return "tool_calls" if called else "stop"


def usage(value: dict[str, Any]) -> Usage | None:
    """The counts of a last line; None where it has none."""
    if not any(name in value for name in _COUNTS):
        return None
    taken, made = (count(value, name) for name in _COUNTS)
    return Usage(taken, made)


def created(value: dict[str, Any]) -> int | None:
    """When the reply was made, in Unix seconds; None where it does not say."""
    moment = _MOMENT.fullmatch(word(value, "created_at") or "")
    if moment is None:
        return None
    *numbers, sign, hours, minutes = moment.groups()
    try:
        seconds = calendar.timegm((*map(int, numbers), 0, 0, 0))
    except ValueError:
        return None
    ahead = (int(hours) * 60 + int(minutes)) * 60 if sign else 0
    seconds += ahead if sign == "-" else -ahead
    return seconds if seconds > 0 else None


def _parts(message: dict[str, Any], value: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    if thought := word(message, "thinking"):
        parts.append(Reasoning(thought, issuer=DIALECT))
    if text := word(message, "content"):
        parts.append(Text(text))
    parts += images(message)
    parts += [call(each, index, value) for index, each in enumerate(objects(message, "tool_calls"))]
    return parts


def images(message: dict[str, Any]) -> list[Media]:
    """The images that a model made."""
    held = message.get("images")
    return [Media("image", data=each) for each in held if isinstance(each, str)] if isinstance(held, list) else []


def call(value: dict[str, Any], index: int, reply: dict[str, Any]) -> ToolCall:
    """A call of a tool. Where Ollama gives it no id, as before 0.12, the moment of the reply and its place make one."""
    held = inner(value, "function")
    arguments = held.get("arguments")
    text = arguments if isinstance(arguments, str) else encode({} if arguments is None else arguments).decode()
    name = word(value, "id") or f"call_{(word(reply, 'created_at') or '').translate(_DIGITS)}_{index}"
    return ToolCall(name, word(held, "name") or "", text, issuer=DIALECT)


def logprobs(value: dict[str, Any]) -> list[TokenLogprob] | None:
    """How likely the tokens were; None where the reply does not say."""
    return list(map(_logprob, objects(value, "logprobs"))) if isinstance(value.get("logprobs"), list) else None


def _logprob(value: dict[str, Any]) -> TokenLogprob:
    chance, made = value.get("logprob"), value.get("bytes")
    return TokenLogprob(
        word(value, "token") or "",
        chance if isinstance(chance, float) else 0.0,
        made if isinstance(made, list) and all(isinstance(each, int) for each in made) else None,
        [_logprob(each) for each in objects(value, "top_logprobs")],
    )
