"""A provider's whole reply, read."""

from typing import Any, Final

from fairlead.dialects import beside, lenient
from fairlead.dialects.gemini import citations, errors, logprobs, reply_parts, usage
from fairlead.dialects.gemini.words import finish, tier
from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import BadReply, Choice, Citation, ErrorFacts, Part, Reply, Text, ToolCall

ASIDE: Final = frozenset({"promptFeedback"})
CHOICE_ASIDE: Final = frozenset(
    {"citationMetadata", "finishMessage", "groundingMetadata", "safetyRatings", "urlContextMetadata"}
)


def read(body: bytes) -> Reply | ErrorFacts:
    """The reply, or the error that it really is. Raises `BadReply` where it is neither."""
    value = decode(body)
    facts = errors.find(value)
    if facts is not None:
        return facts
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    ids = reply_parts.Ids(word(value, "responseId"))
    choices = [_choice(at, each, ids) for at, each in enumerate(objects(value, "candidates"))]
    blocked = block_reason(value)
    if not choices and blocked is None:
        raise BadReply("the reply has no candidates")
    meta = inner(value, "usageMetadata")
    return Reply(
        choices or [Choice([], "content_filter", native_finish=blocked)],
        usage.read(meta) if meta else None,
        word(value, "responseId"),
        word(value, "modelVersion"),
        service_tier=tier(word(meta, "serviceTier")),
        aside=beside.of(value, ASIDE),
    )


def decode(data: bytes) -> Any:
    """The value of a reply's JSON."""
    try:
        return lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None


def block_reason(value: dict[str, Any]) -> str | None:
    """Why a prompt was not answered at all."""
    return word(inner(value, "promptFeedback"), "blockReason")


def index_of(candidate: dict[str, Any], otherwise: int) -> int:
    """Which choice a candidate is; protobuf leaves a 0 out."""
    index = candidate.get("index")
    return index if isinstance(index, int) and index >= 0 else otherwise


def _choice(at: int, candidate: dict[str, Any], ids: reply_parts.Ids) -> Choice:
    read_parts = [reply_parts.read(part, ids) for part in objects(inner(candidate, "content"), "parts")]
    parts = [part for several in read_parts for part in several]
    reason = word(candidate, "finishReason")
    calls = any(type(part) is ToolCall for part in parts)
    if citations.any_in(candidate):
        _cite(candidate, read_parts, parts)
    return Choice(
        parts,
        None if reason is None else finish(reason, calls=calls),
        index_of(candidate, at),
        native_finish=reason,
        logprobs=logprobs.read(candidate),
        aside=beside.of(candidate, CHOICE_ASIDE),
    )


def _cite(candidate: dict[str, Any], read_parts: list[list[Part]], parts: list[Part]) -> None:
    """Puts each citation on the text that it is about; on the last one where it names no text."""
    texts = [part for part in parts if isinstance(part, Text)]
    if not texts:
        texts = [Text("")]
        parts += texts
    for at, citation in citations.read(candidate):
        named = [part for part in read_parts[at] if isinstance(part, Text)] if at < len(read_parts) else []
        text = named[0] if named and citation.end is not None else _about(citation, texts)
        text.citations.append(citations.to_points(citation, text.text))


def _about(citation: Citation, texts: list[Text]) -> Text:
    """The text that a citation without a part is about."""
    quoted = (text for text in texts if citation.quote and citation.quote in text.text)
    return next(quoted, texts[-1])
