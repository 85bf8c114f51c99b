"""A model's thoughts as members of a message: `reasoning_content`, `reasoning`, and OpenRouter's `reasoning_details`.

The details alone say what proves a thought (https://openrouter.ai/docs/guides/best-practices/reasoning-tokens). Their
`format` names who made the proof; it is kept in front of the proof itself, as `format|proof`, which nobody else reads.
"""

from collections.abc import Sequence
from typing import Any, Final

from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import Reasoning
from fairlead.dialects.openai.wire import DIALECT
from fairlead.dialects.seals import seal, unseal

_PLAIN: Final = ("reasoning_content", "reasoning")
BETWEEN: Final = "\n\n"


def plain(message: dict[str, Any]) -> str:
    """The thoughts that a message or a delta tells as text. Some vendors tell them twice, under both names."""
    for name in _PLAIN:
        if text := word(message, name):
            return text
    return ""


def read(message: dict[str, Any], *, back: bool = False) -> list[Reasoning]:
    """The thoughts of a message, with what proves them: a provider's own, or those that a client gives `back`."""
    thoughts: list[Reasoning] = []
    for entry in objects(message, "reasoning_details"):
        _add(thoughts, detail(entry, back=back))
    text = plain(message)
    if text and not any(thought.text for thought in thoughts):
        if thoughts and not thoughts[0].signature:
            thoughts[0].text = text
        else:
            thoughts.insert(0, Reasoning(text, issuer=DIALECT))
    return thoughts


def detail(entry: dict[str, Any], *, back: bool = False) -> Reasoning:
    """The thought that one entry of `reasoning_details` is."""
    kind, summary = word(entry, "type"), word(entry, "summary")
    thought = Reasoning(summary or word(entry, "text") or "", id=word(entry, "id"), issuer=DIALECT)
    thought.summary = kind == "reasoning.summary"
    if signature := word(entry, "signature"):
        thought.issuer, thought.signature = _opened(signature, entry, back=back)
    if data := word(entry, "data"):
        thought.issuer, thought.encrypted = _opened(data, entry, back=back)
    return thought


def _opened(proof: str, entry: dict[str, Any], *, back: bool) -> tuple[str, str]:
    issuer, proof = unseal(DIALECT, proof) if back else (DIALECT, proof)
    made = word(entry, "format")
    return issuer, f"{made}|{proof}" if issuer == DIALECT and made and made != "unknown" else proof


def _add(thoughts: list[Reasoning], thought: Reasoning) -> None:
    """Adds a thought; one that is a proof alone goes to the text before it, if that has none."""
    last = thoughts[-1] if thoughts else None
    if last is None or thought.text or last.signature or last.encrypted:
        if thought.text or thought.signature or thought.encrypted:
            thoughts.append(thought)
        return
    last.signature, last.encrypted = thought.signature, thought.encrypted
    last.id, last.issuer = thought.id or last.id, thought.issuer


def details(thoughts: Sequence[Reasoning]) -> list[dict[str, Any]]:
    """The entries of `reasoning_details`; none where no thought has a proof."""
    if not any(thought.signature or thought.encrypted for thought in thoughts):
        return []
    entries: list[dict[str, Any]] = []
    for thought in thoughts:
        entries += entries_of(thought, len(entries))
    return entries


def entries_of(thought: Reasoning, index: int) -> list[dict[str, Any]]:
    """One thought as entries of `reasoning_details`, counted from `index`."""
    entries: list[dict[str, Any]] = []
    if thought.text or thought.signature:
        entries.append(_text_entry(thought))
    if thought.encrypted:
        proof, made = _closed(thought.encrypted, thought.issuer)
        entries.append({"type": "reasoning.encrypted", "data": proof, **made, **_id(thought)})
    elif thought.id:
        entries[-1:] = [{**each, **_id(thought)} for each in entries[-1:]]
    return [{**entry, "index": index + at} for at, entry in enumerate(entries)]


def _text_entry(thought: Reasoning) -> dict[str, Any]:
    if thought.summary and not thought.signature:
        return {"type": "reasoning.summary", "summary": thought.text}
    entry: dict[str, Any] = {"type": "reasoning.text", "text": thought.text}
    if thought.signature:
        entry["signature"], made = _closed(thought.signature, thought.issuer)
        entry.update(made)
    return entry


def _id(thought: Reasoning) -> dict[str, str]:
    return {"id": thought.id} if thought.id else {}


def _closed(proof: str, issuer: str) -> tuple[str, dict[str, str]]:
    made, _, inner = proof.partition("|")
    if made and inner and issuer == DIALECT:
        return inner, {"format": made}
    return seal(issuer, DIALECT, proof), {}


def joined(thoughts: Sequence[Reasoning]) -> str:
    """The text of all thoughts, a blank line between two."""
    return BETWEEN.join(thought.text for thought in thoughts if thought.text)
