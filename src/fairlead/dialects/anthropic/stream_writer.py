"""A stream as a client of Anthropic's gets it: one block after another, each begun and ended.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from fairlead.dialects import lenient
from fairlead.dialects.anthropic import citations, errors, finish, usage, wire
from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.anthropic.reply_writer import call_proof, head, part_blocks, redacted
from fairlead.dialects.codec import Facts
from fairlead.dialects.model import (
    Aside,
    Began,
    Cited,
    Counted,
    Event,
    Finished,
    ReasoningDelta,
    ReasoningEnd,
    RefusalDelta,
    Shown,
    TextDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.dialects.seals import seal
from fairlead.errors import FairleadError

# What belongs to no block, and so waits for none to end.
_NO_BLOCK: Final = (Began, Aside, Finished, Counted)
_EMPTY: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


class StreamWriter:
    """Writes one stream. The reason for the end and the usage come last, once both are known.

    While a tool call lacks some of its arguments, whatever else comes is held: blocks do not overlap.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._began = False
        self._kind = ""
        self._index = -1
        self._cited = False
        self._tool: ToolStart | None = None
        self._given = ""
        self._held: list[Event] = []
        self._called = False
        self._finished: Finished | None = None
        self._usage: Usage | None = None
        self._aside: dict[str, Any] = {}
        self._out: list[bytes] = []

    def write(self, events: Sequence[Event]) -> bytes:
        """What the client gets of these events."""
        for event in events:
            self._take(event)
        return self._taken()

    def end(self) -> bytes:
        """The end of a whole stream: the last block's, the reason, the usage."""
        if not self._began:
            self._begin(Began())
        while self._held:
            self._release()
        self._close()
        done = self._finished or Finished("stop")
        reason = finish.write(done.finish, done.stop_sequence, called=self._called)
        counts = usage.write(self._usage)
        if not self._usage or not self._usage.cache_write_1h_tokens:
            del counts["cache_creation"]  # which Anthropic tells at the start alone
        delta = {"stop_reason": reason, "stop_sequence": done.stop_sequence}
        self._put({"type": "message_delta", "delta": delta, "usage": counts, **self._aside})
        self._put({"type": "message_stop"})
        return self._taken()

    def error(self, error: FairleadError) -> bytes:
        """The end of a stream that broke: an `error` event, and no `message_stop`."""
        return wire.event(errors.write(error))

    def _take(self, event: Event) -> None:
        kind = type(event)
        if not self._began and kind is not Began:
            self._begin(Began())
        if self._tool is not None and self._waits(event):
            self._held.append(event)
        else:
            self._writers[kind](self, event)

    def _waits(self, event: Event) -> bool:
        """Whether it has to wait until the open tool call has all its arguments."""
        if type(event) in _NO_BLOCK or self._goes_on(event):
            return False
        return bool(self._held) or not self._is_whole()

    def _taken(self) -> bytes:
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _put(self, value: dict[str, Any]) -> None:
        self._out.append(wire.event(value))

    def _begin(self, event: Began) -> None:
        if self._began:
            return
        self._began = True
        self._usage = event.usage
        message = {
            **head(event.id, event.model, self._facts),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage.write(event.usage, event.service_tier),
        }
        self._put({"type": "message_start", "message": message})

    def _open(self, kind: str, block: dict[str, Any] | None = None) -> None:
        self._close()
        self._kind = kind
        self._index += 1
        start = _EMPTY[kind] if block is None else block
        self._put({"type": "content_block_start", "index": self._index, "content_block": start})

    def _delta(self, delta: dict[str, Any]) -> None:
        self._put({"type": "content_block_delta", "index": self._index, "delta": delta})

    def _close(self) -> None:
        """Ends the open block, if there is one."""
        if not self._kind:
            return
        if self._tool is not None and self._tool.custom and self._given:
            self._delta({"type": "input_json_delta", "partial_json": wire.dumps({"input": self._given}).decode()})
        self._put({"type": "content_block_stop", "index": self._index})
        self._kind, self._given = "", ""
        self._tool, self._cited = None, False

    def _whole(self, block: dict[str, Any]) -> None:
        """A block that has no deltas."""
        self._open("whole", block)
        self._close()

    def _text(self, event: TextDelta | RefusalDelta) -> None:
        if event.choice or not event.text:
            return
        if self._kind != "text" or self._cited:
            self._open("text")
        self._delta({"type": "text_delta", "text": event.text})

    def _cite(self, event: Cited) -> None:
        citation = citations.write(event.citation)
        if event.choice or citation is None:
            return
        if self._kind != "text":
            self._open("text")
        self._cited = True
        self._delta({"type": "citations_delta", "citation": citation})

    def _thought(self, event: ReasoningDelta) -> None:
        if event.choice or not event.text:
            return
        if self._kind != "thinking":
            self._open("thinking")
        self._delta({"type": "thinking_delta", "thinking": event.text})

    def _thought_end(self, event: ReasoningEnd) -> None:
        if event.choice:
            return
        if event.signature is not None:
            if self._kind != "thinking":
                self._open("thinking")
            self._delta({"type": "signature_delta", "signature": seal(event.issuer, NAME, event.signature)})
        if self._kind == "thinking":
            self._close()
        if event.encrypted is not None:
            self._whole(redacted(event.issuer, event.encrypted))

    def _tool_start(self, event: ToolStart) -> None:
        if event.choice:
            return
        for block in call_proof(event):
            self._whole(block)
        self._open("tool_use", {"type": "tool_use", "id": event.id, "name": event.name, "input": {}})
        self._tool, self._called = event, True

    def _tool_delta(self, event: ToolDelta) -> None:
        if not self._goes_on(event) or not event.text:
            return
        self._given += event.text
        if self._tool is not None and not self._tool.custom:
            self._delta({"type": "input_json_delta", "partial_json": event.text})
        if self._held and self._is_whole():
            self._release()

    def _goes_on(self, event: Event) -> bool:
        """Whether it is more of the open tool call's arguments."""
        return (
            type(event) is ToolDelta and not event.choice and self._tool is not None and event.index == self._tool.index
        )

    def _is_whole(self) -> bool:
        """Whether the open tool call has all its arguments; of free text nobody can say."""
        if self._tool is not None and self._tool.custom:
            return False
        try:
            return isinstance(lenient.loads(self._given.encode()), dict)
        except ValueError:
            return False

    def _release(self) -> None:
        """Ends the open tool call, and goes on with what was held meanwhile."""
        held, self._held = self._held, []
        self._close()
        for event in held:
            self._take(event)

    def _show(self, event: Shown) -> None:
        if not event.choice:
            for block in part_blocks(event.part):
                self._whole(block)

    def _beside(self, event: Aside) -> None:
        if not event.choice:
            self._aside.update(event.members)

    def _finish(self, event: Finished) -> None:
        if not event.choice:
            self._finished = event

    def _count(self, event: Counted) -> None:
        self._usage = event.usage

    _writers: ClassVar[dict[type, Callable[..., None]]] = {
        Began: _begin,
        TextDelta: _text,
        RefusalDelta: _text,
        Cited: _cite,
        ReasoningDelta: _thought,
        ReasoningEnd: _thought_end,
        ToolStart: _tool_start,
        ToolDelta: _tool_delta,
        Shown: _show,
        Aside: _beside,
        Finished: _finish,
        Counted: _count,
    }
