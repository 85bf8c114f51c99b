"""The response headers that say what the gateway did with a call; `docs/reference/http.md` lists them."""

import math
from functools import lru_cache
from urllib.parse import quote

from fairlead.errors import Failure
from fairlead.ledger.money import amount
from fairlead.pipeline import portkey_headers
from fairlead.pipeline.call import Call, Headers
from fairlead.routing.told import Told

_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "%")

# The most that is said of what was dropped: clients take 8 KiB of headers, some of them.
_ROOM, _LONGEST_NAME = 2048, 80


@lru_cache(maxsize=1024)
def _value(text: str) -> bytes:
    """Text as a header's value: what is not visible ASCII is percent-encoded."""
    return (text if text.isascii() and text.isprintable() else quote(text, safe=_VISIBLE)).encode("ascii")


def told(call: Call, content_type: bytes) -> Headers:
    """What every reply to a call says."""
    request_id = call.id.encode()
    said = [
        (b"content-type", content_type),
        (b"x-fairlead-request-id", request_id),
        (b"x-request-id", request_id),
        (b"x-generation-id", request_id),
        (b"x-fairlead-attempts", b"%d" % len(call.attempts)),
        (b"x-fairlead-overhead-ms", b"%.2f" % (call.overhead * 1000)),
    ]
    if call.attempts:
        target = call.attempts[-1].target
        said.append((b"x-fairlead-provider", _value(target.provider.name)))
        said.append((b"x-fairlead-model", _value(target.model)))
    if call.plan.intent:
        said.append((b"x-fairlead-intent", _value(call.plan.intent)))
    if call.cost is not None and call.cost.nano is not None:
        said.append((b"x-fairlead-cost", amount(call.cost.nano).encode()))
    if call.ticket is not None:
        said += [(name.encode(), value.encode()) for name, value in call.ticket.told]
    said += call.returned
    dropped = call.dropped
    if call.plan.told is not None:
        said += portkey_headers.told(call, call.plan.told, _value)
        dropped = [*call.plan.told.unused, *dropped]
    if dropped:
        said.append((b"x-fairlead-dropped", _listed(dropped)))
    return said


def told_of_error(call: Call, said: Told) -> list[tuple[str, str]]:
    """What an error says to a client of Portkey's words."""
    found = portkey_headers.told(call, said, _value)
    found += [(b"x-fairlead-dropped", _listed([*said.unused]))] if said.unused else []
    return [(name.decode(), value.decode()) for name, value in found]


def _listed(names: list[str]) -> bytes:
    """As many of the names as there is room for."""
    said = b""
    for name in names:
        said += (b", " if said else b"") + _value(name[:_LONGEST_NAME])
        if len(said) > _ROOM and name is not names[-1]:
            return said + b", ..."
    return said


def retry_after(failure: Failure) -> tuple[bytes, bytes]:
    """`retry-after` in whole seconds; 1 where the provider gave none."""
    return (b"retry-after", b"%d" % max(1, math.ceil(failure.retry_after or 1)))
