"""Identifiers: sortable by time, unguessable where that matters."""

import os
import random
import secrets

from fairlead.clock import Clock

KEY_PREFIX = "fl-"


# Identifiers of requests must differ, not be secret: a generator seeded by the system is enough, and is fast.
_bits = random.Random(os.urandom(32)).getrandbits  # noqa: S311
_MARKS = 0x7 << 76 | 0x2 << 62
_PLACES = ~(0xF << 76 | 0x3 << 62)


def request_id(clock: Clock) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as 32 hex digits: sorts by the millisecond it was made in."""
    return f"{(int(clock.wall() * 1000) << 80 | _bits(80)) & _PLACES | _MARKS:032x}"


def new_key() -> str:
    """A client key: a readable prefix and 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(32)
