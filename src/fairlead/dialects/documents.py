"""Documents that are text, for dialects which take no others."""

import base64
from typing import Final

from fairlead.dialects.model import Media

_TEXTUAL: Final = ("application/json", "application/xml", "application/x-yaml")


def text_of(media: Media) -> str | None:
    """The text of a document, also of one that came as base64 of a textual type; None where it has none."""
    if media.text is not None or media.data is None:
        return media.text
    mime = media.mime or ""
    if not mime.startswith("text/") and mime not in _TEXTUAL:
        return None
    try:
        return base64.b64decode(media.data, validate=True).decode()
    except ValueError:
        return None
