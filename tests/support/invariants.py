"""What must hold of a gateway after every fault, by the names of the fault matrix.

- I1 each accepted call has one row in the journal, and an outcome
- I2 what was set aside for a call is settled
- I3 a second later no connection to an upstream is open, but those that are kept for the next call
- I4 tasks, sockets and memory are back where they were (`Held`; memory over many calls only)
- I5 the upstream's key is in nothing that anybody reads
- I6 `/readyz` answered meanwhile, quickly
- I7 what clients got is valid for their dialect and names the call
- I8 one line at warning or above for each incident, and no traceback
- I9 a healthy call goes through
"""

import asyncio
import contextlib
import gc
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairlead.clock import Clock
from fairlead.ledger.journal import SUFFIX, Journal
from fairlead.ledger.row import OUTCOMES, Record, Row, row_of
from tests.support.gateway import HttpReply, Running
from tests.support.scripted import Scripted

CANARY = "up-secret-key"
_PRICE = {"input": "1.00", "output": "2.00"}


def priced(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings, with a price for every model and a budget that every call falls under."""
    known = {f"{name}/*": _PRICE for name in settings.get("providers", {})}
    budgets = {"all": {"limit": "900000", "every": "total"}, **settings.get("budgets", {})}
    return {**settings, "prices": {**known, **settings.get("prices", {})}, "budgets": budgets}


class _Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class _Journal(Journal):
    """Keeps the rows that it writes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.rows: dict[str, Row] = {}
        self.again: list[str] = []

    def append(self, *records: Record) -> None:
        super().append(*records)
        for record in records:
            if isinstance(record, Row):
                if record.id in self.rows:
                    self.again.append(record.id)
                self.rows[record.id] = record


@dataclass
class Invariants:
    """Watches a running gateway. `waits` has how long `/readyz` took, each time in seconds.

    Half of them are to be within `ready_within`: the machine is shared, and so is the event loop.
    """

    gateway: Running
    folder: Path
    ready_within: float = 0.05
    waits: list[float] = field(default_factory=list)
    _lines: _Lines = field(default_factory=_Lines)
    _journal: _Journal = field(init=False)

    def __post_init__(self) -> None:
        accounting = self.gateway.engine.accounting
        assert accounting.journal is None
        here = Path(tempfile.mkdtemp(prefix="journal-", dir=self.folder))
        accounting.journal = self._journal = _Journal(here, self.gateway.engine.clock)

    @contextlib.asynccontextmanager
    async def watched(self, every: float = 0.02) -> AsyncIterator[None]:
        """The log is kept, and `/readyz` is asked, for the length of the block."""
        log = logging.getLogger("fairlead")
        before, log.level = log.level, min(log.level or logging.INFO, logging.INFO)
        log.addHandler(self._lines)
        asking = asyncio.create_task(self._ask(every))
        try:
            yield
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
            log.removeHandler(self._lines)
            log.level = before

    async def _ask(self, every: float) -> None:
        while True:
            await self.ready()
            await asyncio.sleep(every)

    async def ready(self) -> None:
        """I6: it says that it is ready."""
        began = time.perf_counter()
        got = await self.gateway.request("GET", "/readyz")
        self.waits.append(time.perf_counter() - began)
        self.gateway.seen.pop()
        assert got.status == 200, f"I6: /readyz said {got.status}"

    @property
    def rows(self) -> dict[str, Row]:
        """The rows of all calls so far, by the calls' ids."""
        return self._journal.rows

    def row(self, got: HttpReply) -> Row:
        """I1 of one call: its row."""
        found = self.rows.get(got.headers["x-request-id"])
        assert found is not None, "I1: a call without a row"
        return found

    def forget(self) -> None:
        """Keep nothing of what was logged so far, once it is known to be quiet."""
        self.quiet(len(self._lines.records))
        self._lines.records.clear()

    async def settled(self) -> None:
        """Wait until no call is open. Raises `TimeoutError`."""
        async with asyncio.timeout(5):
            while self.gateway.engine.metrics.open:
                await asyncio.sleep(0.005)

    async def check(self, *ups: Scripted, calls: int | None = None, lines: int | None = None) -> None:
        """I1 to I3, I5, I6 and I8 hold after so many calls; `lines` is how many warnings are due at most."""
        await self.settled()
        self.recorded(len(self.rows) if calls is None else calls)
        self.released()
        for up in ups:
            await self.let_go(up)
        self.quiet(len(self.rows) if lines is None else lines)
        if len(self.waits) > 4:
            assert statistics.median(self.waits) < self.ready_within, (
                f"I6: /readyz took {statistics.median(self.waits):.3f} s"
            )

    def recorded(self, calls: int) -> None:
        """I1: in memory as on the disk."""
        files = self._journal.folder.glob(f"*{SUFFIX}")
        rows = [row_of(line) for file in files for line in file.read_bytes().splitlines()]
        assert len(rows) == calls, f"I1: {len(rows)} rows for {calls} calls"
        assert not self._journal.again, f"I1: two rows of one call: {self._journal.again}"
        assert all(row.outcome in OUTCOMES for row in rows), "I1: a row without an outcome"
        counted = sum(row.calls for row in self.gateway.engine.metrics.ended.values())
        assert counted <= calls, f"I1: {counted} calls counted, {calls} recorded"  # who is refused at once is not

    def released(self) -> None:
        """I2."""
        book = self.gateway.engine.accounting._book
        held = {key[0]: held.reserved for key, held in book._held.items() if held.reserved}
        assert not held, f"I2: still set aside: {held}"

    async def let_go(self, up: Scripted) -> None:
        """I3: what is not kept for the next call is closed. How soon that has to be is for other tests to say."""
        for _ in range(1000):
            kept = self._kept(up.port)
            if up.held <= kept:
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"I3: {up.held} connections are open after five seconds, and {kept} of them are kept")

    def _kept(self, port: int) -> int:
        pools = self.gateway.engine.upstream._default._pools  # type: ignore[attr-defined]
        return sum(len(pool._idle) for origin, pool in pools.items() if origin.port == port)

    def quiet(self, lines: int) -> None:
        """I5 in the log and the journal, and I8."""
        said = [record for record in self._lines.records if record.levelno >= logging.WARNING]
        told = [record.getMessage() for record in said]
        assert not any(record.exc_info for record in said), f"I8: a traceback: {told}"
        assert len(said) <= max(1, lines), f"I8: {len(said)} lines for {lines} incidents: {told[:9]}"
        text = "".join(record.getMessage() for record in self._lines.records)
        assert CANARY not in text, "I5: the key is in the log"
        for file in self._journal.folder.glob(f"*{SUFFIX}"):
            assert CANARY.encode() not in file.read_bytes(), "I5: the key is in the journal"


@dataclass(frozen=True)
class Held:
    """I4: what this process holds."""

    tasks: frozenset[asyncio.Task[Any]]
    sockets: int
    files: int

    @classmethod
    def now(cls) -> "Held":
        names = [_name(file) for file in Path("/proc/self/fd").glob("*")]
        return cls(frozenset(asyncio.all_tasks()), sum(name.startswith("socket:") for name in names), len(names))

    async def again(self) -> None:
        """Wait until no more than this is held."""
        for turn in range(200):
            if turn == 20:
                gc.collect()
            now = Held.now()
            if now.tasks <= self.tasks and now.sockets <= self.sockets:
                return
            await asyncio.sleep(0.005)
        assert not now.tasks - self.tasks, f"I4: tasks are left: {now.tasks - self.tasks}"
        assert now.sockets <= self.sockets, f"I4: {now.sockets - self.sockets} sockets are left"


def _name(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:
        return ""
