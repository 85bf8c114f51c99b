"""The texts of a call, where the operator has them kept: bounded, and without what looks like a key.

What is in them beyond that is for guards to find; whoever turns this on keeps what people wrote.
"""

import re
from typing import Final

from fairlead.ledger.row import Bodies, Row

LONGEST: Final = 64 * 1024
MOST_KEPT: Final = 4 * LONGEST  # bytes that are looked at
MASK: Final = "***"
# A key by its prefix, what stands after `Bearer`, a key in its PEM frame.
_KEYS: Final = re.compile(
    r"\b(?:sk|pk|rk|fl|fla|gsk|xai|or|pplx|hf|ghp|gho|github_pat|glpat|xox[abprs]|AIza|AKIA|ASIA|ya29)[-_.]?"
    r"[A-Za-z0-9_\-.]{16,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9_\-.~+/=]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
# Pictures and sounds say nothing as text.
_DATA: Final = re.compile(r"(data:[a-z]+/[a-z0-9.+-]+;base64,)[A-Za-z0-9+/=_-]{64,}|[A-Za-z0-9+/]{1024,}={0,2}")


def kept(row: Row, request: bytes, reply: bytes) -> Bodies:
    """The texts of a call, ready to be recorded beside its row."""
    return Bodies(id=row.id, at=row.at, request=redacted(request), reply=redacted(reply))


def redacted(body: bytes) -> str:
    """A body as text, without keys, pictures and sounds, cut to 64 KiB."""
    # What is cut off is cut before anything is looked for, lest a long body take long; a key at the edge goes with it.
    text = body[:MOST_KEPT].decode("utf-8", "replace").replace("\0", "")
    text = _KEYS.sub(MASK, _DATA.sub(lambda found: f"{found[1] or ''}{MASK}", text))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
