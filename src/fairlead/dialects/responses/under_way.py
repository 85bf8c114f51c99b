"""Output items of a stream while they are being said.

Each announces itself when it is made, says its pieces, and ends once with `close`, after which `item` is all of it.
"""

from typing import Any, Final

from fairlead.dialects.model import Citation, Media, TokenLogprob
from fairlead.dialects.responses import items, notes, thoughts
from fairlead.dialects.responses.frames import Frames


class UnderWay:
    """What all items share: `place` says in an event which one it is about."""

    def __init__(self, frames: Frames, index: int, id_: str) -> None:
        self.id = id_
        self.place = {"item_id": id_, "output_index": index}
        self.closed = False
        self._frames = frames
        self._index = index

    def item(self, status: str) -> dict[str, Any]:
        """The item as it stands."""
        raise NotImplementedError

    def _added(self) -> None:
        self._frames.say("response.output_item.added", {"output_index": self._index, "item": self.item("in_progress")})

    def close(self, status: str = "completed") -> None:
        """Ends the item, once."""
        if self.closed:
            return
        self._finish()
        self.closed = True
        self._frames.say("response.output_item.done", {"output_index": self._index, "item": self.item(status)})

    def _finish(self) -> None:
        """Ends what is still open within."""


class Part:
    """One content part of a message: its pieces so far."""

    __slots__ = ("annotations", "kind", "length", "logprobs", "pieces", "place")

    def __init__(self, kind: str, place: dict[str, Any]) -> None:
        self.kind = kind
        self.place = place
        self.pieces: list[str] = []
        self.length = 0
        self.annotations: list[dict[str, Any]] = []
        self.logprobs: list[TokenLogprob] = []

    def add(self, piece: str) -> None:
        self.pieces.append(piece)
        self.length += len(piece)

    def whole(self) -> dict[str, Any]:
        text = "".join(self.pieces)
        return (
            items.refusal(text) if self.kind == "refusal" else items.output_text(text, self.annotations, self.logprobs)
        )


class MessageItem(UnderWay):
    """A message: texts and refusals."""

    def __init__(self, frames: Frames, index: int, id_: str) -> None:
        super().__init__(frames, index, id_)
        self._parts: list[Part] = []
        self._added()

    def item(self, status: str) -> dict[str, Any]:
        return items.message(self.id, [part.whole() for part in self._parts], status)

    def say(self, text: str, logprobs: list[TokenLogprob] | None) -> None:
        part = self._part("output_text")
        part.add(text)
        part.logprobs += logprobs or ()
        chances = notes.probabilities(logprobs) if logprobs else []
        self._frames.say("response.output_text.delta", {**part.place, "delta": text, "logprobs": chances})

    def refuse(self, text: str) -> None:
        part = self._part("refusal")
        part.add(text)
        self._frames.say("response.refusal.delta", {**part.place, "delta": text})

    def cite(self, citation: Citation) -> None:
        part = self._part("output_text")
        annotation = notes.annotation(citation, part.length)
        said = {"annotation_index": len(part.annotations), "annotation": annotation}
        part.annotations.append(annotation)
        self._frames.say("response.output_text.annotation.added", {**part.place, **said})

    def _part(self, kind: str) -> Part:
        """The part that is open, if it is of this kind, or a new one."""
        last = self._parts[-1] if self._parts else None
        if last is not None and last.kind == kind:
            return last
        self._finish()
        part = Part(kind, {**self.place, "content_index": len(self._parts)})
        self._parts.append(part)
        self._frames.say("response.content_part.added", {**part.place, "part": part.whole()})
        return part

    def _finish(self) -> None:
        if not self._parts:
            return
        part = self._parts[-1]
        whole = part.whole()
        if part.kind == "refusal":
            self._frames.say("response.refusal.done", {**part.place, "refusal": whole["refusal"]})
        else:
            said = {"text": whole["text"], "logprobs": whole["logprobs"]}
            self._frames.say("response.output_text.done", {**part.place, **said})
        self._frames.say("response.content_part.done", {**part.place, "part": whole})


_SUMMARY: Final = ("reasoning_summary_text", "reasoning_summary_part", "summary_index", "summary_text")
_CONTENT: Final = ("reasoning_text", "content_part", "content_index", "reasoning_text")


class ThoughtItem(UnderWay):
    """A thought: its summary or its own words, and what proves it."""

    def __init__(self, frames: Frames, index: int, id_: str, *, summary: bool) -> None:
        super().__init__(frames, index, id_)
        self.summary = summary
        self.encrypted: str | None = None
        self._pieces: list[str] = []
        self._text, self._part, at, self._kind = _SUMMARY if summary else _CONTENT
        self._within = {**self.place, at: 0}
        self._added()

    def item(self, status: str) -> dict[str, Any]:
        text = "".join(self._pieces)
        return {"id": self.id, **thoughts.item(text, self.encrypted, summary=self.summary), "status": status}

    def think(self, text: str) -> None:
        if not self._pieces:
            self._frames.say(f"response.{self._part}.added", {**self._within, "part": self._whole()})
        self._pieces.append(text)
        self._frames.say(f"response.{self._text}.delta", {**self._within, "delta": text})

    def _whole(self) -> dict[str, Any]:
        return {"type": self._kind, "text": "".join(self._pieces)}

    def _finish(self) -> None:
        if self._pieces:
            whole = self._whole()
            self._frames.say(f"response.{self._text}.done", {**self._within, "text": whole["text"]})
            self._frames.say(f"response.{self._part}.done", {**self._within, "part": whole})


class CallItem(UnderWay):
    """A call of a function, or of a tool that takes free text."""

    def __init__(self, frames: Frames, index: int, id_: str, call: tuple[str, str], *, custom: bool) -> None:
        super().__init__(frames, index, id_)
        self._call_id, self._name = call
        self._pieces: list[str] = []
        self._custom = custom
        self._kind = "response.custom_tool_call_input" if custom else "response.function_call_arguments"
        self._added()

    def item(self, status: str) -> dict[str, Any]:
        write = items.custom_call if self._custom else items.call
        return write(self.id, self._call_id, self._name, "".join(self._pieces), status)

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._frames.say(f"{self._kind}.delta", {**self.place, "delta": text})

    def _finish(self) -> None:
        name = "input" if self._custom else "arguments"
        self._frames.say(f"{self._kind}.done", {**self.place, name: "".join(self._pieces)})


class WholeItem(UnderWay):
    """An item that comes all at once: an image, the work of a provider's own tool."""

    def __init__(self, frames: Frames, index: int, id_: str, shown: Media | dict[str, Any]) -> None:
        super().__init__(frames, index, id_)
        self._whole = items.image(id_, shown) if isinstance(shown, Media) else shown
        self._added()
        self.close()

    def item(self, status: str) -> dict[str, Any]:
        if status == "in_progress" and self._whole.get("type") == "image_generation_call":
            return {**self._whole, "status": status, "result": None}
        return self._whole
