"""Images and transcripts that came whole, as the events of a stream.

https://platform.openai.com/docs/api-reference/images-streaming, `transcript.text.done` of the same reference
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fairlead.dialects import lenient, sse
from fairlead.dialects.model import BadReply
from fairlead.dialects.openai.wire import encode

Json = dict[str, Any]
# What a reply says of all its images, and what of one.
_OF_ALL: Final = ("background", "output_format", "quality", "size")
_OF_ONE: Final = ("b64_json", "url", "revised_prompt")


def stream(operation: str, said: Json) -> bytes | None:
    """The stream that says what a whole reply says; None where the operation has no events.

    Raises `BadReply` where the reply says nothing.
    """
    events = _EVENTS.get(operation)
    return None if events is None else b"".join(map(_event, events(said)))


def _event(body: Json) -> bytes:
    return b"event: %s\n" % body["type"].encode() + sse.event(encode(body))


def _images(kind: str, said: Json) -> list[Json]:
    """One event for each image; the last has the usage of all, which then adds up to what was used."""
    made = [each for each in lenient.objects(said, "data") if each.get("b64_json") or each.get("url")]
    if not made:
        raise BadReply("the reply has no image")
    like = {"type": f"{kind}.completed", **_some({"created_at": said.get("created"), **said}, ("created_at", *_OF_ALL))}
    events = [{**like, **_some(each, _OF_ONE)} for each in made]
    events[-1].update(_some(said, ("usage",)))
    return events


def _transcript(said: Json) -> list[Json]:
    text = lenient.word(said, "text")
    if text is None:
        raise BadReply("the reply has no `text`")
    rest = _some(said, ("logprobs", "usage"))
    return [
        {"type": "transcript.text.delta", "delta": text},
        {"type": "transcript.text.done", "text": text, **rest},
    ]


def _some(held: Json, names: tuple[str, ...]) -> Json:
    return {name: held[name] for name in names if held.get(name) is not None}


_EVENTS: Final[dict[str, Callable[[Json], list[Json]]]] = {
    "images.generations": partial(_images, "image_generation"),
    "images.edits": partial(_images, "image_edit"),
    "audio.transcriptions": _transcript,
}
