"""Budgets' accounts in Redis, shared by all processes that use it.

What a process takes counts as spent until it gives it back. When a process dies, what it held and the ledger does not
know to be spent goes back once its lease has ended and its journal is folded.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from fairlead.clock import Clock
from fairlead.ledger.budgets.leases import Account, Taken, Term, word_of
from fairlead.ledger.shared.holdings import LEASE_MS, Holdings, Pot
from fairlead.ledger.shared.server import Server

# A window that is over may still be charged for what is folded late, and clocks differ.
_KEPT_MS: Final = 2 * 86_400_000


async def _always(_account: Account, _percent: int) -> bool:
    return True


class RedisLeases:
    """What one process has of the accounts; see `Leases`.

    What is given back or overdrawn is never refused: where Redis does not answer, it hears of that later.
    """

    def __init__(
        self,
        server: Server,
        process: str,
        clock: Clock,
        known: Callable[[str], Awaitable[int]],
        *,
        lease_ms: int = LEASE_MS,
        first: Callable[[Account, int], Awaitable[bool]] = _always,
    ) -> None:
        """`known` says what the ledger knows to be spent of an account (by `word_of`) that Redis does not know.

        `first` is that of `Leases`, kept where Redis's forgetting does not reach.
        """
        self.term = Term(clock.monotonic(), lease_ms / 1000)
        self._clock = clock
        self._first = first
        self._holdings = Holdings(server, process, "budgets", clock, known=known, lease_ms=lease_ms)

    async def take(self, account: Account, cap: int, least: int, most: int) -> Taken:
        return await self._holdings.take(_pot(account), cap, least, most)

    async def overdraw(self, account: Account, amount: int) -> None:
        await self._holdings.change(_pot(account), amount)

    async def give_back(self, account: Account, amount: int) -> None:
        await self._holdings.change(_pot(account), -amount)

    async def first(self, account: Account, percent: int) -> bool:
        return await self._first(account, percent)

    async def renew(self) -> None:
        """Keep what is held for another while, and tell Redis what it was not told. Raises `StoreUnavailable`."""
        asked = self._clock.monotonic()
        await self._holdings.renew()
        self.term.renewed(asked)

    def charge(self, process: str, charges: Mapping[str, int]) -> None:
        """The ledger has got rows of a process which spent this on accounts (by `word_of`); any thread may say so.

        The next `renew` tells it.
        """
        self._holdings.charge(process, charges)

    async def recover(self, unfolded: Collection[str]) -> int:
        """Give back what dead processes held and did not spend; of how many accounts. Raises `StoreUnavailable`.

        `unfolded` are processes of which journals still wait: what they spent is not all known.
        """
        return await self._holdings.recover(unfolded)


def _pot(account: Account) -> Pot:
    end = account.window.end
    return Pot(word_of(account), None if end is None else end + _KEPT_MS)
