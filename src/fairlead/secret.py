"""A value that must not be seen."""

import hashlib
import hmac
from collections.abc import Callable


class Secret:
    """Holds a key, and what was lent for it. Its text in every form is `***`.

    Only `upstream/secrets.py` takes either out again.
    """

    __slots__ = ("_digest", "_lent", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._lent: tuple[str, ...] = ()
        self._digest = hashlib.sha256(value.encode()).digest()

    def matches(self, candidate: bytes) -> bool:
        """Whether `candidate` is this value, in time that does not depend on where they differ."""
        return hmac.compare_digest(hashlib.sha256(candidate).digest(), self._digest)

    def hashed(self, hasher: Callable[[bytes], bytes]) -> bytes:
        """What a hash function makes of it, for a table that is asked by hash."""
        return hasher(self._value.encode())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._digest, other._digest)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not written anywhere")
