"""What a plan that is not the same for every call may hang on, handed in as values."""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from fairlead.ledger.rates import UNKNOWN, Price
from fairlead.routing.facts import NO_FACTS, Facts
from fairlead.routing.sticky import NO_SESSIONS, Sessions
from fairlead.routing.target import Plan, Target


class Prices(NamedTuple):
    """What a target takes for a million tokens, in US dollars: read anew, read from its cache, and written."""

    read: float
    cached: float
    written: float


def unpriced(_: Target) -> Prices | None:
    """The prices of a target where nobody knows any."""
    return None


def unlisted(_: Target) -> Price:
    """The whole price of a target where nobody knows any."""
    return UNKNOWN


class Moment(Struct, frozen=True, eq=False):
    """One call, now.

    `draw` gives a new number from 0 up to 1, 1 excluded. `now` is monotonic seconds. `price` says what a target takes,
    `rates` what it takes for everything; `sessions` has where sessions are. `explains`: the plan is made to be
    shown, so that candidates tell their scores, and nothing is remembered.
    """

    draw: Callable[[], float]
    now: float = 0.0
    facts: Facts = NO_FACTS
    price: Callable[[Target], Prices | None] = unpriced
    sessions: Sessions = NO_SESSIONS
    explains: bool = False
    rates: Callable[[Target], Price] = unlisted


Choose: TypeAlias = Callable[[Plan, Moment], Plan]
"""Makes of a remembered plan the one for this call. May raise what planning may."""


# How many choices can hang on one another.
_DEEPEST: Final = 8


def settled(plan: Plan, moment: Moment) -> Plan:
    """The plan for the call, of which nothing is left open. Raises what planning may."""
    for _ in range(_DEEPEST):
        if plan.choose is None:
            break
        plan = plan.choose(plan, moment)
    return plan
