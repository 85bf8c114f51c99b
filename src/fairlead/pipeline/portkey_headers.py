"""The response headers that tell a client of Portkey's words what became of its call."""

from collections.abc import Callable

from fairlead.pipeline.call import Call, Headers
from fairlead.routing.told import Told

_EXHAUSTED = b"-1"


def told(call: Call, said: Told, value: Callable[[str], bytes]) -> Headers:
    """The headers, which `value` writes texts for."""
    found: Headers = [(b"x-portkey-trace-id", value(said.trace or call.id))]
    if not call.attempts:
        return found
    last = call.attempts[-1].target
    found.append((b"x-portkey-last-used-option-index", value(last.how.path or "config")))
    found.append((b"x-portkey-retry-attempt-count", _tries(call)))
    found.append((b"x-portkey-provider", value(last.provider.name)))
    return found


def _tries(call: Call) -> bytes:
    """How often the last target was tried again; -1 where it was as often as it may be, and failed."""
    last = call.attempts[-1]
    again = sum(each.target is last.target for each in call.attempts) - 1
    retry = last.target.how.retry
    if last.failure is not None and retry is not None and 0 < retry.attempts <= again:
        return _EXHAUSTED
    return b"%d" % again
