"""Limits' parts in the database, for processes on one machine that share no Redis."""

from fairlead.clock import Clock
from fairlead.ledger.budgets.accounts import LEASE_MS, SqlLeases
from fairlead.ledger.budgets.leases import Account, Taken
from fairlead.ledger.budgets.windows import Window
from fairlead.ledger.shared.holdings import Pot
from fairlead.state.database import Database

_FOR_EVER = Window(0, None)


class SqlParts:
    """What one process has of the limits; see `Parts`.

    A part is a lease like that of a budget. What a process that died had let through counts for a span longer.
    """

    def __init__(self, database: Database, process: str, clock: Clock) -> None:
        self._database = database
        self._process = process
        self._clock = clock
        self._by_span: dict[int, SqlLeases] = {}

    async def take(self, pot: Pot, cap: int, least: int, most: int) -> Taken:
        return await self._leases(pot).take(_account(pot), cap, least, most)

    async def change(self, pot: Pot, by: int) -> None:
        leases = self._leases(pot)
        await (leases.overdraw(_account(pot), by) if by > 0 else leases.give_back(_account(pot), -by))

    async def renew(self) -> None:
        """Keep what is held for another while."""
        for leases in self._by_span.values():
            await leases.renew()

    def _leases(self, pot: Pot) -> SqlLeases:
        if pot.after not in self._by_span:
            name = f"{self._process}+{pot.after}"
            self._by_span[pot.after] = SqlLeases(self._database, name, self._clock, LEASE_MS + pot.after)
        return self._by_span[pot.after]


def _account(pot: Pot) -> Account:
    return Account(f"limit {pot.word}", (), _FOR_EVER)
