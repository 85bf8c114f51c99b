"""What a text rests on: annotations of a message, and the sources that Perplexity names beside the answer."""

from typing import Any

from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import Citation
from fairlead.dialects.openai.wire import DIALECT

Json = dict[str, Any]


def read(message: Json) -> list[Citation]:
    """The annotations of a message or a delta."""
    return [_annotation(entry) for entry in objects(message, "annotations")]


def _annotation(entry: Json) -> Citation:
    held = inner(entry, "url_citation") or entry
    return Citation(
        word(held, "url"),
        word(held, "title"),
        word(held, "content"),
        _offset(held, "start_index"),
        _offset(held, "end_index"),
        DIALECT,
        entry,
    )


def _offset(held: Json, name: str) -> int | None:
    value = held.get(name)
    return value if type(value) is int and value >= 0 else None


def sources(answer: Json) -> list[Citation]:
    """Perplexity's `search_results`, or where there are none its `citations`, which are bare URLs."""
    found = [
        Citation(word(each, "url"), word(each, "title"), word(each, "snippet"), dialect=DIALECT, native=each)
        for each in objects(answer, "search_results")
    ]
    held = answer.get("citations")
    urls = held if isinstance(held, list) and not found else []
    return found or [Citation(url, dialect=DIALECT) for url in urls if isinstance(url, str)]


def write(citation: Citation, shift: int, length: int) -> Json:
    """The annotation for a citation with a URL, in a text that is `length` long and begins at `shift`.

    Without offsets all of the text rests on it.
    """
    cited: Json = {
        "url": citation.url,
        "title": citation.title or "",
        "start_index": shift + (citation.start or 0),
        "end_index": shift + (length if citation.end is None else citation.end),
    }
    if citation.quote is not None:
        cited["content"] = citation.quote
    return {"type": "url_citation", "url_citation": cited}


def other(citation: Citation, shift: int) -> Json:
    """A citation without a URL. The schema's annotations have no place for it, so it stands beside them."""
    cited = {
        "title": citation.title,
        "content": citation.quote,
        "start_index": None if citation.start is None else shift + citation.start,
        "end_index": None if citation.end is None else shift + citation.end,
        "native": citation.native or None,
    }
    return {"type": "citation", **{name: value for name, value in cited.items() if value is not None}}
