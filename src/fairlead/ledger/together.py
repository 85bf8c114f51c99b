"""What processes share of budgets and limits: through Redis where that is set up, else through the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fairlead.clock import Clock
from fairlead.ledger.budgets.accounts import SqlLeases, first, spent
from fairlead.ledger.budgets.leases import Leases
from fairlead.ledger.limits.parts import SqlParts
from fairlead.ledger.limits.shared import Parts
from fairlead.state.database import Database

if TYPE_CHECKING:
    from fairlead.ledger.budgets.shared import RedisLeases
    from fairlead.ledger.shared.holdings import Holdings
    from fairlead.ledger.shared.notices import Notices
    from fairlead.ledger.shared.server import Server

Charge = Callable[[str, Mapping[str, int]], None]


@dataclass(slots=True)
class Together:
    """One process's part in budgets (`leases`) and limits (`parts`); `charge` is told what the ledger has of them.

    `notices` is where processes let each other know things, if there is such a place.
    """

    leases: Leases
    parts: Parts
    charge: Charge | None = None
    notices: "Notices | None" = None

    @property
    def answers(self) -> bool:
        """Whether what is shared can be reached, as far as that is known."""
        return True

    async def start(self) -> None:
        """Connect, if that can be done now."""

    async def renew(self) -> None:
        """Keep what is held for another while. Raises `StoreUnavailable`."""
        for held in (self.leases, self.parts):
            if isinstance(held, SqlLeases | SqlParts):
                await held.renew()

    async def aclose(self) -> None:
        """Let go of every connection that is this one's own."""


class ByRedis(Together):
    """The same through Redis, which also has to be told who died."""

    def __init__(self, server: "Server", leases: "RedisLeases", parts: "Holdings") -> None:
        from fairlead.ledger.shared.notices import Notices  # noqa: PLC0415 - the client is an extra

        super().__init__(leases, parts, leases.charge, Notices(server, "health"))
        self._server = server
        self._leases, self._parts = leases, parts

    @property
    def answers(self) -> bool:
        return self._server.answers

    async def start(self) -> None:
        await self._server.start()

    async def renew(self) -> None:
        await self._leases.renew()
        await self._parts.renew()
        await self._leases.recover(())
        await self._parts.recover(())

    async def aclose(self) -> None:
        await self._server.close()


def together(database: Database, redis: str | None, process: str, clock: Clock) -> Together:
    """What a process shares; its name must be new with each start. Raises `ConfigError` where Redis cannot be used."""
    if redis is None:
        return Together(SqlLeases(database, process, clock), SqlParts(database, process, clock))
    from fairlead.ledger.budgets.shared import RedisLeases  # noqa: PLC0415 - the client is an extra
    from fairlead.ledger.shared.holdings import Holdings  # noqa: PLC0415
    from fairlead.ledger.shared.server import Server  # noqa: PLC0415

    server = Server(redis, clock)
    leases = RedisLeases(server, process, clock, partial(spent, database), first=partial(first, database))
    return ByRedis(server, leases, Holdings(server, process, "limits", clock))
