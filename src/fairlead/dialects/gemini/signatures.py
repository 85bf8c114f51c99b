"""Signatures as a Gemini client carries them: `thoughtSignature` is bytes, in JSON base64, and SDKs decode it.

Gemini's own pass as they are. What another provider issued is marked (see `seals`) and put in base64; the mark begins
every such value with `Zmx+`, or with `Zmx-` where an SDK writes base64 for URLs.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from fairlead.dialects import lenient, seals
from fairlead.dialects.gemini.words import NAME, encode
from fairlead.dialects.model import Reasoning, ToolCall

_MARKED: Final = base64.b64encode(b"fl~").decode()
_URLSAFE: Final = str.maketrans("-_", "+/")


@dataclass(slots=True)
class Proof:
    """What proves thoughts to their `issuer`, or stands for them."""

    issuer: str = NAME
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None


def seal(part: Reasoning | ToolCall) -> str | None:
    """The `thoughtSignature` that a client gets for a part; None where nothing proves it."""
    encrypted, identity = (part.encrypted, part.id) if isinstance(part, Reasoning) else (None, None)
    return seal_proof(Proof(part.issuer, part.signature, encrypted, identity))


def seal_proof(proof: Proof) -> str | None:
    """The `thoughtSignature` that says all of a proof; None where there is none."""
    if proof.signature is None and proof.encrypted is None:
        return None
    if proof.issuer in ("", NAME):
        return proof.signature or proof.encrypted
    value = proof.signature or ""
    if proof.encrypted is not None or proof.id is not None:
        value = encode({"s": proof.signature, "e": proof.encrypted, "i": proof.id}).decode()
    return base64.b64encode(seals.seal(proof.issuer, NAME, value).encode("utf-8", "replace")).decode()


def unseal(value: str) -> Proof:
    """What a client gave back."""
    usual = value.translate(_URLSAFE)
    if not usual.startswith(_MARKED):
        return Proof(NAME, value)
    try:
        sealed = base64.b64decode(usual + "==").decode()
    except (ValueError, binascii.Error):
        return Proof(NAME, value)
    issuer, inner = seals.unseal(NAME, sealed)
    if issuer == NAME:
        return Proof(NAME, value)
    packed = lenient.members(inner.encode()) if inner.startswith('{"s":') else {}
    if not packed:
        return Proof(issuer, inner)
    return Proof(issuer, *(lenient.word(packed, name) for name in "sei"))
