"""A client's stream.

A message or a thought ends where something else begins. Tool calls stay open until the reply ends: their arguments may
come by turns.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import (
    Aside,
    Began,
    Cited,
    Counted,
    Event,
    Finish,
    Finished,
    Media,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Request,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.openai import errors
from fairlead.dialects.responses import counts, echo, ends, items, thoughts
from fairlead.dialects.responses.frames import Frames
from fairlead.dialects.responses.under_way import CallItem, MessageItem, ThoughtItem, UnderWay, WholeItem
from fairlead.dialects.responses.wire import NAME
from fairlead.errors import FairleadError


class ResponsesWriter:
    """Writes one stream; see `ClientStream`."""

    __slots__ = (
        "_aside", "_begun", "_calls", "_facts", "_finish", "_frames", "_id",
        "_items", "_open", "_refused", "_response", "_usage",
    )  # fmt: skip

    def __init__(self, request: Request, facts: Facts) -> None:
        self._response = echo.head(request, facts)
        self._facts = facts
        self._id = facts.id
        self._frames = Frames()
        self._aside: dict[str, Any] = {}
        self._begun = False
        self._items: list[UnderWay] = []
        self._open: MessageItem | ThoughtItem | None = None
        self._calls: dict[int, CallItem] = {}
        self._finish: Finish | None = None
        self._refused = False
        self._usage: Usage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        """What the client gets of these events."""
        for event in events:
            # There is one answer: nothing in this dialect asks for more.
            if not getattr(event, "choice", 0):
                self._writers[type(event)](self, event)
        return self._frames.take()

    def end(self) -> bytes:
        """The end of a whole stream."""
        outcome = ends.outcome(self._finish, self._facts.completed, refused=self._refused)
        self._end(outcome, outcome["status"])
        return self._frames.take()

    def error(self, error: FairleadError) -> bytes:
        """The end of a stream that broke: the response has failed."""
        self._end({"status": "failed", "error": _told(error)}, "failed")
        return self._frames.take()

    def _end(self, outcome: dict[str, Any], status: str) -> None:
        """Closes what is open; in a reply that is not whole, what was said last is not either."""
        self._begin()
        left = [each for each in self._items if not each.closed]
        for each in left:
            each.close("completed" if status == "completed" or each is not left[-1] else "incomplete")
        self._response.update(outcome)
        self._response["output"] = [each.item("completed") for each in self._items]
        if status != "completed" and left:
            self._response["output"][self._items.index(left[-1])] = left[-1].item("incomplete")
        self._response["usage"] = counts.write(self._usage)
        self._response.update(self._aside)
        self._frames.say(f"response.{status}", {"response": self._response})

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._frames.say("response.created", {"response": self._response})
            self._frames.say("response.in_progress", {"response": self._response})

    def _name(self, prefix: str) -> str:
        return f"{prefix}_{self._id}_{len(self._items)}"

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _began(self, event: Began) -> None:
        if not self._begun:
            echo.named(self._response, event.id, event.model, event.created)
        self._usage = event.usage or self._usage
        self._served(event.service_tier)
        self._begin()

    def _served(self, tier: str | None) -> None:
        if tier is not None:
            self._response["service_tier"] = echo.tier(tier)

    def _message(self) -> MessageItem:
        """The message that is open, or a new one."""
        if isinstance(self._open, MessageItem):
            return self._open
        self._close()
        self._begin()
        self._open = message = MessageItem(self._frames, len(self._items), self._name("msg"))
        self._items.append(message)
        return message

    def _text(self, event: TextDelta) -> None:
        if event.text or event.logprobs:
            self._message().say(event.text, event.logprobs)

    def _refusal(self, event: RefusalDelta) -> None:
        self._refused = True
        if event.text:
            self._message().refuse(event.text)

    def _cited(self, event: Cited) -> None:
        self._message().cite(event.citation)

    def _thought(self, *, summary: bool, id_: str | None = None) -> ThoughtItem:
        self._close()
        self._begin()
        self._open = thought = ThoughtItem(self._frames, len(self._items), id_ or self._name("rs"), summary=summary)
        self._items.append(thought)
        return thought

    def _think(self, event: ReasoningDelta) -> None:
        if not event.text:
            return
        thought = self._open
        if not isinstance(thought, ThoughtItem) or thought.summary != event.summary:
            thought = self._thought(summary=event.summary)
        thought.think(event.text)

    def _thought_end(self, event: ReasoningEnd) -> None:
        proof = thoughts.closed(event.issuer, event.signature, event.encrypted)
        thought = self._open if isinstance(self._open, ThoughtItem) else None
        if thought is None and proof is not None:
            thought = self._thought(summary=True, id_=event.id)
        if thought is not None:
            thought.encrypted = proof
            self._close()

    def _tool(self, event: ToolStart) -> None:
        if event.signature:
            self._thought(summary=True).encrypted = thoughts.of_call(event.issuer, event.signature)
        self._close()
        self._begin()
        id_ = self._name("ctc" if event.custom else "fc")
        call = CallItem(self._frames, len(self._items), id_, (event.id, event.name), custom=event.custom)
        self._items.append(call)
        self._calls[event.index] = call

    def _argument(self, event: ToolDelta) -> None:
        call = self._calls.get(event.index)
        if call is not None and event.text:
            call.add(event.text)

    def _shown(self, event: Shown) -> None:
        part = event.part
        if isinstance(part, Media) and (part.kind != "image" or part.data is None):
            if words := items.words_for(part):
                self._message().say(words, None)
        elif isinstance(part, Media) or part.dialect == NAME:
            self._close()
            self._begin()
            shown = part if isinstance(part, Media) else part.value
            self._items.append(WholeItem(self._frames, len(self._items), self._name("ig"), shown))

    def _beside(self, event: Aside) -> None:
        self._aside.update(event.members)

    def _finished(self, event: Finished) -> None:
        self._finish = event.finish

    def _counted(self, event: Counted) -> None:
        self._usage = event.usage
        self._served(event.service_tier)

    _writers: ClassVar[dict[type, Callable[["ResponsesWriter", Any], None]]] = {
        Began: _began,
        TextDelta: _text,
        ReasoningDelta: _think,
        ReasoningEnd: _thought_end,
        RefusalDelta: _refusal,
        ToolStart: _tool,
        ToolDelta: _argument,
        Cited: _cited,
        Shown: _shown,
        Aside: _beside,
        Finished: _finished,
        Counted: _counted,
    }


def _told(error: FairleadError) -> dict[str, Any]:
    """The error of a failed response. Its `code` is one of a few; ours is `native_code` where it is none of them."""
    told: dict[str, Any] = dict(errors.write(error)["error"])
    told["native_code"] = told["code"]
    told["code"] = "rate_limit_exceeded" if error.status == 429 else "server_error"
    return told
