"""What one key has spent, and what it may still spend, for whoever presents it. Blocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.budgets.rule import Rule
from fairlead.ledger.budgets.windows import calendar
from fairlead.ledger.principal import Principal
from fairlead.ledger.usage import Usage

SPANS: Final = ("day", "week", "month", "total")


@dataclass(frozen=True, slots=True)
class Left:
    """A budget of a key or of one that it belongs to, in nano-dollars; `resets` is Unix ms, None where it never does.

    `whose` is the kind of its owner: `key`, `user`, `team` or `organisation`.
    """

    whose: str
    name: str
    limit: int
    spent: int
    every: str
    resets: int | None

    @property
    def remaining(self) -> int:
        return max(self.limit - self.spent, 0)


@dataclass(frozen=True, slots=True)
class Own:
    """What a key's calls have cost in this day, week and month of UTC, and in all, in nano-dollars; its budgets."""

    spent: dict[str, int]
    budgets: tuple[Left, ...]

    @property
    def tightest(self) -> Left | None:
        """The budget with the least left; None where there is none."""
        return min(self.budgets, key=lambda each: each.remaining, default=None)


def own(usage: Usage, principal: Principal) -> Own:
    """What there is to tell the key's holder. Raises `StoreUnavailable`."""
    now, where = usage.now(), {"key": principal.key or principal.name}
    spent = {span: usage.total(calendar(span).window(now).start, None, where).cost for span in SPANS}
    return Own(spent, tuple(_left(usage, principal, principal.budgets, now)))


def _left(usage: Usage, principal: Principal, rules: Iterable[Rule], now: int) -> Iterable[Left]:
    for rule in rules:
        of, _, name = rule.name.partition("/")
        window = rule.calendar.window(now)
        spent = usage.spent(Account(rule.name, (), window))
        yield Left(_whose(principal, of), name, rule.limit, spent, rule.calendar.every, window.end)


def _whose(principal: Principal, of: str) -> str:
    kinds = ("key", "user", "team")
    return next((kind for kind in kinds if getattr(principal, kind) == of), "organisation")
