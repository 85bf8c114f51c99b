"""What only the provider that made it can use again: kept responses by their id, encrypted thoughts by their digest.

Held in memory and bounded: what has been forgotten is looked for (`kept.py`), or tried wherever the plan says.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import TypeAlias

from fairlead.dialects.endpoints import RESPONSES
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.seals import unseal
from fairlead.pipeline.call import Call

Named: TypeAlias = tuple[tuple[str, str], ...]
_MOST = 50_000
_ENCRYPTED = re.compile(rb'"encrypted_content"\s*:\s*"([^"\\]{8,})"')
_PREVIOUS = "previous_response_id"


class Pins:
    """Remembers which provider made what, the newest `most` of them."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._made_by: OrderedDict[bytes, tuple[str, bytes]] = OrderedDict()

    def note(self, things: Iterable[str], provider: str, headers: Named = ()) -> None:
        """Each of `things` was made by `provider`, with a request that had these headers of the target."""
        maker = (provider, _mark(headers))
        for thing in things:
            self._made_by[_digest(thing)] = maker
            self._made_by.move_to_end(_digest(thing))
        while len(self._made_by) > self._most:
            self._made_by.popitem(last=False)

    def maker(self, thing: str) -> str | None:
        """Who made it; None where nobody knows."""
        found = self._made_by.get(_digest(thing))
        return found[0] if found else None

    def made_with(self, thing: str, headers: Named) -> bool:
        """Whether it was made with a request that had these headers of the target."""
        found = self._made_by.get(_digest(thing))
        return found is not None and found[1] == _mark(headers)

    def maker_of_previous(self, call: Call) -> str | None:
        """Who made the response that a call goes on from: nobody else has it."""
        envelope = call.envelope
        if not self._made_by or not isinstance(envelope, Envelope) or _PREVIOUS not in envelope.members:
            return None
        previous = envelope.text(_PREVIOUS)
        return self.maker(previous) if previous else None

    def maker_of_thoughts(self, call: Call) -> str | None:
        """Who issued the encrypted thoughts that a call brings back: others can answer, without them."""
        brought = _ENCRYPTED.findall(call.request.body) if self._made_by else []
        return self.maker(unseal(RESPONSES.dialect, brought[-1].decode("utf-8", "replace"))[1]) if brought else None


def _mark(headers: Named) -> bytes:
    """What headers are known by: they may be credentials, which are kept nowhere twice."""
    return _digest(repr(headers)) if headers else b""


def _digest(thing: str) -> bytes:
    return blake2b(thing.encode("utf-8", "replace"), digest_size=12).digest()
