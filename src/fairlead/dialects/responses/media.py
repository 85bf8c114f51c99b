"""Images, files and sounds in a request.

`input_file` takes documents of text as well as PDF (https://developers.openai.com/api/docs/guides/file-inputs).
"""

from base64 import b64encode
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.fields import Fields
from fairlead.dialects.model import Cache, Media
from fairlead.errors import RequestError

_SOUNDS: Final = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_FORMATS: Final = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
}
_SUFFIXES: Final = {
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/html": ".html",
    "application/json": ".json",
}


def cache(fields: Fields) -> Cache | None:
    """The mark that a prompt may be cached up to here."""
    mark = fields.mapping("prompt_cache_breakpoint")
    if mark is None:
        return None
    ttl = mark.get("ttl")
    return Cache(ttl if isinstance(ttl, str) else None)


def image(fields: Fields) -> Media:
    """An `input_image`."""
    mime, data, url = _source(fields.text("image_url"))
    media = Media("image", mime, data, url, fields.text("file_id"), at=fields.at)
    media.detail = fields.text("detail")
    media.cache = cache(fields)
    return _whole(media, fields, "image_url")


def document(fields: Fields) -> Media:
    """An `input_file`; its data is a data URL, or base64 alone."""
    given, name = fields.text("file_data"), fields.text("filename")
    mime, data, bare = _source(given)
    if bare is not None:
        mime, data = ("application/pdf" if (name or "").lower().endswith(".pdf") else None), bare
    media = Media("document", mime, data, fields.text("file_url"), fields.text("file_id"), name=name, at=fields.at)
    media.detail = fields.text("detail")
    media.cache = cache(fields)
    return _whole(media, fields, "file_data")


def sound(fields: Fields) -> Media:
    """An `input_audio`."""
    inner = fields.inner("input_audio")
    if inner is None:
        raise _missing(fields, "input_audio")
    data, form = inner.needed("data"), inner.needed("format")
    return Media("audio", _SOUNDS.get(form, f"audio/{form}"), data, at=fields.at)


def _whole(media: Media, fields: Fields, name: str) -> Media:
    if media.data is None and media.url is None and media.file_id is None:
        raise _missing(fields, name)
    return media


def _missing(fields: Fields, name: str) -> RequestError:
    return RequestError(f"`{fields.path(name)}` is missing", param=fields.path(name))


def _source(url: str | None) -> tuple[str | None, str | None, str | None]:
    """(type, base64, None) of a data URL, (None, None, URL) of any other."""
    head, comma, data = (url or "").partition(",")
    if comma and head.startswith("data:") and head.endswith(";base64"):
        return head[5:].partition(";")[0] or None, data, None
    return None, None, url


def write(part: Media, losses: Losses) -> dict[str, Any] | None:
    """The part as a message of a request has it; None where it cannot be said."""
    written = _WRITERS[part.kind](part)
    if written is None:
        losses.change(part.at or "messages", f"{part.kind} cannot be sent in this form")
        return None
    if part.cite:
        losses.change(f"{part.at}.citations" if part.at else "messages", "citations cannot be asked for")
    if part.context:
        losses.change(f"{part.at}.context" if part.at else "messages", "a document has no context here")
    if part.cache is not None:
        losses.hint("cache")
    return written


def _image(part: Media) -> dict[str, Any] | None:
    source = _reference(part, "image_url", "image_url", "image/png")
    return _detailed({"type": "input_image", **source}, part) if source else None


def _document(part: Media) -> dict[str, Any] | None:
    if part.text is not None:
        data = b64encode(part.text.encode("utf-8", "replace")).decode()
        part = Media("document", "text/plain", data, name=part.name, detail=part.detail)
    source = _reference(part, "file_data", "file_url", "application/pdf")
    if not source:
        return None
    if part.data is not None:
        source["filename"] = _filename(part)
    elif part.name is not None and part.file_id is None:
        source["filename"] = part.name
    return _detailed({"type": "input_file", **source}, part)


def _filename(part: Media) -> str:
    """A name for data, with the suffix that tells its type."""
    name = part.name or "document"
    return name if "." in name else name + _SUFFIXES.get(part.mime or "application/pdf", "")


def _sound(part: Media) -> dict[str, Any] | None:
    form = _FORMATS.get(part.mime or "")
    if part.data is None or form is None:
        return None
    return {"type": "input_audio", "input_audio": {"data": part.data, "format": form}}


def _video(_: Media) -> None:
    return None


def _reference(part: Media, data: str, url: str, mime: str) -> dict[str, Any]:
    if part.data is not None:
        return {data: f"data:{part.mime or mime};base64,{part.data}"}
    if part.url is not None:
        return {url: part.url}
    return {} if part.file_id is None else {"file_id": part.file_id}


def _detailed(written: dict[str, Any], part: Media) -> dict[str, Any]:
    return {**written, "detail": part.detail} if part.detail is not None else written


_WRITERS: Final = {"image": _image, "document": _document, "audio": _sound, "video": _video}
