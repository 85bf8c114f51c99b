"""Images, documents, sounds and videos as Converse takes them: bytes, text, or an object in S3; no other address."""

import re
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Media

_IMAGES: Final = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
    "application/json": "txt",
    "application/xml": "txt",
}
_AUDIO: Final = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mp4": "mp4",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/webm": "webm",
    "audio/pcm": "pcm",
}
_VIDEOS: Final = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_FORMATS: Final = {"image": _IMAGES, "document": _DOCUMENTS, "audio": _AUDIO, "video": _VIDEOS}
_TYPES: Final = {kind: {name: mime for mime, name in reversed(formats.items())} for kind, formats in _FORMATS.items()}
# How the base64 of an image begins.
_MAGIC: Final = (("iVBORw0KGgo", "png"), ("/9j/", "jpeg"), ("R0lGOD", "gif"), ("UklGR", "webp"))
_NOT_IN_A_NAME = re.compile(r"[^0-9A-Za-z\s\-()\[\]]+")
_LONGEST_NAME: Final = 200


def write(media: Media, losses: Losses, names: set[str]) -> dict[str, Any] | None:
    """The block of one thing; None for what cannot be carried. `names` has those that documents of the call have."""
    where = media.at or media.kind
    source = _source(media)
    kind = _format(media)
    if source is None:
        losses.change(where, "Bedrock takes data or an `s3://` address")
        return None
    if kind is None and (media.kind != "document" or media.mime):
        losses.change(where, f"Bedrock does not take {media.mime or 'data of an unknown type'} as {media.kind}")
        return None
    if media.detail not in (None, "auto"):
        losses.hint(f"{where}.detail")
    if media.kind == "document":
        return {"document": _document(media, kind, source, names)}
    return {media.kind: {"format": kind, "source": source}}


def _source(media: Media) -> dict[str, Any] | None:
    if media.data is not None:
        return {"bytes": media.data}
    if media.text is not None and media.kind == "document":
        return {"text": media.text}
    if media.url is not None and media.url.startswith("s3://"):
        return {"s3Location": {"uri": media.url}}
    return None


def _format(media: Media) -> str | None:
    mime = (media.mime or "").partition(";")[0].strip().lower()
    formats = _FORMATS[media.kind]
    if mime in formats:
        return formats[mime]
    if media.kind == "document":
        ending = (media.name or "").rpartition(".")[2].lower()
        return ending if ending in _TYPES["document"] else "txt" if mime.startswith("text/") else None
    if media.kind == "image" and not mime and media.data is not None:
        return next((name for start, name in _MAGIC if media.data.startswith(start)), None)
    return None


def _document(media: Media, kind: str | None, source: dict[str, Any], names: set[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": _name(media.name or "document", names), "source": source}
    if kind is not None:
        document["format"] = kind
    if media.context is not None:
        document["context"] = media.context
    if media.cite is not None:
        document["citations"] = {"enabled": media.cite}
    return document


def _name(wanted: str, names: set[str]) -> str:
    """A name that Converse takes: of few signs, and no other document's."""
    plain = " ".join(_NOT_IN_A_NAME.sub("-", wanted).split())[: _LONGEST_NAME - 8] or "document"
    name, count = plain, 1
    while name in names:
        count += 1
        name = f"{plain} ({count})"
    names.add(name)
    return name


def read(kind: str, block: dict[str, Any]) -> Media | None:
    """The thing in a block of a reply; None where there is nothing in it."""
    source = block.get("source")
    if kind not in _TYPES or not isinstance(source, dict):
        return None
    data, text, place = source.get("bytes"), source.get("text"), source.get("s3Location")
    mime, url = block.get("format"), place.get("uri") if isinstance(place, dict) else None
    name = block.get("name")
    media = Media(
        kind,  # type: ignore[arg-type]
        _TYPES[kind].get(mime) if isinstance(mime, str) else None,
        data if isinstance(data, str) else None,
        url if isinstance(url, str) else None,
        text=text if isinstance(text, str) else None,
        name=name if isinstance(name, str) else None,
    )
    return None if media.data is media.url is media.text is None else media
