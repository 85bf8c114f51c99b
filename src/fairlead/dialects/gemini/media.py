"""Images, documents, sounds and videos: bytes in `inlineData`, or a URI in `fileData`."""

import re
from typing import Any, Final, Literal

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import Media

Kind = Literal["image", "document", "audio", "video"]

_KINDS: Final[dict[str, Kind]] = {"image": "image", "audio": "audio", "video": "video"}
_MIMES: Final[dict[Kind, str]] = {
    "image": "image/png",
    "document": "application/pdf",
    "audio": "audio/wav",
    "video": "video/mp4",
}
_ENDINGS: Final[dict[str, str]] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "html": "text/html",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
_ENDING = re.compile(r"\.(\w+)(?:[?#]|$)")
# A file that was handed to Google: its Files API's, or its Cloud Storage's.
_FILE = re.compile(r"(?:https://[a-z0-9.-]*googleapis\.com/(?:\w+/)?)?files/|gs://")
_YOUTUBE = re.compile(r"https://(?:www\.|m\.)?(?:youtube\.com|youtu\.be)/")
_LEVELS: Final = {"low": "MEDIA_RESOLUTION_LOW", "medium": "MEDIA_RESOLUTION_MEDIUM", "high": "MEDIA_RESOLUTION_HIGH"}
_DETAILS: Final = {level: detail for detail, level in _LEVELS.items()}


def from_blob(mime: str | None, data: str, name: str | None = None, at: str = "") -> Media:
    """What `inlineData` holds."""
    return Media(kind_of(mime), mime, data, name=name, at=at)


def from_file(mime: str | None, uri: str, name: str | None = None, at: str = "") -> Media:
    """What `fileData` points to. External URLs are taken as well as Google's own files:
    https://ai.google.dev/gemini-api/docs/file-input-methods
    """
    kind = kind_of(mime or ("video/*" if _YOUTUBE.match(uri) else _guess(uri)))
    if _FILE.match(uri):
        return Media(kind, mime, file_id=uri, name=name, at=at)
    return Media(kind, mime, url=uri, name=name, at=at)


def kind_of(mime: str | None) -> Kind:
    return _KINDS.get((mime or "").partition("/")[0].lower(), "document")


def detail(resolution: dict[str, Any]) -> str | None:
    """How closely an image is to be looked at, of a part's `mediaResolution`."""
    level = resolution.get("level")
    return _DETAILS.get(level.upper()) if isinstance(level, str) else None


def _guess(uri: str) -> str | None:
    ending = _ENDING.search(uri.rpartition("/")[2])
    return _ENDINGS.get(ending[1].lower()) if ending else None


def write(media: Media) -> dict[str, Any] | None:
    """The part that has the media in it; None where Gemini cannot get at it."""
    if media.data is not None:
        return {"inlineData": {"mimeType": media.mime or _MIMES[media.kind], "data": media.data}}
    if media.text is not None:
        return {"text": media.text}
    uri = media.url or media.file_id
    if uri is None or (media.url is None and not _FILE.match(uri)):
        return None
    mime = media.mime or _guess(uri)
    return {"fileData": {"fileUri": uri, **({"mimeType": mime} if mime else {})}}


def write_for_provider(media: Media, losses: Losses, *, levels: bool) -> dict[str, Any] | None:
    """The same, with what it cannot carry told; `levels` says whether the model knows them part by part."""
    part = write(media)
    if part is None:
        losses.change(media.at or "messages", f"Gemini cannot read {media.file_id or 'what has no content'}")
        return None
    if media.cite:
        losses.change(media.at or "messages", "Gemini cannot be asked to cite a document")
    for name in ("name", "context", "cache"):
        if getattr(media, name):
            losses.hint(f"{media.at}.{name}" if media.at and name != "cache" else name)
    level = _LEVELS.get(media.detail or "")
    if level and levels and media.text is None:
        part["mediaResolution"] = {"level": level}
    elif level:
        losses.hint(f"{media.at}.detail" if media.at else "detail")
    return part
