"""What a message of a client is made of."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import NativePart, Part, Refusal, Text
from fairlead.dialects.responses import media, notes
from fairlead.dialects.responses.wire import NAME


def read(value: Any, at: str, extra: dict[str, Any]) -> list[Part]:
    """The parts of a content that is a string or a list; members that have no word go to `extra`."""
    if isinstance(value, str):
        return [Text(value)]
    if not isinstance(value, list):
        raise wrong(at, "a string or a list")
    return [_part(each, f"{at}[{index}]", extra) for index, each in enumerate(value)]


def _part(value: Any, at: str, extra: dict[str, Any]) -> Part:
    if not isinstance(value, dict):
        raise wrong(at, "an object")
    kind = value.get("type")
    if not isinstance(kind, str):
        raise wrong(f"{at}.type", "a string")
    reader = _READERS.get(kind)
    if reader is None:
        return NativePart(NAME, value, at)
    fields = Fields(value, at)
    fields.any("type")
    part = reader(fields)
    extra.update(fields.rest())
    return part


def _text(fields: Fields) -> Text:
    fields.any("logprobs")
    text = Text(fields.needed("text"), cache=media.cache(fields))
    text.citations = [notes.citation(each) for each in fields.items("annotations") if isinstance(each, dict)]
    return text


def _refusal(fields: Fields) -> Refusal:
    return Refusal(fields.needed("refusal"))


_READERS: Final[dict[str, Callable[[Fields], Part]]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "input_image": media.image,
    "input_file": media.document,
    "input_audio": media.sound,
    "refusal": _refusal,
}
