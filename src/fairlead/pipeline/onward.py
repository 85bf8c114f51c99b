"""What a failure matches of what a policy says about failures. Pure."""

from typing import Final

from fairlead.errors import Failure
from fairlead.routing.disposition import Cause, Then, disposition
from fairlead.routing.how import Onward
from fairlead.routing.plan import Target

# What Portkey and its configs say of a reply that did not come in time.
_TIMEOUT: Final = 408


def larger(target: Target, than: Target) -> bool:
    """Whether a target may take a longer call; of one that nobody knows, another model may."""
    if target.window and than.window:
        return target.window > than.window
    return target.model != than.model


def _seen(failure: Failure) -> set[int | None]:
    """The statuses that a failure goes by: the provider's own, what a client would see, and a timeout's usual one."""
    rule = disposition(failure.kind)
    return {failure.status, rule.status, _TIMEOUT if rule.cause is Cause.TIMEOUT else None}


def matching(onward: Onward, failure: Failure) -> int | None:
    seen = _seen(failure)
    return next((there for statuses, there in onward if statuses is None or statuses & seen), None)


def again(statuses: frozenset[int] | None, failure: Failure) -> bool:
    """Whether a policy has a failure tried again on the same target."""
    if statuses is None:
        return disposition(failure.kind).then is Then.AGAIN
    return bool(statuses & _seen(failure))
