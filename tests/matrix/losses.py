"""What a client's dialect cannot say of an answer, and what is left of it there. Whatever is not here comes through."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from tests.matrix.said import Answer, Call, Said


@dataclass(frozen=True)
class Loss:
    """A thing that a dialect has no word for. `leaves` changes what was said into what a client of it gets."""

    dialect: str
    feature: str
    why: str
    leaves: Callable[[Said], None]
    streams: bool = True

    @property
    def name(self) -> str:
        return f"{self.dialect}: {self.feature}"


def _each(change: Callable[[Answer], None]) -> Callable[[Said], None]:
    def leaves(said: Said) -> None:
        for answer in said.answers.values():
            change(answer)

    return leaves


def _ends(word: str, otherwise: str) -> Callable[[Said], None]:
    def change(answer: Answer) -> None:
        answer.finish = otherwise if answer.finish == word else answer.finish

    return _each(change)


def _uncounted(*names: str) -> Callable[[Said], None]:
    def leaves(said: Said) -> None:
        if said.usage is not None:
            said.usage = replace(said.usage, **cast("dict[str, Any]", dict.fromkeys(names, 0)))

    return leaves


def _refused_as_text(answer: Answer) -> None:
    answer.text, answer.refusal = answer.text + answer.refusal, ""


def _refused_by_part(answer: Answer) -> None:
    if answer.finish == "stop" and answer.refusal:
        answer.finish = "refusal"


def _objects(answer: Answer) -> None:
    answer.calls = [_object(call) for call in answer.calls]


def _object(call: Call) -> Call:
    held = call.arguments
    if isinstance(held, dict):
        return call
    return Call(call.name, {"input": held if isinstance(held, str) else json.dumps(held)})


def _no_more_thought_than_said(said: Said) -> None:
    if said.usage is not None:
        most = said.usage.output_tokens
        said.usage = replace(said.usage, reasoning_tokens=min(said.usage.reasoning_tokens, most))


_TEXT: Final = "it has no part for a refusal: its words are the answer's text"
_OBJECT: Final = "arguments are an object there: a text that is none (a call cut short) stands in its member `input`"
LOSSES: Final = (
    Loss(
        "openai-chat",
        "finish `refusal`",
        "it says `content_filter`, and `native_finish_reason` the word itself",
        _ends("refusal", "content_filter"),
    ),
    Loss(
        "openai-chat",
        "tokens written to the cache for an hour",
        "`cache_write_tokens` has them all, whatever their lifetime",
        _uncounted("cache_write_1h_tokens"),
    ),
    Loss(
        "openai-responses",
        "finish `stop` of a refusal",
        "nothing but the part says how it ended, and that says `refusal`",
        _each(_refused_by_part),
    ),
    Loss(
        "openai-responses",
        "tokens written to the cache for an hour",
        "`cache_write_tokens` has them all, whatever their lifetime",
        _uncounted("cache_write_1h_tokens"),
    ),
    Loss(
        "openai-responses",
        "audio tokens",
        "its details count cached, written and reasoning tokens alone",
        _uncounted("audio_input_tokens", "audio_output_tokens"),
    ),
    Loss("anthropic-messages", "refusal parts", _TEXT, _each(_refused_as_text)),
    Loss("anthropic-messages", "finish `content_filter`", "it says `refusal`", _ends("content_filter", "refusal")),
    Loss("anthropic-messages", "arguments that are no object", _OBJECT, _each(_objects), streams=False),
    Loss(
        "anthropic-messages",
        "audio tokens",
        "it has no audio",
        _uncounted("audio_input_tokens", "audio_output_tokens"),
    ),
    Loss("gemini", "refusal parts", _TEXT, _each(_refused_as_text)),
    Loss("gemini", "finish `refusal`", "it says `SAFETY`, a filter's word", _ends("refusal", "content_filter")),
    Loss("gemini", "arguments that are no object", _OBJECT, _each(_objects)),
    Loss(
        "gemini",
        "tokens written to the cache",
        "it counts what was read from the cache alone",
        _uncounted("cache_write_tokens", "cache_write_1h_tokens"),
    ),
    Loss(
        "gemini",
        "more tokens of thought than of all output",
        "it counts thoughts beside the answer: no more can be thoughts than there are (Doubleword counts so)",
        _no_more_thought_than_said,
    ),
)


def left(client: str, said: Said, *, stream: bool, but: Loss | None = None) -> Said:
    """What a client of that dialect gets of an answer; as if there were no loss `but`, where one is given."""
    got = deepcopy(said)
    for loss in LOSSES:
        if loss.dialect == client and loss is not but and (loss.streams or not stream):
            loss.leaves(got)
    return got
