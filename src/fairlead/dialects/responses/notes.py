"""What goes with a text: annotations and log probabilities."""

from typing import Any

from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import Citation, TokenLogprob
from fairlead.dialects.responses.wire import NAME


def citation(annotation: dict[str, Any]) -> Citation:
    """What an annotation says."""
    return Citation(
        url=word(annotation, "url"),
        title=word(annotation, "title") or word(annotation, "filename"),
        start=_offset(annotation, "start_index"),
        end=_offset(annotation, "end_index"),
        dialect=NAME,
        native=annotation,
    )


def _offset(value: dict[str, Any], name: str) -> int | None:
    held = value.get(name)
    return held if isinstance(held, int) and not isinstance(held, bool) and held >= 0 else None


def moved(cited: Citation, by: int) -> Citation:
    """The citation in a text that has `by` code points more before it."""
    if by == 0 or (cited.start is None and cited.end is None):
        return cited
    start, end = (None if at is None else at + by for at in (cited.start, cited.end))
    indices = {"start_index": start, "end_index": end}
    native = {**cited.native, **{name: at for name, at in indices.items() if at is not None}}
    return Citation(cited.url, cited.title, cited.quote, start, end, cited.dialect, native)


def annotation(cited: Citation, length: int) -> dict[str, Any]:
    """The citation of a text that is `length` code points long, as an annotation.

    One that names a URL without saying which words rest on it covers them all; one that names no URL becomes that of
    a file, the only other source that the dialect has a word for.
    """
    if cited.dialect == NAME and cited.native:
        return cited.native
    if cited.url is None:
        return {"type": "file_citation", "file_id": "", "filename": cited.title or "", "index": 0}
    return {
        "type": "url_citation",
        "start_index": 0 if cited.start is None else cited.start,
        "end_index": length if cited.end is None else cited.end,
        "url": cited.url,
        "title": cited.title or "",
    }


def logprobs(value: dict[str, Any], name: str = "logprobs") -> list[TokenLogprob] | None:
    """The log probabilities in the list `name`; None where there are none."""
    return [_logprob(each) for each in objects(value, name)] or None


def _logprob(value: dict[str, Any]) -> TokenLogprob:
    number, octets = value.get("logprob"), value.get("bytes")
    return TokenLogprob(
        word(value, "token") or "",
        number if isinstance(number, int | float) and not isinstance(number, bool) else 0.0,
        octets if isinstance(octets, list) and all(type(each) is int for each in octets) else None,
        logprobs(value, "top_logprobs") or [],
    )


def probabilities(tokens: list[TokenLogprob] | None) -> list[dict[str, Any]]:
    """Log probabilities as a reply has them."""
    return [{**_token(each), "top_logprobs": [_token(top) for top in each.top]} for each in tokens or ()]


def _token(token: TokenLogprob) -> dict[str, Any]:
    octets = list(token.token.encode("utf-8", "replace")) if token.bytes is None else token.bytes
    return {"token": token.token, "bytes": octets, "logprob": token.logprob}
