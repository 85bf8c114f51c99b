"""Signatures and encrypted thoughts on their way through a client of another dialect.

They prove something to their issuer alone. A client gives them back as they came, so one that came from elsewhere is
marked with its issuer's name, and is sent to nobody else.
"""

# A rare letter, so that a body without any is known for one at a glance.
_MARK = "fl~"


def seal(issuer: str, own: str, value: str) -> str:
    """The value as a client of the dialect `own` gets it: marked, unless it is of that very dialect."""
    return value if issuer in ("", own) or value.startswith(_MARK) else f"{_MARK}{issuer}.{value}"


def unseal(own: str, value: str) -> tuple[str, str]:
    """(issuer, value) of what a client of the dialect `own` gave back."""
    if value.startswith(_MARK):
        issuer, dot, inner = value.removeprefix(_MARK).partition(".")
        if dot:
            return issuer, inner
    return own, value
