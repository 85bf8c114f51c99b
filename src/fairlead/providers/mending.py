"""What the mends share: the kinds of answers, what an answer has said so far, and the ways to set a member right."""

from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of answer: its `object`, the members its envelope must have, and what its parts are called."""

    object: str
    envelope: tuple[tuple[str, type], ...] = ()
    parts: str = "choices"
    message: str = "message"
    entry: str = ""
    streamed: bool = False


_CHAT: Final = (("id", str), ("created", int), ("model", str))
REPLY: Final = Shape("chat.completion", _CHAT)
CHUNK: Final = Shape("chat.completion.chunk", _CHAT, message="delta", streamed=True)
EMBEDDINGS: Final = Shape("list", (("model", str),), parts="data", entry="embedding")
MODELS: Final = Shape("list", parts="data", entry="model")


@dataclass(slots=True)
class Calls:
    """The tool calls that one choice has streamed so far, by the index they go out under."""

    ids: dict[str, int] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    last: int = 0

    def place(self, said: Any, call_id: str, starts: bool, position: int | None) -> int:
        """The index of a delta, whose position is None if it comes alone.

        A second call that starts at a taken index is moved to a free one.
        """
        if type(said) is int and said >= 0:
            index = self.moved.get(said, said)
            if call_id and starts and self.owners.get(index, call_id) != call_id:
                index = self.moved[said] = self.ids.get(call_id, self._free())
        elif call_id in self.ids:
            index = self.ids[call_id]
        elif call_id or starts:
            index = self._free()
        else:
            index = self.last if position is None else position
        if call_id:
            self.ids.setdefault(call_id, index)
            self.owners.setdefault(index, call_id)
        self.last = index
        return index

    def _free(self) -> int:
        return max(self.seen, default=-1) + 1


@dataclass(slots=True)
class Told:
    """What the answer at hand has said so far. For a stream it outlives the chunk."""

    shape: Shape
    known: dict[str, Any]
    index: int = 0
    repeated: bool = False
    begun: set[int] = field(default_factory=set)
    finished: dict[int, str] = field(default_factory=dict)
    calls: dict[int, Calls] = field(default_factory=dict)


def aside(holder: Json, name: str) -> None:
    """Keep what cannot stay at `name` under `native_<name>`."""
    if holder.get(name) not in (None, ""):
        holder.setdefault("native_" + name, holder[name])


def fill(holder: Json, name: str, kind: type, value: Any) -> bool:
    """Put `value` at `name` unless something of `kind` is there."""
    if type(holder.get(name)) is kind:
        return False
    aside(holder, name)
    holder[name] = value
    return True


def leave_out(holder: Json, name: str, kind: type) -> bool:
    """Leave `name` out unless it is of `kind`."""
    if name not in holder or type(holder[name]) is kind:
        return False
    aside(holder, name)
    del holder[name]
    return True


def null(holder: Json, name: str) -> bool:
    """Say null where nothing is said."""
    if name in holder:
        return False
    holder[name] = None
    return True
