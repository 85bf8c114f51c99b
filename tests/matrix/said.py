"""What an answer says, in one form for every dialect: what must not change on its way to a client."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fairlead.dialects.model import (
    Counted,
    Event,
    Finished,
    Media,
    Part,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Reply,
    Shown,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)

_PICTURE = re.compile(r"!\[[a-z]+\]\((?:data:|https?:)[^)]*\)")


@dataclass
class Call:
    """A tool's name and its arguments, which may be a text until they are `told`."""

    name: str
    arguments: Any = ""

    def told(self) -> "Call":
        """The call with its arguments as the JSON that they are; no text at all is an empty object."""
        if not isinstance(self.arguments, str):
            return self
        try:
            return Call(self.name, json.loads(self.arguments or "{}"))
        except ValueError:
            return self


@dataclass
class Answer:
    """One choice of an answer."""

    text: str = ""
    thought: str = ""
    refusal: str = ""
    pictures: int = 0
    calls: list[Call] = field(default_factory=list)
    finish: str | None = None


@dataclass
class Said:
    """All that an answer says."""

    answers: dict[int, Answer] = field(default_factory=dict)
    usage: Usage | None = None

    def answer(self, index: int = 0) -> Answer:
        """The choice `index`, which may begin here."""
        return self.answers.setdefault(index, Answer())

    def whole(self) -> "Said":
        """The same with arguments as JSON, pictures in Markdown as pictures, and thoughts in one paragraph."""
        for answer in self.answers.values():
            answer.calls = [call.told() for call in answer.calls]
            answer.text, shown = _PICTURE.subn("", answer.text)
            answer.pictures += shown
            answer.thought = answer.thought.replace("\n\n", "")
        return self


def of_reply(reply: Reply) -> Said:
    """What a canonical reply says."""
    said = Said(usage=reply.usage)
    for choice in reply.choices:
        answer = said.answer(choice.index)
        answer.finish = choice.finish
        for part in choice.parts:
            _add(answer, part)
    return said.whole()


def _add(answer: Answer, part: Part) -> None:
    match part:
        case Text():
            answer.text += part.text
        case Reasoning():
            answer.thought += part.text
        case Refusal():
            answer.refusal += part.text
        case ToolCall():
            answer.calls.append(Call(part.name, part.arguments))
        case Media():
            answer.pictures += part.kind == "image"


def of_events(events: Iterable[Event]) -> Said:
    """What a canonical stream says."""
    said = Said()
    calls: dict[tuple[int, int], Call] = {}
    for event in events:
        match event:
            case TextDelta():
                said.answer(event.choice).text += event.text
            case ReasoningDelta():
                said.answer(event.choice).thought += event.text
            case RefusalDelta():
                said.answer(event.choice).refusal += event.text
            case ToolStart():
                calls[event.choice, event.index] = call = Call(event.name)
                said.answer(event.choice).calls.append(call)
            case ToolDelta():
                calls[event.choice, event.index].arguments += event.text
            case Shown(part=Media(kind="image")):
                said.answer(event.choice).pictures += 1
            case Finished():
                assert said.answer(event.choice).finish is None, "it finished twice"
                said.answer(event.choice).finish = event.finish
            case Counted():
                said.usage = event.usage
    return said.whole()
