"""The ways of saying where a call goes, besides those of `plan.py`. A new one is a module and a line here.

Each compiles what it reads, by a pure function, to a plan. What is the same for all calls with these words is read once
and remembered; what hangs on a draw, on health or on other facts of a call is left to the plan's `choose`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from fairlead.routing import by_role, by_task
from fairlead.routing.openrouter import saying as openrouter
from fairlead.routing.policy import Policy
from fairlead.routing.portkey_config import said as config
from fairlead.routing.target import Plan, Wanted

Compile: TypeAlias = Callable[[Wanted, Policy], Plan | None]


@dataclass(frozen=True, slots=True)
class Saying:
    """One way of saying where a call goes.

    `compile` gives the plan, or None where the call says nothing in this way; it may raise what planning may. A call
    whose body has one of `members`, or that has one of `headers` (lower case), is read anew, with its facts. Every
    other one is read by its model, provider and intent alone, without facts, and its plan is remembered. `applies` is
    whether a policy has any use for it: what it has none for costs no call anything.
    """

    name: str
    compile: Compile
    members: frozenset[str] = frozenset()
    headers: frozenset[bytes] = frozenset()
    applies: Callable[[Policy], bool] = lambda _: True


_USUAL: Final = (
    Saying("role", by_role.compile_role, headers=frozenset({by_role.HEADER})),
    Saying("task", by_task.compile_task),
    Saying("model's config", config.of_model),
    Saying("default config", config.by_default),
)


def _first(among: Iterable[Saying], wanted: Wanted, policy: Policy) -> Plan | None:
    return next((made for each in among if (made := each.compile(wanted, policy)) is not None), None)


def _patient(wanted: Wanted, policy: Policy) -> Plan | None:
    """What the sayings after this one make of the call, where it has another header of Portkey's."""
    return config.patient(wanted, policy, lambda: _first(_USUAL, wanted, policy))


# In this order: the first that has a plan decides.
SAYINGS: Final[tuple[Saying, ...]] = (
    Saying("config", config.said, headers=config.HEADERS),
    Saying("openrouter", openrouter.compiled, openrouter.MEMBERS, frozenset(openrouter.HEADERS)),
    Saying("Portkey's other headers", _patient, headers=config.HEADERS),
    *_USUAL,
)


def said(wanted: Wanted, policy: Policy) -> Plan | None:
    """The plan of the first saying that has one."""
    return _first(SAYINGS, wanted, policy)


def signs(policy: Policy, among: Iterable[Saying] = SAYINGS) -> tuple[frozenset[str], frozenset[bytes]]:
    """The members and headers by which a call says where it goes, under a policy."""
    used = [each for each in among if each.applies(policy)]
    members = frozenset(name for each in used for name in each.members)
    return members, frozenset(name for each in used for name in each.headers)
