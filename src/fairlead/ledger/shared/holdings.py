"""What this process holds of the pots that all processes share through Redis.

A process says of a pot how much it holds in all, and whether it wants more. So what was said twice counts once, what
was not heard is mended by the next word, and nobody has to know whether a question that was not answered was acted on.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from fairlead.clock import Clock
from fairlead.errors import StoreUnavailable
from fairlead.ledger.budgets.leases import Taken
from fairlead.ledger.shared import scripts
from fairlead.ledger.shared.server import Server

LEASE_MS: Final = 60_000
# Redis counts in 64 bits, and what goes beyond a cap has to fit too.
MOST: Final = 2**62
_TOGETHER: Final = 256


@dataclass(frozen=True, slots=True)
class Pot:
    """What is shared: its name, until when it is kept (in Unix milliseconds; None for always, if any of it is held),
    and how many milliseconds after a process's lease what that process held is still counted.
    """

    word: str
    closes: int | None = None
    after: int = 0


@dataclass(slots=True)
class _Held:
    """`amount` is what the process holds, `told` what Redis had heard of that when it last answered."""

    pot: Pot
    amount: int = 0
    told: int = 0
    telling: asyncio.Lock = field(default_factory=asyncio.Lock)


async def _nothing(_: str) -> int:
    return 0


class Holdings:
    """One process's part in one `space` of pots.

    Where Redis has forgotten everything, a pot begins with what `known` says of its word. What a process had taken
    before that is then part of it; without `known`, each process says anew what it holds.
    """

    def __init__(
        self,
        server: Server,
        process: str,
        space: str,
        clock: Clock,
        *,
        known: Callable[[str], Awaitable[int]] | None = None,
        lease_ms: int = LEASE_MS,
    ) -> None:
        """`process` is a name that no process has had before."""
        self._server = server
        self._process = process
        self._clock = clock
        self._anew = known is None
        self._known = known or _nothing
        self._lease = lease_ms
        self._keys = f"{server.prefix}{space}:"
        self._held: dict[str, _Held] = {}
        self._untold: set[str] = set()
        self._charges: dict[tuple[str, str], int] = {}
        self._charging: list[tuple[str, str, int, int]] = []
        self._charge_lock = threading.Lock()
        self._renewing = asyncio.Lock()
        self._seq = 0

    async def take(self, pot: Pot, cap: int, least: int, most: int) -> Taken:
        """Between `least` and `most` of what is left under `cap`; nothing where less than `least` is left.

        Raises `StoreUnavailable`, and then holds none of it.
        """
        held = self._of(pot)
        async with held.telling:
            return await self._tell(held, min(cap, MOST), least, most)

    async def change(self, pot: Pot, by: int) -> None:
        """The process holds so much more, or less. Where Redis does not answer it is told later, by `renew`."""
        held = self._of(pot)
        held.amount = max(held.amount + by, 0)
        self._untold.add(pot.word)
        try:
            await self._catch_up(held)
        except StoreUnavailable:
            return

    def charge(self, process: str, charges: Mapping[str, int]) -> None:
        """The ledger knows that a process has spent this, by pots' words. Redis is told by the next `renew`.

        Any thread may call it.
        """
        with self._charge_lock:
            for word, amount in charges.items():
                self._charges[word, process] = self._charges.get((word, process), 0) + amount

    async def renew(self) -> None:
        """Keep what is held for another while, and tell what is not told yet. Raises `StoreUnavailable`."""
        async with self._renewing:
            fresh = await self._server.run(scripts.RENEW, [self._processes], self._process, self._lease)
            if fresh and self._anew:
                self._untold.update(self._held)
            await self._charge()
            await asyncio.gather(*(self._catch_up(held) for word, held in self._held.items() if word in self._untold))
            await self._leave()

    async def recover(self, unfolded: Collection[str] = ()) -> int:
        """Take back what processes held whose lease has ended; how many pots that were. Raises `StoreUnavailable`.

        `unfolded` are processes of which the ledger does not know yet all that they spent.
        """
        ended = await self._server.run(scripts.ENDED, [self._processes])
        spared = {self._process, *unfolded}
        return sum([await self._reclaim(process) for process in ended if process not in spared])

    @property
    def _processes(self) -> str:
        return f"{self._keys}processes"

    def _words(self, process: str) -> str:
        return f"{self._keys}of:{process}"

    def _of(self, pot: Pot) -> _Held:
        held = self._held.get(pot.word)
        if held is None:
            held = self._held[pot.word] = _Held(pot)
        return held

    async def _catch_up(self, held: _Held) -> None:
        async with held.telling:
            if held.pot.word in self._untold:
                await self._tell(held, 0, 0, 0)

    async def _tell(self, held: _Held, cap: int, least: int, most: int) -> Taken:
        word, said = held.pot.word, held.amount
        self._untold.discard(word)
        try:
            known = "0" if self._anew else ""
            while not (reply := await self._hold(held, said, (cap, least, most), known)):
                known = str(await self._known(word))
        except BaseException:
            self._untold.add(word)
            raise
        got, left, granted = map(int, reply)
        held.amount += granted - said
        held.told = granted
        return Taken(got, left)

    async def _hold(self, held: _Held, said: int, wanted: tuple[int, int, int], known: str) -> list[str]:
        pot = held.pot
        self._seq += 1
        anew = said if self._anew else max(said - held.told, 0)
        reply: list[str] | None = await self._server.run(
            scripts.HOLD,
            [f"{self._keys}pot:{pot.word}", self._processes, self._words(self._process)],
            self._process,
            self._seq,
            pot.word,
            self._lease,
            said,
            anew,
            *wanted,
            known,
            pot.after,
            pot.closes or 0,
        )
        return reply or []

    async def _charge(self) -> None:
        while some := self._uncharged():
            await asyncio.gather(*(self._charge_one(*each) for each in some))
            del self._charging[: len(some)]

    def _uncharged(self) -> list[tuple[str, str, int, int]]:
        """Some of what is to be charged, each with a number by which it counts once, however often it is told."""
        if not self._charging:
            with self._charge_lock:
                waiting, self._charges = self._charges, {}
            for (word, process), amount in waiting.items():
                self._seq += 1
                self._charging.append((word, process, amount, self._seq))
        return self._charging[:_TOGETHER]

    async def _charge_one(self, word: str, process: str, amount: int, seq: int) -> None:
        key = f"{self._keys}pot:{word}"
        await self._server.run(scripts.CHARGE, [key], process, amount, self._process, seq, self._lease)

    async def _leave(self) -> None:
        """Have no more to do with what is over, or of which nothing is held."""
        now = self._clock.wall() * 1000
        over = [word for word, held in self._held.items() if held.pot.closes is not None and held.pot.closes < now]
        for start in range(0, len(over), _TOGETHER):
            some = over[start : start + _TOGETHER]
            await self._server.run(scripts.LEAVE, [self._words(self._process)], *some)
        for word, held in list(self._held.items()):
            if word in over or not (held.amount or held.told or held.telling.locked() or word in self._untold):
                del self._held[word]
                self._untold.discard(word)

    async def _reclaim(self, process: str) -> int:
        words = self._words(process)
        came_back = 0
        for word in await self._server.run(scripts.WORDS, [words]):
            keys = [f"{self._keys}pot:{word}", self._processes, words]
            came_back += await self._server.run(scripts.RECLAIM, keys, process, word, self._lease)
        await self._server.run(scripts.BURY, [self._processes, words], process)
        return came_back
