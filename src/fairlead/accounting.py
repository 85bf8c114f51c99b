"""What the engine keeps of calls and money from its start to its end, whatever the configuration becomes meanwhile."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.clock import Clock
from fairlead.config.schema import Config
from fairlead.config.spending import Budget
from fairlead.errors import StoreUnavailable
from fairlead.ledger.budgets.book import Book
from fairlead.ledger.budgets.leases import MemoryLeases
from fairlead.ledger.budgets.rule import Rule, rules
from fairlead.ledger.journal import Journal
from fairlead.ledger.limits.gate import Gate
from fairlead.ledger.limits.gate import rules as limit_rules
from fairlead.ledger.limits.shared import SharedGate
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.row import Bodies, Row
from fairlead.observe.metrics import Metrics
from fairlead.pipeline.beside import Beside
from fairlead.pipeline.given import Bounds
from fairlead.pipeline.limit import Limiter
from fairlead.pipeline.till import Till
from fairlead.routing import tabled
from fairlead.routing.health import Board
from fairlead.routing.policy import Policy

if TYPE_CHECKING:
    from fairlead.ledger.folder import Folder
    from fairlead.ledger.together import Together
    from fairlead.ledger.usage import Usage
    from fairlead.state.database import Database

log = logging.getLogger("fairlead.ledger")

_TEND_SECONDS = 1.0
_RENEW_SECONDS = 15.0


class Accounting:
    """Prices, budgets, limits and the journal. In memory alone, until `open` gives it a place to keep them."""

    def __init__(self, clock: Clock, metrics: Metrics | None = None) -> None:
        self.process = secrets.token_hex(8)
        self.journal: Journal | None = None
        self.folder: Folder | None = None
        self.prices = PriceBook()
        self._clock = clock
        self._alerts = (metrics or Metrics()).alerts
        self._book = Book(MemoryLeases(), clock, self._alerted)
        self._gate: Gate | SharedGate = Gate((), clock)
        self._rules: Mapping[str, Rule] = {}
        self._together: Together | None = None
        self._database: Database | None = None
        self._beside: Beside | None = None
        self._tending: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    def stages(self, config: Config, policy: Policy) -> tuple[Limiter, Till]:
        """The stages of the pipeline that know of money and rates. Rules that stay the same keep their accounts."""
        self._rules = _kept(self._rules, {rule.name: rule for rule in rules(_budgets(config))})
        self._gate.change(limit_rules(config.limits))
        bounds = Bounds(output=config.output_allowance, known=_most_known(policy))
        self.prices = prices = PriceBook(tabled.prices(config, policy), config.price_book)
        return Limiter(lambda: self._gate), Till(prices, tuple(self._rules.values()), self._book, self._clock, bounds)

    def record(self, row: Row, *texts: Bodies) -> None:
        """Put a call's row into the journal, if there is one, and its texts where they are kept."""
        if self.journal is not None:
            row.process = self.process
            self.journal.append(row, *texts)

    def open(self, database: "Database", journal: Path, config: Config) -> "Usage":
        """Journal calls and fold them into this database; share budgets' accounts with all processes that use it.

        Limits are shared too, but by one worker with a file of its own: a database that is a server has others. Gives
        what can be asked about calls. A database that does not answer is tried again. Raises `ConfigError`.
        """
        # They bring the database's library, which asking in-process needs not.
        from fairlead.ledger.folder import Folder  # noqa: PLC0415
        from fairlead.ledger.retention import Retention  # noqa: PLC0415
        from fairlead.ledger.together import together  # noqa: PLC0415
        from fairlead.ledger.usage import Usage  # noqa: PLC0415

        kept = config.retention
        days = Retention(calls=kept.calls, bodies=kept.bodies, hours=kept.hours)
        self._database = database
        alone = config.redis is None and config.server.workers == 1 and database.sqlite
        self._together = shared = together(database, config.redis, self.process, self._clock)
        self._book.share(shared.leases)
        if not alone:
            self._gate = SharedGate((), self._clock, shared.parts)
            self._gate.change(limit_rules(config.limits))
        self.journal = Journal(journal, self._clock)
        self.folder = Folder(database, self.journal, self._clock, days, charged=shared.charge)
        self.folder.start()
        self._tending = asyncio.get_running_loop().create_task(self._tend())
        return Usage(database, journal, self._clock, days)

    def share(self, board: Board) -> None:
        """Let other processes know what is left alone, and learn it from them, where there is a Redis for that."""
        notices = self._together.notices if self._together is not None else None
        if notices is not None:
            self._beside = Beside(board, notices, self._clock)

    @property
    def warning(self) -> str | None:
        """What is wrong with the record of calls, for who asks whether all is well; None where nothing is."""
        if self.journal is not None and not self.journal.healthy:
            return "the disk does not take the record of calls, which waits in memory"
        if self.folder is not None and not self.folder.folding:
            return "the database does not take the record of calls, which waits in the journal"
        if self._together is not None and not self._together.answers:
            return "Redis does not answer: limits are this process's own, and hard budgets close as they run out"
        return None

    def _alerted(self, budget: str, percent: int) -> None:
        self._alerts[budget, percent] += 1

    async def aclose(self) -> None:
        """Give back what is not spent, and bring over what is journaled."""
        self._ending.set()
        if self._tending is not None:
            await self._tending  # what it asks of a database cannot be called off
        try:
            if isinstance(self._gate, SharedGate):
                await self._gate.close()
            await self._book.close()
        except StoreUnavailable as error:
            log.warning("what was set aside is given back when its lease ends: %s", error.message)
        if self.folder is not None:
            await asyncio.to_thread(self.folder.stop)
        elif self.journal is not None:
            self.journal.close()
        if self._together is not None:
            await self._together.aclose()
        if self._database is not None:
            await asyncio.to_thread(self._database.close)

    async def _tend(self) -> None:
        """Keep what is held, give back what is not needed. A database that is down is asked again."""
        renewed = self._clock.monotonic()
        if self._together is not None:
            await self._together.start()
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TEND_SECONDS)
            if self._beside is not None:
                with contextlib.suppress(StoreUnavailable):
                    await self._beside.tend()
            try:
                await self._book.tend()
                if isinstance(self._gate, SharedGate):
                    await self._gate.tend()
                if self._together is not None and self._clock.monotonic() - renewed > _RENEW_SECONDS:
                    await self._together.renew()
                    renewed = self._clock.monotonic()
            except StoreUnavailable as error:
                log.debug("the accounts of budgets were not reached: %s", error.message)


def _most_known(policy: Policy) -> dict[str, int]:
    """The most tokens that models answer with, by each name that a provider has for them."""
    models = policy.registry.models
    return {name: model.max_output_tokens for model in models for name in (model.name, *model.ids.values()) if name}


def _budgets(config: Config) -> dict[str, Budget]:
    """The budgets by name, the one for every day among them."""
    if config.daily_budget is None:
        return config.budgets
    return {"daily": Budget(config.daily_budget, every="day", alerts=[80, 100]), **config.budgets}


def _kept(before: Mapping[str, Rule], now: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of now; of one that did not change, the very same as before, on whose accounts money is held."""
    return {name: before[name] if before.get(name) == rule else rule for name, rule in now.items()}
