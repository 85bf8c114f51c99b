"""What a call costs, within its own usage, where its client asks for that as OpenRouter's clients do.

`usage: {"include": true}` in a chat's body asks for it. A provider's own `cost` stays as it is.
https://openrouter.ai/docs/use-cases/usage-accounting
"""

import re

from fairlead.dialects import sse
from fairlead.dialects.members import Members
from fairlead.errors import RequestError
from fairlead.ledger.money import amount

_USAGE = b'"usage"'
# After the empty line that ends an event.
_BETWEEN = re.compile(rb"(?<=\n\n)|(?<=\n\r\n)")


def whole(body: bytes, nano: int) -> bytes:
    """A reply or a chunk with the cost in its usage; as it was where it has none, or has its provider's cost."""
    try:
        members = Members(body)
        said = members.get("usage")
        usage = Members(said) if said and said != b"null" else None
    except RequestError:
        return body
    if usage is None or (usage.get("cost") or b"null") != b"null":
        return body
    return members.splice({"usage": usage.splice({"cost": amount(nano).encode()})})


def events(data: bytes, nano: int) -> bytes:
    """The same for whole events of a stream."""
    return b"".join(_event(event, nano) for event in _BETWEEN.split(data))


def _event(event: bytes, nano: int) -> bytes:
    said = sse.data_of(event) if _USAGE in event else None
    told = None if said is None else whole(said, nano)
    return event if told is None or told == said else sse.event(told)
