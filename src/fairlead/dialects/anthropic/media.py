"""Images and documents, and where they come from."""

from typing import Any, Literal

from fairlead.dialects.anthropic.wire import cached
from fairlead.dialects.fields import Fields
from fairlead.dialects.model import Media

FILES_BETA = "files-api-2025-04-14"


def read(block: Fields, kind: Literal["image", "document"], extra: dict[str, Any]) -> Media | None:
    """The image or document of a client's block; None where its source is one that only Anthropic knows."""
    source = Fields(dict(block.mapping("source") or {}), block.path("source"))
    media = Media(kind, at=block.at)
    match source.needed("type"):
        case "base64":
            media.mime, media.data = source.needed("media_type"), source.needed("data")
        case "url":
            media.url = source.needed("url")
        case "file":
            media.file_id = source.needed("file_id")
        case "text":
            media.mime, media.text = source.text("media_type"), source.needed("data")
        case _:
            return None
    media.name, media.context = block.text("title"), block.text("context")
    citations = block.inner("citations")
    if citations is not None:
        media.cite = citations.flag("enabled")
        extra.update(citations.rest())
    extra.update(source.rest())
    return media


def write(media: Media) -> dict[str, Any] | None:
    """The block of an image or a document; None for what Anthropic takes not at all."""
    source = _source(media)
    if source is None or media.kind not in ("image", "document"):
        return None
    block: dict[str, Any] = {"type": media.kind, "source": source}
    if media.kind == "document":
        if media.name is not None:
            block["title"] = media.name
        if media.context is not None:
            block["context"] = media.context
        if media.cite is not None:
            block["citations"] = {"enabled": media.cite}
    return cached(block, media.cache)


def _source(media: Media) -> dict[str, Any] | None:
    """Where it comes from. A document in base64 must be a PDF; other text has to be given as text."""
    if media.data is not None:
        mime = media.mime or ("image/png" if media.kind == "image" else "application/pdf")
        return {"type": "base64", "media_type": mime, "data": media.data}
    if media.url is not None:
        return {"type": "url", "url": media.url}
    if media.file_id is not None:
        return {"type": "file", "file_id": media.file_id}
    if media.text is not None:
        return {"type": "text", "media_type": "text/plain", "data": media.text}
    return None
