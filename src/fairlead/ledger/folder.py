"""The thread that keeps the database up with the journal, and clean of what is too old."""

import logging
import random
import threading

from fairlead.clock import Clock
from fairlead.errors import StoreUnavailable
from fairlead.ledger.budgets import accounts
from fairlead.ledger.fold import Charged, Fold
from fairlead.ledger.journal import Journal
from fairlead.ledger.retention import Retention, sweep
from fairlead.state.database import Database

log = logging.getLogger("fairlead.ledger")

_EVERY = 1.0
_LONGEST = 60.0
_SWEEP_SECONDS = 600.0


class Folder:
    """Folds once a second, and sweeps every ten minutes. While the database is down it tries ever more seldom.

    `folding` is false while it is down: then calls wait in the journal.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        retention: Retention,
        *,
        every: float = _EVERY,
        charged: Charged | None = None,
    ) -> None:
        self.fold = Fold(database, journal.folder, clock, journal, charged)
        self.folding = True
        self._database = database
        self._journal = journal
        self._clock = clock
        self._retention = retention
        self._every = every
        self._failed = 0
        self._sweep_at = self._recover_at = 0.0
        self._looked: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with what earlier processes have left."""
        self._thread = threading.Thread(target=self._run, name="fairlead-ledger", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Let go of the journal, bring over what is left of it, and end; what takes longer stays for the next start."""
        self._stop.set()
        self._journal.close()
        if self._thread is not None:
            self._thread.join(seconds)

    def step(self) -> float:
        """Do what is to be done now. Gives the seconds until there may be more to do. Never raises."""
        try:
            self._journal.tick()
            self.fold.run()
            self._recover()
            more = self._swept()
        except StoreUnavailable as error:
            return self._down(str(error))
        except Exception as error:  # noqa: BLE001 - the thread must live: what is journaled can be folded later
            return self._down(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        if not self.folding:
            self.folding, self._failed = True, 0
            log.info("calls are recorded in %s again", self._database)
        return 0.0 if more else self._every

    def _recover(self) -> None:
        """What processes held of budgets when they died goes back, now that all they spent is known.

        Who was away itself, on a machine that slept or without a database, cannot tell the dead from those who were
        away too. It gives them the time of a lease to renew theirs.
        """
        now = int(self._clock.wall() * 1000)
        if self._looked is not None and now - self._looked > accounts.LEASE_MS * 2 // 3:
            self._recover_at = self._clock.monotonic() + accounts.LEASE_MS / 1000
        self._looked = now
        if self._clock.monotonic() < self._recover_at:
            return
        with self._database.reading() as connection:  # most times there is none, and to write keeps others waiting
            ended = accounts.any_ended(connection, now)
        if ended:
            with self._database.writing() as connection:
                accounts.recover(connection, now, ())

    def _swept(self) -> bool:
        now = self._clock.monotonic()
        if now < self._sweep_at:
            return False
        more = sweep(self._database, self._retention, int(self._clock.wall() * 1000))
        self._sweep_at = now if more else now + _SWEEP_SECONDS
        return more

    def _down(self, why: str) -> float:
        if self.folding:
            self.folding = False
            log.error("calls wait in %s: %s", self._journal.folder, why)
        self._failed += 1
        pause: float = min(self._every * 2.0**self._failed, _LONGEST)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - so that not all workers come at once

    def _run(self) -> None:
        while not self._stop.wait(self.step()):
            pass
        self.step()
