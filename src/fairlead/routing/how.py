"""How a target is to be tried: what a policy says about an attempt there, besides where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fairlead.routing.breaker import Rules

Onward: TypeAlias = tuple[tuple[frozenset[int] | None, int], ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often the same target is tried again.

    `attempts` counts the tries after the first. `statuses` has the failures that are tried again, as the client would
    see them; None leaves that to the table of dispositions. `use_retry_after`: the wait that the provider asks for is
    kept, where it is short enough.
    """

    attempts: int
    statuses: frozenset[int] | None = None
    use_retry_after: bool = False


@dataclass(frozen=True, slots=True)
class Edits:
    """What changes in the client's body before it is translated: `defaults`, then `overrides`, then `drops`."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    drops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Care:
    """What a model's entry says about failures and slowness there; times in seconds.

    `hedge`: another target is asked too where this one takes longer than its p95. `carry_on`: an answer that breaks off
    is continued. `first_token` is until the first content, `pace` the least tokens a second that it may come with.
    `past_policy`: what one provider's policy refuses is asked of the next. `rules` are those of the breaker.
    """

    hedge: bool = False
    carry_on: bool = False
    first_token: float | None = None
    pace: float | None = None
    past_policy: bool = False
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class How:
    """What a policy says about an attempt at one target; everything may be left unsaid.

    `path` is where the target stands in a configuration (`config.targets[1].targets[0]`). `timeout` is seconds until
    the reply's head; None leaves it to the target's clocks. `onward` says which later target of the plan takes over
    after which failure, by its index: the first entry whose statuses (as the client would see them; None: any) hold
    decides, and where none holds the call is over. None leaves that to the table of dispositions, and the next target.
    `arm` is the arm of an experiment, for the record; `care` what else is done about failures. `hurried`: the call
    itself says the `timeout`, which says nothing of the target's health.
    """

    path: str = ""
    retry: Retry | None = None
    timeout: float | None = None
    edits: Edits | None = None
    onward: Onward | None = None
    arm: str = ""
    care: Care | None = None
    hurried: bool = False


USUAL: Final = How()
