"""The parts of a client's message: read by their type, each from where it stands."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.model import Cache, Media, NativePart, Part, Reasoning, Refusal, Text
from fairlead.dialects.openai.wire import DIALECT, split_data_url

_MIMES: Final = {"mp3": "audio/mpeg"}
Extra = dict[str, Any]


def read(content: Any, at: str, extra: Extra) -> list[Part]:
    """The parts of a message's `content`, which is a text, a list of parts, or nothing; the rest goes to `extra`."""
    if isinstance(content, str):
        return [Text(content)]
    if content is None:
        return []
    if not isinstance(content, list):
        raise wrong(at, "a string or a list of parts")
    return [_part(each, f"{at}[{index}]", extra) for index, each in enumerate(content)]


def _part(value: Any, at: str, extra: Extra) -> Part:
    if isinstance(value, str):
        return Text(value)
    fields = Fields(value, at)
    kind = fields.any("type") or ("text" if "text" in fields else None)
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        if not isinstance(kind, str):
            raise wrong(fields.path("type"), "a string")
        return NativePart(DIALECT, {"type": kind, **value}, at)
    part = reader(fields, extra)
    extra.update(fields.rest())
    return part


def cache(fields: Fields) -> Cache | None:
    """The mark `cache_control`, which OpenRouter takes as Anthropic writes it."""
    mark = fields.inner("cache_control")
    return None if mark is None else Cache(mark.text("ttl"))


def _text(fields: Fields, _extra: Extra) -> Part:
    return Text(fields.needed("text"), cache=cache(fields))


def _refusal(fields: Fields, _extra: Extra) -> Part:
    return Refusal(fields.needed("refusal"))


def _place(media: Media, url: str) -> Media:
    split = split_data_url(url)
    if split is None:
        media.url = url
    else:
        media.mime, media.data = split
    return media


def _image(fields: Fields, extra: Extra) -> Part:
    media = Media("image", at=fields.at, cache=cache(fields))
    value = fields.any("image_url")
    if isinstance(value, str):
        return _place(media, value)
    held = Fields(value, fields.path("image_url"))
    media.detail = held.text("detail")
    return _place(media, _taken(held, "url", extra))


def _video(fields: Fields, extra: Extra) -> Part:
    held = Fields(fields.any("video_url"), fields.path("video_url"))
    return _place(Media("video", at=fields.at, cache=cache(fields)), _taken(held, "url", extra))


def _taken(held: Fields, name: str, extra: Extra) -> str:
    """The last text needed of an object; what is left of that goes to `extra`."""
    value = held.needed(name)
    extra.update(held.rest())
    return value


def _document_url(fields: Fields, _extra: Extra) -> Part:
    media = Media("document", at=fields.at, cache=cache(fields), name=fields.text("document_name"))
    return _place(media, fields.needed("document_url"))


def _audio(fields: Fields, extra: Extra) -> Part:
    value = fields.any("input_audio")
    media = Media("audio", at=fields.at, cache=cache(fields))
    if isinstance(value, str):
        return _bare(media, value)
    held = Fields(value, fields.path("input_audio"))
    form = held.text("format")
    media.data = _taken(held, "data", extra)
    media.mime = _MIMES.get(form, f"audio/{form}") if form else None
    return media


def _file(fields: Fields, extra: Extra) -> Part:
    held = Fields(fields.any("file"), fields.path("file"))
    media = Media("document", at=fields.at, cache=cache(fields), name=held.text("filename"))
    media.file_id = held.text("file_id")
    data = held.text("file_data")
    extra.update(held.rest())
    return media if data is None else _bare(media, data)


def _bare(media: Media, data: str) -> Media:
    """Data that is a URL of any kind, or base64 as it is."""
    if data.startswith(("data:", "http://", "https://")):
        return _place(media, data)
    media.data = data
    return media


def _thinking(fields: Fields, _extra: Extra) -> Part:
    """Mistral's list of texts, or Anthropic's text with its signature, as some proxies let them through."""
    value = fields.any("thinking")
    texts = value if isinstance(value, list) else [value]
    words = [each.get("text") if isinstance(each, dict) else each for each in texts]
    return Reasoning("".join(each for each in words if isinstance(each, str)), issuer=DIALECT)


_READERS: Final[dict[str, Callable[[Fields, Extra], Part]]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "video_url": _video,
    "document_url": _document_url,
    "input_audio": _audio,
    "file": _file,
    "thinking": _thinking,
}
