"""Money that a process takes from what all share, in pieces, so that it need not ask for each call."""

import json
import math
from dataclasses import dataclass
from typing import Protocol

from fairlead.ledger.budgets.windows import Window


@dataclass(frozen=True, slots=True)
class Account:
    """What one rule allows one group within one window."""

    rule: str
    group: tuple[str, ...]
    window: Window


def word_of(account: Account) -> str:
    """An account as one text, for a ledger row to name it."""
    return json.dumps([account.rule, account.window.start, *account.group], ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was got of an account, and what was left on it before, all in nano-dollars."""

    amount: int
    left: int


class Term:
    """How long what a process took is its own for certain, by its own clock, in monotonic seconds.

    Others take it back once its lease has ended. What it has not heard to be renewed it takes to be lost a twelfth of
    the lease before that, for clocks differ.
    """

    def __init__(self, now: float, lease: float) -> None:
        self._lasts = lease * 11 / 12
        self._since = now
        self._until = now + self._lasts

    def renewed(self, asked: float) -> None:
        """All that was still its own when it asked for that, at this moment, is so for another while."""
        if asked >= self._until:
            self._since = asked
        self._until = asked + self._lasts

    def holds(self, taken: float, now: float) -> bool:
        """Whether what was asked for at `taken` is still its own."""
        return (now < self._until and taken >= self._since) or now < taken + self._lasts


class Leases(Protocol):
    """The accounts that all processes share. Whoever takes money holds it until it gives it back or its lease ends.

    Raises `StoreUnavailable` where the accounts cannot be reached in time.
    """

    term: Term

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        """Between `least` and `most` of what is left under `cap`; nothing where less than `least` is left."""

    async def overdraw(self, account: Account, amount: int) -> None:
        """Take this, whatever is left: it has been spent."""

    async def give_back(self, account: Account, amount: int) -> None:
        """Put back what was taken and not spent; of what others took back already, nothing."""

    async def first(self, account: Account, percent: int) -> bool:
        """Whether nobody has told before that so much of the account is spent. From now on, somebody has."""


def share(least: int, most: int, left: int) -> int:
    """How much of `left` one gets who asks for so much: less as it runs out, so that others get some too."""
    if least > left:
        return 0
    return max(least, min(most, left // 4))


class MemoryLeases:
    """The accounts of a process that shares them with none."""

    def __init__(self) -> None:
        self.term = Term(0.0, math.inf)
        self._taken: dict[Account, int] = {}
        self._told: dict[Account, int] = {}

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        taken = self._taken.get(account, 0)
        left = max(cap - taken, 0)
        amount = share(least, most, left)
        self._taken[account] = taken + amount
        return Taken(amount, left)

    async def overdraw(self, account: Account, amount: int) -> None:
        self._taken[account] = self._taken.get(account, 0) + amount

    async def give_back(self, account: Account, amount: int) -> None:
        self._taken[account] -= amount

    async def first(self, account: Account, percent: int) -> bool:
        told, self._told[account] = self._told.get(account, 0), percent
        return told < percent
