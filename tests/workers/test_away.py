"""Who was away, with a machine that slept or without a database, takes nobody else for dead."""

from pathlib import Path

from fairlead.clock import Clock
from fairlead.ledger.budgets.accounts import LEASE_MS, SqlLeases
from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.budgets.windows import Window
from fairlead.ledger.folder import Folder
from fairlead.ledger.journal import Journal
from fairlead.ledger.retention import Retention
from tests.support.databases import opened

ACCOUNT = Account("b", (), Window(0, None))
LEASE = LEASE_MS / 1000


class Set(Clock):
    """Both clocks, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.wall = self.monotonic = lambda: self.now


async def test_what_a_process_holds_that_slept_as_long_stays_its_own(tmp_path: Path) -> None:
    clock = Set()
    with opened("sqlite", tmp_path) as database:
        folder = Folder(database, Journal(tmp_path / "journal", clock), clock, Retention())
        alive, dead = SqlLeases(database, "alive", clock), SqlLeases(database, "dead", clock)
        await alive.take(ACCOUNT, 100, 30, 30)
        await dead.take(ACCOUNT, 100, 50, 50)
        folder.step()
        clock.now += 10 * LEASE  # all of them sleep, and the folder is the first to wake
        folder.step()
        assert (await alive.take(ACCOUNT, 100, 99, 99)).left == 20
        await alive.renew()
        for _ in range(5):
            clock.now += LEASE / 4
            folder.step()
            await alive.renew()
        assert (await alive.take(ACCOUNT, 100, 99, 99)).left == 70
        assert folder.folding


async def test_what_a_process_held_that_died_comes_back_without_delay(tmp_path: Path) -> None:
    clock = Set()
    with opened("sqlite", tmp_path) as database:
        folder = Folder(database, Journal(tmp_path / "journal", clock), clock, Retention())
        dead = SqlLeases(database, "dead", clock)
        await dead.take(ACCOUNT, 100, 50, 50)
        for _ in range(5):
            folder.step()
            clock.now += LEASE / 4
        folder.step()
        assert (await dead.take(ACCOUNT, 100, 99, 99)).left == 100


async def test_what_came_back_when_a_lease_ended_does_not_come_back_twice(tmp_path: Path) -> None:
    clock = Set()
    with opened("sqlite", tmp_path) as database:
        folder = Folder(database, Journal(tmp_path / "journal", clock), clock, Retention())
        alone, other = SqlLeases(database, "alone", clock), SqlLeases(database, "other", clock)
        await alone.take(ACCOUNT, 100, 50, 50)
        await other.take(ACCOUNT, 100, 20, 20)
        for _ in range(5):  # one process is stopped, and the others go on
            folder.step()
            clock.now += LEASE / 4
            await other.renew()
        folder.step()
        await alone.give_back(ACCOUNT, 50)
        assert (await other.take(ACCOUNT, 100, 99, 99)).left == 80
