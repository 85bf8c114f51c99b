"""What an answer rests on: Google's search and maps, quoted works, pages that were read.

Gemini counts in bytes of UTF-8 from the start of a part, the canonical model in code points.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fairlead.dialects.gemini.words import NAME
from fairlead.dialects.lenient import count, inner, objects, word
from fairlead.dialects.model import Citation

_CHUNKS: Final = ("web", "retrievedContext", "maps", "image")
_READ: Final = "URL_RETRIEVAL_STATUS_SUCCESS"
_METADATA: Final = ("groundingMetadata", "citationMetadata", "urlContextMetadata")


def any_in(candidate: dict[str, Any]) -> bool:
    return any(name in candidate for name in _METADATA)


def read(candidate: dict[str, Any]) -> list[tuple[int, Citation]]:
    """The citations of a candidate, each with the index of the part it stands in; offsets still count bytes."""
    found = [*_grounding(inner(candidate, "groundingMetadata")), *_quoted(inner(candidate, "citationMetadata"))]
    known = {citation.url for _, citation in found}
    found += [(0, each) for each in _pages(inner(candidate, "urlContextMetadata")) if each.url not in known]
    return found


def _grounding(metadata: dict[str, Any]) -> Iterator[tuple[int, Citation]]:
    chunks = objects(metadata, "groundingChunks")
    used: set[int] = set()
    for support in objects(metadata, "groundingSupports"):
        segment = inner(support, "segment")
        for at in _indices(support):
            if at < len(chunks):
                used.add(at)
                citation = _chunk(chunks[at])
                citation.quote = word(segment, "text")
                if "endIndex" in segment:
                    citation.start, citation.end = count(segment, "startIndex"), count(segment, "endIndex")
                yield count(segment, "partIndex"), citation
    for at, chunk in enumerate(chunks):
        if at not in used:
            yield 0, _chunk(chunk)


def _indices(support: dict[str, Any]) -> list[int]:
    held = support.get("groundingChunkIndices")
    return [at for at in held if isinstance(at, int) and at >= 0] if isinstance(held, list) else []


def _chunk(chunk: dict[str, Any]) -> Citation:
    source = next((inner(chunk, name) for name in _CHUNKS if name in chunk), {})
    url = word(source, "uri") or word(source, "sourceUri")
    return Citation(url, word(source, "title"), dialect=NAME, native=chunk)


def _quoted(metadata: dict[str, Any]) -> Iterator[tuple[int, Citation]]:
    """The API has them as `citationSources`, Vertex as `citations`."""
    for source in [*objects(metadata, "citationSources"), *objects(metadata, "citations")]:
        citation = Citation(word(source, "uri"), word(source, "title"), dialect=NAME, native=source)
        if "endIndex" in source:
            citation.start, citation.end = count(source, "startIndex"), count(source, "endIndex")
        yield 0, citation


def _pages(metadata: dict[str, Any]) -> Iterator[Citation]:
    for page in objects(metadata, "urlMetadata"):
        if page.get("urlRetrievalStatus") == _READ:
            yield Citation(word(page, "retrievedUrl"), dialect=NAME, native=page)


def to_points(citation: Citation, text: str) -> Citation:
    """The citation with offsets in code points of its text, and within it."""
    if citation.start is not None and citation.end is not None:
        if not text.isascii():
            data = text.encode("utf-8", "replace")
            citation.start = len(data[: citation.start].decode("utf-8", "ignore"))
            citation.end = len(data[: citation.end].decode("utf-8", "ignore"))
        citation.start, citation.end = min(citation.start, len(text)), min(citation.end, len(text))
    return citation


def write(cited: Sequence[tuple[int, str, Citation]]) -> dict[str, Any]:
    """The `groundingMetadata` that says what rests on what; each citation comes with its part's index and text."""
    chunks: list[dict[str, Any]] = []
    places: dict[tuple[str | None, str | None], int] = {}
    supports: dict[tuple[int, int, int], dict[str, Any]] = {}
    for part, text, citation in cited:
        at = places.setdefault((citation.url, citation.title), len(chunks))
        if at == len(chunks):
            chunks.append(_written(citation))
        if citation.start is None or citation.end is None:
            continue
        key = (part, citation.start, citation.end)
        if key not in supports:
            supports[key] = {"segment": _segment(part, text, citation), "groundingChunkIndices": []}
        if at not in supports[key]["groundingChunkIndices"]:
            supports[key]["groundingChunkIndices"].append(at)
    return {"groundingChunks": chunks, "groundingSupports": list(supports.values())}


def _written(citation: Citation) -> dict[str, Any]:
    if citation.dialect == NAME and any(name in citation.native for name in _CHUNKS):
        return citation.native
    web = {"uri": citation.url, "title": citation.title}
    return {"web": {name: value for name, value in web.items() if value is not None}}


def _segment(part: int, text: str, citation: Citation) -> dict[str, Any]:
    said = text[citation.start : citation.end]
    before = len(text[: citation.start].encode("utf-8", "replace"))
    after = before + len(said.encode("utf-8", "replace"))
    return {"partIndex": part, "startIndex": before, "endIndex": after, "text": said}
