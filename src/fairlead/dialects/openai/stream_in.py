"""A provider's stream, read chunk by chunk."""

from typing import Any

from fairlead.dialects.beside import Told
from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import Aside, BadReply, Began, Counted, ErrorFacts, Event, Usage
from fairlead.dialects.openai import replies, usage
from fairlead.dialects.openai.deltas import Said


class StreamIn:
    """Reads one stream; what it says of itself is what `ProviderStream` promises."""

    __slots__ = ("_began", "_beside", "_choices", "_said", "content", "done", "error", "usage")

    def __init__(self, choices: int) -> None:
        self._choices = choices
        self._said: dict[int, Said] = {}
        self._began = False
        self._beside = Told(replies.ASIDE)
        self.usage: Usage | None = None
        self.error: ErrorFacts | None = None
        self.content = False
        self.done = False

    @property
    def finished(self) -> bool:
        """Whether every choice has said why it stopped: such a stream is whole even without `[DONE]`."""
        said = self._said
        return self.done or (len(said) >= self._choices and all(each.finished for each in said.values()))

    def read(self, data: bytes) -> list[Event]:
        """The events of one chunk. Sets `error` where it is one. Raises `BadReply` where it is no JSON object."""
        if data == b"[DONE]":
            if not self._said:
                raise BadReply("the stream ended before it said anything")
            self.done = True
            return []
        if not data.strip():
            return []
        value = replies.load(data)
        choices = objects(value, "choices") if isinstance(value, dict) else []
        if not choices or b'"error"' in data:
            self.error = replies.error_in(value)
            if self.error is not None:
                return []
        if not isinstance(value, dict):
            raise BadReply("it is not a JSON object")
        return self._chunk(value, choices)

    def _chunk(self, value: dict[str, Any], choices: list[dict[str, Any]]) -> list[Event]:
        events: list[Event] = []
        for at, choice in enumerate(choices):
            index = replies.index_of(choice, at)
            said = self._said.get(index)
            if said is None:
                said = self._said[index] = Said(index)
            said.read(choice, value, events)
        if events and not self.content:
            self.content = any(type(event) is not Aside for event in events)
        if aside := self._beside.new(value):
            events.insert(0, Aside(aside))
        if not self._began:
            self._began = True
            events.insert(0, _began(value))
        if value.get("usage") and (counted := usage.read(value["usage"])) is not None:
            self.usage = counted
            events.append(Counted(counted, replies.tier(value)))
        return events


def _began(value: dict[str, Any]) -> Began:
    return Began(
        word(value, "id") or None,
        word(value, "model") or None,
        replies.seconds(value),
        service_tier=replies.tier(value),
        fingerprint=word(value, "system_fingerprint"),
    )
