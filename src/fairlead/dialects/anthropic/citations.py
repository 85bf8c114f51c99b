"""What a text rests on. Anthropic cites for a whole block of text, ours may cite for a stretch of it."""

from typing import Any

from fairlead.dialects.anthropic.names import NAME
from fairlead.dialects.lenient import word
from fairlead.dialects.model import Citation


def read(value: dict[str, Any]) -> Citation:
    """A citation of any kind: of characters, pages or blocks of a document, of a search's or the web's result.

    One without the proof that Anthropic puts into those of the web is ours, on its way back.
    """
    url = word(value, "url") or word(value, "source")
    title = word(value, "title") or word(value, "document_title")
    if value.get("encrypted_index") == "":
        return Citation(url, title, word(value, "cited_text") or None)
    return Citation(url, title, word(value, "cited_text"), dialect=NAME, native=value)


def write(citation: Citation) -> dict[str, Any] | None:
    """A citation as a client gets it: that of another dialect as one of the web; None where it has no URL."""
    if citation.dialect == NAME:
        return citation.native
    if citation.url is None:
        return None
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title,
        "cited_text": citation.quote or "",
        "encrypted_index": "",
    }
