"""Reasoning items, and the signatures and encrypted thoughts that they carry.

A reasoning item has one place for what its issuer wants back, `encrypted_content`. What came from another dialect is
sealed there; `sig.` before it says that it signs a text, `call.` that it belongs to the tool call that follows.
"""

from typing import Any, Final, NamedTuple

from fairlead.dialects.model import Reasoning
from fairlead.dialects.responses.wire import NAME
from fairlead.dialects.seals import seal, unseal

_SIGNED: Final = "sig."
_CALLED: Final = "call."


class Proof(NamedTuple):
    """What an `encrypted_content` that a client gave back stands for; at most one of the three is set."""

    issuer: str
    encrypted: str | None = None
    signature: str | None = None
    of_call: str | None = None


def opened(value: str | None) -> Proof:
    """What `encrypted_content` stands for."""
    if not value:
        return Proof(NAME)
    issuer, inner = unseal(NAME, value)
    if issuer != NAME and inner.startswith(_SIGNED):
        return Proof(issuer, signature=inner.removeprefix(_SIGNED))
    if issuer != NAME and inner.startswith(_CALLED):
        return Proof(issuer, of_call=inner.removeprefix(_CALLED))
    return Proof(issuer, encrypted=inner)


def closed(issuer: str, signature: str | None, encrypted: str | None) -> str | None:
    """The `encrypted_content` that a client gets."""
    if issuer in ("", NAME):
        return encrypted or signature
    if signature:
        return seal(issuer, NAME, _SIGNED + signature)
    return seal(issuer, NAME, encrypted) if encrypted else None


def of_call(issuer: str, signature: str) -> str:
    """The `encrypted_content` of an item that carries the signature of the tool call after it."""
    return seal(issuer or "unknown", NAME, _CALLED + signature)


def thoughts(summary: str, content: str, proof: Proof, item: str | None) -> list[Reasoning]:
    """The thoughts in one item: its summary and its content, of which the last has what proves them."""
    said = [Reasoning(summary, summary=True)] if summary else []
    if content:
        said.append(Reasoning(content))
    said = said or [Reasoning()]
    for each in said:
        each.id, each.issuer = item, proof.issuer
    said[-1].encrypted, said[-1].signature = proof.encrypted, proof.signature
    return said


def item(text: str, encrypted: str | None, *, summary: bool) -> dict[str, Any]:
    """The reasoning item that holds one thought, without an id."""
    return joined([Reasoning(text, summary=summary)], encrypted)


def joined(said: list[Reasoning], encrypted: str | None) -> dict[str, Any]:
    """The reasoning item that holds these thoughts, without an id."""
    written: dict[str, Any] = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": each.text} for each in said if each.summary and each.text],
    }
    content = [{"type": "reasoning_text", "text": each.text} for each in said if each.text and not each.summary]
    if content:
        written["content"] = content
    if encrypted:
        written["encrypted_content"] = encrypted
    return written
