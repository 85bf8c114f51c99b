"""What only the provider that made it can use again: kept responses and completions by their id, encrypted thoughts by
their digest; and for whom it was made.

Held in memory and bounded, and where there is a place for it remembered beyond that (`remembered.py`). What has been
forgotten is looked for (`kept.py`), or tried wherever the plan says.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from fairlead.dialects.endpoints import RESPONSES
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.seals import unseal
from fairlead.errors import RequestError
from fairlead.pipeline.call import Call, Principal
from fairlead.pipeline.remembered import Remembered

Named: TypeAlias = tuple[tuple[str, str], ...]
_MOST = 50_000
_ENCRYPTED = re.compile(rb'"encrypted_content"\s*:\s*"([^"\\]{8,})"')
_PREVIOUS = "previous_response_id"
# What a line says of a thing: its digest, its provider, the mark of the headers, its owner.
_LINE = 4


class _Made(NamedTuple):
    """Who made a thing, with which headers of the target, and for whom."""

    provider: str
    mark: bytes
    owner: str


class Pins:
    """Remembers which provider made what for whom, the newest `most` of them.

    `beyond` has what other processes note, and what was noted before this one began; None where nothing is kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self.beyond: Remembered | None = None
        self._made_by: OrderedDict[bytes, _Made] = OrderedDict()

    def note(self, things: Iterable[str], provider: str, headers: Named = (), owner: str = "") -> None:
        """Each of `things` was made by `provider` for `owner`, with a request that had these headers of the target."""
        maker, digests = _Made(provider, _mark(headers), owner), [_digest(thing) for thing in things]
        for digest in digests:
            self._keep(digest, maker)
        if self.beyond is not None:
            self.beyond.append([[each.hex(), provider, maker.mark.hex(), owner] for each in digests])

    def _keep(self, digest: bytes, maker: _Made) -> None:
        self._made_by[digest] = maker
        self._made_by.move_to_end(digest)
        if len(self._made_by) > self._most:
            self._made_by.popitem(last=False)

    def _find(self, thing: str) -> _Made | None:
        digest = _digest(thing)
        found = self._made_by.get(digest)
        if found is None and self.beyond is not None:
            for line in self.beyond.fresh():
                if len(line) == _LINE:
                    self._keep(_bytes(line[0]), _Made(line[1], _bytes(line[2]), line[3]))
            found = self._made_by.get(digest)
        return found

    def maker(self, thing: str) -> str | None:
        """Who made it; None where nobody knows."""
        found = self._find(thing)
        return found.provider if found else None

    def made_for(self, thing: str, owner: str) -> bool:
        """Whether it is known to have been made for `owner`."""
        found = self._find(thing)
        return found is not None and found.owner == owner

    def made_with(self, thing: str, headers: Named) -> bool:
        """Whether it was made with a request that had these headers of the target."""
        found = self._find(thing)
        return found is not None and found.mark == _mark(headers)

    def maker_of_previous(self, call: Call) -> str | None:
        """Who made the response that a call goes on from: nobody else has it.

        Raises `RequestError` where that was made for another owner than the caller.
        """
        envelope = call.envelope
        if not isinstance(envelope, Envelope) or _PREVIOUS not in envelope.members:
            return None
        previous = envelope.text(_PREVIOUS)
        found = self._find(previous) if previous else None
        if found is None:
            return None
        own = owner(call.principal)
        if own and found.owner != own:
            raise RequestError(f"there is no response `{(previous or '')[:80]}` to go on from", param=_PREVIOUS)
        return found.provider

    def maker_of_thoughts(self, call: Call) -> str | None:
        """Who issued the encrypted thoughts that a call brings back: others can answer, without them."""
        brought = _ENCRYPTED.findall(call.request.body) if self._made_by or self.beyond is not None else []
        return self.maker(unseal(RESPONSES.dialect, brought[-1].decode("utf-8", "replace"))[1]) if brought else None


def owner(principal: Principal) -> str:
    """Whose that is which a principal makes: its team's, else its own. Empty for the operator's key, which may all."""
    return principal.team or principal.key


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""


def _mark(headers: Named) -> bytes:
    """What headers are known by: they may be credentials, which are kept nowhere twice."""
    return _digest(repr(headers)) if headers else b""


def _digest(thing: str) -> bytes:
    return blake2b(thing.encode("utf-8", "replace"), digest_size=12).digest()
