"""Images, sounds, documents and videos, written as a provider takes them."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.documents import text_of
from fairlead.dialects.model import Media
from fairlead.dialects.openai.flavor import Flavor
from fairlead.dialects.openai.wire import data_url

Json = dict[str, Any]
_FORMATS: Final = {"mpeg": "mp3", "mpga": "mp3", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav", "x-m4a": "m4a"}


def write(media: Media, losses: Losses, flavor: Flavor) -> Json | None:
    """The part for it; None where it cannot be carried."""
    if media.cite:
        losses.change(media.at or "messages", "this dialect cannot ask for citations")
    elif media.context:
        losses.hint(media.at or "messages", "this dialect has no context of a document")
    written = _WRITERS[media.kind](media, flavor)
    if written is None:
        losses.change(media.at or "messages", f"this dialect cannot carry such a {media.kind}")
    return written


def _url(media: Media, mime: str) -> str | None:
    return data_url(media.mime or mime, media.data) if media.data is not None else media.url


def _image(media: Media, _flavor: Flavor) -> Json | None:
    url = _url(media, "image/png")
    if url is None:
        return None
    image = {"url": url} if media.detail is None else {"url": url, "detail": media.detail}
    return {"type": "image_url", "image_url": image}


def _video(media: Media, _flavor: Flavor) -> Json | None:
    url = _url(media, "video/mp4")
    return None if url is None else {"type": "video_url", "video_url": {"url": url}}


def _audio(media: Media, _flavor: Flavor) -> Json | None:
    if media.data is None:
        return None
    form = (media.mime or "audio/wav").partition("/")[2]
    return {"type": "input_audio", "input_audio": {"data": media.data, "format": _FORMATS.get(form, form)}}


def _document(media: Media, flavor: Flavor) -> Json | None:
    """A document. One that is text is a text; one that has an address alone only some providers fetch."""
    if media.file_id is not None:
        return {"type": "file", "file": {"file_id": media.file_id}}
    text = text_of(media)
    if text is not None:
        return {"type": "text", "text": text if media.name is None else f"{media.name}\n\n{text}"}
    url = _url(media, "application/pdf")
    if url is None or (media.data is None and flavor.documents == "file"):
        return None
    if flavor.documents == "document_url":
        named = {} if media.name is None else {"document_name": media.name}
        return {"type": "document_url", "document_url": url, **named}
    return {"type": "file", "file": {"filename": media.name or "document.pdf", "file_data": url}}


_WRITERS: Final[dict[str, Callable[[Media, Flavor], Json | None]]] = {
    "image": _image,
    "video": _video,
    "audio": _audio,
    "document": _document,
}
