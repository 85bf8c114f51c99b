"""A whole reply for a client."""

from typing import Any

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import (
    Choice,
    Media,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Text,
    TokenLogprob,
    ToolCall,
)
from fairlead.dialects.responses import counts, echo, ends, items, notes, thoughts
from fairlead.dialects.responses.wire import NAME


def write(reply: Reply, facts: Facts, request: Request | None) -> dict[str, Any]:
    """The `response` object. It has one answer: nothing in this dialect asks for more."""
    choice = reply.choices[0] if reply.choices else Choice([], None)
    response = echo.head(request, facts)
    echo.named(response, reply.id, reply.model, reply.created)
    response.update(
        ends.outcome(choice.finish, facts.completed, refused=any(type(part) is Refusal for part in choice.parts))
    )
    output = _Output(facts.id, choice.logprobs)
    for part in choice.parts:
        output.add(part)
    response["output"] = output.items
    if response["status"] == "incomplete" and output.items and "status" in output.items[-1]:
        output.items[-1]["status"] = "incomplete"
    response["service_tier"] = echo.tier(reply.service_tier)
    response["usage"] = counts.write(reply.usage)
    response.update({**choice.aside, **reply.aside})
    return response


class _Output:
    """Output items, as parts come."""

    __slots__ = ("_id", "_logprobs", "_message", "items")

    def __init__(self, id_: str, logprobs: list[TokenLogprob] | None) -> None:
        self.items: list[dict[str, Any]] = []
        self._id = id_
        self._logprobs = logprobs
        self._message: list[dict[str, Any]] | None = None

    def add(self, part: Part) -> None:
        match part:
            case Text():
                annotations = [notes.annotation(each, len(part.text)) for each in part.citations]
                self._say(items.output_text(part.text, annotations, self._logprobs))
                self._logprobs = None
            case Refusal():
                self._say(items.refusal(part.text))
            case Reasoning():
                proof = thoughts.closed(part.issuer, part.signature, part.encrypted)
                self._think(thoughts.item(part.text, proof, summary=part.summary), part.id)
            case ToolCall():
                self._call(part)
            case Media():
                self._show(part)
            case NativePart() if part.dialect == NAME:
                self._put(part.value)
            case _:
                pass

    def _name(self, prefix: str) -> str:
        return f"{prefix}_{self._id}_{len(self.items)}"

    def _put(self, item: dict[str, Any]) -> None:
        self._message = None
        self.items.append(item)

    def _say(self, content: dict[str, Any]) -> None:
        if self._message is None:
            held: list[dict[str, Any]] = []
            self._put(items.message(self._name("msg"), held, "completed"))
            self._message = held
        self._message.append(content)

    def _think(self, item: dict[str, Any], id_: str | None = None) -> None:
        self._put({"id": id_ or self._name("rs"), **item, "status": "completed"})

    def _call(self, part: ToolCall) -> None:
        if part.signature:
            self._think(thoughts.item("", thoughts.of_call(part.issuer, part.signature), summary=True))
        if part.custom:
            self._put(items.custom_call(self._name("ctc"), part.id, part.name, part.arguments, "completed"))
        else:
            self._put(items.call(self._name("fc"), part.id, part.name, part.arguments, "completed"))

    def _show(self, part: Media) -> None:
        if part.kind == "image" and part.data is not None:
            self._put(items.image(self._name("ig"), part))
        elif words := items.words_for(part):
            self._say(items.output_text(words, []))
